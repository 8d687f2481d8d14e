"""The notes that the Single Window's client writes about a message: `Failed_NAME` and `Successed_NAME` among the receipts.

A note names its message in its own file name alone, and two notes may have the same bytes: the name is kept with them, as a comment at
the end, which leaves the bytes before it as they came.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NOTE = re.compile(r"(Failed|Successed)_(CEB\d{3}Message_[^<>]{1,200})\.xml", re.IGNORECASE)
_MARK = re.compile(rb"<!-- ((?:Failed|Successed)_CEB\d{3}Message_[^<>]{1,200}\.xml) -->\s*\Z", re.IGNORECASE)

NO_REASON = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<CommonResponeMessage><CheckInfo>'
    "单一窗口客户端把报文放进了 FailBox，没有附说明 (in the client's FailBox, without a note)"
    "</CheckInfo><DealFlag>-1</DealFlag></CommonResponeMessage>"
).encode()
"""The note in place of one that the client did not write, in the client's own form."""


class ClientNote(NamedTuple):
    """`message`: the name of the message's file, without its ending. `text`: the note as it came."""

    failed: bool
    message: str
    text: bytes


def failure_note(name: str) -> str:
    """The name of the note about a message that the client could not send."""
    return f"Failed_{name}"


def marked(name: str, content: bytes) -> bytes:
    """The content of a receipt of that name; a note's with its name."""
    if _NOTE.fullmatch(name) is None:
        return content
    return content.rstrip() + f"\n<!-- {name} -->\n".encode()


def note_of(content: bytes) -> ClientNote | None:
    """The note that was kept so; None for anything else."""
    mark = _MARK.search(content)
    parts = _NOTE.fullmatch(mark.group(1).decode(errors="replace")) if mark is not None else None
    if mark is None or parts is None:
        return None
    return ClientNote(parts.group(1).lower() == "failed", parts.group(2), content[: mark.start()].strip())
