"""What a kind of mistake is, and how one is planted among records that are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from corpus.forms import Form
from corpus.sheets import Book, Exactly, Key, Record, Value

ALL = (".xlsx", ".xls", ".csv")
WORKBOOKS = (".xlsx", ".xls")
XLSX = (".xlsx",)


APPLICATIONS = ("CEB623", "CEB625")
_OWN_OF_APPLICATIONS = (("head", "invtNo"), ("head", "reason"), ("line", "qty"))


class NotHere(Exception):
    """This kind of mistake has no place in these records."""


@dataclass(frozen=True)
class Planted:
    """A mistake as it must be named: problem, sheet, row and cell; None where the problem has none. `suggestion` is what must be
    offered, None where nothing may be."""

    kind: str
    id: str
    sheet: str | None
    row: int | None
    cell: str | None
    suggestion: str | None = None
    known: str = ""  # what somebody had said of headings before, as the store keeps it


@dataclass(frozen=True)
class Mark:
    """A mistake planted in a record before it stands on a sheet."""

    id: str
    key: Key
    record: int
    line: int | None
    suggestion: str | None


@dataclass
class Planting:
    """Records on their way into a book; each is spoiled once at most."""

    form: Form
    records: list[Record]
    rng: Random
    suffix: str
    marks: list[Mark] = field(default_factory=list)
    needed: set[Key] = field(default_factory=set)
    afterwards: list[Callable[[Book], list[Planted]]] = field(default_factory=list)
    spoiled: set[int] = field(default_factory=set)
    spoiled_link: bool = False
    spoiled_file: bool = False

    def record(self, least_lines: int = 0, need: Callable[[Record], bool] = lambda _record: True) -> int:
        """A record that nothing is wrong with so far. Raises NotHere."""
        fit = [
            number
            for number, record in enumerate(self.records)
            if number not in self.spoiled and len(record.lines) >= least_lines and need(record)
        ]
        if not fit:
            raise NotHere
        chosen = self.rng.choice(fit)
        self.spoiled.add(chosen)
        return chosen

    def key(self, *names: str) -> Key:
        """One of these fields (`head.orderNo`) that the form has. Raises NotHere."""
        headings = self.form.headings()
        there = [(part, name) for part, _, name in (one.partition(".") for one in names) if (part, name) in headings]
        if not there:
            raise NotHere
        return self.rng.choice(there)

    def put(self, record: int, key: Key, value: Value, line: int = 0) -> None:
        """Write a value in place of the right one."""
        if key == ("head", self.form.link) and self.form.two_sheets:
            if self.spoiled_link:
                raise NotHere  # two records without a number cannot be told apart on two sheets
            self.spoiled_link = True
        part, name = key
        target = self.records[record].head if part == "head" else self.records[record].lines[line]
        target[name] = Exactly(value) if isinstance(value, str) else value
        self.needed.add(key)

    def right(self, record: int, key: Key, line: int = 0) -> str:
        """The right value."""
        part, name = key
        return str((self.records[record].head if part == "head" else self.records[record].lines[line])[name] or "")

    def expect(
        self, problem: str, record: int, key: Key, line: int | None = None, suggestion: str | None = None
    ) -> None:
        """What must be said of the field. Of a head that stands on several rows it is said on the first.

        What an application leaves out is taken from its list; that no list of these files was declared here is said on its number.
        """
        if problem == "CEBD-1201" and self.form.code in APPLICATIONS and key not in _OWN_OF_APPLICATIONS:
            problem, key = "CEBD-1443", ("head", "invtNo")
        self.needed.add(key)
        self.marks.append(Mark(problem, key, record, line if key[0] == "line" else None, suggestion))


@dataclass(frozen=True)
class Kind:
    """A kind of mistake. `id` is what the code must call it; `codes` are the messages that can have it, all when empty."""

    name: str
    id: str
    plant: Callable[[Planting], None]
    suffixes: tuple[str, ...] = ALL
    codes: tuple[str, ...] = ()
    two_sheets: bool | None = None
    alone: bool = False  # changes the file as a whole: no other mistake beside it
    needs: tuple[str, ...] = ()

    def fits(self, form: Form, suffix: str) -> bool:
        return (
            suffix in self.suffixes
            and (not self.codes or form.code in self.codes)
            and (self.two_sheets is None or self.two_sheets == form.two_sheets)
        )


def in_a_cell(
    name: str,
    problem: str,
    keys: str,
    value: Callable[[Random, str], Value],
    *,
    suffixes: tuple[str, ...] = ALL,
    suggestion: Callable[[str, str], str | None] | str | None = None,
    codes: tuple[str, ...] = (),
) -> Kind:
    """A kind of mistake that is one wrong value in one cell. `value` makes it of the right one; `suggestion` is asked with the right
    one and the wrong one."""

    def plant(planting: Planting) -> None:
        key = planting.key(*keys.split())
        record = planting.record(need=lambda one: bool((one.head if key[0] == "head" else one.lines[0]).get(key[1])))
        line = planting.rng.randrange(max(1, len(planting.records[record].lines)))
        if key[0] == "line" and not planting.records[record].lines[line].get(key[1]):
            line = 0
        right = planting.right(record, key, line)
        wrong = value(planting.rng, right)
        planting.put(record, key, wrong, line)
        offered = suggestion(right, str(wrong)) if callable(suggestion) else suggestion
        planting.expect(problem, record, key, line, offered)

    return Kind(name, problem, plant, suffixes, codes)
