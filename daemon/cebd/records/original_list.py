"""The list that an application is about: how a row names it, and what the application repeats of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from cebd.messages.description import Field, MessageType, message_types
from cebd.records.amount import scaled

Texts = Mapping[str, str]
# Of the application itself, though the list has elements of these names.
_OWN = frozenset(("guid", "appType", "appTime", "appStatus", "copNo", "preNo", "note", "qty"))
_MARKS = {"cancels": "C", "returns": "R"}
# Behind the number of further returns of a list: a copNo has 20 characters, the mark and the list's number take 19.
_PARTS = "23456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class NamedList(NamedTuple):
    """What a row says of its list; the first that is not empty names it. `platform`: the code that belongs to the order number."""

    invt_no: str = ""
    order_no: str = ""
    platform: str = ""
    cop_no: str = ""

    @property
    def field(self) -> str:
        """The element that names it; `invtNo` where nothing does."""
        given = {"invtNo": self.invt_no, "orderNo": self.order_no, "copNo": self.cop_no}
        return next((name for name, number in given.items() if number), "invtNo")

    @property
    def number(self) -> str:
        """The number that names it, or nothing."""
        return self.invt_no or self.order_no or self.cop_no


Quantities = Mapping[str, int]  # by gnum, how many (`records.amount`); empty where that is not certain


class EarlierReturn(NamedTuple):
    """A return of the list's goods that is in force or under way: its copNo and what it returns."""

    number: str
    goods: Quantities


class OriginalList(NamedTuple):
    """A list that this station declared: customs' number, the operator's file, the texts of its head and of its lines, and what was
    returned of it before."""

    number: str
    file: str
    head: Texts
    lines: Sequence[Texts]
    returned: Sequence[EarlierReturn] = ()


class RepeatedFields(NamedTuple):
    """The elements in which an application says what its list says, by part."""

    head: frozenset[str]
    line: frozenset[str]


_NONE = RepeatedFields(frozenset(), frozenset())


def repeated_fields(message: MessageType) -> RepeatedFields:
    """Of an application about an import list; none of any other message."""
    return _NONE if message.export else _repeated(message.code)


@cache
def _repeated(code: str) -> RepeatedFields:
    message = message_types()[code]
    about = message.cancels or message.returns
    if about is None:
        return _NONE
    list_ = message_types()[about]
    return RepeatedFields(
        _in_both(message.head_fields, list_.head_fields), _in_both(message.line_fields, list_.line_fields)
    )


def _in_both(own: Sequence[Field], of_list: Sequence[Field]) -> frozenset[str]:
    names = {field.name for field in of_list} - _OWN
    return frozenset(field.name for field in own if field.name in names and field.default is None)


def made_number(message: MessageType, list_number: str) -> str:
    """The copNo of the first application of its kind about that list, where the row gives none: the same whenever it is dropped."""
    kind = "cancels" if message.cancels else "returns"
    return f"{_MARKS[kind]}{list_number}"


def is_made_number(message: MessageType, list_number: str, number: str) -> bool:
    """Whether an application about that list may have been given the number here."""
    made = made_number(message, list_number)
    return number.startswith(made) and number[len(made) :] in ("", *_PARTS)


def number_of_return(
    message: MessageType, list_number: str, goods: Quantities, returned: Sequence[EarlierReturn]
) -> str:
    """The copNo of a return that gives none, by what was returned of the list before.

    | earlier returns | number |
    | --- | --- |
    | one returns just the same | its number: it is that return, dropped again |
    | one returns some of these lines, or what it returns is not known | its number: it may be that return, changed, and a person decides |
    | none returns any of these lines | the first that is free: `R…`, `R…2` to `R…9`, `R…A` to `R…Z` |
    """
    made = made_number(message, list_number)
    same = [one.number for one in returned if goods and one.goods == goods]
    unsure = [one.number for one in returned if not one.goods or not goods or one.goods.keys() & goods.keys()]
    if same or unsure:
        return (same or unsure)[0]
    taken = {one.number for one in returned}
    return next((number for part in ("", *_PARTS) if (number := made + part) not in taken), made)


def quantities_of(lines: Sequence[Texts]) -> Quantities:
    """What the goods lines of a return say that is returned."""
    try:
        goods = {line["gnum"]: scaled(line["qty"]) for line in lines}
    except ValueError:
        return {}
    return goods if len(goods) == len(lines) and all(goods) and all(goods.values()) else {}
