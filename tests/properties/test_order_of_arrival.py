"""In whatever order receipts arrive, and however often, each record ends in the same state."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.clocks import StillClock
from builders.customs_answers import (
    CANCELLATION_GRANTED,
    KEYS,
    LIST_ENTERED,
    LIST_NO,
    a_tax_bill,
    an_answer,
    declare_n1,
)
from builders.declared import (
    AGENT,
    Mailbox,
    a_list_return,
    a_receipt,
    an_open_store,
    declare,
    settle,
    states_of_receipts,
    the_record,
)
from builders.examples import examples
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.settle import apply_stored

ARRIVING = (
    an_answer("CEB311", "2", "100000"),
    an_answer("CEB311", "120", "100100"),
    an_answer("CEB411", "2", "100000"),
    an_answer("CEB411", "120", "100100"),
    an_answer("CEB511", "120", "100100"),
    an_answer("CEB511", "100", "100200"),
    an_answer("CEB513", "2", "100000"),
    an_answer("CEB513", "3", "100100"),
    an_answer("CEB513", "399", "100200"),
    an_answer("CEB621", "2", "100000"),
    an_answer("CEB621", "120", "100100", invtNo=LIST_NO),
    an_answer("CEB621", "800", "100200", invtNo=LIST_NO),
    a_tax_bill("T1", "1", "090000"),
    a_tax_bill("T2", "1", "090000"),
    a_tax_bill("T1", "3", "100000", code="CEB818"),
    a_tax_bill("T2", "2", "110000", code="CEB818"),
    an_answer("CEB623", "2", "100000"),
    an_answer("CEB623", "120", "100100"),
    an_answer("CEB623", "399", "100200", agentCode=AGENT),
    an_answer("CEB625", "-625209", "100000", leave_out=("invtNo",)),
    an_answer("CEB711", "2", "100000", operatorCode="9900000006"),
    an_answer("CEB711", "120", "100100", rkdNo="51412026I000000009"),
    an_answer("CEB711", "399", "100200", leave_out=("copNo", "preNo"), rkdNo="51412026I000000009"),
)


@settings(max_examples=examples(6, 100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arriving=st.permutations(ARRIVING), again=st.lists(st.sampled_from(ARRIVING), max_size=5))
def test_returns_of_all_types_in_any_order_end_in_the_same_states(arriving: list[bytes], again: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
        mine = {code: declare_n1(store, code) for code in KEYS}
        settle(store, *arriving, *again)
        found = {code: the_record(store, one) for code, one in mine.items()}
        assert set(states_of_receipts(store)) == {"applied"}
    assert {code: (one["state"], one["status"], len(one["history"])) for code, one in found.items()} == {
        "CEB311": ("succeeded", "120", 2),
        "CEB411": ("succeeded", "120", 2),
        "CEB511": ("refused", "100", 2),
        "CEB513": ("succeeded", "399", 3),
        "CEB621": ("succeeded", "800", 7),
        "CEB623": ("succeeded", "399", 3),
        "CEB625": ("refused", "-625209", 1),
        "CEB711": ("succeeded", "399", 3),
    }
    assert sorted((status, info) for status, _, info in found["CEB621"]["history"] if "tax" in status) == [
        ("tax:1", "税单 tax bill T1"),
        ("tax:1", "税单 tax bill T2"),
        ("tax:2", "税单 tax bill T2"),
        ("tax:3", "税单 tax bill T1"),
    ]
    assert (found["CEB621"]["invt_no"], found["CEB711"]["invt_no"]) == (LIST_NO, "51412026I000000009")


@settings(max_examples=examples(20, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", "120", "300", "500", "100", "-621003", "399", "800", "899"]),
            st.sampled_from(["100000", "100001", "100002", ""]),
            st.sampled_from(["B20260304000000001", "B20260304000000002", ""]),
        ),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_any_order_of_arrival_and_any_repetition_give_the_same_record(
    told: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    returns = [a_list_return("L1", status, at, preNo=number) for status, at, number in told]
    again = data.draw(st.lists(st.sampled_from(returns), max_size=4))
    shuffled = data.draw(st.permutations([*returns, *again]))
    grouped = data.draw(st.integers(1, 3))
    seen = []
    for arriving in ([a_receipt(one) for one in returns], _grouped(shuffled, grouped)):
        with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
            (mine,) = declare(store, "L1", code="CEB621")
            settle(store, *arriving)
            record = the_record(store, mine)
            names = ("state", "status", "info", "time", "pre_no")
            seen.append(([record[name] for name in names], sorted(record["history"])))
    assert seen[0] == seen[1]


def _grouped(returns: list[str], size: int) -> list[bytes]:
    return [a_receipt(*returns[start : start + size]) for start in range(0, len(returns), size)]


CANCELLED = ("cancel:399", "2026-03-04T11:00:00.000+08:00", "撤销申请单 N1 海关审结 cancel application N1 concluded")


@given(st.permutations(range(5)), st.integers(1, 5))
@settings(max_examples=examples(10, 120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_of_arrival_the_list_ends_the_same(order: list[int], at_once: int) -> None:
    said = [
        an_answer("CEB621", "2", "095900"),
        LIST_ENTERED,
        an_answer("CEB623", "2", "103000"),
        an_answer("CEB623", "120", "103001"),
        CANCELLATION_GRANTED,
    ]
    arriving = [said[number] for number in order]
    with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
        mine = declare_n1(store, "CEB621")
        declare_n1(store, "CEB623", list_no=LIST_NO)
        for start in range(0, len(arriving), at_once):
            fetch_receipts(store, "sftp", Mailbox(*arriving[start : start + at_once]), StillClock())
            apply_stored(store)
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("refused", "cancel:399")
        assert sorted(record["history"])[-1] == CANCELLED
