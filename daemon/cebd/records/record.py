"""A record read from a drop: ready to be declared, or kept back with its problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from cebd.messages.description import message_types
from cebd.problems.problem import Place, Problem
from cebd.records.facts import NO_FACTS, Facts
from cebd.records.original_list import NamedList

Texts = Mapping[str, str]
DIGEST_SEPARATOR = "\x1f"
DECLARED_STATUS = "2"  # the appStatus of a declaration
ONLY_STORED = "1"  # an appStatus by which customs keep a record and do not take it as declared


class Record(NamedTuple):
    """An order, an inventory list and so on. `xml` is its element in canonical form, empty when it is kept back.

    `content` digests the declared values without guid and times, so that the same row dropped again is recognised.
    `rows` are all its 1-based rows on `place.sheet`; `facts` serve later declarations. `texts` are the texts of its head and of
    its lines when it is kept back for a value that an earlier file may have right (`cebd.declared.suggestions`).

    `shape` tells which elements `xml` has: a byte for each field of the head and then of each line, but for those made here (guid,
    appTime), in the order of the specification: 1 where there is the element, 0 where it is left out. Empty: nobody has looked.

    `asks`: the list that an application leaves something out of; None where it needs nothing of it. `was`: the key under which its row was
    declared, where somebody has changed the number in a receipt workbook.
    """

    type: str
    key: tuple[str, ...]
    guid: str
    app_type: str
    place: Place
    rows: tuple[int, ...]
    xml: str
    content: bytes
    problems: tuple[Problem, ...]
    facts: Facts = NO_FACTS
    texts: tuple[Texts, Sequence[Texts]] | None = None
    shape: bytes = b""
    asks: NamedList | None = None
    was: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The number by which people call it: what its key has beside the codes of enterprises."""
        names = message_types()[self.type].key
        return next((text for name, text in zip(names, self.key, strict=True) if not name.endswith("Code")), "")

    @property
    def ready(self) -> bool:
        return not self.problems or not any(problem.severity == "error" for problem in self.problems)

    @property
    def withheld(self) -> bool:
        """Whether it is kept back because a person has hidden its rows, or struck them through."""
        return bool(self.problems) and self.problems[0].id == WITHHELD

    @property
    def skipped(self) -> bool:
        """Whether a person decided that it is not declared."""
        return bool(self.problems) and self.problems[0].id == SKIPPED

    def with_problems(self, *problems: Problem) -> Record:
        """The same record with these problems added."""
        return self._replace(problems=(*self.problems, *problems))


def digest_of(declared: Iterable[str]) -> bytes:
    """The digest of the declared values: the texts of the head, then of each line, in the order of the specification, empty if omitted.
    The same from a workbook and from XML, whatever stands around the texts."""
    return digest_of_joined(DIGEST_SEPARATOR.join(declared))


def digest_of_joined(declared: str) -> bytes:
    """The digest of the declared values, joined by DIGEST_SEPARATOR already."""
    return blake2b(declared.encode(), digest_size=16).digest()


def shape_of(parts: Iterable[Iterable[str]]) -> bytes:
    """The shape of a record: `parts` are the XML elements of its head, then of each line, the empty text for one that is left out."""
    return b"".join([bytes(map(bool, elements)) for elements in parts])


WITHHELD = "CEBD-1060"  # its rows are hidden or struck through
SKIPPED = "CEBD-1226"  # not declared, as a person decided
CUT_OFF, SHORTENED = "CEBD-1205", "CEBD-1217"
_MAY_HAVE_SUGGESTION = (CUT_OFF, SHORTENED, "CEBD-1301", "CEBD-1302")
# An empty field, a code of another length, one that is not all digits, a placeholder, a record number that the trade mode needs.
_OF_GOODS = ("CEBD-1201", "CEBD-1206", "CEBD-1311", "CEBD-1324", "CEBD-1333")
GOODS_FIELDS = ("gcode", "unit", "unit1", "unit2", "country", "itemRecordNo")  # of a goods line


def may_have_suggestion(problems: Iterable[Problem]) -> bool:
    """Whether an earlier file may have the right value for one of the problems."""
    return any(problem.id in _MAY_HAVE_SUGGESTION or is_of_goods(problem) for problem in problems)


def is_of_goods(problem: Problem) -> bool:
    """Whether it may be known of the goods what belongs there (`cebd.declared.goods_archive`)."""
    return problem.field in GOODS_FIELDS and problem.id in _OF_GOODS
