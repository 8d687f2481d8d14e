"""The second, lenient pass over a receipt that is not well-formed: customs' words are put together from what people type.

| what is not well-formed | what is made of it |
| --- | --- |
| `<` or `]]>` within an element that holds words alone (`returnInfo`, `note` ...) | the sign itself |
| a `&` that begins no entity, an entity that XML does not know | the sign itself |
| a control character, or bytes of no encoding, in such words | U+FFFD |

Nothing is closed, moved or left out: a receipt that was cut is none after this either. A number or code in which anything but a plain `&`
had to be replaced is not proved, and its receipt stays unreadable.
"""

from __future__ import annotations

import re

from lxml import etree

from cebd.messages.schema import NotXml

IN_WORDS = frozenset({"returnInfo", "note", "oriBizMessage", "ResponseInfo", "Info", "Note"})
_REPLACED = "\ufffd"

_WORDS = re.compile(
    rf"(<(?P<name>(?:[\w.-]+:)?(?:{'|'.join(sorted(IN_WORDS))}))(?:\s[^<>]*)?(?<!/)>)(.*?)(</(?P=name)\s*>)", re.DOTALL
)
_NO_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_CDATA = "<![CDATA["


def mended(text: str) -> str:
    """The text with what the table says put right."""
    text = _CONTROL.sub(_REPLACED, text)
    pieces, end = [], 0
    for match in _WORDS.finditer(text):
        pieces += [_without_bare_ampersands(text[end : match.start()]), match[1], _words(match[3]), match[4]]
        end = match.end()
    return "".join([*pieces, _without_bare_ampersands(text[end:])])


def require_proved(root: etree._Element) -> None:
    """Raises NotXml where anything but words had to be replaced."""
    for element in root.iter("*"):
        if _REPLACED in (element.text or "") and etree.QName(element).localname not in IN_WORDS:
            raise NotXml(f"{etree.QName(element).localname} holds a character that is none")


def _words(text: str) -> str:
    if text.lstrip().startswith(_CDATA):
        return text
    return _without_bare_ampersands(text).replace("<", "&lt;").replace("]]>", "]]&gt;")


def _without_bare_ampersands(text: str) -> str:
    return _REFERENCE.sub(_as_a_character, _NO_ENTITY.sub("&amp;", text))


def _as_a_character(match: re.Match[str]) -> str:
    """A reference to a character that XML forbids stands for none."""
    number = int(match[1], 16) if match[1] else int(match[2])
    allowed = number <= 0x10FFFF and not _CONTROL.match(chr(number))
    return match[0] if allowed else _REPLACED


__all__ = ["mended", "require_proved"]
