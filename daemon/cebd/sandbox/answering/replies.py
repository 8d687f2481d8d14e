"""What the customs side says to a declaration, as the annotation `d:sandbox` of its schema has it.

| attribute | is said |
| --- | --- |
| `life` | the statuses of a record that is taken, in their order |
| `waitsFor` | where it is given, those after the first are said once a list of that type is declared; elements by which the list names it |
| `already` | of one that was declared before |
| `unknown` | of a change or a deletion of what was never declared |
| `badSignature` | where the signature is missing or does not hold |

`[{number}]` stands where the specification has `[*]`: the number the enterprise gave the record. Codes are those of table 7-2. Orders,
payments and waybills have none of their own for a signature: the nearest is "parameters do not pass". Statuses of exports are those of the
remarks on returnStatus; their errors are not published: each borrows those of the import message most like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cebd.messages.annotations import annotation
from cebd.messages.schema_files import kept_with_schemas, message_schemas

Reply = tuple[str, str]
Name = tuple[str, ...]
STORED = "1"
DELETION = "3"
RELEASED = "800"

_DECLARED = {"1": "新增申报成功", "2": "变更申报成功", DELETION: "删除申报成功"}
_ENTERED = ("120", "海关入库成功")
_CONCLUDED = ("399", "海关审结")
_RELEASED = (RELEASED, "放行")
_TEXTS = dict((("3", "发送海关成功"), _ENTERED, _CONCLUDED, _RELEASED, ("899", "结关")))


@dataclass(frozen=True)
class WaitsFor:
    """The list that a declaration waits for, and the elements of both in which the list names it: a number, and the code of who gave it."""

    list_type: str
    elements: tuple[str, ...]

    def name_in(self, head: Mapping[str, str]) -> Name:
        """How that list names the declaration with this head, or is named to name it."""
        return (self.elements[0], *(head.get(element, "") for element in self.elements))


@dataclass(frozen=True)
class Replies:
    """The codes of one declaration, and how its accepted records go on after status 2 (declaring)."""

    goes_on: tuple[Reply, ...]
    already: Reply
    unknown: Reply
    bad_signature: Reply


def answers(code: str) -> bool:
    """Whether this customs side takes that declaration."""
    return code in message_schemas() and bool(annotation(code, "sandbox"))


def life(code: str, app_type: str, *, stored: bool, released: bool = True, waiting: bool = False) -> tuple[Reply, ...]:
    """The statuses an accepted record goes through. `stored`: it was handed in with appStatus 1 and goes no further.

    `released` False: a list goes no further than its entry. A list's deletion is concluded, nothing is released by it. `waiting`: it waits
    for its list (see `once_listed`).
    """
    if stored:
        return ((STORED, "暂存"),)
    if waiting:
        return (("2", _DECLARED[app_type]),)
    goes_on = _replies(code).goes_on
    if _RELEASED in goes_on and (app_type == DELETION or not released):
        goes_on = (_ENTERED, _CONCLUDED) if app_type == DELETION else (_ENTERED,)
    return (("2", _DECLARED[app_type]), *goes_on)


def once_listed(code: str) -> tuple[Reply, ...]:
    """The statuses that a record which waited for its list goes through once it is declared."""
    return _replies(code).goes_on


@kept_with_schemas
@cache
def waits_for(code: str) -> WaitsFor | None:
    """The list that a declaration waits for at status 2: the e-port sends the four documents to customs together."""
    list_type, *elements = annotation(code, "sandbox").get("waitsFor", "").split() or ("",)
    return WaitsFor(list_type, tuple(elements)) if list_type else None


@kept_with_schemas
@cache
def _awaited(list_type: str) -> tuple[WaitsFor, ...]:
    waiting = (waits_for(code) for code in message_schemas() if answers(code))
    return tuple(dict.fromkeys(one for one in waiting if one is not None and one.list_type == list_type))


def names_in_list(list_type: str, head: Mapping[str, str]) -> list[Name]:
    """The declarations that a list of that type names, and that wait for it."""
    return list(dict.fromkeys(awaited.name_in(head) for awaited in _awaited(list_type)))


def already_there(code: str, number: str) -> Reply:
    """The record was declared before."""
    return _filled(_replies(code).already, number)


def not_there(code: str, number: str) -> Reply:
    """A change or a deletion of what was never declared."""
    return _filled(_replies(code).unknown, number)


def bad_signature(code: str, number: str) -> Reply:
    """The signature is missing or does not hold."""
    return _filled(_replies(code).bad_signature, number)


def _replies(code: str) -> Replies:
    texts = annotation(code, "sandbox")
    return _read(texts["life"], *(texts[name] for name in ("already", "unknown", "badSignature")))


@cache
def _read(life: str, already: str, unknown: str, bad_signature: str) -> Replies:
    statuses = life.split()[1:]
    return Replies(
        tuple((status, _TEXTS.get(status, f"状态 {status}")) for status in statuses),
        *(_reply(text) for text in (already, unknown, bad_signature)),
    )


def _reply(text: str) -> Reply:
    code, _, info = text.partition(" ")
    return code, info


def _filled(reply: Reply, number: str) -> Reply:
    return reply[0], reply[1].replace("{number}", number)
