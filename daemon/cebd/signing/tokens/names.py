"""Names of tokens, keys and certificates, compared as the bytes they are: the standards want UTF-8, tokens made for Chinese offices often
hold GBK, and a name that is neither stops nothing.
"""

from __future__ import annotations

BYTES_KEPT = "surrogateescape"
"""The way in which a text keeps bytes that are none of its encoding."""


def is_named(name: str | bytes, wanted: str) -> bool:
    """Whether the name on the token is the name in the settings, in UTF-8 or in GBK."""
    there = raw(name).rstrip(b" \0")
    return there in (wanted.encode("utf-8", BYTES_KEPT), wanted.encode("gb18030", "replace"))


def shown(name: str | bytes) -> str:
    """The name as a text for people; never fails."""
    there = raw(name).rstrip(b" \0")
    for encoding in ("utf-8", "gb18030"):
        try:
            return there.decode(encoding)
        except UnicodeDecodeError:
            continue
    return there.decode("ascii", errors="backslashreplace")


def raw(name: str | bytes) -> bytes:
    """The bytes on the token."""
    return name if isinstance(name, bytes) else name.encode("utf-8", BYTES_KEPT)
