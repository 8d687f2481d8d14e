"""What the operator gets back: the receipt JSON as agreed, and the files beside it, however often they are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.declared import (
    SENT_AT,
    a_drop,
    a_list_return,
    a_receipt,
    a_return,
    changed_drops,
    declare,
    settle,
    the_record,
)
from cebd.documents.workbooks.sheets import read_sheets, sheets_to_copy
from cebd.problems.problem import Place, problem
from cebd.receipts.deadlines import Deadlines
from cebd.receipts.overdue import overdue
from cebd.receipts.publishing.publish import publish
from cebd.records.ids import DropId
from cebd.store.drops import Drop
from cebd.store.store import Store
from cebd.store.tables import drops, records
from cebd.trial.rows import order_rows, write_workbook


def published(store: Store, folder: Path, drop: int = 1, read: Callable[[Path], Any] | None = None) -> dict[str, Any]:
    """Publish a drop; the JSON as it is on disk."""
    publish(store, DropId(drop), folder, read or (lambda path: list(read_sheets(path))), StillClock())
    with store.read() as connection:
        stem = connection.execute(select(drops.c.stem).where(drops.c.id == drop)).scalar_one()
    receipt: dict[str, Any] = json.loads((folder / "outbox" / f"{stem}.receipt.json").read_text(encoding="utf-8"))
    return receipt


def an_original(folder: Path, rows: int, name: str = "orders.xlsx") -> Path:
    path = folder / "done" / "2026-03-04" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(path, "order", list(order_rows(rows)))
    return path


class TestJson:
    def test_it_has_the_keys_agreed_on(self, store: Store, tmp_path: Path) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "2", "100000"), a_list_return("L1", "120", "100100", invtNo="I1")))
        receipt = published(store, tmp_path)
        record = receipt["records"][0]
        row = the_record(store, mine)
        assert set(receipt) >= {
            "v",
            "file",
            "sha256",
            "enterprise",
            "received",
            "published",
            "final",
            "counts",
            "records",
        }
        assert (receipt["v"], receipt["file"], receipt["enterprise"]) == (1, "orders.xlsx", "甲")
        assert receipt["published"] == "2026-03-04T05:06:07+08:00"
        assert receipt["counts"] == {"acknowledged": 1}
        assert receipt["final"] is False
        assert {key: value for key, value in record.items() if key not in ("place", "problems", "history")} == {
            "type": "CEB621",
            "key": {"copNo": "L1", "agentCode": "9900000004"},
            "state": "acknowledged",
            "guid": row["guid"],
            "message": row["message_guid"],
            "customs": {
                "status": "120",
                "text_zh": "海关入库",
                "text_en": "Entered at customs",
                "info": "回执120",
                "time": "2026-03-04T10:01:00.000+08:00",
                "preNo": "B20260304000000001",
                "invtNo": "I1",
            },
        }
        assert record["place"] == {"sheet": "Sheet1", "row": 2, "rows": [2]}
        assert record["history"] == [
            {"status": "2", "time": "2026-03-04T10:00:00.000+08:00", "info": "回执2"},
            {"status": "120", "time": "2026-03-04T10:01:00.000+08:00", "info": "回执120"},
        ]

    def test_a_record_that_customs_have_not_spoken_of_has_no_customs_and_no_history(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1")
        record = published(store, tmp_path)["records"][0]
        assert (record["state"], record["customs"], record["history"], record["problems"]) == ("sent", None, [], [])

    def test_history_is_in_the_customs_order_of_time(self, store: Store, tmp_path: Path) -> None:
        declare(store, "L1", code="CEB621")
        for status, at in (("800", "100300"), ("120", "100100"), ("2", "100100")):
            settle(store, a_receipt(a_list_return("L1", status, at)))
        history = published(store, tmp_path)["records"][0]["history"]
        assert [entry["status"] for entry in history] == ["2", "120", "800"]

    def test_it_is_final_once_every_record_is(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1", "A2")
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        assert published(store, tmp_path)["final"] is False
        settle(store, a_receipt(a_return("A2", "-301008", "100000")))
        receipt = published(store, tmp_path)
        assert (receipt["final"], receipt["counts"]) == (True, {"refused": 1, "succeeded": 1})

    def test_it_is_final_where_orders_rest_until_their_list_is_declared_and_stays_so(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1", "A2")
        settle(store, a_receipt(a_return("A1", "2", "100000")))
        assert published(store, tmp_path)["final"] is False
        settle(store, a_receipt(a_return("A2", "3", "100000")))
        receipt = published(store, tmp_path)
        assert (receipt["final"], receipt["counts"]) == (True, {"acknowledged": 2})
        settle(store, a_receipt(a_return("A1", "120", "110000")))
        receipt = published(store, tmp_path)
        assert (receipt["final"], receipt["counts"]) == (True, {"acknowledged": 1, "succeeded": 1})

    def test_a_list_at_2_goes_on_and_is_not_final(self, store: Store, tmp_path: Path) -> None:
        declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "2", "100000")))
        assert published(store, tmp_path)["final"] is False

    def test_a_refusal_is_a_problem_in_words_with_what_customs_said(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "-301008", "100000", "参数校验不通过，订购人证件号码")))
        (found,) = published(store, tmp_path)["records"][0]["problems"]
        assert found["id"] == "CEBD-1702"
        assert "-301008" in found["zh"]
        assert "参数校验不通过，订购人证件号码" in found["zh"]
        assert set(found) >= {"id", "field", "cell", "value", "zh", "en", "fix_zh", "fix_en"}

    def test_already_there_after_a_doubt_is_told_as_an_arrival_and_no_problem(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1", earlier_attempts=("in_doubt",))
        settle(store, a_receipt(a_return("A1", "-301010", "100000", "已存在相同编号的订单")))
        record = published(store, tmp_path)["records"][0]
        assert (record["state"], record["problems"]) == ("acknowledged", [])
        assert "已有此单" in record["customs"]["text_zh"]

    def test_an_answer_that_does_not_come_is_shown_until_it_comes(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1", "A2")
        settle(store, a_receipt(a_return("A1", "2", "090010")))
        overdue(store, StillClock(SENT_AT + timedelta(minutes=31)), Deadlines(30 * 60, {}))
        receipt = published(store, tmp_path)
        assert [[one["id"] for one in record["problems"]] for record in receipt["records"]] == [[], ["CEBD-1703"]]
        settle(store, a_receipt(a_return("A2", "2", "094010")))
        receipt = published(store, tmp_path)
        assert [record["problems"] for record in receipt["records"]] == [[], []]

    def test_a_row_declared_before_shows_what_became_of_it(self, store: Store, tmp_path: Path) -> None:
        (first,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        row = the_record(store, first)
        again = a_drop(store, "again.xlsx")
        copied = {name: row[name] for name in ("enterprise", "type", "key", "guid", "sheet", "row", "rows", "content")}
        rest = {"drop_id": again, "message_id": None, "state": "repeat", "active": False, "problems": None}
        with store.write() as connection:
            connection.execute(insert(records).values(**copied, **rest, repeat_of=first))
        receipt = published(store, tmp_path, again)
        (record,) = receipt["records"]
        assert (record["state"], record["customs"]["status"], len(record["history"])) == ("succeeded", "120", 1)
        assert (receipt["final"], receipt["counts"]) == (True, {"succeeded": 1})

    def test_the_same_file_dropped_again_says_so_and_shows_the_first_ones_receipts(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        again = a_drop(store, "copy.xlsx", repeat_of=1)
        receipt = published(store, tmp_path, again)
        assert [one["id"] for one in receipt["problems"]] == ["CEBD-1404"]
        assert receipt["counts"] == {"succeeded": 1}


class TestFiles:
    def test_a_later_state_replaces_the_files_by_rename(self, store: Store, tmp_path: Path) -> None:
        an_original(tmp_path, 1)
        declare(store, "A1")
        published(store, tmp_path)
        outbox = tmp_path / "outbox"
        before = {path.name: path.stat().st_ino for path in outbox.iterdir()}
        with (outbox / "orders.receipt.json").open(encoding="utf-8") as reader:
            settle(store, a_receipt(a_return("A1", "120", "100000")))
            published(store, tmp_path)
            assert json.load(reader)["counts"] == {"sent": 1}
        after = {path.name: path.stat().st_ino for path in outbox.iterdir()}
        assert set(before) == set(after) == {"orders.receipt.json", "orders.receipt.xlsx"}
        assert all(before[name] != after[name] for name in before)

    def test_what_is_published_is_not_behind_any_more(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1")
        assert changed_drops(store) == [1]
        published(store, tmp_path)
        assert changed_drops(store) == []
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        assert changed_drops(store) == [1]

    def test_a_workbook_that_defies_copying_is_published_as_a_table(self, store: Store, tmp_path: Path) -> None:
        an_original(tmp_path, 1)
        declare(store, "A1")

        def breaks(path: Path) -> Any:
            raise ValueError(f"{path.name} is odd")

        published(store, tmp_path, read=breaks)
        book = load_workbook(tmp_path / "outbox" / "orders.receipt.xlsx")
        assert "A1" in [cell.value for cell in book.worksheets[0][2]]

    def test_an_original_taken_away_leaves_a_table(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1")
        published(store, tmp_path)
        sheet = load_workbook(tmp_path / "outbox" / "orders.receipt.xlsx").worksheets[0]
        assert [cell.value for cell in sheet[1]][5:8] == ["ebpCode", "ebcCode", "orderNo"]

    def test_a_file_not_understood_has_a_workbook_with_the_words(self, store: Store, tmp_path: Path) -> None:
        drop = a_drop(store, "photo.xlsx", outcome="error", place="error/photo.xlsx")
        found = json.dumps([problem("CEBD-1002", Place()).as_json()])
        with store.write() as connection:
            connection.execute(update(drops).where(drops.c.id == drop).values(problems=found))
        receipt = published(store, tmp_path, drop)
        assert [one["id"] for one in receipt["problems"]] == ["CEBD-1002"]
        [sheet] = load_workbook(tmp_path / "outbox" / "photo.receipt.xlsx").worksheets
        assert "CEBD-1002" in str(list(sheet.values))

    def test_the_workbook_remembers_how_its_file_came(self, store: Store, tmp_path: Path) -> None:
        an_original(tmp_path, 1)
        declare(store, "A1")
        told: list[tuple[str, str]] = []

        def marks_of(original: Path, drop: Drop) -> dict[str, str]:
            told.append((drop.source, drop.name))
            return {"cebd inbox folder": f"店铺 & {original.stem}\x01"}

        publish(store, DropId(1), tmp_path, lambda path: list(read_sheets(path)), StillClock(), marks_of)
        book: Any = load_workbook(tmp_path / "outbox" / "orders.receipt.xlsx")
        assert [(one.name, one.value) for one in book.custom_doc_props] == [("cebd inbox folder", "店铺 & orders")]
        assert told == [("inbox/orders.xlsx", "orders.xlsx")]

    def test_each_record_has_a_line_of_its_own_in_the_json(self, store: Store, tmp_path: Path) -> None:
        declare(store, "A1", "A2", "A3")
        published(store, tmp_path)
        lines = (tmp_path / "outbox" / "orders.receipt.json").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line.strip().strip(","))["key"]["orderNo"] for line in lines if '"orderNo"' in line] == [
            "A1",
            "A2",
            "A3",
        ]

    def test_a_large_drop_is_told_record_by_record_with_its_history(self, store: Store, tmp_path: Path) -> None:
        numbers = [f"A{number}" for number in range(2100)]  # more than are asked about at once
        declare(store, *numbers)
        settle(store, a_receipt(*(a_return(number, "120", "100000") for number in numbers[::700])))
        receipt = published(store, tmp_path)
        assert [record["key"]["orderNo"] for record in receipt["records"]] == numbers
        assert [nth for nth, record in enumerate(receipt["records"]) if record["history"]] == [0, 700, 1400]
        assert receipt["counts"] == {"sent": 2097, "succeeded": 3}


class TestKinds:
    """What a filed original is goes by its content: people rename what a program would not open."""

    @pytest.mark.parametrize("name", ["orders.xlsx", "orders.xml", "orders.csv"])
    def test_a_workbook_comes_back_as_a_workbook_whatever_it_is_called(self, tmp_path: Path, name: str) -> None:
        path = an_original(tmp_path, 2, name)
        (sheet,) = sheets_to_copy(path)
        assert len(list(sheet.rows())) == 3

    @pytest.mark.parametrize("name", ["message.xml", "message.xlsx", "message.csv"])
    def test_a_message_has_no_sheets_whatever_it_is_called(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_text(
            '<?xml version="1.0"?><ceb:CEB311Message xmlns:ceb="http://www.chinaport.gov.cn/ceb"/>', encoding="utf-8"
        )
        assert sheets_to_copy(path) == []

    def test_what_cannot_be_read_any_more_has_no_sheets(self, tmp_path: Path) -> None:
        path = tmp_path / "orders.xlsx"
        path.write_bytes(b"PK\x03\x04 cut off")
        assert sheets_to_copy(path) == []
