"""The page of the simulated customs side shows what came, to who sits at this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from cebd.customs.code_book import all_entries
from cebd.listening.listener import Listener
from cebd.messages.returns import read_returns
from cebd.messages.schema import flaws, parse_xml
from cebd.sandbox.inject import NoSuchStatus, inject_status
from cebd.sandbox.ledger import append
from cebd.sandbox.page import page_of

ORDER = {
    "time": "2026-11-26T10:00:00.000+08:00",
    "file": "a.xml",
    "arrival": "1",
    "cop_msg_id": "C1",
    "type": "CEB311",
    "key": {"orderNo": "<b>O1</b>", "ebpCode": "E", "ebcCode": "C"},
    "guid": "G1",
    "verdict": "accepted",
    "status": "2",
    "signature": "valid",
}
LIST = {
    **ORDER,
    "type": "CEB621",
    "key": {"copNo": "L1", "agentCode": "9900000004"},
    "preNo": "B20260304000000001",
    "invtNo": "51412026I000000001",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    append(tmp_path, [ORDER, LIST])
    return tmp_path


@pytest.fixture
def page(folder: Path) -> Iterator[Listener]:
    with page_of(folder) as listener:
        yield listener


def ask(page: Listener, path: str, host: str | None = None) -> tuple[HTTPResponse, str]:
    line = HTTPConnection("127.0.0.1", page.port, timeout=10)
    line.request("GET", path, headers={} if host is None else {"Host": host})
    answer = line.getresponse()
    return answer, answer.read().decode()


def test_the_page_shows_what_was_accepted_and_runs_nothing_that_came_in(page: Listener) -> None:
    answer, text = ask(page, "/")
    assert answer.status == 200
    assert "收到的申报 2 份" in text
    assert "&lt;b&gt;O1&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "<script" not in text
    assert "default-src 'none'" in str(answer.headers["Content-Security-Policy"])


def test_the_ledger_can_be_read_by_a_script(page: Listener) -> None:
    _, text = ask(page, "/ledger")
    told: Any = json.loads(text)
    assert [entry["key"] for entry in told["entries"]] == [ORDER["key"], LIST["key"]]


def test_a_page_of_elsewhere_whose_name_leads_here_gets_nothing(page: Listener) -> None:
    answer, text = ask(page, "/ledger", host="evil.example.org")
    assert answer.status == 400
    assert "O1" not in text


def test_it_changes_nothing(page: Listener, folder: Path) -> None:
    line = HTTPConnection("127.0.0.1", page.port, timeout=10)
    line.request("POST", "/ledger", b"{}")
    assert line.getresponse().status == 405
    assert sorted(path.name for path in folder.iterdir()) == ["ledger.jsonl", "out"]


STATUSES = sorted({entry.code for entry in all_entries()})


@pytest.mark.parametrize("kind", ["", "-", "tax:", "dxp:"])
def test_every_status_of_the_code_book_can_be_put_out_by_hand(folder: Path, kind: str) -> None:
    of_kind = [code for code in STATUSES if (code.startswith(kind) if kind else code.isdecimal())]
    assert len(of_kind) >= 3
    for code in of_kind:
        name = inject_status(folder, "L1", code, "文字")
        content = (folder / "out" / name).read_bytes()
        assert flaws(parse_xml(content)) == [], code
        (returned,) = read_returns(content)[1]
        assert returned.status == code.rpartition(":")[2]


def test_a_message_refused_at_the_format_check_can_be_put_out(folder: Path) -> None:
    name = inject_status(folder, "L1", "CEB900", "缺字段")
    type_, (returned,) = read_returns((folder / "out" / name).read_bytes())
    assert (type_, returned.message_ids[0], returned.info) == ("CEB900", "C1", "缺字段")


def test_a_word_that_is_no_status_is_refused_with_those_there_are(folder: Path) -> None:
    with pytest.raises(NoSuchStatus, match="CEB900"):
        inject_status(folder, "L1", "released", "")
    with pytest.raises(NoSuchStatus):
        inject_status(folder, "<b>O1</b>", "tax:1", "")
