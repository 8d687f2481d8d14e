"""Where signatures stand in a message: there is one place for one of them. Elsewhere they mean nothing and are taken out before signing."""

from __future__ import annotations

import base64
from contextlib import suppress

from lxml import etree

from cebd.messages.description import DS
from cebd.messages.schema import after_signature

SIGNATURE = f"{{{DS}}}Signature"


def is_in_place(root: etree._Element) -> bool:
    """Whether the message has at most one signature, and that as the last child of its root (before an ExtendMessage)."""
    signatures = list(root.iter(SIGNATURE))
    following = after_signature(root)
    last = next((child for child in reversed(root) if isinstance(child.tag, str) and child is not following), None)
    return not signatures or (len(signatures) == 1 and signatures[0] is last)


def certificate_in(root: etree._Element) -> bytes | None:
    """DER of the certificate that the message's signature carries; None where there is none."""
    text = root.findtext(f"{SIGNATURE}/{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    with suppress(ValueError):
        return base64.b64decode(text or "") or None
    return None


def remove_signatures(root: etree._Element, *, but_children: bool = False) -> None:
    """Take every signature out, wherever it stands; what stands around it stays. `but_children`: not those right below the root."""
    for signature in list(root.iter(SIGNATURE)):
        parent = signature.getparent()
        if parent is None or (but_children and parent is root):
            continue
        before, tail = signature.getprevious(), signature.tail or ""
        if before is None:
            parent.text = (parent.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
        signature.tail = None
        parent.remove(signature)
