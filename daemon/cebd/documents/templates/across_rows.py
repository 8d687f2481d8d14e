"""What several rows of a template have to say together, as formulas for conditional formats (`flags` has those of a row by itself).

| coloured | where | the check of the file |
| --- | --- | --- |
| the goods lines of an order do not add up to its goods value | the goods value | CEBD-1303 |
| goods, freight and insurance are over the limit of an order, and no single piece | the lines' total, or the goods value | CEBD-1307 |
| the lines of a document are not numbered 1, 2, 3 | the line number | CEBD-1304 |
| a number stands twice among the heads | the number | CEBD-1063 |
| a goods line whose number no head has | the number | CEBD-1010 |
| a head without goods lines, once there are any (as missing) | the number | CEBD-1011 |

All rows that a template reaches are asked, so rows may be moved, inserted and deleted; other sheets go by names of the workbook. Each row
asks all others, so the time grows with the square of the rows. Hence each formula looks first with SUMIF, COUNTIF or MATCH, which find
nothing wrong in most rows, and take less than half the time of a comparison of texts. What they find is compared as texts before it is
coloured: they take numbers of more than 15 digits that begin alike for equal. Excel takes no computed ranges in a conditional format.
Where something is not certain (numbers that are no text, amounts that are none) nothing is coloured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cebd.documents.templates.content import Page
from cebd.documents.templates.flags import CENT, LAST_ROW, ROW
from cebd.messages.description import MessageType, Part
from cebd.rules.business import RULES
from cebd.rules.figures import Figures

_ADDS_UP, _NUMBERED, _WITHIN_LIMIT = "CEBD-1303", "CEBD-1304", "CEBD-1307"


class Flag(NamedTuple):
    """The column of a sheet whose cells are coloured where the formula, of the second row, holds. `lacking`: as what is missing."""

    sheet: str
    letter: str
    formula: str
    lacking: bool = False


class Rows(NamedTuple):
    """What the columns of a template's rows say together, and the names of the workbook by which other sheets are asked."""

    flags: Sequence[Flag]
    names: Mapping[str, str]


def across_rows(
    message: MessageType, sheets: Sequence[Page], letters: Sequence[Sequence[str]], figures: Figures
) -> Rows:
    """Of the template with these sheets; `letters`: of each sheet, those of its columns."""
    columns = [
        {(column.field.part, column.field.name): letter for column, letter in zip(page.columns, of_page, strict=True)}
        for page, of_page in zip(sheets, letters, strict=True)
    ]
    number = _number(message, sheets)
    if number is None:
        return Rows((), {})
    made = _Formulas(message, sheets, columns, number, figures)
    return Rows(tuple(made.flags()), made.names)


def _number(message: MessageType, sheets: Sequence[Page]) -> str | None:
    """The element by which rows belong together; it has to be filled in. None where there is none, or no goods lines."""
    required = {column.field.name for column in sheets[0].columns if column.required and column.field.part == "head"}
    candidates = (message.group, *message.group_else) if len(sheets) == 1 else (message.group,)
    return next((name for name in candidates if name in required), None) if message.line_fields else None


