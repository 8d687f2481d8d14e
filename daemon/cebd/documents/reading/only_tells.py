"""Sheets that only tell something: tax bills and the program's own statements, whatever program saved them, under whatever name.

They have the numbers of orders and lists, as an application to cancel lists does, and nothing on them is to be declared. Nobody guesses: a
sheet with such columns is declared only where its folder, the settings or a person say what it is.

| told by its headings | what it is |
| --- | --- |
| the number of a tax bill, and what it says of money | a tax bill (816), of customs, the Single Window or the station |
| several headings that only that statement has | a reconciliation, a ledger, an answer, a list of receipts |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cebd.documents.reading.headings import heading_spellings, plain, spellings_of
from cebd.documents.reading.layouts import OWN_SHEETS
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import message_type
from cebd.messages.schema_files import kept_with_schemas
from cebd.problems.problem import Place, Problem, problem

_BILL = "CEB816"
_OF_A_BILL = ("customsTax", "valueAddedTax", "consumptionTax", "taxPrice", "entDutyNo", "status")
_BILL_NUMBERS = ("税单号", "税单编号", "电子税单号")
_OWN_OF_A_BILL = ("税款合计（元）", "税款合计", "Tax in all", "税单张数", "税单状态")
# Headings of the program's own statements that no declaration has together. Ledgers are in one language, the others have both.
_LEDGER = ("海关回执", "放入时间", "税款（元）", "Customs' answer", "Dropped", "Tax (yuan)")
_OF_A_LEDGER = ("可退货剩余天数", "Days left for a return")
_TALLIES = ("当日收到", "以前已申报", "未申报（有错）", "等待申报", "有回执", "无回执", "受理中")
_FINDINGS = ("问题", "怎么办")
_PURCHASES = ("订单", "支付单", "运单", "清单")
_ANSWERS = ("收到时间", "海关时间", "回执状态", "回执信息", "系统唯一序号")
_OF_ANSWERS = ("回执文件", "最新回执")
_MAX_NAMED = 4


@dataclass(frozen=True)
class Telling:
    """A kind of sheet: a row with `least` of these headings, and one of `needed` if there are any, is its heading row."""

    zh: str
    en: str
    headings: frozenset[str]
    least: int
    needed: frozenset[str] = frozenset()


@kept_with_schemas
@cache
def kinds() -> tuple[Telling, ...]:
    """All that is known."""
    bill = message_type(_BILL)
    said = [field for field in (*bill.head_fields, *bill.line_fields) if field.name in _OF_A_BILL]
    numbers = [text for field in bill.head_fields if field.name == "taxNo" for text in spellings_of(field, bill)]
    money = [text for field in said for text in spellings_of(field, bill) if text != "status"]
    return (
        Telling("税单", "a tax bill", _plain((*money, *_OWN_OF_A_BILL)), 1, _plain((*numbers, *_BILL_NUMBERS))),
        Telling("对账", "a reconciliation", _plain(_TALLIES), 4),
        Telling("对账", "a reconciliation", _plain(_FINDINGS), 2),
        Telling("对账", "a reconciliation", _plain(_PURCHASES), 3, _plain(("结果",))),
        Telling("台账", "a ledger", _with_both(_LEDGER), 1, _with_both(_OF_A_LEDGER)),
        Telling("回执清单", "a list of receipts", _plain(_ANSWERS), 2, _plain(_OF_ANSWERS)),
    )


def _with_both(texts: Sequence[str]) -> frozenset[str]:
    """Of Chinese headings and as many English ones: each, and both on a line."""
    half = len(texts) // 2
    return _plain((*texts, *map(" ".join, zip(texts[:half], texts[half:], strict=True))))


def _plain(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(plain, texts))


@dataclass(frozen=True)
class Told:
    """A sheet that only tells, and the headings by which it is known."""

    sheet: Sheet
    kind: Telling
    columns: Sequence[str]

    @property
    def facts(self) -> dict[str, Any]:
        """For the words about it."""
        shown = [" ".join(text.split()) for text in self.columns[:_MAX_NAMED]]
        return {
            "what_zh": self.kind.zh,
            "what_en": self.kind.en,
            "columns": ", ".join(shown),
            "columns_zh": "、".join(shown),
        }

    def as_file(self, name: str) -> Problem:
        """That the file holds nothing else."""
        return problem("CEBD-1069", Place(self.sheet.name), value=name, **self.facts)

    def beside(self) -> Problem:
        """That the sheet is left out, beside others that are declared."""
        return problem("CEBD-1080", Place(self.sheet.name), value=self.sheet.name, **self.facts)


def told_of(sheets: Iterable[Sheet]) -> list[Told]:
    """Those of the sheets that only tell something."""
    own = [sheet for sheet in sheets if sheet.name not in OWN_SHEETS]  # those of receipts are left out by their names
    return [told for sheet in own if (told := _told(sheet)) is not None]


def _told(sheet: Sheet) -> Told | None:
    for row in sheet.top:
        texts = [text for cell in row if (text := str(cell).strip()) and not text.startswith(OWN_HEADING)]
        if len(texts) < 2:
            continue
        said = [(text, frozenset((*heading_spellings(text), plain(text.split()[0])))) for text in texts]
        for kind in kinds():
            found = [text for text, spellings in said if spellings & kind.headings]
            needed = [text for text, spellings in said if spellings & kind.needed]
            if len(found) >= kind.least and (needed or not kind.needed):
                return Told(sheet, kind, [*needed, *found])
    return None
