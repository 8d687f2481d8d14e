"""The receipt workbook is the correction form: its red cells mended and the workbook dropped again, only what is not declared goes out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlwt
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from builders.receipt_rows import Hers
from builders.stations import TryStation, receipt_json
from builders.waiting import until
from builders.workbooks import a_workbook
from cebd.messages.description import message_type
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import Line, heading, order_rows

Grid = list[list[Any]]
CHANGE_HEADING = "报送类型 appType"
AMOUNTS = {"goodsValue", "freight", "discount", "taxTotal", "acturalPaid", "qty", "price", "totalPrice"}

# What operators do to a cell: the field, and what stands there instead of what should.
MISTAKES: tuple[tuple[str, Any], ...] = (
    ("head.consignee", None),
    ("line.totalPrice", 0.01),
    ("head.acturalPaid", 1.0),
    ("head.buyerIdNumber", "110101199001011111"),
    ("head.orderNo", "Ｔ００１"),
    ("line.qty", "两"),
    ("line.price", "93.00元"),
    ("line.unit", "1222"),
    ("line.country", ""),
    ("head.buyerIdNumber", 1.1010119900101e17),
    ("line.gnum", "7"),
    ("line.itemName", "长" * 300),
    ("head.goodsValue", datetime(2026, 1, 2)),  # noqa: DTZ001  as Excel has it
    ("head.taxTotal", True),
    ("line.qty", "#N/A"),
    ("head.orderNo", None),
    ("head.buyerTelephone", "138\u30000000"),
    ("head.freight", "１２"),
    ("line.totalPrice", "1,234.00"),
)


def the_value(key: str, text: str) -> Any:
    """As a workbook has it: amounts are numbers, all else is text."""
    return float(text) if key.partition(".")[2] in AMOUNTS else text


def a_grid(rows: Sequence[Line], keys: Sequence[str]) -> Grid:
    headings = [heading(message_type("order"), key) for key in keys]
    return [headings, *([the_value(key, row[key]) for key in keys] for row in rows)]


def flat(rows: Sequence[Line]) -> dict[str, Grid]:
    return {"订单": a_grid(rows, list(rows[0]))}


def heads_and_lines(rows: Sequence[Line]) -> dict[str, Grid]:
    heads = list({row["head.orderNo"]: row for row in rows}.values())
    keys = list(rows[0])
    return {
        "订单": a_grid(heads, [key for key in keys if key.startswith("head.")]),
        "商品": a_grid(rows, ["head.orderNo", *(key for key in keys if key.startswith("line."))]),
    }


def with_mistakes(right: dict[str, Grid], rows: Iterator[int], mistakes: Sequence[tuple[str, Any]]) -> dict[str, Grid]:
    """The sheets with these mistakes, each on another row (1-based, as Excel counts)."""
    wrong = {name: [row.copy() for row in grid] for name, grid in right.items()}
    for row, (key, value) in zip(rows, mistakes, strict=False):
        text = heading(message_type("order"), key)
        grid = next(grid for name, grid in wrong.items() if text in grid[0] and (len(wrong) == 1 or _home(key, name)))
        grid[row - 1][grid[0].index(text)] = value
    return wrong


def _home(key: str, sheet: str) -> bool:
    return key.startswith("head.") == (sheet == "订单")


def as_xlsx(folder: Path, sheets: dict[str, Grid]) -> bytes:
    return a_workbook(folder / "made.xlsx", *sheets.values(), names=list(sheets)).read_bytes()


def as_csv(folder: Path, sheets: dict[str, Grid]) -> bytes:
    (grid,) = sheets.values()
    text = io.StringIO(newline="")
    csv.writer(text).writerows(grid)
    return text.getvalue().encode("gb18030")


def as_xls(folder: Path, sheets: dict[str, Grid]) -> bytes:
    book = xlwt.Workbook()
    for name, grid in sheets.items():
        sheet = book.add_sheet(name)
        for number, row in enumerate(grid):
            for index, value in enumerate(row):
                if value is not None:
                    sheet.write(number, index, value)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


class Returned:
    """A receipt workbook in the operator's hands."""

    def __init__(self, station: TryStation, stem: str) -> None:
        self.station = station
        self.name = f"{stem}.receipt.xlsx"
        told = until(lambda: receipt_json(station.outbox, stem), f"the receipt of {stem}")
        self.path = station.outbox / told.parent.name / self.name
        until(
            lambda: self.path.exists() and self.path.stat().st_mtime >= told.stat().st_mtime,
            f"the workbook {self.name}",
        )
        self.book = load_workbook(self.path)

    def mend(self, receipt: dict[str, Any], right: dict[str, Grid]) -> int:
        """Write into each cell that the JSON names what should stand there; how many."""
        wrong = {
            (one["sheet"], one["cell"])
            for record in receipt["records"]
            for one in record["problems"]
            if one["severity"] == "error" and one["cell"]
        }
        for sheet, cell in wrong:
            there = Hers(self.book[sheet])[cell]
            grid = right.get(sheet) or next(iter(right.values()))
            row, column = coordinate_to_tuple(cell)
            there.value = grid[row - 1][column - 1]
        return len(wrong)

    def column(self, text: str) -> int:
        """The 1-based column under that heading."""
        return next(cell.column for cell in self.sheet[1] if str(cell.value).startswith(text))

    @property
    def sheet(self) -> Any:
        return self.book.worksheets[0]

    def drop(self, name: str = "") -> None:
        content = io.BytesIO()
        self.book.save(content)
        self.station.drop(name or self.name, content.getvalue())


