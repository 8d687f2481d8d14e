"""Records that are kept until the workbook is made, shrunk: a file may have 100,000 of them."""

from __future__ import annotations

from typing import Any, TypeVar

from cebd.problems.problem import Place, Problem
from cebd.receipts.publishing.receipt import CustomsWord, ReceiptRecord

_Shared = TypeVar("_Shared")


class Sharing:
    """Shrinks records that are kept until the workbook is made: equal values of many rows share memory."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}  # each value under itself, of any type
        self._words: dict[tuple[object, ...], CustomsWord] = {}

    def shrunk(self, record: ReceiptRecord, *, with_numbers: bool) -> ReceiptRecord:
        """The record without content that no workbook shows: its history, its message, and fractions of seconds."""
        customs = record.customs
        if customs is None and not record.history and not record.problems:
            return record  # there is little to be shrunk
        if customs is not None:
            time = (customs.time or "")[:19]
            said = customs.status, customs.text_zh, customs.text_en, customs.info, time, customs.advice
            customs = self._words.get(said) or self._words.setdefault(said, CustomsWord(*said))
        return ReceiptRecord(
            type=record.type,
            key=record.key,
            place=record.place,
            state=record.state,
            guid=record.guid,
            customs=customs,
            numbers=record.numbers if with_numbers else None,
            problems=tuple(map(self._problem, record.problems)),
            tax_bill=record.tax_bill,
            cancelled=record.cancelled,
            declared=record.declared,
            consequence=record.consequence,
        )

    def _problem(self, problem: Problem) -> Problem:
        once, place = self._once, problem.place
        return Problem(
            id=once(problem.id),
            severity=once(problem.severity),
            place=Place(once(place.sheet), place.row, place.cell),
            field=once(problem.field),
            value=problem.value,
            zh=once(problem.zh),
            en=once(problem.en),
            fix_zh=once(problem.fix_zh),
            fix_en=once(problem.fix_en),
            suggestion=problem.suggestion,
        )

    def _once(self, value: _Shared) -> _Shared:
        shared: _Shared = self._values.setdefault(value, value)
        return shared
