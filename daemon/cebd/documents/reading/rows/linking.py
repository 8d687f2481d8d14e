"""The number that holds the rows of a record together: as it will be declared, whichever column it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from cebd.documents.reading.cells.section import Column, copied_from
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.rows.grouping import gathered
from cebd.documents.workbooks.chunks import Row
from cebd.messages.description import MessageType


def linking_names(message: MessageType, defaults: Mapping[str, str]) -> tuple[str, ...]:
    """The head fields by which rows belong together; the first that a row gives decides. They are the sources of the record's number,
    then the sources of the numbers in its place (an inventory list's order number)."""
    named = (message.group, *message.group_else)
    return tuple(dict.fromkeys(source for name in named for source in sources(message, name, defaults)))


def sources(message: MessageType, name: str | None, defaults: Mapping[str, str]) -> Iterator[str]:
    """That head field, then the field copied into it where it is not given (`copNo = "{logisticsNo}"`), and so on."""
    described = {field.name: field.default for field in message.head_fields}
    while name in described:
        yield name
        name = copied_from(defaults.get(name, described.pop(name)))


def in_order_of_copying(columns: Sequence[Column]) -> Iterator[tuple[int, Column]]:
    """Columns that copy another column, with their places, each after its source. Columns that copy each other in a ring come last."""
    waiting = {column.field.name: (place, column) for place, column in enumerate(columns) if column.copies}
    while waiting:
        free = [name for name, (_, column) in waiting.items() if column.copies not in waiting] or list(waiting)
        yield from map(waiting.pop, free)


def number_by(columns: Sequence[Column]) -> Callable[[Row], str]:
    """The number of a row: the first value among these columns; empty without a value."""
    if len(columns) == 1:
        return columns[0].number  # as most files have it: 100,000 rows are asked

    def number(row: Row) -> str:
        for column in columns:
            if given := column.number(row):
                return given
        return ""

    return number


class Matched:
    """The lines of a sheet of their own, by the number of their head. A line belongs to the head of the first number that it gives.

    `numbers_of_line` read the columns that may name its head; a head's numbers are given in the same order. Raises Unreadable
    (CEBD-1022) if the lines would fill the memory.
    """

    def __init__(self, lines: Iterable[Numbered], numbers_of_line: Sequence[Callable[[Row], str]]) -> None:
        def named(row: Row) -> str:
            numbers = ((nth, number_of(row)) for nth, number_of in enumerate(numbers_of_line))
            return next((_key(nth, number) for nth, number in numbers if number), "")

        self._lines = gathered(lines, named, alone=False)

    def of(self, numbers: Sequence[str]) -> list[Numbered]:
        """The lines of the head with these numbers, in the order of the sheet; each line is given once."""
        own: list[Numbered] = []
        for nth, number in enumerate(numbers):
            own += self._lines.pop(_key(nth, number), ())
        return sorted(own, key=itemgetter(0))

    def left(self) -> Iterator[tuple[str, int]]:
        """The lines without a head: their numbers and rows."""
        for key, rows in self._lines.items():
            yield from ((key.partition(" ")[2], number) for number, _ in rows)


def _key(nth: int, number: str) -> str:
    return f"{nth} {number}"
