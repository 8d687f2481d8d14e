"""What the customs' returns make of a record, whatever order they are told in."""

from __future__ import annotations

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cebd.store.states import FINAL, State, Told, already_there, in_order, outcome, state_for, texts_for
from support import SHARED, needs_shared

STATUSES = ["1", "2", "3", "4", "100", "120", "300", "399", "500", "501", "502", "503", "599", "700", "800", "899"]
TOLD = st.builds(
    Told,
    st.sampled_from([*STATUSES, "-621003", "-1", "dxp:0000", "dxp:1001", "dxp:3001", "whatever"]),
    st.sampled_from(["", "甲", "乙"]),
    st.sampled_from(["", "2026-03-04T10:00:00.000+08:00", "2026-03-04T10:00:01.000+08:00"]),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("state", "statuses"),
    [
        (State.ACKNOWLEDGED, "1 2 3 120 300 500 501 502 503"),
        (State.SUCCEEDED, "399 800 899"),
        (State.REFUSED, "4 100 599 700 -1 -621003 -621004"),
    ],
)
def test_each_status_of_a_list_has_its_state(state: State, statuses: str) -> None:
    assert {state_for("CEB621", status) for status in statuses.split()} == {state}


@pytest.mark.parametrize("type_", ["CEB311", "CEB411", "CEB511"])
def test_orders_payments_and_waybills_are_through_once_entered(type_: str) -> None:
    assert state_for(type_, "120") is State.SUCCEEDED


@pytest.mark.parametrize("type_", ["CEB513", "CEB621", "CEB623", "CEB625", "CEB711"])
def test_the_others_go_further_than_entry(type_: str) -> None:
    assert state_for(type_, "120") is State.ACKNOWLEDGED


def test_rejected_succeeded_and_refused_are_the_ends() -> None:
    assert {"rejected", "succeeded", "refused"} == FINAL


@given(st.lists(TOLD, min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_repetition_changes_the_outcome(told: list[Told], chance: object) -> None:
    shuffled = [*told, *told[: len(told) // 2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome("CEB621", shuffled) == outcome("CEB621", told)


@given(st.lists(TOLD, min_size=1, max_size=8))
def test_a_later_word_of_customs_always_decides(told: list[Told]) -> None:
    later = Told("899", "", "2026-03-05T00:00:00.000+08:00")
    assert outcome("CEB621", [*told, later]) == (State.SUCCEEDED, later)


def test_of_one_moment_the_way_of_a_declaration_is_the_order() -> None:
    way = ["1", "2", "3", "4", "-621003", "120", "300", "500", "399", "100", "800", "899"]
    told = [Told(status, "", "2026-03-04T10:00:00.000+08:00") for status in sorted(way)]
    assert [one.status for one in in_order(told)] == way


def test_evidence_alone_says_that_it_arrived() -> None:
    evidence = Told("-621004", "已经申报过", "2026-03-04T10:00:00.000+08:00", evidence=True)
    assert outcome("CEB621", [evidence]) == (State.ACKNOWLEDGED, evidence)


def test_evidence_takes_nothing_back_though_it_is_later() -> None:
    released = Told("800", "", "2026-03-04T10:00:00.000+08:00")
    evidence = Told("-621004", "已经申报过", "2026-03-04T11:00:00.000+08:00", evidence=True)
    assert outcome("CEB621", [evidence, released]) == (State.SUCCEEDED, released)


def test_a_fault_of_the_platform_decides_nothing() -> None:
    fault = Told("dxp:3003", "远程连接超时", "2026-03-04T10:00:00.000+08:00")
    assert outcome("CEB621", [fault]) == (None, fault)


@needs_shared
def test_the_codes_that_say_already_there_are_those_of_the_official_table() -> None:
    """Whatever table 7-2 calls already existing, already declared or older than what is there; and nothing else of it."""
    types = {"301": "CEB311", "401": "CEB411", "504": "CEB511", "505": "CEB513", "621": "CEB621", "623": "CEB623"}
    types |= {"625": "CEB625", "800": "CEB711"}
    says_so = re.compile(r"已存在|已经申报过|旧报文")
    with (SHARED / "spec" / "error-codes.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(row["code"], row["text"]) for row in csv.DictReader(lines) if row["table"].startswith("7-2")]
    checked = 0
    for code, text in rows:
        type_ = types.get(code[1:4])
        if type_ is not None:
            checked += 1
            assert already_there(type_, code, text) == bool(says_so.search(text)), (code, text)
    assert checked > 100


@needs_shared
def test_every_error_of_the_platform_table_but_its_own_faults_refuses() -> None:
    with (SHARED / "spec" / "error-codes.csv").open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines) if row["table"].startswith("7-1")]
    assert len(codes) == 15
    for code in codes:
        assert state_for("CEB311", f"dxp:{code}") == (None if code.startswith("3") else State.REFUSED)


def test_a_code_of_another_message_is_no_evidence() -> None:
    assert not already_there("CEB621", "-301010", "已存在相同编号的订单")


def test_a_code_with_two_meanings_is_told_by_its_text() -> None:
    assert already_there("CEB625", "-625022", "退货申请单[T1]已经申报过，请勿重复申报")
    assert not already_there("CEB625", "-625022", "退货申请单[T1]的申报状态不符合改单申报的条件")


@pytest.mark.parametrize("status", [*STATUSES, "-1", "dxp:0000", "dxp:1001", "dxp:3001"])
def test_every_status_is_shown_in_words_of_both_languages(status: str) -> None:
    zh, en = texts_for(status)
    assert re.search("[一-鿿]", zh)
    assert re.fullmatch("[A-Za-z :-]+", en)
