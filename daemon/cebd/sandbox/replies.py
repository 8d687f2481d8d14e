"""What the customs side says to a declaration, as the annotation `d:sandbox` of its schema has it.

| attribute | is said |
| --- | --- |
| `life` | the statuses of a record that is taken, in their order |
| `already` | of one that was declared before |
| `unknown` | of a change or a deletion of what was never declared |
| `badSignature` | where the signature is missing or does not hold |

`[{number}]` stands where the specification has `[*]`: the number the enterprise gave the record. Codes are those of table 7-2. Orders,
payments and waybills have none of their own for a signature: the nearest is "parameters do not pass". Statuses of exports are those of the
remarks on returnStatus; their errors are not published: each borrows those of the import message most like it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cebd.messages.annotations import annotation
from cebd.messages.schema_files import message_schemas

Reply = tuple[str, str]
STORED = "1"
DELETION = "3"
RELEASED = "800"

_DECLARED = {"1": "新增申报成功", "2": "变更申报成功", DELETION: "删除申报成功"}
_ENTERED = ("120", "海关入库成功")
_CONCLUDED = ("399", "海关审结")
_RELEASED = (RELEASED, "放行")
_TEXTS = dict((("3", "发送海关成功"), _ENTERED, _CONCLUDED, _RELEASED, ("899", "结关")))


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


def life(code: str, app_type: str, *, stored: bool, released: bool = True) -> tuple[Reply, ...]:
    """The statuses an accepted record goes through. `stored`: it was handed in with appStatus 1 and goes no further.

    `released` False: a list goes no further than its entry. A list's deletion is concluded, nothing is released by it.
    """
    if stored:
        return ((STORED, "暂存"),)
    goes_on = _replies(code).goes_on
    if _RELEASED in goes_on and (app_type == DELETION or not released):
        goes_on = (_ENTERED, _CONCLUDED) if app_type == DELETION else (_ENTERED,)
    return (("2", _DECLARED[app_type]), *goes_on)


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
