"""What others wrote is shown so that it can do nothing: not to a terminal, not to a log, not to the next line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from cebd.cli.frame.logs import set_up_logs
from cebd.cli.frame.terminal import PlainStream
from cebd.plain import lines, one_line, plain

EVIL = "a\u202exslx.\x1b[2J\r\nb.xlsx"


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("订单 一月.xlsx", "订单 一月.xlsx"),
        ("全角\u3000空格", "全角\u3000空格"),
        ("a\nb", "a\\u000ab"),
        ("\x1b[31m", "\\u001b[31m"),
        ("gpj.\u202ea.xlsx", "gpj.\\u202ea.xlsx"),
        ("a\u200bb\u2028c\x85\x7f", "a\\u200bb\\u2028c\\u0085\\u007f"),
        ("\udcb6", "\\udcb6"),
        ("\U000e0001", "\\udb40\\udc01"),
    ],
)
def test_every_sign_can_be_seen_on_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_our_own_lines_stay_lines() -> None:
    assert lines("a\n\tb\x1b") == "a\n\tb\\u001b"


def test_values_are_cleaned_all_the_way_down() -> None:
    assert plain({"a": ["b\n", {"c": 1, "d": None}]}) == {"a": ["b\\u000a", {"c": 1, "d": None}]}


def test_a_log_line_stays_one_whatever_a_name_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    set_up_logs()
    structlog.get_logger("cebd").info("file claimed", file=EVIL)
    (line,) = log.getvalue().splitlines()
    assert line.isprintable()


def test_json_through_a_plain_stream_is_the_same_json() -> None:
    out = io.StringIO()
    value = {"file": EVIL + "\x7f\U000e0001"}
    PlainStream(out).write(json.dumps(value, ensure_ascii=False))
    assert out.getvalue().isprintable()
    assert json.loads(out.getvalue()) == value
