"""The simulated customs side takes export declarations, too, and answers them as their receipts can."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders.customs_messages import SigningKey, an_envelope, make_key, needs_openssl, needs_xmlsec1
from builders.export_rows import export_rows
from builders.trial_messages import of_rows, unsigned_of_rows
from cebd.messages.description import declarations, message_type
from cebd.messages.returns import read_returns
from cebd.sandbox.answering.answers import compose_returns
from cebd.sandbox.judging.customs import Judged, judge
from cebd.sandbox.judging.hearing import Bench
from cebd.sandbox.judging.register import Register
from cebd.sandbox.scenario import Scenario

WAYS = {
    "CEB213": ["2", "120", "800"],
    "CEB215": ["2", "3", "399"],
    "CEB303": ["2", "120", "399"],
    "CEB403": ["2", "120", "399"],
    "CEB505": ["2", "3", "399"],
    "CEB507": ["2", "3", "399"],
    "CEB509": ["2", "3", "399"],
    "CEB603": ["2", "120", "800", "899"],
    "CEB605": ["2", "3", "399"],
    "CEB607": ["2", "120", "399"],
    "CEB701": ["2", "3", "399"],
}
SIGNED = ("CEB507", "CEB509", "CEB603", "CEB605", "CEB607", "CEB701")


class Customs:
    """Judges one arrival after the other, with tax bills on: nothing exported gets one."""

    def __init__(self) -> None:
        self.register = Register()

    def judge(self, envelope: bytes) -> Judged:
        bench = Bench(self.register, Scenario(tax_bills=True, entered_at_once=True), None, datetime.now(UTC))
        judged = judge(envelope, bench)
        self.register.enter({**entry, "arrival": "x"} for entry in judged.entries)
        return judged


@pytest.fixture(scope="session")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("rsa"))


def test_every_export_declaration_is_answered() -> None:
    assert [one.code for one in declarations(export=True)] == sorted(WAYS)


@needs_xmlsec1
@needs_openssl
@pytest.mark.parametrize("code", WAYS)
def test_each_goes_its_way_and_is_known_when_it_comes_again(code: str, rsa: SigningKey, tmp_path: Path) -> None:
    customs, rows = Customs(), export_rows(code, "X1", "X2")
    first = customs.judge(of_rows(code, rows, tmp_path, rsa))
    assert first.refused is None
    assert [[status for status, _ in one.life] for one in first.answered] == [WAYS[code]] * 2
    assert {(entry["verdict"], entry["signature"]) for entry in first.entries} == {("accepted", "valid")}
    assert [one.billed for one in first.answered] == [(), ()]
    again = customs.judge(of_rows(code, rows, tmp_path, rsa))
    assert {entry["verdict"] for entry in again.entries} == {"repeat"}
    assert all(one.life[0][0].startswith("-") for one in again.answered)


@pytest.mark.parametrize("code", WAYS)
def test_without_a_signature_only_those_are_taken_that_need_none(code: str) -> None:
    message = unsigned_of_rows(code, export_rows(code, "X1"))
    [entry] = Customs().judge(an_envelope(message, message_type=message_type(code).root)).entries
    assert entry["verdict"] == ("rejected" if code in SIGNED else "accepted")


@pytest.mark.parametrize("code", WAYS)
def test_what_it_answers_names_the_record_by_its_key(code: str) -> None:
    declared = message_type(code)
    [row] = export_rows(code, "X1")
    head = {name.partition(".")[2]: text for name, text in row.items() if name.startswith("head.")}
    receipt = message_type(str(declared.receipt))
    said = {"guid": "A" * 36, "returnStatus": "2", "returnTime": "20260304100000000", "returnInfo": "新增申报成功"}
    type_, [one] = read_returns(compose_returns(receipt, [{**head, **said}]))
    assert (type_, one.answers, one.status) == (receipt.code, code, "2")
    assert [one.given[name] for name in declared.key if name in head] == [
        head[name] for name in declared.key if name in head
    ]