def declared(station: TryStation) -> Counter[str]:
    """How often each order reached customs."""
    return Counter(entry["key"]["orderNo"] for entry in read_ledger(station.customs_folder))


def ids(record: dict[str, Any]) -> list[str]:
    return [one["id"] for one in record["problems"]]


def test_a_thousand_orders_with_37_mistakes_are_accepted_whole_after_two_drops_and_none_is_sent_twice(
    tmp_path: Path,
) -> None:
    right = flat(list(order_rows(1_000)))
    mistakes = [MISTAKES[number % len(MISTAKES)] for number in range(37)]
    mistakes[23] = ("head.orderNo", "Ｔ００２")  # two rows with one number would be one order
    wrong = with_mistakes(right, iter(range(5, 1_000, 26)), mistakes)
    with TryStation(tmp_path) as station:
        station.start()
        station.drop("orders.xlsx", as_xlsx(tmp_path, wrong))
        first = station.final_receipt("orders", 120)
        assert first["counts"] == {"rejected": 37, "succeeded": 963}
        returned = Returned(station, "orders")
        assert returned.mend(first, right) >= 37
        returned.drop()
        second = station.final_receipt("orders-2", 120)
        sent = declared(station)
    assert second["counts"] == {"succeeded": 1_000}
    assert len(sent) == 1_000
    assert set(sent.values()) == {1}
    assert Counter(tuple(ids(record)) for record in second["records"]) == {("CEBD-1403",): 963, (): 37}


FORMS: dict[str, tuple[Callable[[Sequence[Line]], dict[str, Grid]], Callable[[Path, dict[str, Grid]], bytes], str]] = {
    "several lines for each order": (flat, as_xlsx, "orders.xlsx"),
    "heads and lines": (heads_and_lines, as_xlsx, "orders.xlsx"),
    "CSV": (flat, as_csv, "orders.csv"),
    "Excel 97": (flat, as_xls, "orders.xls"),
}


@pytest.mark.parametrize("form", FORMS)
def test_red_cells_are_mended_in_every_form_of_workbook(tmp_path: Path, form: str) -> None:
    sheets_of, as_file, name = FORMS[form]
    right = sheets_of(list(order_rows(9, lines=2)))
    mistakes = [
        ("head.consigneeAddress", ""),
        ("line.qty", "两"),
        ("line.unit", "1222"),
        ("head.buyerIdNumber", "１２"),
    ]
    wrong = with_mistakes(right, iter((2, 5, 8, 10)), mistakes)
    with TryStation(tmp_path) as station:
        station.start()
        station.drop(name, as_file(tmp_path, wrong))
        first = station.final_receipt("orders")
        assert first["counts"] == {"rejected": 4, "succeeded": 5}
        returned = Returned(station, "orders")
        assert returned.mend(first, right) >= 4
        returned.drop()
        second = station.final_receipt("orders-2")
        sent = declared(station)
    assert second["counts"] == {"succeeded": 9}
    assert (len(sent), set(sent.values())) == (9, {1})


