"""Names on tokens that are not UTF-8: python-pkcs11 is made to hand their bytes on, so that `names` can compare and show them.

python-pkcs11 replaces bytes that are not UTF-8 in a token's name, so that two names can look alike, and raises at such a name of a key or
certificate. `keep_bytes` and `mapper` make it hand the bytes on; a test fails when a release no longer needs that.
"""

from __future__ import annotations

from typing import Any

from cebd.signing.tokens.names import BYTES_KEPT


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


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode("utf-8", BYTES_KEPT).rstrip()
