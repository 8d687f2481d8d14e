"""The list that an application is about: how a row names it, and what the application repeats of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from cebd.messages.description import Field, MessageType, message_types

Texts = Mapping[str, str]
# Of the application itself, though the list has elements of these names.
_OWN = frozenset(("guid", "appType", "appTime", "appStatus", "copNo", "preNo", "note", "qty"))
_MARKS = {"cancels": "C", "returns": "R"}


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


class OriginalList(NamedTuple):
    """A list that this station declared: customs' number, the operator's file, and the texts of its head and of its lines."""

    number: str
    file: str
    head: Texts
    lines: Sequence[Texts]


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
    """The copNo of the only application of its kind about that list, where the row gives none: the same whenever it is dropped."""
    kind = "cancels" if message.cancels else "returns"
    return f"{_MARKS[kind]}{list_number}"