class _Formulas:
    def __init__(
        self,
        message: MessageType,
        sheets: Sequence[Page],
        columns: Sequence[Mapping[tuple[Part, str], str]],
        number: str,
        figures: Figures,
    ) -> None:
        self._titles = [page.title for page in sheets]
        self._columns = columns
        self._number = number
        self._figures = figures
        self._message = message
        self._ids = {id_ for rule in RULES.get(message.code, ()) for id_ in rule.ids}
        self.names: dict[str, str] = {}

    def flags(self) -> Iterator[Flag]:
        """All of them."""
        if _ADDS_UP in self._ids:
            yield from self._adds_up()
        if _WITHIN_LIMIT in self._ids:
            yield from self._within_limit()
        if _NUMBERED in self._ids:
            yield from self._numbered()
        if len(self._titles) > 1:
            yield from self._heads_and_lines()

    def _adds_up(self) -> Iterator[Flag]:
        value, total = self._cell("head", "goodsValue"), self._range(0, "line", "totalPrice")
        seems, differs = (f"ABS({of(0, total)}-VALUE({value}))>{CENT}" for of in (self._quick_sum, self._sum))
        formula = self._if_known(0, [value], seems, differs, self._all_numbers(0, total))
        yield self._flag(0, "head", "goodsValue", formula)

    def _within_limit(self) -> Iterator[Flag]:
        """Said of an order on its goods value, of a list on its lines, as the check does; a single piece may be dearer."""
        at, name = len(self._titles) - 1, "totalPrice"
        part: Part = "line"
        if ("head", "goodsValue") in self._columns[0]:
            at, part, name = 0, "head", "goodsValue"
        fees = [fee for fee in ("freight", "insuredFee") if ("head", fee) in self._columns[0]]
        added = ""
        for fee in fees:
            there = self._range(at, "head", fee)
            of_head = f"INDEX({there},MATCH({self._number_at(at)},{self._numbers(at, 'head')},0))"
            added += f"+IFERROR(VALUE({self._cell('head', fee) if at == 0 else of_head}),0)"
        limit = f"{added}>{self._figures.order_limit}"
        if part == "head":
            over = [f"VALUE({self._cell(part, name, at)}){limit}"]
        else:
            over = [f"{of(at, self._range(at, part, name))}{limit}" for of in (self._quick_sum, self._sum)]
        quantity = self._range(at, "line", "qty")
        is_single = f"AND({self._count(at, self._lines_numbers(at))}=1,{self._sum(at, quantity)}=1)"
        filled = [self._cell(part, name, at)]
        formula = self._if_known(at, filled, *over, f"NOT({is_single})", self._all_numbers(at, quantity))
        yield self._flag(at, part, name, formula)

    def _numbered(self) -> Iterator[Flag]:
        at = len(self._titles) - 1
        letter, line = self._columns[at]["head", self._number], self._cell("line", "gnum", at)
        above = f"${letter}${ROW}:${letter}{ROW}"  # of this row and those above it
        seems, wrong = (f"VALUE({line})<>{of(at, above)}" for of in (self._quick_count, self._count))
        yield self._flag(at, "line", "gnum", self._if_known(at, [line], seems, wrong))

    def _heads_and_lines(self) -> Iterator[Flag]:
        heads, lines = self._numbers(0, "head"), self._lines_numbers(0)
        seems, twice = (f"{of(0, heads)}>1" for of in (self._quick_count, self._count))
        yield self._flag(0, "head", self._number, self._if_known(0, [], seems, twice))
        unknown = f"ISNA(MATCH({self._number_at(1)},{self._numbers(1, 'head')},0))"
        yield self._flag(1, "head", self._number, self._if_known(1, [], unknown))
        if self._message.needs_lines:
            begun = f"COUNTA({lines})>1"  # there is more than the example
            none = self._if_known(0, [], f"ISNA(MATCH({self._number_at(0)},{lines},0))", begun)
            yield self._flag(0, "head", self._number, none)._replace(lacking=True)

    # Pieces

    def _flag(self, at: int, part: Part, name: str, formula: str) -> Flag:
        return Flag(self._titles[at], self._columns[at][part, name], formula)

    def _cell(self, part: Part, name: str, at: int = 0) -> str:
        return f"${self._columns[at][part, name]}{ROW}"

    def _number_at(self, at: int) -> str:
        return self._cell("head", self._number, at)

    def _if_known(self, at: int, filled: Sequence[str], seems: str, *wrong: str) -> str:
        """Where the row has its number, as text, and these cells are filled: whether all of that holds, what takes longer last.

        `seems`: it is asked of every row, the others only where it holds.
        """
        number, letter = self._number_at(at), self._columns[at]["head", self._number]
        signs = ",".join(f'FIND("{sign}",{number})' for sign in "*?~")  # MATCH takes them for any text
        given = ",".join(f'{cell}<>""' for cell in (number, *filled))
        known = f"AND(COUNT({signs})=0,COUNT({self._rows(letter)})=0)"
        nested = "TRUE"
        for one in reversed((f"AND({given})", seems, known, *wrong)):
            nested = f"IF({one},{nested},FALSE)"
        return f"IFERROR({nested},FALSE)"

    @staticmethod
    def _rows(letter: str) -> str:
        return f"${letter}${ROW}:${letter}${LAST_ROW}"

    def _range(self, at: int, part: Part, name: str) -> str:
        """The column, as it is called on that sheet."""
        there = next(nth for nth, of_sheet in enumerate(self._columns) if (part, name) in of_sheet)
        if part == "head":
            there = 0
        return self._column_of(there, at, part, name)

    def _column_of(self, there: int, at: int, part: Part, name: str) -> str:
        letter = self._columns[there][part, name]
        if there == at:
            return self._rows(letter)
        called = f"cebd_{'head' if there == 0 else 'line'}_{name}"
        self.names[called] = f"'{self._titles[there]}'!{self._rows(letter)}"
        return called

    def _numbers(self, at: int, part: Part) -> str:
        return self._range(at, part, self._number)

    def _lines_numbers(self, at: int) -> str:
        """The numbers that stand beside the goods lines."""
        return self._column_of(len(self._titles) - 1, at, "head", self._number)

    def _sum(self, at: int, amounts: str) -> str:
        """Of the lines of the row's number."""
        return f"SUMPRODUCT(--({self._lines_numbers(at)}={self._number_at(at)}),{amounts})"

    def _quick_sum(self, at: int, amounts: str) -> str:
        return f"SUMIF({self._lines_numbers(at)},{self._number_at(at)},{amounts})"

    def _quick_count(self, at: int, numbers: str) -> str:
        return f"COUNTIF({numbers},{self._number_at(at)})"

    def _count(self, at: int, numbers: str) -> str:
        return f"SUMPRODUCT(--({numbers}={self._number_at(at)}))"

    def _all_numbers(self, at: int, amounts: str) -> str:
        """Whether there are lines, and each of them has a number there."""
        own, number = self._lines_numbers(at), self._number_at(at)
        others = f"SUMPRODUCT(--({own}={number}),1-ISNUMBER({amounts}))"
        return f"AND(ISNUMBER(MATCH({number},{own},0)),{others}=0)"