def test_an_order_that_customs_refused_is_corrected_and_declared_again_alone(tmp_path: Path) -> None:
    rows = list(order_rows(3))
    refused = rows[1]["head.orderNo"]
    rejection = Reject(key=refused, status="100", times=1)
    scenario = Scenario(answer_seconds=0.05, step_seconds=0.05, entered_at_once=True, reject=(rejection,))
    with TryStation(tmp_path, scenario) as station:
        station.start()
        station.drop("orders.xlsx", as_xlsx(tmp_path, flat(rows)))
        assert station.final_receipt("orders")["counts"] == {"refused": 1, "succeeded": 2}
        returned = Returned(station, "orders")
        returned.sheet.cell(3, returned.column("收货地址"), "测试省示例市样本区9号")
        returned.drop()
        second = station.final_receipt("orders-2")
        sent = declared(station)
    assert second["counts"] == {"succeeded": 3}
    assert sent == {row["head.orderNo"]: 1 + (row["head.orderNo"] == refused) for row in rows}


FOUR = list(order_rows(4, lines=2))
RIGHT = flat(FOUR)
NUMBERS = list(dict.fromkeys(row["head.orderNo"] for row in FOUR))


class TestWhatOperatorsDo:
    """Four orders, the second with a mistake; three are accepted."""

    def accepted(self, station: TryStation) -> dict[str, Any]:
        station.start()
        wrong = with_mistakes(RIGHT, iter((5,)), [("line.qty", "两")])
        station.drop("orders.xlsx", as_xlsx(station.share, wrong))
        first = station.final_receipt("orders")
        assert first["counts"] == {"rejected": 1, "succeeded": 3}
        return first

    def test_the_workbook_dropped_unchanged_sends_nothing_and_says_so_and_so_it_does_twice(
        self, tmp_path: Path
    ) -> None:
        with TryStation(tmp_path) as station:
            self.accepted(station)
            before = declared(station)
            as_it_is = Returned(station, "orders").path.read_bytes()
            station.drop("orders.receipt.xlsx", as_it_is)
            second = station.final_receipt("orders-2")
            station.drop("orders.receipt.xlsx", as_it_is)
            third = station.final_receipt("orders-3")
            assert declared(station) == before
        assert second["counts"] == {"rejected": 1, "succeeded": 3}
        assert [ids(record) for record in second["records"]] == [["CEBD-1403"], ["CEBD-1204"]] + [["CEBD-1403"]] * 2
        assert [one["id"] for one in third["problems"]] == ["CEBD-1404"]

    def test_a_mended_workbook_dropped_twice_declares_once(self, tmp_path: Path) -> None:
        with TryStation(tmp_path) as station:
            first = self.accepted(station)
            returned = Returned(station, "orders")
            returned.mend(first, RIGHT)
            returned.drop("mended.xlsx")
            returned.drop("mended again.xlsx")
            assert station.final_receipt("mended")["counts"] == {"succeeded": 4}
            assert station.final_receipt("mended again")["counts"] == {"succeeded": 4}
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

    def test_a_workbook_mended_while_the_others_are_under_way_sends_only_what_is_new(self, tmp_path: Path) -> None:
        with TryStation(tmp_path) as station:
            station.start()
            until(lambda: "station runs" in station.log(), "the daemon to run")
            station.customs_away()
            wrong = with_mistakes(RIGHT, iter((5,)), [("line.qty", "两")])
            station.drop("orders.xlsx", as_xlsx(tmp_path, wrong))
            first = until(lambda: station.receipt("orders"), "a first receipt")
            assert first["counts"]["rejected"] == 1
            returned = Returned(station, "orders")
            returned.mend(first, RIGHT)
            returned.drop()
            until(lambda: station.receipt("orders-2"), "a second receipt")
            station.customs_back()
            assert station.final_receipt("orders-2")["counts"] == {"succeeded": 4}
            assert station.final_receipt("orders")["counts"] == {"rejected": 1, "succeeded": 3}
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

    def test_rows_sorted_by_their_state_before_they_were_mended_are_the_same_orders(self, tmp_path: Path) -> None:
        with TryStation(tmp_path) as station:
            first = self.accepted(station)
            returned = Returned(station, "orders")
            returned.mend(first, RIGHT)
            state = returned.column("[cebd] 状态")
            rows = [[cell.value for cell in row] for row in returned.sheet.iter_rows(min_row=2)]
            rows.sort(key=lambda row: row[state - 1], reverse=True)
            assert rows[0][state - 1].startswith("未申报")
            for number, row in enumerate(rows, 2):
                for column, value in enumerate(row, 1):
                    returned.sheet.cell(number, column).value = value
            returned.drop()
            assert station.final_receipt("orders-2")["counts"] == {"succeeded": 4}
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

    def test_only_the_red_rows_may_be_left_in_the_workbook(self, tmp_path: Path) -> None:
        with TryStation(tmp_path) as station:
            first = self.accepted(station)
            returned = Returned(station, "orders")
            returned.mend(first, RIGHT)
            returned.sheet.delete_rows(6, 4)
            returned.sheet.delete_rows(2, 2)
            returned.drop()
            assert station.final_receipt("orders-2")["counts"] == {"succeeded": 1}
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

    def test_a_slip_on_an_accepted_row_sends_nothing_until_a_change_is_asked_for_and_then_once(
        self, tmp_path: Path
    ) -> None:
        with TryStation(tmp_path) as station:
            first = self.accepted(station)
            returned = Returned(station, "orders")
            returned.mend(first, RIGHT)
            for row in (2, 3):
                returned.sheet.cell(row, returned.column("收货地址"), "测试省示例市样本区9号")
            returned.drop()
            second = station.final_receipt("orders-2")
            assert second["counts"] == {"rejected": 1, "succeeded": 3}
            assert ids(second["records"][0]) == ["CEBD-1402"]
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

            offered = Returned(station, "orders-2")
            right_end = offered.sheet.max_column
            assert offered.sheet.cell(1, right_end).value == CHANGE_HEADING
            assert [offered.sheet.cell(row, right_end).value for row in range(2, 10)] == [None] * 8
            offered.drop("left empty.xlsx")
            assert ids(station.final_receipt("left empty")["records"][0]) == ["CEBD-1402"]
            assert declared(station) == dict.fromkeys(NUMBERS, 1)

            for row in (2, 3):
                offered.sheet.cell(row, right_end).value = "2"
            offered.drop("changed.xlsx")
            changed = station.final_receipt("changed")
            offered.sheet["A1"].value = str(offered.sheet["A1"].value) + " "
            offered.drop("changed again.xlsx")
            again = station.final_receipt("changed again")
            assert (changed["counts"], again["counts"]) == ({"succeeded": 4}, {"succeeded": 4})
            assert ids(again["records"][0]) == ["CEBD-1403"]
            assert declared(station) == {**dict.fromkeys(NUMBERS, 1), NUMBERS[0]: 2}

    def test_a_workbook_dropped_back_beside_the_subfolder_it_came_from_is_read_as_before(self, tmp_path: Path) -> None:
        numbered = {"订单": [["店铺单号", *RIGHT["订单"][0][1:]], *RIGHT["订单"][1:]]}
        wrong = {"订单": [*numbered["订单"][:4], *with_mistakes(RIGHT, iter((5,)), [("line.qty", "两")])["订单"][4:]]}
        with TryStation(tmp_path) as station:
            text = station.settings_path.read_text(encoding="utf-8")
            mapping = '[mapping.shop]\ntype = "order"\nfiles = []\n[mapping.shop.columns]\n"店铺单号" = "orderNo"\n'
            station.settings_path.write_text(f"{text}\n{mapping}", encoding="utf-8")
            station.start()
            (station.inbox / "shop").mkdir(parents=True, exist_ok=True)
            station.drop("shop/orders.xlsx", as_xlsx(tmp_path, wrong))
            first = station.final_receipt("orders")
            assert first["counts"] == {"rejected": 1, "succeeded": 3}
            returned = Returned(station, "orders")
            assert returned.mend(first, numbered) == 1
            returned.drop("mended.xlsx")
            assert station.final_receipt("mended")["counts"] == {"succeeded": 4}
            assert declared(station) == dict.fromkeys(NUMBERS, 1)
