"""MIME entities as bytes: what is signed and digested is never parsed and printed again.

`email` of the standard library reads header fields and reports; it would change the line ends of what it carries.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from itertools import pairwise

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class BadMime(Exception):
    """The bytes are no MIME entity of the kind that is wanted; the message says why."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Header fields and body. `raw`: both, as they came."""

    headers: Message
    body: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """In small letters, without parameters."""
        return self.headers.get_content_type()

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type; empty where there is none."""
        found = self.headers.get_param(name, "")
        return found if isinstance(found, str) else ""

    def decoded(self) -> bytes:
        """The body without its transfer encoding. Raises BadMime."""
        encoding = str(self.headers.get("Content-Transfer-Encoding", "binary")).strip().lower()
        if encoding in ("binary", "8bit", "7bit", ""):
            return self.body
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body)
        if encoding == "base64":
            try:
                return base64.b64decode(self.body)
            except binascii.Error:
                raise BadMime("no base64") from None
        raise BadMime(f"transfer encoding {encoding}")

    def parts(self) -> list[Entity]:
        """The parts of a multipart entity, each with its exact bytes. Raises BadMime."""
        boundary = self.parameter("boundary").encode("latin-1", errors="replace")
        if not boundary:
            raise BadMime(f"{self.content_type} without a boundary")
        delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
        places = list(delimiter.finditer(self.body))
        if len(places) < 2 or places[-1][1] is None:
            raise BadMime("no end of the last part")
        pieces = [self.body[here.end() : there.start()] for here, there in pairwise(places)]
        return [read_entity(piece) for piece in pieces]


def read_entity(raw: bytes) -> Entity:
    """Header and body, at the first blank line. Raises BadMime."""
    if raw.startswith((b"\r\n", b"\n")):
        return Entity(Message(), raw.split(b"\n", 1)[1], raw)
    blank = _BLANK_LINE.search(raw)
    if blank is None:
        raise BadMime("no end of the header fields")
    return Entity(BytesHeaderParser(policy=compat32).parsebytes(raw[: blank.end()]), raw[blank.end() :], raw)


def with_headers(content_type: str, transfer_encoding: str, body: bytes, **more: str) -> bytes:
    """An entity: its header fields, a blank line, its body. `more`: further fields, `_` for `-`."""
    fields = {"Content-Type": content_type, "Content-Transfer-Encoding": transfer_encoding}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value).encode() + b"\r\n" + body


def of_http(content_type: str, body: bytes, transfer_encoding: str = "") -> Entity:
    """The entity that an HTTP request or answer carries."""
    for value in (content_type, transfer_encoding):
        if "\n" in value or "\r" in value:
            raise BadMime("a line break in a header field")
    return read_entity(with_headers(content_type, transfer_encoding, body))
