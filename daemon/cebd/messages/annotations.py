"""The annotations of a schema (namespace `urn:cebd:description`), for facts that XSD itself cannot express.

| element | content |
| --- | --- |
| `d:message` | the kind of message, its business key, the message that answers it, the numbers that customs give, its effect on others |
| `d:facts` | facts of a record for later declarations: paths into head (`orderNo`) and lines (`line.totalPrice`) |
| `d:shared` | what a record shares with the other documents of the same purchase: paths likewise |
| `d:sandbox` | how the simulated customs side answers it; nothing else reads that |
| `d:field` | of an element: hints, column aliases, code table, closed values, sample |

Any other name is a mistake of its author, and never ignored: `DescriptionError` gives file and line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from lxml import etree

from cebd.messages.schema_files import kept_with_schemas, message_schemas
from cebd.messages.shared_parts import PARTS

DESCRIPTION = "{urn:cebd:description}"
_APPINFO = "{http://www.w3.org/2001/XMLSchema}appinfo"
_NAMES = {
    "message": (
        *("role", "name", "key", "group", "groupElse", "numbered", "signed", "appStatus", "receipt"),
        *("of", "match", "mark", "number", "listNumber", "cancels", "returns"),
    ),
    "facts": ("order", "enterprise", "waybill", "list", "buyer", "value", "lines"),
    "shared": PARTS,
    "sandbox": ("life", "already", "unknown", "badSignature", "waitsFor"),
    "field": ("aliases", "closed", "default", "hintZh", "hintEn", "sample", "table"),
}
_ROLES = ("declaration", "receipt", "notice", "refusal")
_OTHER_MESSAGES = ("receipt", "of", "cancels", "returns")


class DescriptionError(Exception):
    """An annotation in a schema says something that cannot be: which file, which line, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a message, and its line."""

    texts: Mapping[str, str]
    line: int


@cache
def message_annotations(path: Path) -> dict[str, Annotation]:
    """A schema's annotations of its message as a whole, by element (`message`, `facts`, `shared`, `sandbox`), without reading the rest.

    Raises DescriptionError.
    """
    with path.open("rb") as schema:
        _, appinfo = next(etree.iterparse(schema, tag=_APPINFO), (None, None))
    annotations: dict[str, Annotation] = {}
    for element in appinfo if appinfo is not None else ():
        if isinstance(element.tag, str):
            kind = element.tag.removeprefix(DESCRIPTION)
            texts = {str(name): str(text) for name, text in element.attrib.items()}
            require_known(path, kind, texts, element.sourceline or 0)
            annotations[kind] = Annotation(texts, element.sourceline or 0)
    if "sandbox" in annotations:
        _check_sandbox(path, annotations["sandbox"])
    if "message" not in annotations:
        raise DescriptionError(path, 1, "its first annotation is no d:message")
    _check_message(path, annotations["message"])
    return annotations


def _check_sandbox(path: Path, sandbox: Annotation) -> None:
    needed = [name for name in _NAMES["sandbox"] if name != "waitsFor"]
    if any(name not in sandbox.texts for name in needed):
        raise DescriptionError(path, sandbox.line, f"d:sandbox needs {' '.join(needed)}")
    for named in sandbox.texts.get("waitsFor", "").split()[:1]:
        if not path.with_name(f"{named}Message.xsd").is_file():
            raise DescriptionError(path, sandbox.line, f"waitsFor: there is no schema of {named} beside this one")


def require_known(path: Path, kind: str, names: Iterable[str], line: int | None = None) -> None:
    """Raises DescriptionError where there is no such annotation, or it has no such attribute."""
    if kind not in _NAMES:
        raise DescriptionError(path, line or _line_of(path, kind, None), f"there is no annotation d:{kind}")
    for name in names:
        if name not in _NAMES[kind]:
            names_of_kind = " ".join(_NAMES[kind])
            line = line or _line_of(path, kind, name)
            raise DescriptionError(path, line, f"d:{kind} has no {name}, but {names_of_kind}")


def _check_message(path: Path, message: Annotation) -> None:
    def refuse(reason: str) -> NoReturn:
        raise DescriptionError(path, message.line, reason)

    if message.texts.get("role") not in _ROLES:
        refuse(f"role is one of {' '.join(_ROLES)}")
    if message.texts.get("signed", "optional") not in ("optional", "required"):
        refuse("signed is optional or required")
    if message.texts["role"] == "notice" and not message.texts.get("mark", "").isalpha():
        refuse("a notice has a mark of letters")
    others = {name: path.with_name(f"{message.texts[name]}.xsd") for name in _OTHER_MESSAGES if name in message.texts}
    for name, other in others.items():
        if not other.is_file():
            refuse(f"{name}: there is no schema of {other.stem} beside this one")
    for name in ("number", "listNumber"):
        number = message.texts.get(name)
        if number is not None and (
            "receipt" not in others or f'name="{number}"' not in others["receipt"].read_text("utf-8")
        ):
            refuse(f"{name}: there is no element {number} in its receipt")


def _line_of(path: Path, kind: str, name: str | None) -> int:
    """Where the schema has that annotation, with that attribute: looked for only to say it."""
    for element in etree.parse(path).iter(DESCRIPTION + kind):
        if name is None or name in element.attrib:
            line: Any = element.sourceline
            return int(line or 0)
    return 0


@kept_with_schemas
@cache
def annotation(code: str, kind: str) -> Mapping[str, str]:
    """The attributes of that annotation of a message; empty if it has none. Raises KeyError for an unknown message."""
    stated = message_annotations(message_schemas()[code]).get(kind)
    return stated.texts if stated is not None else {}
