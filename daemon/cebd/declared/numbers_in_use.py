"""Numbers that belong to one declaration alone: an order to one list, a waybill to one list, an order's number to one order of a platform.

Asked of the store and of the file itself, whose records are not in the store while it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cebd.problems.problem import Problem
from cebd.records.key import KEY_SEPARATOR
from cebd.records.record import Record
from cebd.store.declared import InForce

Number = tuple[str, str | None]  # the field that speaks of it, and the number with the code of who gave it
Others = Mapping[str | None, Sequence[InForce]]


class NumbersInUse:
    """The numbers that the records of one file have taken so far. `file` is what the operator calls it."""

    def __init__(self, enterprise: str, file: str) -> None:
        self._enterprise = enterprise
        self._file = file
        self._here: dict[str, dict[str, str]] = {"orderNo": {}, "logisticsNo": {}}  # field -> number -> key

    def take_all(self, field: str, keys: Mapping[str, str], others: Others) -> bool:
        """Take these numbers (with their keys) at once, if nothing speaks of any of them: so it is with nearly every thousand."""
        here = self._here[field]
        if not here.keys().isdisjoint(keys) or not others.keys().isdisjoint(keys):
            return False
        here.update(keys)
        return True

    def is_free(self, mine: Number, others: Others) -> bool:
        """Whether nothing speaks of that number: so it is with nearly all of 100,000."""
        field, number = mine
        return number not in self._here[field] and number not in others

    def against(
        self, record: Record, key: str, mine: Number, others: Others, told: Callable[..., Problem]
    ) -> Iterator[Problem]:
        """That another record of this file, or one that stands, has that number. `told` makes the problem of what is said."""
        field, number = mine
        if number is None:
            return
        here = self._here[field].get(number, key)
        there = ((one.enterprise, one.key, one.file) for one in others.get(number, ()))
        for enterprise, other, file in ((self._enterprise, here, self._file), *there):
            if (enterprise, other) != (self._enterprise, key):
                zh, en = ("运单", "waybill") if field == "logisticsNo" else ("订单", "order")
                facts = {"other": _name(record.type, other), "file": file, "what_zh": zh, "what_en": en}
                yield told(record, field, number.partition(KEY_SEPARATOR)[0], **facts)
                return

    def take(self, mine: Number, key: str) -> None:
        """From now on it is that record's, which is one to be declared."""
        field, number = mine
        if number is not None:
            self._here[field].setdefault(number, key)


def _name(type_: str, key: str) -> str:
    """What the other declaration is called: a list by its copNo; an order, whose number is the same, by its ebcCode."""
    return key.split(KEY_SEPARATOR)[1 if type_ == "CEB311" else 0]
