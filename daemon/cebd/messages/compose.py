"""Composing: records as text -> one message, already in canonical form, so that the digest is taken over the bytes as they are.

Specification chapter 3: up to 100 records, then BaseTransfer; C14N 1.0 (inclusive) is the form signed (`docs/decisions/`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from cebd.messages.description import CEB, MessageType

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})


_random: list[str] = []
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the enterprise of BaseTransfer and its DXP id."""

    cop_code: str
    cop_name: str
    dxp_id: str


def escape(text: str) -> str:
    """Character data as C14N 1.0 writes it (section 2.3, text nodes)."""
    return text.translate(_ESCAPES)


def element(name: str, text: str) -> str:
    """One leaf element; an empty one has a start and an end tag, as C14N writes it."""
    return f"<ceb:{name}>{text.translate(_ESCAPES)}</ceb:{name}>"


def new_guid() -> str:
    """36 characters, letters upper case (specification chapter 3): a random UUID (RFC 9562, version 4)."""
    try:
        digits = _random.pop()
    except IndexError:
        digits = _more_random()
    variant = "89AB"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def is_canonical(root: etree._Element, content: bytes) -> bool:
    """Whether these bytes, of which `root` was read, are the canonical form of their document."""
    return etree.tostring(root.getroottree(), method="c14n", with_comments=False) == content


def _more_random() -> str:
    """32 digits from the system's source, which is asked for many at a time.

    Each time it is asked, Python lets other threads run and takes its turn back before they wake: they would starve beside a conversion.
    """
    digits = os.urandom(16 * _AT_ONCE).hex().upper()
    _random.extend(digits[at : at + 32] for at in range(32, len(digits), 32))
    return digits[:32]


if hasattr(os, "register_at_fork"):  # a child never gives out what its parent may
    os.register_at_fork(after_in_child=_random.clear)


def with_signature(body: bytes, signature: bytes) -> bytes:
    """A message composed here with its `ds:Signature`, which is the last child of the root."""
    end = body.rindex(b"</")
    return body[:end] + signature + body[end:]


def compose(message: MessageType, guid: str, records: Sequence[str], sender: Sender) -> bytes:
    """The whole message without signature, in canonical form."""
    transfer = "".join(
        (
            element("copCode", sender.cop_code),
            element("copName", sender.cop_name),
            "<ceb:dxpMode>DXP</ceb:dxpMode>",
            element("dxpId", sender.dxp_id),
        )
    )
    return (
        f'<ceb:{message.root} xmlns:ceb="{CEB}" guid="{guid}" version="1.0">{"".join(records)}'
        f"<ceb:BaseTransfer>{transfer}</ceb:BaseTransfer></ceb:{message.root}>"
    ).encode()
