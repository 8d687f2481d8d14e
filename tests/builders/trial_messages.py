"""Messages of trial rows, any declaration: written out field by field as its description lists them, signed by xmlsec1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from builders.customs_messages import SigningKey, a_message, an_envelope, new_guid, signed
from cebd.messages.description import Field, message_type
from cebd.trial.rows import Line


def of_rows(code: str, rows: Iterable[Line], folder: Path, key: SigningKey) -> bytes:
    """The envelope with the signed message of these rows."""
    content = unsigned_of_rows(code, rows)
    return an_envelope(signed(content, key, folder=folder), message_type=message_type(code).root)


def unsigned_of_rows(code: str, rows: Iterable[Line]) -> bytes:
    """The message of these rows alone."""
    message = message_type(code)
    records: dict[str, list[Line]] = {}
    for row in rows:
        records.setdefault(str(sorted(one for one in row.items() if one[0].startswith("head."))), []).append(row)
    inner = ""
    for lines in records.values():
        head = _fields(message.head_fields, lines[0])
        head = f"<ceb:{message.head}>{head}</ceb:{message.head}>" if message.head else head
        rest = "".join(
            f"<ceb:{message.line}>{_fields(message.line_fields, line)}</ceb:{message.line}>" for line in lines
        )
        inner += f"<ceb:{message.record}>{head}{rest if message.line else ''}</ceb:{message.record}>"
    return re.sub(rb"ceb:CEB\d{3}Message", f"ceb:{message.root}".encode(), a_message(inner))


def _fields(described: Iterable[Field], row: Line) -> str:
    made = {"guid": new_guid(), "appType": "1", "appTime": "20260105120000", "appStatus": "2"}
    texts = (
        (field.name, row.get(f"{field.part}.{field.name}") or made.get(field.name) or field.default)
        for field in described
    )
    return "".join(f"<ceb:{name}>{text}</ceb:{name}>" for name, text in texts if text)
