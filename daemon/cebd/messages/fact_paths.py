"""Where in a record those facts stand that later declarations ask for: the annotation `d:facts`, resolved once for each message.

| attribute | of whom | paths |
| --- | --- | --- |
| `order`, `waybill` | the order, the waybill that the record is or speaks of | its number, and the code of who gave it (`-`: not said) |
| `list` | the inventory list that an application is about | its number |
| `enterprise` | the enterprise that sells | its code |
| `buyer` | who buys | kind of identity document, its number |
| `value` | what the buyer is charged for | amounts, all of them added up |
| `lines` | the goods of a return application | line number, commodity code, quantity |

A path is an element of the head (`orderNo`) or of each line (`line.totalPrice`). What it shares with other documents says `d:shared`
(`cebd.messages.shared_parts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, NoReturn

from cebd.messages.shared_parts import SharedPart

_LINE = "line."
_NOT_SAID = "-"
_COUNTS = {"order": 2, "waybill": 2, "list": 1, "enterprise": 1, "buyer": 2, "lines": 3}
_OF_LINES = ("lines",)


class FactPaths(NamedTuple):
    """Names of elements; None or empty for what the records of a message do not say."""

    order: tuple[str, str] | None = None  # the code is empty where it is not said
    enterprise: str | None = None
    waybill: tuple[str, str] | None = None
    list_number: str | None = None
    buyer: tuple[str, str] | None = None
    head_amounts: tuple[str, ...] = ()
    line_amounts: tuple[str, ...] = ()
    lines: tuple[str, str, str] | None = None
    shared: tuple[SharedPart, ...] = ()


def fact_paths(
    texts: Mapping[str, str],
    head: Collection[str],
    lines: Collection[str],
    shared: tuple[SharedPart, ...],
    refuse: Callable[[str], NoReturn],
) -> FactPaths | None:
    """The paths of that annotation and the parts shared, None where there is nothing. `refuse` raises what is wrong with it."""
    if not texts and not shared:
        return None
    named = {fact: tuple(paths.split()) for fact, paths in texts.items()}
    for fact, paths in named.items():
        for path in paths:
            if path == _NOT_SAID and fact == "order" and path != paths[0]:
                continue
            in_line = path.startswith(_LINE)
            exists = (path.removeprefix(_LINE) in lines) if in_line else (path in head)
            if not exists or (fact != "value" and in_line != (fact in _OF_LINES)):
                refuse(f"{fact}: there is no element {path}")
        if fact in _COUNTS and len(paths) != _COUNTS[fact]:
            refuse(f"{fact} needs {_COUNTS[fact]} elements, not {len(paths)}")
    value = named.get("value", ())
    return FactPaths(
        order=_pair(named.get("order")),
        enterprise=named["enterprise"][0] if "enterprise" in named else None,
        waybill=_pair(named.get("waybill")),
        list_number=named["list"][0] if "list" in named else None,
        buyer=_pair(named.get("buyer")),
        head_amounts=tuple(path for path in value if not path.startswith(_LINE)),
        line_amounts=tuple(path.removeprefix(_LINE) for path in value if path.startswith(_LINE)),
        lines=_of_a_line(named.get("lines")),
        shared=shared,
    )


def _pair(paths: tuple[str, ...] | None) -> tuple[str, str] | None:
    return None if paths is None else (paths[0], paths[1].replace(_NOT_SAID, ""))


def _of_a_line(paths: tuple[str, ...] | None) -> tuple[str, str, str] | None:
    if paths is None:
        return None
    number, commodity, quantity = (path.removeprefix(_LINE) for path in paths)
    return number, commodity, quantity
