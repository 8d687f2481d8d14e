"""A rule: a question about one record whose cells are all right by themselves; it answers with violations.

A rule may have a screen: a question about many records side by side, which says which of them the rule must look at. A screen may name
too many, never miss one (`tests/properties/test_screens.py` holds each against its rule). A rule without a screen looks at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from cebd.messages.description import Part
from cebd.rules.texts import RecordColumns, RecordTexts, Texts


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


Check = Callable[[RecordTexts], Iterator[Violation]]
Screen = Callable[[RecordColumns], Iterable[int]]


@dataclass(frozen=True)
class Rule:
    """A check with the ids of the problems it finds and the source it rests on, and perhaps its screen."""

    ids: tuple[str, ...]
    source: str
    check: Check
    screen: Screen | None = None


def rule(*ids: str, source: str, screen: Screen | None = None) -> Callable[[Check], Rule]:
    """Make the decorated check a rule."""
    return lambda check: Rule(ids, source, check, screen)


def each_text(
    id_: str,
    *,
    source: str,
    is_wrong: Callable[[str, str], bool],
    are_right: Callable[[str, Sequence[str]], bool],
    head: tuple[str, ...] = (),
    line: tuple[str, ...] = (),
) -> Rule:
    """No text in these fields is wrong by itself. `is_wrong`: of a field's name and its text, which is empty where nothing is declared.

    `are_right`: of a field's name and its texts in many records, whether a look at all of them together shows that none is wrong.
    """

    def wrong(columns: RecordColumns) -> Iterator[int]:
        for name in head:
            if not are_right(name, columns.head(name)):
                yield from columns.heads_where(name, partial(is_wrong, name))
        for name in line:
            if not are_right(name, columns.line(name)):
                yield from columns.lines_where(name, partial(is_wrong, name))

    @rule(id_, source=source, screen=wrong)
    def texts_are_right(record: RecordTexts) -> Iterator[Violation]:
        for name in head:
            if is_wrong(name, record.head.get(name, "")):
                yield Violation(id_, "head", -1, name, {})
        for nth, texts in enumerate(record.lines):
            for name in line:
                if is_wrong(name, texts.get(name, "")):
                    yield Violation(id_, "line", nth, name, {})

    return texts_are_right


__all__ = ["Check", "RecordColumns", "RecordTexts", "Rule", "Screen", "Texts", "Violation", "each_text", "rule"]
