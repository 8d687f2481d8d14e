"""What a row of the receipt workbook tells is true: an edited row keeps what became of it, what waits says why, trial is no declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.declared import a_drop, a_list_return, a_receipt, an_open_store, changed_drops, declare, settle
from builders.new_station import new_station
from builders.new_store import open_store
from builders.receipt_rows import colour
from cebd.documents.convert import ClaimedFile, convert
from cebd.documents.workbooks.sheets import read_sheets
from cebd.problems.problem import problem
from cebd.receipts.publishing.book.styles import NOTED, WORDS
from cebd.receipts.publishing.drop_receipt import receipt_head
from cebd.receipts.publishing.publish import publish
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.ids import DropId, MessageId
from cebd.settings import load_settings
from cebd.store.drops import load_drop
from cebd.store.messages import set_waiting, touch
from cebd.store.tables import about, drops, messages, records
from cebd.trial.rows import Line, order_rows, write_workbook


class Desk:
    """A station's store, into which files are converted, and the receipts that are published of them."""

    def __init__(self, folder: Path) -> None:
        made = new_station(folder / "station", port=2222)
        self.settings = load_settings(made.settings)
        self.share = made.inbox.parent
        self.store = open_store(self.settings.store_dir)

    def drop(self, name: str, rows: list[Line]) -> DropId:
        path = self.share / "done" / f"{name}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(path, "order", rows)
        enterprise = self.settings.enterprise[0]
        facts = {"enterprise": enterprise.name, "name": path.name, "stem": name, "sha256": name, "outcome": "done"}
        facts |= {"received": "2026-03-04T05:00:00+08:00", "state": "filed", "source": f"inbox/{path.name}"}
        with self.store.write() as connection:
            added = connection.execute(insert(drops).values(**facts, place=f"done/{path.name}")).inserted_primary_key
            assert added is not None
            convert(
                connection,
                ClaimedFile(added[0], path, path.name),
                enterprise,
                self.settings.reading_options,
                StillClock(),
                lambda _: False,
            )
        return DropId(added[0])

    def becomes(self, state: str, **values: object) -> None:
        """Customs say that of all that was declared."""
        with self.store.write() as connection:
            connection.execute(update(records).where(records.c.active).values(state=state, **values))
            touch(connection, [DropId(1)])

    def receipt(self, drop: DropId) -> tuple[ReceiptRecord, Any]:
        """The first record, and the sheet."""
        receipt = publish(self.store, drop, self.share, lambda path: list(read_sheets(path)), StillClock())
        with self.store.read() as connection:
            stem = connection.execute(select(drops.c.stem).where(drops.c.id == drop)).scalar_one()
        book = load_workbook(self.share / "outbox" / f"{stem}.receipt.xlsx")
        return receipt.records[0], book.worksheets[0]


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def column(sheet: Any, name: str) -> int:
    return next(cell.column for cell in sheet[1] if name in str(cell.value))


def two_goods(**changes: str) -> list[Line]:
    rows = list(order_rows(1, lines=2))
    return [{**row, **changes} for row in rows]


class TestEdited:
    def test_it_keeps_its_state_and_the_customs_words_and_says_that_the_edit_is_not_declared(self, desk: Desk) -> None:
        desk.drop("orders", two_goods())
        desk.becomes("succeeded", status="120", info="入库成功", time="2026-03-04T10:00:00+08:00")
        record, sheet = desk.receipt(desk.drop("edited", two_goods(**{"head.consigneeAddress": "别处9号"})))
        assert (record.state, record.declared.state) == ("rejected", "succeeded")
        state, customs = sheet.cell(2, column(sheet, "状态")), sheet.cell(2, column(sheet, "海关"))
        assert state.value == "已入库\n修改未申报"
        assert customs.value.startswith("120 海关入库")
        assert "CEBD-1402" in sheet.cell(2, column(sheet, "处理")).value
        assert colour(state) == WORDS["succeeded"].colour

    def test_each_cell_that_differs_is_marked_with_what_was_declared_and_no_other(self, desk: Desk) -> None:
        first = two_goods()
        desk.drop("orders", first)
        desk.becomes("succeeded", status="120")
        edited = [dict(row) for row in first]
        for row in edited:
            row["head.consignee"] = "另一人"
        edited[1]["line.itemName"] = "别的货"
        _, sheet = desk.receipt(desk.drop("edited", edited))
        marked = {
            cell.coordinate: cell.comment.text
            for row in sheet.iter_rows(min_row=2)
            for cell in row
            if cell.comment is not None and "CEBD-1417" in cell.comment.text
        }
        name, goods = (sheet.cell(1, column(sheet, text)).column_letter for text in ("收货人姓名", "商品名称"))
        assert set(marked) == {f"{name}2", f"{goods}3"}
        assert first[0]["head.consignee"] in marked[f"{name}2"]
        assert first[1]["line.itemName"] in marked[f"{goods}3"]
        assert colour(sheet[f"{goods}3"]) == NOTED

    def test_news_of_what_was_declared_reaches_the_receipt_of_the_edited_file(self, desk: Desk) -> None:
        desk.drop("orders", two_goods())
        desk.becomes("sent")
        edited = desk.drop("edited", two_goods(**{"head.consignee": "另一人"}))
        desk.receipt(edited)
        assert edited not in changed_drops(desk.store)
        desk.becomes("succeeded", status="120")
        assert edited in changed_drops(desk.store)
        record, _ = desk.receipt(edited)
        assert record.declared.customs.status == "120"

    def test_an_identity_number_is_not_spelt_out(self, desk: Desk) -> None:
        first, other = two_goods(), list(order_rows(1, first=2, lines=2))
        desk.drop("orders", first)
        desk.becomes("succeeded", status="120")
        number = first[0]["head.buyerIdNumber"]
        record, _ = desk.receipt(
            desk.drop("edited", two_goods(**{"head.buyerIdNumber": other[0]["head.buyerIdNumber"]}))
        )
        assert number not in str(record.declared.differs)
        assert number[:4] in str(record.declared.differs)


