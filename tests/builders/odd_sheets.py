"""Random sheets: right records, then odd cells, rows and columns among them; and random settings to read them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from builders.export_rows import export_rows
from builders.two_ways import Merged, Table
from cebd.documents.reading.options import RecordOptions
from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.own_marks import EXAMPLE, OWN_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import message_type
from cebd.trial.rows import (
    Line,
    cancel_rows,
    delivery_rows,
    heading,
    inventory_rows,
    order_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    waybill_status_rows,
)

Rows = list[list[Any]]


def arrival_rows(count: int, lines: int) -> Iterator[Line]:
    """Of an export: a declaration that may leave its lines out."""
    message = message_type("export-arrival")
    for row in export_rows(message.code, *(f"A{number:06d}" for number in range(count))):
        for number in range(1, lines + 1):
            line = {f"line.{one.name}": one.sample or "" for one in message.line_fields}
            yield row | line | {f"line.{message.numbered}": str(number)}


_KINDS: dict[str, Callable[[int, int], Iterator[Line]]] = {
    "order": lambda count, lines: order_rows(count, lines=lines),
    "inventory": lambda count, lines: inventory_rows(count, lines=lines),
    "payment": lambda count, _: payment_rows(count),
    "waybill": lambda count, _: waybill_rows(count),
    "waybill-status": lambda count, _: waybill_status_rows(count),
    "cancel": lambda count, _: cancel_rows(count),
    "return": lambda count, lines: return_rows(count, lines=lines),
    "delivery": lambda count, lines: delivery_rows(count, lines=lines),
    "export-arrival": arrival_rows,
}
_CELLS: tuple[Any, ...] = (
    *(
        "",
        " ",
        "  ",
        None,
        "合计",
        "小计：40.00",
        "Total",
        EXAMPLE,
        "0",
        "1",
        "2",
        "3",
        "-1",
        "1.0",
        "01",
        "001",
        "1,5",
        "12.50",
    ),
    *(
        "A&B",
        "a<b>c",
        "%s",
        "100%",
        "第一行\n第二行",
        "a\0b",
        "\ufffd",
        "Ａ１",
        "A\u200b1",
        "'A1",
        "#N/A",
        "#1",
        "1.2E+17",
    ),
    *(
        " 空 ",
        "\u3000",
        "x" * 70,
        "中" * 300,
        "142",
        "601",
        "美元",
        "千克",
        "9610",
        "1210",
        "20260230",
        "19991231",
        NO_RESULT,
    ),
    *(
        0.0,
        1.0,
        -0.0,
        2.5,
        1e16,
        1.5e-7,
        123456789012345.0,
        0.1 + 0.2,
        float("nan"),
        12345678901234.25,
        93,
        True,
        False,
    ),
    *(datetime(2026, 1, 5), datetime(2026, 1, 5, 1, 2, 3), datetime(1900, 1, 5)),  # noqa: DTZ001 - cells have no time zone
    *(Faulty("1.2E+17", "CEBD-1205", "120000000000000001"), Faulty("", "CEBD-1214", "0"), Shown("007", 7.0)),
)
_SETTINGS: list[dict[str, Any]] = [
    {"defaults": {"buyerRegNo": "{buyerTelephone}"}},
    {"defaults": {"copNo": "{logisticsNo}", "orderNo": "{copNo}"}},
    {"defaults": {"consignee": "{buyerName}", "buyerName": "{consignee}", "note": "100% & more"}},
    {"defaults": {"currency": "999", "line.currency": "142", "appType": "2"}},
    {"defaults": {"appStatus": "1"}},
    {"severities": {"CEBD-1203": "warning", "CEBD-1207": "warning", "CEBD-1215": "off", "CEBD-1301": "warning"}},
    {"severities": {"CEBD-1325": "error", "CEBD-1302": "off"}},
    {"sum_per_order": ("goodsValue", "taxTotal", "acturalPaid", "freight")},
]


@dataclass
class OddSheet:
    """A sheet as it is drawn: headings first, then rows; `keys` are the fields of its columns."""

    kind: str
    keys: list[str]
    rows: Rows
    merged: Merged = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def sheet(self) -> Sheet:
        return Sheet("S", Table(self.rows, self.merged))

    @property
    def options(self) -> RecordOptions:
        return RecordOptions(**{"defaults": {}, **self.settings})


def right_sheet(kind: str, count: int, lines: int = 1) -> OddSheet:
    """Records that are right, every cell a text."""
    message, rows = message_type(kind), list(_KINDS[kind](count, lines))
    keys = list(rows[0])
    return OddSheet(
        kind, keys, [[heading(message, key) for key in keys], *([row[key] for key in keys] for row in rows)]
    )


def odd_sheet(chance: Random) -> OddSheet:
    """A sheet of one to some hundred rows, with up to a dozen odd things."""
    kind = chance.choice([*_KINDS, "order", "inventory", "return"])
    odd = right_sheet(kind, chance.choice([1, 2, 5, 12, 40, 80, 120]), chance.choice([1, 1, 2, 3]))
    for change in chance.choices(_CHANGES, k=chance.randrange(9)):
        change(odd, chance)
    odd.settings = chance.choice([{}, {}, {}, *_SETTINGS])
    if kind == "export-arrival" and chance.random() < 0.5:
        fields = message_type(kind).line_fields
        odd.settings = {"defaults": {f"line.{one.name}": one.sample or "" for one in fields}}
    for name, copied in odd.settings.get("defaults", {}).items():
        if copied.startswith("{") and f"head.{name}" in odd.keys and chance.random() < 0.7:
            _leave_gaps(odd, odd.keys.index(f"head.{name}"), chance)
    return odd


def _cell(chance: Random) -> Any:
    if chance.random() < 0.7:
        return chance.choice(_CELLS)
    return chance.choice(
        [
            round(chance.uniform(-1, 1e4), 2),
            chance.random(),
            f"{chance.randrange(10**6) / 100}",
            chr(chance.randrange(1, 0xD7FF)),
        ]
    )


def _row(odd: OddSheet, chance: Random) -> int:
    return chance.randint(1, len(odd.rows) - 1) if len(odd.rows) > 1 else 0


def _column(odd: OddSheet, chance: Random) -> int:
    return chance.randrange(len(odd.keys))


def some_odd_cells(odd: OddSheet, chance: Random) -> None:
    for _ in range(chance.randint(1, 6)):
        odd.rows[_row(odd, chance)][_column(odd, chance)] = _cell(chance)


def an_odd_number(odd: OddSheet, chance: Random) -> None:
    """In the place of the number that holds the rows of a record together."""
    named = f"head.{message_type(odd.kind).group}"
    if named in odd.keys:
        at, cell = _row(odd, chance), _cell(chance)
        for row in odd.rows[at : at + chance.randint(1, 2)] if at else ():
            row[odd.keys.index(named)] = cell


def a_cell_of_another_row(odd: OddSheet, chance: Random) -> None:
    column = _column(odd, chance)
    odd.rows[_row(odd, chance)][column] = odd.rows[_row(odd, chance)][column]


def an_odd_column(odd: OddSheet, chance: Random) -> None:
    """Each third cell is one of a few."""
    column, few = _column(odd, chance), [_cell(chance) for _ in range(chance.randint(1, 3))]
    for number, row in enumerate(odd.rows[1::3]):
        row[column] = few[number % len(few)]


def a_column_that_is_the_same(odd: OddSheet, chance: Random) -> None:
    column, cell = _column(odd, chance), _cell(chance)
    for row in odd.rows[1:]:
        row[column] = cell


def a_column_of_numbers(odd: OddSheet, chance: Random) -> None:
    column = _column(odd, chance)
    for row in odd.rows[1:]:
        try:
            row[column] = float(row[column])
        except (TypeError, ValueError):
            continue


def a_column_of_many_numbers(odd: OddSheet, chance: Random) -> None:
    """Each row has its own, but for those of one record."""
    column, odd_ones = _column(odd, chance), [cell for cell in _CELLS if isinstance(cell, float)]
    per_record: dict[Any, float] = {}
    for row in odd.rows[1:]:
        one = (
            chance.choice(odd_ones)
            if chance.random() < 0.05
            else round(chance.uniform(0, 1e6), chance.choice([0, 0, 2]))
        )
        row[column] = per_record.setdefault(row[0], one)


def a_column_with_gaps(odd: OddSheet, chance: Random) -> None:
    _leave_gaps(odd, _column(odd, chance), chance)


def _leave_gaps(odd: OddSheet, column: int, chance: Random) -> None:
    every = chance.choice([1, 2, 5])
    for row in odd.rows[1::every]:
        row[column] = ""


def a_record_of_many_lines(odd: OddSheet, chance: Random) -> None:
    at = _row(odd, chance)
    if at and (odd.kind == "return" or chance.random() < 0.1):
        numbered = odd.keys.index("line.gnum") if "line.gnum" in odd.keys else None
        copies = [list(odd.rows[at]) for _ in range(chance.choice([99, 100, 100, 101]))]
        for number, row in enumerate(copies, 1):
            if numbered is not None:
                row[numbered] = str(number)
        odd.rows[at : at + 1] = copies


def lines_left_out(odd: OddSheet, chance: Random) -> None:
    row = odd.rows[_row(odd, chance)]
    for column, key in enumerate(odd.keys):
        if key.startswith("line."):
            row[column] = ""


def a_column_left_out(odd: OddSheet, chance: Random) -> None:
    if len(odd.keys) > 4:
        column = _column(odd, chance)
        del odd.keys[column]
        for row in odd.rows:
            del row[column : column + 1]


def a_column_more(odd: OddSheet, chance: Random) -> None:
    name = chance.choice(["", "", "不知道", "报送类型 appType", f"{OWN_HEADING} 状态"])
    cells = chance.choices(["", "", "3", "x", 0.0, 1.0, None], k=chance.randint(1, 4))
    at = chance.choice([0, 1, len(odd.keys)])
    odd.keys.insert(at, "")
    for number, row in enumerate(odd.rows):
        row.insert(at, cells[number % len(cells)] if number else name)


def a_blank_row(odd: OddSheet, chance: Random) -> None:
    odd.rows.insert(_row(odd, chance) + 1, chance.choice([[], [""], ["", " ", None], [None] * len(odd.keys)]))
    odd.rows[:] = [row + [""] * (len(odd.keys) - len(row)) for row in odd.rows]


def the_headings_again(odd: OddSheet, chance: Random) -> None:
    odd.rows.insert(_row(odd, chance) + 1, list(odd.rows[0]))


def a_row_of_totals(odd: OddSheet, chance: Random) -> None:
    row: list[Any] = [""] * len(odd.keys)
    row[_column(odd, chance)] = chance.choice(["合计", "合计：12", "Total", "共 12 单"])
    row[_column(odd, chance)] = chance.choice(["12.00", 12.0, ""])
    odd.rows.insert(_row(odd, chance) + 1, row)


def a_row_elsewhere(odd: OddSheet, chance: Random) -> None:
    if len(odd.rows) > 2:
        odd.rows.insert(_row(odd, chance), odd.rows.pop(_row(odd, chance)))


def a_row_again(odd: OddSheet, chance: Random) -> None:
    at = _row(odd, chance)
    if at:
        odd.rows.insert(at, list(odd.rows[at]))


def merged_cells(odd: OddSheet, chance: Random) -> None:
    column, top = _column(odd, chance), _row(odd, chance)
    bottom = min(len(odd.rows) - 1, top + chance.randint(1, 3))
    if 0 < top < bottom:
        odd.merged.append(((top, column), (bottom, column)))
        for row in odd.rows[top + 1 : bottom + 1]:
            row[column] = ""


def a_title(odd: OddSheet, _chance: Random) -> None:
    odd.rows.insert(0, ["订单 2026-01", *[""] * (len(odd.keys) - 1)])
    odd.merged = [((top + 1, left), (bottom + 1, right)) for (top, left), (bottom, right) in odd.merged]


_CHANGES = [
    *([some_odd_cells] * 4),
    a_cell_of_another_row,
    an_odd_column,
    a_column_that_is_the_same,
    an_odd_number,
    a_column_of_numbers,
    a_column_of_numbers,
    a_column_of_many_numbers,
    a_column_with_gaps,
    a_record_of_many_lines,
    lines_left_out,
    a_column_left_out,
    a_column_more,
    a_blank_row,
    the_headings_again,
    a_row_of_totals,
    a_row_elsewhere,
    a_row_again,
    merged_cells,
    a_title,
]
