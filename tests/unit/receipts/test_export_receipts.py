"""What comes back for export declarations finds what it answers, by business key, and by the number of a summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.customs_messages import CEB, new_guid
from builders.declared import AGENT, EBC, EBP, declare, settle, states_of_receipts, the_record
from cebd.customs.statuses import state_for
from cebd.messages.returns import read_returns
from cebd.receipts.publishing.publish import publish
from cebd.records.states import State
from cebd.store.store import Store

SUM_NO = "010020260000000001"


def an_export(store: Store, code: str, *key: str) -> int:
    """One record of that kind under that key, handed over."""
    [record] = declare(store, key[0], code=code, key="\x1f".join(key))
    return record


def a_receipt(root: str, record: str, **fields: str) -> bytes:
    given = {"guid": new_guid(), **fields}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in given.items())
    return (f'<{root} xmlns="{CEB}" guid="{new_guid()}" version="1.0"><{record}>{inner}</{record}></{root}>').encode()


def told(status: str, time: str = "100000000") -> dict[str, str]:
    return {"returnStatus": status, "returnTime": f"20260304{time}", "returnInfo": f"回执{status}"}


def a_summary_receipt(part: str, status: str = "399", **numbers: str) -> bytes:
    fields = {"agentCode": AGENT, "ebcCode": EBC, "copNo": "S1", "preNo": "B20260304000000001", **numbers}
    return a_receipt("CEB702Message", "SummaryReturn", **fields, msgSeqNo=part, **told(status))


def a_summary_result(sum_no: str = SUM_NO, **changes: str) -> bytes:
    """792 as customs write it, in the order of its schema; `note` tells two of them apart."""
    head = {
        "guid": new_guid(),
        "customsCode": "0100",
        "sumNo": sum_no,
        "opDate": "20260304110000000",
        "declSeqNo": "010020260000000009",
        "entryId": "010020260000000123",
        "decState": "2",
        "agentCode": AGENT,
        "agentName": "测试申报单位",
        "ebcCode": EBC,
        "ebcName": "测试电商有限公司",
        "declAgentCode": AGENT,
        "declAgentName": "测试报关单位",
        "grossWeight": "2",
        "netWeight": "1",
        "msgCount": "1",
        "msgSeqNo": "1",
        **changes,
    }
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in head.items())
    line = "<invtNo>01002026E000000001</invtNo><logisticsNo>W1</logisticsNo><gseqno>1</gseqno><gnum>1</gnum>"
    body = f"<SummaryResultHead>{inner}</SummaryResultHead><SummaryResultList>{line}<gcode>3304990039</gcode>"
    return (
        f'<CEB792Message xmlns="{CEB}" guid="{new_guid()}" version="1.0"><SummaryResult>{body}</SummaryResultList>'
        "</SummaryResult></CEB792Message>"
    ).encode()


def test_an_export_order_is_entered_and_an_import_order_of_the_same_key_is_not(store: Store) -> None:
    export = an_export(store, "CEB303", EBP, EBC, "E1")
    imported = an_export(store, "CEB311", EBP, EBC, "E1")
    settle(store, a_receipt("CEB304Message", "OrderReturn", ebpCode=EBP, ebcCode=EBC, orderNo="E1", **told("399")))
    assert the_record(store, export)["state"] == State.SUCCEEDED
    assert the_record(store, imported)["state"] == State.SENT
    assert states_of_receipts(store) == ["applied"]


def test_an_export_list_goes_from_entered_to_closed_and_keeps_its_numbers(store: Store) -> None:
    record = an_export(store, "CEB603", "L1", AGENT)
    own = {"agentCode": AGENT, "copNo": "L1", "preNo": "B20260304000000001"}
    rest = {"ebcCode": EBC, "ebpCode": EBP, "orderNo": "E1", "statisticsFlag": "A"}
    numbered = own | {"invtNo": "01002026E000000001"} | rest
    seen = []
    for said in (own | rest | told("2"), numbered | told("120", "100001000"), numbered | told("899", "100002000")):
        settle(store, a_receipt("CEB604Message", "InventoryReturn", **said))
        seen.append(the_record(store, record)["state"])
    assert seen == [State.ACKNOWLEDGED, State.ACKNOWLEDGED, State.SUCCEEDED]
    stored = the_record(store, record)
    assert (stored["pre_no"], stored["invt_no"]) == ("B20260304000000001", "01002026E000000001")
    assert [status for status, _, _ in stored["history"]] == ["2", "120", "899"]


def test_a_refused_export_list_is_refused(store: Store) -> None:
    record = an_export(store, "CEB603", "L1", AGENT)
    own = {"agentCode": AGENT, "copNo": "L1", "ebcCode": EBC, "ebpCode": EBP, "orderNo": "E1", "statisticsFlag": "A"}
    settle(store, a_receipt("CEB604Message", "InventoryReturn", **own, **told("100")))
    assert the_record(store, record)["state"] == State.REFUSED


def test_each_part_of_a_split_list_of_waybills_has_its_own_answer(store: Store) -> None:
    parts = [an_export(store, "CEB607", "W1", AGENT, part) for part in ("1", "2")]
    own = {"agentCode": AGENT, "logisticsCode": "9900000003", "copNo": "W1", "billNo": "784-1", "msgSeqNo": "2"}
    settle(store, a_receipt("CEB608Message", "WayBillReturn", **own, **told("100")))
    assert [the_record(store, part)["state"] for part in parts] == [State.SENT, State.REFUSED]


def a_payment_receipt(**pay_no: str) -> bytes:
    return a_receipt("CEB404Message", "ReceiptsReturn", ebcCode=EBC, orderNo="E1", **pay_no, **told("399"))


def test_of_two_payments_of_one_order_the_one_named_is_answered(store: Store) -> None:
    first, second = (an_export(store, "CEB403", "E1", EBC, number) for number in ("P1", "P2"))
    settle(store, a_payment_receipt(payNo="P2"))
    assert [the_record(store, one)["state"] for one in (first, second)] == [State.SENT, State.SUCCEEDED]
    settle(store, a_payment_receipt())
    assert states_of_receipts(store) == ["applied", "unmatched"]
    assert the_record(store, first)["state"] == State.SENT


def test_a_payment_in_cash_is_answered_without_a_number(store: Store) -> None:
    record = an_export(store, "CEB403", "E1", EBC, "")
    settle(store, a_payment_receipt())
    assert the_record(store, record)["state"] == State.SUCCEEDED


def test_a_summary_result_is_read_in_words(store: Store) -> None:
    type_, [one] = read_returns(a_summary_result())
    assert (type_, one.answers, one.notice, one.status) == ("CEB792", "CEB701", True, "2")
    assert one.time == "2026-03-04T11:00:00.000+08:00"
    assert one.info == "汇总统一编号 unified number 010020260000000009, 报关单编号 customs entry 010020260000000123"


def test_a_summary_result_finds_its_application_by_the_number_customs_gave_it_and_decides_nothing(store: Store) -> None:
    record = an_export(store, "CEB701", "S1", AGENT, "1")
    other = an_export(store, "CEB701", "S2", AGENT, "1")
    settle(store, a_summary_receipt("1", sumNo=SUM_NO), a_summary_result())
    assert states_of_receipts(store) == ["applied", "applied"]
    stored = the_record(store, record)
    assert (stored["state"], stored["status"], stored["invt_no"]) == (State.SUCCEEDED, "399", SUM_NO)
    assert [status for status, _, _ in stored["history"]] == ["399", "sum:2"]
    assert "customs entry 010020260000000123" in stored["history"][1][2]
    assert the_record(store, other)["state"] == State.SENT


def test_a_summary_result_is_about_all_parts_of_a_split_application(store: Store) -> None:
    parts = [an_export(store, "CEB701", "S1", AGENT, part) for part in ("1", "2")]
    settle(store, a_summary_receipt("1", sumNo=SUM_NO), a_summary_receipt("2", sumNo=SUM_NO), a_summary_result())
    assert states_of_receipts(store) == ["applied"] * 3
    told = [[status for status, _, _ in the_record(store, part)["history"]] for part in parts]
    assert told == [["399", "sum:2"]] * 2


def test_a_summary_result_that_comes_before_its_number_is_known_is_looked_at_again(store: Store) -> None:
    record = an_export(store, "CEB701", "S1", AGENT, "1")
    settle(store, a_summary_result(), a_summary_receipt("1", sumNo=SUM_NO))
    assert states_of_receipts(store) == ["applied", "applied"]
    assert [status for status, _, _ in the_record(store, record)["history"]] == ["399", "sum:2"]


def test_customs_number_of_a_summary_stands_in_its_receipt(store: Store, tmp_path: Path) -> None:
    an_export(store, "CEB701", "S1", AGENT, "1")
    settle(store, a_summary_receipt("1", sumNo=SUM_NO))
    publish(store, 1, tmp_path, lambda path: [], StillClock())
    [written] = (tmp_path / "outbox").glob("*.receipt.json")
    [record] = json.loads(written.read_text(encoding="utf-8"))["records"]
    assert (record["customs"]["sumNo"], record["customs"]["invtNo"]) == (SUM_NO, None)


@pytest.mark.parametrize("info", ["已存在相同编号的订单", "该单[E1]已经申报过，请勿重复申报"])
def test_already_there_after_a_doubt_is_no_refusal_whatever_its_code(store: Store, info: str) -> None:
    key = "\x1f".join((EBP, EBC, "E1"))
    [record] = declare(store, "E1", code="CEB303", key=key, earlier_attempts=(None,))
    said = {"returnStatus": "-1", "returnTime": "20260304100000000", "returnInfo": info}
    settle(store, a_receipt("CEB304Message", "OrderReturn", ebpCode=EBP, ebcCode=EBC, orderNo="E1", **said))
    assert the_record(store, record)["state"] == State.ACKNOWLEDGED
    [sure] = declare(store, "E2", code="CEB303", key=key.replace("E1", "E2"))
    settle(store, a_receipt("CEB304Message", "OrderReturn", ebpCode=EBP, ebcCode=EBC, orderNo="E2", **said))
    assert the_record(store, sure)["state"] == State.REFUSED


@pytest.mark.parametrize(("code", "state"), [("CEB303", State.SUCCEEDED), ("CEB505", State.ACKNOWLEDGED)])
def test_an_export_order_ends_with_its_entry(code: str, state: State) -> None:
    assert state_for(code, "120") is state


def test_a_summary_result_of_an_unknown_number_matches_nothing(store: Store) -> None:
    an_export(store, "CEB701", "S1", AGENT, "1")
    settle(store, a_summary_receipt("1", sumNo=SUM_NO), a_summary_result("010020260000000002"))
    assert states_of_receipts(store) == ["applied", "unmatched"]


def test_two_applications_with_one_number_are_not_guessed_between(store: Store) -> None:
    an_export(store, "CEB701", "S1", AGENT, "1")
    an_export(store, "CEB701", "S2", AGENT, "1")
    second = a_summary_receipt("1", sumNo=SUM_NO).replace(b"<copNo>S1<", b"<copNo>S2<")
    settle(store, a_summary_receipt("1", sumNo=SUM_NO), second, a_summary_result())
    assert states_of_receipts(store) == ["applied", "applied", "unmatched"]
