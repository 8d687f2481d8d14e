"""Amounts written with a decimal comma (`12,50`), read where the amounts beside them say that it is one.

A comma alone proves nothing: it may part thousands, or two values. It is one of decimals where everything that the amount takes part in
holds with that reading (price x qty = totalPrice, the lines add up to goodsValue, what is due is what was paid), and would not hold if the
commas parted thousands, in case they all can (`12,500`).
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
    """The problems of one record; where a decimal comma is proved, the number with its point stands beside it as suggestion."""
    found: dict[_Amount, list[Problem]] = {}
    for one in problems:
        if one.severity == "error" and one.field in (*_OF_A_LINE, *_PAID):
            line = line_of_row.get(one.place.row or 0) if one.field in _OF_A_LINE else -1
            if line is None:
                return problems  # its column is missing
            found.setdefault(_Amount(line, one.field), []).append(one)
    doubtful: dict[_Amount, str] = {}
    known: dict[_Amount, str | None] = {}
    for amount, (first, *others) in found.items():
        number = None
        if first.id == "CEBD-1204" and not others:
            number = with_point((head if amount.line < 0 else lines[amount.line]).get(amount.field, ""))
        if number is None:
            known[amount] = None if others else first.suggestion
        else:
            doubtful[amount] = number
    proved = {id(found[amount][0]): doubtful[amount] for amount in _proved(head, lines, doubtful, known, figures)}
    return [replace(one, suggestion=proved[id(one)]) if id(one) in proved else one for one in problems]


def with_point(text: str) -> str | None:
    """`12,50` as `12.50`, `1.234,5` as `1234.5`; None for what has no comma that could be one of decimals."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _COMMA.match(plain):
        return None
    return plain.replace(".", "").replace(" ", "").replace(",", ".")


def _proved(
    head: Texts,
    lines: Sequence[Texts],
    doubtful: Mapping[_Amount, str],
    known: Mapping[_Amount, str | None],
    figures: Figures,
) -> list[_Amount]:
    """Those of the doubtful amounts that are what they are with a point. All are read alike: who writes one with a comma writes all so."""
    holding = _holding(head, lines, {**known, **doubtful}, figures) if doubtful else {}
    otherwise: dict[_Amount, bool] = {}
    if all(map(_THOUSANDS.match, doubtful.values())):
        in_thousands = {amount: number.replace(".", "") for amount, number in doubtful.items()}
        otherwise = _holding(head, lines, {**known, **in_thousands}, figures)
    return [amount for amount in doubtful if holding.get(amount) and not otherwise.get(amount)]


def _holding(
    head: Texts, lines: Sequence[Texts], read: Mapping[_Amount, str | None], figures: Figures
) -> dict[_Amount, bool]:
    """For each amount, whether all that it takes part in holds. `read` has what no number is as it is read, None where it cannot be."""
    head = {**head, **{one.field: number or "" for one, number in read.items() if one.line < 0}}
    changed = [dict(line) for line in lines]
    for one, number in read.items():
        if one.line >= 0:
            changed[one.line][one.field] = number or ""
    found: dict[_Amount, bool] = {}

    def say(amounts: Sequence[_Amount], holds: bool) -> None:
        for one in amounts:
            found[one] = found.get(one, True) and holds

    def can_be_worked_out(amounts: Sequence[_Amount]) -> bool:
        return all(read.get(one, "") is not None for one in amounts)

    for nth, line in enumerate(changed):
        amounts = [_Amount(nth, field) for field in _OF_A_LINE]
        # Where one factor is 0 the other may be anything.
        if can_be_worked_out(amounts) and scaled(line.get("price", "")) and scaled(line.get("qty", "")):
            say(amounts, multiplies(line, figures))
    if "goodsValue" not in head:
        return found
    summed = [*(_Amount(nth, "totalPrice") for nth in range(len(lines))), _Amount(-1, "goodsValue")]
    if lines and can_be_worked_out(summed):
        say(summed, abs(lines_total(changed) - scaled(head["goodsValue"])) < figures.rounding_scaled)
    paid = [_Amount(-1, field) for field in _PAID]
    if can_be_worked_out(paid):
        say(paid, is_paid(head, figures))
    return found
