"""References among messages, from their annotations alone: nothing else of a schema is read for it.

Codes are those of declarations, receipts and notices (`CEB311`, `CEB312`, `CEB816`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cebd.messages.annotations import annotation
from cebd.messages.schema_files import kept_with_schemas, message_schemas


@kept_with_schemas
@cache
def named_by_number() -> Mapping[str, str]:
    """The receipts and notices that may name a declaration by nothing but the number customs gave it, each with that declaration."""
    named = {}
    for code in message_schemas():
        texts = annotation(code, "message")
        may_lack_key = texts["role"] == "notice" or "?" in texts.get("match", "")
        if "of" in texts and may_lack_key:
            answered = texts["of"].removesuffix("Message")
            if "number" in annotation(answered, "message"):
                named[code] = answered
    return named


@kept_with_schemas
@cache
def cancelling() -> Mapping[str, str]:
    """The applications that cancel a declaration, each with the declaration that it cancels."""
    return _applications("cancels")


@kept_with_schemas
@cache
def returning() -> Mapping[str, str]:
    """The applications that return goods of a declaration, each with that declaration."""
    return _applications("returns")


def _applications(name: str) -> dict[str, str]:
    texts = {code: annotation(code, "message").get(name) for code in message_schemas()}
    return {code: declared.removesuffix("Message") for code, declared in texts.items() if declared is not None}


def customs_number(code: str) -> str | None:
    """The element of its receipts in which customs name the number that is kept with a declaration: its own, or that of its list."""
    texts = annotation(code, "message")
    return texts.get("number", texts.get("listNumber"))


def customs_numbers() -> frozenset[str]:
    """Every element in which customs tell a number of their own: `invtNo`, `rkdNo`."""
    return _every("number")


def is_export(code: str) -> bool:
    """Whether that message is an export message."""
    return message_schemas()[code].parent.name == "export"


def notice_marks() -> frozenset[str]:
    """The prefixes of notices' statuses: `tax`, `sum`."""
    return _every("mark")


@kept_with_schemas
@cache
def _every(name: str) -> frozenset[str]:
    return frozenset(text for code in message_schemas() if (text := annotation(code, "message").get(name)))
