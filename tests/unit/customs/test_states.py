"""What the customs' returns make of a record, whatever order they are told in."""

from __future__ import annotations

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.papers import PAPERS, needs_official
from cebd.customs.statuses import already_there, in_order, outcome, state_for
from cebd.records.states import FINAL, ReturnedStatus, State

STATUSES = ["1", "2", "3", "4", "100", "120", "300", "399", "500", "501", "502", "503", "599", "700", "800", "899"]
TOLD = st.builds(
    ReturnedStatus,
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


@pytest.mark.parametrize("type_", ["CEB311", "CEB411", "CEB511", "CEB513"])
def test_orders_payments_and_waybills_are_through_once_entered(type_: str) -> None:
    assert state_for(type_, "120") is State.SUCCEEDED


@pytest.mark.parametrize("type_", ["CEB621", "CEB623", "CEB625", "CEB711"])
def test_the_others_go_further_than_entry(type_: str) -> None:
    assert state_for(type_, "120") is State.ACKNOWLEDGED


def test_rejected_succeeded_and_refused_are_the_ends() -> None:
    assert {"rejected", "succeeded", "refused"} == FINAL


@given(st.lists(TOLD, min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_repetition_changes_the_outcome(told: list[ReturnedStatus], chance: object) -> None:
    shuffled = [*told, *told[: len(told) // 2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome("CEB621", shuffled) == outcome("CEB621", told)


@given(st.lists(TOLD, min_size=1, max_size=8))
def test_a_later_word_of_customs_always_decides(told: list[ReturnedStatus]) -> None:
    later = ReturnedStatus("899", "", "2026-03-05T00:00:00.000+08:00")
    assert outcome("CEB621", [*told, later]) == (State.SUCCEEDED, later)


@pytest.mark.parametrize("word", ["2", "4", "-301010", "dxp:0000", "dxp:1001"])
def test_what_customs_said_is_not_taken_back_by_the_e_port_however_late(word: str) -> None:
    entered = ReturnedStatus("120", "", "2026-03-04T10:00:00.000+08:00")
    later = ReturnedStatus(word, "", "2026-03-04T11:00:00.000+08:00")
    assert outcome("CEB311", [later, entered]) == (State.SUCCEEDED, entered)


def test_a_refusal_is_not_taken_back_by_the_platform_whose_time_is_that_of_our_own_clock() -> None:
    refused = ReturnedStatus("-301008", "", "2026-03-04T10:00:00.000+08:00")
    taken = ReturnedStatus("dxp:0000", "", "2026-03-04T10:05:00.000+08:00")
    assert outcome("CEB311", [taken, refused]) == (State.REFUSED, refused)


def test_of_one_moment_the_way_of_a_declaration_is_the_order() -> None:
    way = ["1", "2", "3", "4", "-621003", "100", "120", "300", "500", "600", "399", "599", "700", "800", "899"]
    told = [ReturnedStatus(status, "", "2026-03-04T10:00:00.000+08:00") for status in sorted(way)]
    assert [one.status for one in in_order(told)] == way


def test_evidence_alone_says_that_it_arrived() -> None:
    evidence = ReturnedStatus("-621004", "已经申报过", "2026-03-04T10:00:00.000+08:00", evidence=True)
    assert outcome("CEB621", [evidence]) == (State.ACKNOWLEDGED, evidence)


def test_evidence_takes_nothing_back_though_it_is_later() -> None:
    released = ReturnedStatus("800", "", "2026-03-04T10:00:00.000+08:00")
    evidence = ReturnedStatus("-621004", "已经申报过", "2026-03-04T11:00:00.000+08:00", evidence=True)
    assert outcome("CEB621", [evidence, released]) == (State.SUCCEEDED, released)


def test_a_fault_of_the_platform_decides_nothing() -> None:
    fault = ReturnedStatus("dxp:3003", "远程连接超时", "2026-03-04T10:00:00.000+08:00")
    assert outcome("CEB621", [fault]) == (None, fault)


@needs_official
def test_the_codes_that_say_already_there_are_those_of_the_official_table() -> None:
    """Whatever table 7-2 calls already existing, already declared or older than what is there; and nothing else of it."""
    types = {"301": "CEB311", "401": "CEB411", "504": "CEB511", "505": "CEB513", "621": "CEB621", "623": "CEB623"}
    types |= {"625": "CEB625", "800": "CEB711"}
    says_so = re.compile(r"已存在|已经申报过|旧报文")
    with (PAPERS / "error-codes.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(row["code"], row["text"]) for row in csv.DictReader(lines) if row["table"].startswith("7-2")]
    checked = 0
    for code, text in rows:
        type_ = types.get(code[1:4])
        if type_ is not None:
            checked += 1
            assert already_there(type_, code, text) == bool(says_so.search(text)), (code, text)
    assert checked > 100


@needs_official
def test_every_error_of_the_platform_table_but_its_own_faults_refuses() -> None:
    with (PAPERS / "error-codes.csv").open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines) if row["table"].startswith("7-1")]
    assert len(codes) == 15
    for code in codes:
        assert state_for("CEB311", f"dxp:{code}") == (None if code.startswith("3") else State.REFUSED)


def test_a_code_of_another_message_is_no_evidence() -> None:
    assert not already_there("CEB621", "-301010", "已存在相同编号的订单")


def test_a_code_with_two_meanings_is_told_by_its_text() -> None:
    assert already_there("CEB625", "-625022", "退货申请单[T1]已经申报过，请勿重复申报")
    assert not already_there("CEB625", "-625022", "退货申请单[T1]的申报状态不符合改单申报的条件")


BILLS = [
    ReturnedStatus("tax:1", "税单 T1", "2026-03-06T10:00:00.000+08:00"),
    ReturnedStatus("tax:1", "税单 T2", "2026-03-06T10:00:00.000+08:00"),
    ReturnedStatus("tax:3", "税单 T1", "2026-03-07T10:00:00.000+08:00"),
    ReturnedStatus("tax:2", "税单 T2", ""),
]


@given(st.lists(TOLD, min_size=1, max_size=5), st.lists(st.sampled_from(BILLS), min_size=1), st.randoms())
def test_tax_bills_change_neither_state_nor_status_however_late(
    told: list[ReturnedStatus], bills: list[ReturnedStatus], chance: object
) -> None:
    mixed = [*told, *bills]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert outcome("CEB621", mixed) == outcome("CEB621", told)


def test_a_tax_bill_alone_shows_nothing() -> None:
    assert outcome("CEB621", BILLS) == (None, None)
    assert {state_for("CEB621", bill.status) for bill in BILLS} == {None}


@needs_official
def test_statuses_mean_what_the_official_remarks_of_each_receipt_say() -> None:
    """Every status that a remark lists has a state; where none is listed after entry (120), entry is the end."""
    with (PAPERS / "fields-import.csv").open(encoding="utf-8", newline="") as lines:
        remarks = {
            f"CEB{int(row['message'][3:6]) - 1}": row["chinese_doc"]
            for row in csv.DictReader(lines)
            if row["path"].endswith("/returnStatus") and not row["message"].startswith("CEB900")
        }
    assert sorted(remarks) == ["CEB311", "CEB411", "CEB511", "CEB513", "CEB621", "CEB623", "CEB625", "CEB711"]
    words = {"退单": State.REFUSED, "发送海关失败": State.REFUSED, "其它扣留": State.REFUSED, "退运": State.REFUSED}
    words |= {"审结": State.SUCCEEDED, "放行": State.SUCCEEDED, "结关": State.SUCCEEDED}
    words |= dict.fromkeys(("暂存", "申报中", "发送海关成功", "人工审核", "查验", "移送"), State.ACKNOWLEDGED)
    for code, remark in remarks.items():
        listed = re.findall(r"(\d+)([^\d/）]+)", remark.partition("（")[2].partition("）")[0])
        assert len(listed) in (5, 6, 7, 16), remark
        for status, meaning in listed:
            [wanted] = {state for word, state in words.items() if word in meaning} or {None}
            if status == "120":
                wanted = State.SUCCEEDED if code in ("CEB311", "CEB411", "CEB511") else State.ACKNOWLEDGED
            assert state_for(code, status) is wanted, (code, status, meaning)
        # Who may store a document (1) has it declared and concluded; the others end at entry, or know none.
        assert ("1" in dict(listed)) == (code in ("CEB621", "CEB623", "CEB625", "CEB711"))
    assert "120" not in remarks["CEB513"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("CEB621", "-621002"),
        ("CEB621", "-621008"),
        ("CEB623", "-623002"),
        ("CEB623", "-623006"),
        ("CEB625", "-625002"),
        ("CEB625", "-625202"),
        ("CEB625", "-625206"),
    ],
)
def test_what_reached_customs_is_not_refused_because_the_platform_could_not_note_it(code: str, status: str) -> None:
    assert state_for(code, status) is State.ACKNOWLEDGED


def test_a_cancelled_list_is_over_and_no_success() -> None:
    assert state_for("CEB621", "cancel:399") is State.REFUSED


def test_a_cancellation_comes_after_all_else_of_its_moment_and_what_is_said_later_decides() -> None:
    entered = ReturnedStatus("120", "", "2026-03-04T10:00:00.000+08:00")
    cancelled = ReturnedStatus("cancel:399", "撤销申请单 N1", "2026-03-04T10:00:00.000+08:00")
    assert outcome("CEB621", [cancelled, entered]) == (State.REFUSED, cancelled)
    released = ReturnedStatus("800", "", "2026-03-04T11:00:00.000+08:00")
    assert outcome("CEB621", [released, cancelled, entered]) == (State.SUCCEEDED, released)
