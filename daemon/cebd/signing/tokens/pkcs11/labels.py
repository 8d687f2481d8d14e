"""Names on tokens, compared as the bytes they are: PKCS#11 wants UTF-8 in them, tokens made for Chinese offices often hold GBK.

python-pkcs11 replaces bytes that are not UTF-8 in a token's name, so that two names can look alike, and raises at such a name of a key or
certificate. `keep_bytes` and `mapper` make it hand the bytes on; a test fails when a release no longer needs that.
"""

from __future__ import annotations

from typing import Any

_BYTES_KEPT = "surrogateescape"


def keep_bytes() -> None:
    """From now on the texts of tokens (label, model, maker) keep their bytes, as surrogates: `raw` and `shown` read them."""
    from pkcs11 import _pkcs11

    _pkcs11._CK_UTF8CHAR_to_str = _text  # type: ignore[attr-defined]


def mapper() -> Any:
    """For `Token.open`: labels of keys and certificates are bytes, and a key's type is any number, also a maker's own."""
    import pkcs11.attributes

    made = pkcs11.attributes.AttributeMapper()
    made.register_handler(pkcs11.Attribute.LABEL, bytes, bytes)
    pack, unpack = pkcs11.attributes.handle_ulong
    made.register_handler(pkcs11.Attribute.KEY_TYPE, pack, unpack)
    return made


def is_named(name: str | bytes, wanted: str) -> bool:
    """Whether the name on the token is the name in the settings, in UTF-8 or in GBK."""
    there = raw(name).rstrip(b" \0")
    return there in (wanted.encode("utf-8", _BYTES_KEPT), wanted.encode("gb18030", "replace"))


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
    return name if isinstance(name, bytes) else name.encode("utf-8", _BYTES_KEPT)


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode("utf-8", _BYTES_KEPT).rstrip()