class TestWaiting:
    @pytest.mark.parametrize(
        ("why", "says"),
        [
            ({"id": "CEBD-1501", "reason": "away"}, "UKey"),
            ({"id": "CEBD-1901", "reason": "odd"}, "自动重试"),
        ],
    )
    def test_a_row_that_waits_says_why_and_that_nothing_is_to_be_done(
        self, desk: Desk, why: dict[str, str], says: str
    ) -> None:
        drop = desk.drop("orders", two_goods())
        desk.receipt(drop)
        id_ = why.pop("id")
        with desk.store.write() as connection:
            set_waiting(connection, MessageId(1), problem(id_, **why))
        assert changed_drops(desk.store) == [drop]
        _, sheet = desk.receipt(drop)
        text = sheet.cell(2, column(sheet, "处理")).value
        assert says in text
        assert "无需处理" in text
        assert "cebd " not in text.replace("cebd met", "")

    def test_a_line_that_is_down(self, desk: Desk) -> None:
        drop = desk.drop("orders", two_goods())
        with desk.store.write() as connection:
            connection.execute(update(messages).values(state="signed"))
            connection.execute(update(records).values(state="signed"))
            set_waiting(connection, MessageId(1), problem("CEBD-1601", channel="sandbox", reason="refused"))
        _, sheet = desk.receipt(drop)
        text = sheet.cell(2, column(sheet, "处理")).value
        assert "网络中断" in text
        assert "恢复后自动发送，无需处理" in text

    def test_waiting_for_the_same_reason_again_is_no_news(self, desk: Desk) -> None:
        drop = desk.drop("orders", two_goods())
        why = problem("CEBD-1601", channel="sandbox", reason="refused")
        with desk.store.write() as connection:
            set_waiting(connection, MessageId(1), why)
        desk.receipt(drop)
        with desk.store.write() as connection:
            set_waiting(connection, MessageId(1), why)
        assert changed_drops(desk.store) == []
        with desk.store.write() as connection:
            set_waiting(connection, MessageId(1), None)
        assert changed_drops(desk.store) == [drop]


class TestEnvironment:
    @pytest.mark.parametrize(("environment", "word"), [("trial", "试运行"), ("test", "联调"), ("production", "")])
    def test_what_is_no_declaration_to_customs_says_so(self, desk: Desk, environment: str, word: str) -> None:
        drop = desk.drop("orders", two_goods())
        with desk.store.write() as connection:
            connection.execute(insert(about).values(name="environment", value=environment))
        _, sheet = desk.receipt(drop)
        state = sheet.cell(2, column(sheet, "状态")).value
        assert state == (f"{WORDS['ready'].zh}（{word}）" if word else WORDS["ready"].zh)


def test_a_list_cancelled_at_her_own_wish_is_called_so_and_is_not_red(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        [mine] = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "120", "100100", invtNo="I1")))
        with store.write() as connection:
            values = {"state": "refused", "status": "cancel:399", "info": "撤销申请单 C1 海关审结"}
            connection.execute(update(records).where(records.c.id == mine).values(**values))
        receipt = publish(store, 1, tmp_path, lambda path: list(read_sheets(path)), StillClock())
        assert (receipt.records[0].state, receipt.records[0].cancelled) == ("refused", True)
        sheet = load_workbook(tmp_path / "outbox" / "orders.receipt.xlsx").worksheets[0]
        state = sheet.cell(2, column(sheet, "状态"))
        assert (state.value, colour(state)) == ("已撤销", "D9D9D9")


def test_the_second_of_two_corrections_names_the_first_and_no_file_name_is_cut(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        long = "十一月二十六日华南区第二批跨境电商订单汇总表终稿.receipt"
        first = a_drop(store, "orders.xlsx")
        hers, his = (a_drop(store, f"{long} {nth}.xlsx", corrects=first) for nth in "ab")
        with store.read() as transaction:
            told = {
                one: receipt_head(transaction, load_drop(transaction, one), "").problems for one in (first, hers, his)
            }
        [replaced], [only], [second] = told[first], told[hers], told[his]
        assert all(f"{long} {nth}-" in replaced.zh for nth in "ab")
        assert only.fix_zh == "以这一份回执为准。"
        assert f"{long} a-" in second.fix_zh
