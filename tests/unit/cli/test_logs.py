"""The log serves the work: it never ends it."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from cebd.cli.frame import journal as journal_module
from cebd.cli.frame.journal import Journal, journal_here
from cebd.cli.frame.logs import log_to_file, set_up_logs


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


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in the file system")
def test_the_journal_gets_each_fact_as_a_field_of_its_own(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        event = {"event": "channel away", "level": "warning", "id": "CEBD-1601", "chan-nel": "a", "text": "two\nlines"}
        assert Journal(str(tmp_path / "journal")).write(event)
        datagram = journal.recv(65536)
    assert b"MESSAGE\n" in datagram  # of two lines: its length stands before it
    assert struct.pack("<Q", 9) + b"two\nlines\n" in datagram
    lines = datagram.split(b"\n")
    for line in (
        b"PRIORITY=4",
        b"SYSLOG_IDENTIFIER=cebd",
        b"CEBD_EVENT=channel away",
        b"CEBD_ID=CEBD-1601",
        b"CEBD_CHAN_NEL=a",
    ):
        assert line in lines


def test_only_a_standard_error_that_the_journal_reads_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as error:
        monkeypatch.setattr(sys, "stderr", error)
        about = os.fstat(error.fileno())
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
        assert journal_here() is None
        monkeypatch.setenv("JOURNAL_STREAM", "1:2")
        assert journal_here() is None
        if sys.platform != "win32":
            monkeypatch.setenv("JOURNAL_STREAM", f"{about.st_dev}:{about.st_ino}")
            assert journal_here() is not None


def test_where_the_journal_does_not_take_it_the_event_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(journal_module, "journal_here", lambda: Journal("/nowhere/socket"))
    set_up_logs()
    structlog.get_logger("cebd").info("file claimed", drop=1)
    assert 'event="file claimed" drop=1' in log.getvalue()


def test_the_log_is_json_as_well_and_its_files_do_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    set_up_logs()
    log_to_file(tmp_path / "log" / "cebd.json", 2_000, 2)
    for number in range(100):
        structlog.get_logger("cebd").info("file claimed", file="一.xlsx", drop=number)
    names = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert names == ["cebd.json", "cebd.json.1", "cebd.json.2"]
    assert all((tmp_path / "log" / name).stat().st_size <= 2_000 for name in names)
    last = json.loads((tmp_path / "log" / "cebd.json").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["level"], last["file"], last["drop"]) == ("file claimed", "info", "一.xlsx", 99)


def test_a_log_file_that_cannot_be_opened_is_said_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    set_up_logs()
    (tmp_path / "cebd.json").mkdir()
    log_to_file(tmp_path / "cebd.json", 2_000, 2)
    assert "the log file cannot be written" in log.getvalue()
