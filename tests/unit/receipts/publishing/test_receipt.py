"""The receipt JSON is read back as the receipt that was written, whichever version wrote it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders.receipt_rows import a_problem, a_record, a_whole_receipt
from cebd.declared.consequences import Consequence, ConsequenceKind
from cebd.problems.problem import Place
from cebd.receipts.publishing.receipt import (
    Advice,
    CustomsNumbers,
    CustomsWord,
    DeclaredRecord,
    Receipt,
    ReceiptRecord,
)
from cebd.receipts.publishing.receipt_json import RecordLines
from cebd.receipts.publishing.sharing import Sharing
from cebd.records.edited_field import EditedField
from cebd.records.states import ReturnedStatus, State

REFUSAL = CustomsWord(
    "100", "海关退单", "Refused", None, None, Advice("未放行", "not released", "更正后重报", "declare again")
)


RECORDS = [
    a_record("sent", 2, 3),
    a_record("rejected", 2, sheet=None, problems=(a_problem("C3", suggestion="30"), a_problem(None))),
    a_record("succeeded", 2, message="m", history=(ReturnedStatus("2", "收到", ""), ReturnedStatus("120", "", "t"))),
    a_record("succeeded", 2, type="CEB621", numbers=CustomsNumbers("B1", "I1"), tax_bill={"taxNo": "T", "status": "1"}),
    a_record("succeeded", 2, type="CEB711", numbers=CustomsNumbers("B1", "R1", "rkdNo")),
    a_record("cancelled", 2, customs=REFUSAL, numbers=CustomsNumbers(None, None)),
    a_record(
        "rejected",
        2,
        declared=DeclaredRecord(
            State.REFUSED,
            "g",
            REFUSAL,
            CustomsNumbers("B", None),
            True,
            (EditedField("qty", Place("订单", 2, "B2"), "1", "2"),),
        ),
    ),
    a_record(
        "acknowledged",
        7,
        key={"copNo": '"\\\n\x01 值', "agentCode": ""},
        guid="\u2028",
        customs=CustomsWord("dxp:1001", "海关", "Customs", 'a "b" <c>', None),
    ),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_read_back_is_the_record_that_was_written(record: ReceiptRecord) -> None:
    written = json.loads(json.dumps(a_whole_receipt(record).as_json()))
    assert Receipt.from_json(written).records == [record]
    assert json.loads(json.dumps(Receipt.from_json(written).as_json())) == written


def test_a_line_of_the_file_is_the_json_of_its_record() -> None:
    lines = RecordLines()
    held = a_record("held", 2, consequence=Consequence(ConsequenceKind.NEW, "将申报", "would be declared"))
    for record in (*RECORDS, held, *RECORDS):  # what was said of one record is not said of another
        assert lines.of(record) == json.dumps(record.as_json(), ensure_ascii=False)


def test_a_record_of_an_earlier_version_says_less_and_is_read_all_the_same() -> None:
    written: dict[str, Any] = {
        "type": "CEB311",
        "key": {"orderNo": "A1"},
        "place": {"sheet": "订单", "row": 2},
        "state": "sent",
        "guid": None,
        "customs": None,
    }
    record = ReceiptRecord.from_json(written)
    assert (record.place.rows, record.guid, record.history, record.problems) == ((2,), "", (), ())


def test_records_of_a_type_that_is_not_known_here_are_left_out() -> None:
    written = a_whole_receipt(a_record("sent", 2), a_record("sent", 3)).as_json()
    written["records"] = [*written["records"], {"type": "CEB999"}]
    assert len(Receipt.from_json(written).records) == 2


def test_what_is_the_same_on_many_rows_is_in_memory_once() -> None:
    sharing = Sharing()
    written = [json.dumps(a_record("refused", row, problems=(a_problem(None),)).as_json()) for row in (2, 3)]
    read = [ReceiptRecord.from_json(json.loads(text)) for text in written]
    first, second = (sharing.shrunk(record, with_numbers=False) for record in read)
    assert read[0].customs is not read[1].customs
    assert first.customs is second.customs
    assert first.problems[0].zh is second.problems[0].zh
    assert (first.customs and first.customs.time, first.numbers) == ("2026-03-04T10:00:00", None)
