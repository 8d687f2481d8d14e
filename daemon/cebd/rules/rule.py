"""A rule: a question about one record whose cells are all right by themselves; it answers with violations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cebd.messages.description import Part
from cebd.rules.figures import Figures

Texts = Mapping[str, str]


class Violation(NamedTuple):
    """A rule that a record breaks: where, and the facts its text needs. `line` counts from 0; -1 is the head.

    `proved` is the right value, where the record's other amounts prove it.
    """

    id: str
    part: Part
    line: int
    field: str
    facts: dict[str, object]
    proved: str | None = None


class RecordTexts(NamedTuple):
    """The record a rule is asked about: texts by field name. A field that is not declared is missing or the empty text."""

    head: Texts
    lines: Sequence[Texts]
    figures: Figures
    today: date


Check = Callable[[RecordTexts], Iterator[Violation]]


@dataclass(frozen=True)
class Rule:
    """A check with the ids of the problems it finds and the source it rests on."""

    ids: tuple[str, ...]
    source: str
    check: Check


def rule(*ids: str, source: str) -> Callable[[Check], Rule]:
    """Make the decorated check a rule."""
    return lambda check: Rule(ids, source, check)
