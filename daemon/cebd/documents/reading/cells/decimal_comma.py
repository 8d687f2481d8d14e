"""Amounts written with a decimal comma (`12,50`), read where other amounts prove it.

A comma alone proves nothing: it may separate thousands, or two values. It is a decimal comma where every sum and product of the amount
holds with that reading (price x qty = totalPrice, the lines add up to goodsValue, the amount due is the amount paid), and fails when the
commas separate thousands, if all of them can (`12,500`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cebd.problems.problem import Problem
from cebd.records.amount import scaled
from cebd.rules.amounts import is_paid, lines_total, multiplies
from cebd.rules.figures import Figures
from cebd.rules.rule import Texts

_COMMA = re.compile(r"-?\d{1,3}(?:[. ]\d{3})*,\d+\Z|-?\d+,\d+\Z", re.ASCII)
_THOUSANDS = re.compile(r"-?\d{1,3}\.\d{3}\Z", re.ASCII)
_OF_A_LINE = ("price", "qty", "totalPrice")
_PAID = ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")


class _Amount(NamedTuple):
    """An amount of a record: its field, and the line it stands on, counted from 0; -1 is the head."""

    line: int
    field: str


def with_points(
    problems: list[Problem], head: Texts, lines: Sequence[Texts], line_of_row: Mapping[int, int], figures: Figures
) -> list[Problem]:
    """The problems of a record; if a decimal comma is proved, the number with a point is the suggestion."""
    problems_of: dict[_Amount, list[Problem]] = {}
    for problem in problems:
        if problem.severity == "error" and problem.field in (*_OF_A_LINE, *_PAID):
            line = line_of_row.get(problem.place.row or 0) if problem.field in _OF_A_LINE else -1
            if line is None:
                return problems  # its column is missing
            problems_of.setdefault(_Amount(line, problem.field), []).append(problem)
    doubtful: dict[_Amount, str] = {}
    sure: dict[_Amount, str | None] = {}
    for amount, (first, *others) in problems_of.items():
        number = None
        if first.id == "CEBD-1204" and not others:
            number = with_point((head if amount.line < 0 else lines[amount.line]).get(amount.field, ""))
        if number is None:
            sure[amount] = None if others else first.suggestion
        else:
            doubtful[amount] = number
    proved = {id(problems_of[amount][0]): doubtful[amount] for amount in _proved(head, lines, doubtful, sure, figures)}
    return [
        replace(problem, suggestion=proved[id(problem)]) if id(problem) in proved else problem for problem in problems
    ]


def with_point(text: str) -> str | None:
    """`12,50` as `12.50`, `1.234,5` as `1234.5`; None for a text without a possible decimal comma."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _COMMA.match(plain):
        return None
    return plain.replace(".", "").replace(" ", "").replace(",", ".")


def _proved(
    head: Texts,
    lines: Sequence[Texts],
    doubtful: Mapping[_Amount, str],
    sure: Mapping[_Amount, str | None],
    figures: Figures,
) -> list[_Amount]:
    """The doubtful amounts that are proved with a point. All are read alike: a person who writes an amount with a comma writes all so."""
    holding = _holding(head, lines, {**sure, **doubtful}, figures) if doubtful else {}
    otherwise: dict[_Amount, bool] = {}
    if all(map(_THOUSANDS.match, doubtful.values())):
        in_thousands = {amount: number.replace(".", "") for amount, number in doubtful.items()}
        otherwise = _holding(head, lines, {**sure, **in_thousands}, figures)
    return [amount for amount in doubtful if holding.get(amount) and not otherwise.get(amount)]


def _holding(
    head: Texts, lines: Sequence[Texts], read: Mapping[_Amount, str | None], figures: Figures
) -> dict[_Amount, bool]:
    """For each amount, whether all its sums and products hold. `read` has the amounts that are not numbers, None: unreadable."""
    head = {**head, **{amount.field: number or "" for amount, number in read.items() if amount.line < 0}}
    changed = [dict(line) for line in lines]
    for amount, number in read.items():
        if amount.line >= 0:
            changed[amount.line][amount.field] = number or ""
    holds_of: dict[_Amount, bool] = {}

    def say(amounts: Sequence[_Amount], holds: bool) -> None:
        for amount in amounts:
            holds_of[amount] = holds_of.get(amount, True) and holds

    def can_be_worked_out(amounts: Sequence[_Amount]) -> bool:
        return all(read.get(amount, "") is not None for amount in amounts)

    for nth, line in enumerate(changed):
        amounts = [_Amount(nth, field) for field in _OF_A_LINE]
        # If a factor is 0, the other may be any number.
        if can_be_worked_out(amounts) and scaled(line.get("price", "")) and scaled(line.get("qty", "")):
            say(amounts, multiplies(line, figures))
    if "goodsValue" not in head:
        return holds_of
    summed = [*(_Amount(nth, "totalPrice") for nth in range(len(lines))), _Amount(-1, "goodsValue")]
    if lines and can_be_worked_out(summed):
        say(summed, abs(lines_total(changed) - scaled(head["goodsValue"])) < figures.rounding_scaled)
    paid = [_Amount(-1, field) for field in _PAID]
    if can_be_worked_out(paid):
        say(paid, is_paid(head, figures))
    return holds_of
