"""The log serves the work: it never ends it."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from cebd.cli.frame.logs import set_up_logs


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, where every write finds the disk full")
def test_a_log_on_a_full_disk_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  closing it fails too
    monkeypatch.setattr(sys, "stderr", full)
    set_up_logs()
    for _ in range(3):
        structlog.get_logger("cebd").error("task failed; it will run again", trace="x" * 10_000)
    with suppress(OSError):
        full.close()


def test_a_log_whose_reader_is_gone_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", broken)
    set_up_logs()
    structlog.get_logger("cebd").error("task failed; it will run again", trace="x" * 10_000)
    with suppress(OSError):
        broken.close()


def test_otherwise_every_event_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    set_up_logs()
    structlog.get_logger("cebd").info("file claimed", file="一.xlsx", drop=1)
    (line,) = log.getvalue().splitlines()
    assert line.endswith('level=info event="file claimed" file=一.xlsx drop=1')


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs a system that sets its time zone for one process")
def test_a_line_begins_with_the_local_time_and_its_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    set_up_logs()
    structlog.get_logger("cebd").info("station runs")
    monkeypatch.undo()
    time.tzset()
    assert re.match(r"timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00 level=info ", log.getvalue())
