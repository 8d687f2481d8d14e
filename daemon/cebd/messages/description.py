"""Message descriptions: what `schemas/import/CEBnnnMessage.xsd` and `schemas/export/` say of each message, as values.

The XSD is the only description of a message. Structure and lengths are its own language; what XSD cannot say stands in its
annotations (namespace `urn:cebd:description`): business key, hints, column aliases, code table, closed values, sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import xmlschema
from lxml import etree

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"
_DESCRIPTION = "{urn:cebd:description}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_reading = Lock()

Kind = Literal["text", "decimal", "int"]
Part = Literal["head", "line"]


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a record's head or goods line. Lengths are in characters, as XSD counts them.

    `unsure` are those aliases (marked `?` in the schema) that trade practice uses, but not always for this field.
    """

    name: str
    part: Part
    zh: str
    en: str
    kind: Kind
    required: bool
    min_length: int
    max_length: int | None
    total_digits: int | None
    fraction_digits: int | None
    aliases: tuple[str, ...]
    unsure: frozenset[str]
    hint_zh: str
    hint_en: str
    table: str | None
    closed: tuple[str, ...]
    default: str | None
    sample: str | None


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message of the specification. `code` is `CEB311`, `root` is `CEB311Message`, `record` is `Order`.

    `head` and `line` are None where the record itself has the fields, or there are no lines; `max_lines` None: as many as there are.
    A `notice` (816, 818, 792) is something customs tell of a declaration without deciding anything about it. `key_needed` is `key`
    without what a record may lack (marked `?` in the schema): the payment number of money that came in cash.
    """

    code: str
    root: str
    name: str | None
    role: Literal["declaration", "receipt", "notice", "refusal"]
    zh: str
    en: str
    record: str
    head: str | None
    line: str | None
    head_fields: tuple[Field, ...]
    line_fields: tuple[Field, ...]
    key: tuple[str, ...]
    key_needed: tuple[str, ...]
    group: str | None
    group_else: str | None
    numbered: str | None
    must_sign: bool
    app_status: str | None
    receipt: str | None
    answers: str | None
    match: tuple[str, ...]
    max_records: int
    max_lines: int | None
    needs_lines: bool

    def field(self, part: Part, name: str) -> Field:
        """The field of that part. Raises KeyError when the description has none."""
        for field in self.head_fields if part == "head" else self.line_fields:
            if field.name == name:
                return field
        raise KeyError(name)


def schema_dir() -> Path:
    """Where the schemas are: beside the package in a wheel, at the top of a source tree else."""
    installed = Path(__file__).parent.parent / "schemas"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "schemas"


class _Descriptions(Mapping[str, MessageType]):
    """Messages by code, each description read when it is first asked for.

    Those of one folder are listed; those of the other are found by their code all the same. So whatever goes through all messages
    goes through the import ones, and an export message is met only where something names it: a root element, a mapping, a folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __getitem__(self, code: str) -> MessageType:
        with _reading:  # two threads that ask at the same time get the same value
            return _load(_paths()[code])

    def __iter__(self) -> Iterator[str]:
        return (code for code, path in _paths().items() if path.parent.name == self._folder)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def message_types(*, export: bool = False) -> Mapping[str, MessageType]:
    """The described import messages by code (`CEB311`), or the export ones; either finds the other's too when asked by code."""
    return _Descriptions("export" if export else "import")


def message_type(code_or_name: str) -> MessageType:
    """A message by code, root element or short name (`order`), import or export. Raises KeyError."""
    wanted = code_or_name.removesuffix("Message")
    for code in _paths():
        if wanted.upper() == code or wanted == _message_facts(code).get("name"):
            return message_types()[code]
    raise KeyError(code_or_name)


def declarations(*, export: bool = False) -> list[MessageType]:
    """The messages an enterprise sends."""
    listed = message_types(export=export)
    return [listed[code] for code in listed if _message_facts(code)["role"] == "declaration"]


@cache
def _paths() -> dict[str, Path]:
    return {path.stem.removesuffix("Message"): path for path in sorted(schema_dir().glob("*port/CEB*Message.xsd"))}


@cache
def _message_facts(code: str) -> dict[str, str]:
    """What a description says of its message as a whole, without the time it takes to read the rest."""
    with _paths()[code].open("rb") as schema:
        _, facts = next(etree.iterparse(schema, tag=_DESCRIPTION + "message"))
    return {str(name): str(text) for name, text in facts.attrib.items()}


@cache
def _load(path: Path) -> MessageType:
    root = path.stem
    # That our schemas are schemas is for the tests to prove: to ask it here took most of the time of reading them.
    element: Any = xmlschema.XMLSchema10(str(path), validation="skip").elements[root]
    facts: dict[str, Any] = _appinfo(element, "message")
    zh, en = _labels(element)
    record = next(
        child for child in element.type.content.iter_elements() if child.name.endswith("}" + child.local_name)
    )
    parts = [child for child in record.type.content.iter_elements() if child.type.is_complex()]
    head, line = (parts[0], parts[1] if len(parts) > 1 else None) if parts else (None, None)
    return MessageType(
        code=root.removesuffix("Message"),
        root=root,
        name=facts.get("name"),
        role=facts["role"],
        zh=zh,
        en=en,
        record=record.local_name,
        head=head.local_name if head is not None else None,
        line=line.local_name if line is not None else None,
        head_fields=_fields(head if head is not None else record, "head"),
        line_fields=_fields(line, "line") if line is not None else (),
        key=_names(facts, "key"),
        key_needed=tuple(name for name in facts.get("key", "").split() if not name.endswith("?")),
        group=facts.get("group"),
        group_else=facts.get("groupElse"),
        numbered=facts.get("numbered"),
        must_sign=facts.get("signed") == "required",
        app_status=facts.get("appStatus"),
        receipt=facts.get("receipt", "").removesuffix("Message") or None,
        answers=facts.get("of", "").removesuffix("Message") or None,
        match=_names(facts, "match"),
        max_records=record.max_occurs or 1,
        max_lines=line.max_occurs if line is not None else 0,
        needs_lines=line is not None and line.min_occurs > 0,
    )


def _fields(parent: Any, part: Part) -> tuple[Field, ...]:
    return tuple(_field(child, part) for child in parent.type.content.iter_elements())


def _field(element: Any, part: Part) -> Field:
    facts = _appinfo(element, "field")
    zh, en = _labels(element)
    aliases = _listed(facts, "aliases")
    facets = {name.rpartition("}")[2]: facet for name, facet in element.type.facets.items() if name}
    length = _facet(facets, "length")
    primitive = element.type.primitive_type.local_name
    base = element.type.base_type.local_name if element.type.base_type is not None else primitive
    kind: Kind = "text" if primitive == "string" else ("int" if "int" in (base, element.type.local_name) else "decimal")
    return Field(
        name=element.local_name,
        part=part,
        zh=zh,
        en=en,
        kind=kind,
        required=element.min_occurs > 0,
        min_length=length or _facet(facets, "minLength") or 0,
        max_length=length or _facet(facets, "maxLength"),
        total_digits=_facet(facets, "totalDigits"),
        fraction_digits=_facet(facets, "fractionDigits") if kind == "decimal" else None,
        aliases=tuple(alias.rstrip("?") for alias in aliases),
        unsure=frozenset(alias.rstrip("?") for alias in aliases if alias.endswith("?")),
        hint_zh=facts.get("hintZh", ""),
        hint_en=facts.get("hintEn", ""),
        table=facts.get("table"),
        closed=_listed(facts, "closed") or ((element.fixed,) if element.fixed else ()),
        default=facts.get("default", element.fixed),
        sample=facts.get("sample"),
    )


def _names(facts: dict[str, str], what: str) -> tuple[str, ...]:
    return tuple(name.rstrip("?") for name in facts.get(what, "").split())


def _facet(facets: dict[str, Any], name: str) -> int | None:
    facet = facets.get(name)
    return int(facet.value) if facet is not None else None


def _listed(facts: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for part in facts.get(name, "").split("|") if part)


def _labels(element: Any) -> tuple[str, str]:
    texts = {doc.get(_XML_LANG): (doc.text or "").strip() for doc in _annotation(element, "documentation")}
    return texts.get("zh", element.local_name), texts.get("en", element.local_name)


def _appinfo(element: Any, name: str) -> dict[str, str]:
    for appinfo in _annotation(element, "appinfo"):
        for child in appinfo:
            if child.tag == _DESCRIPTION + name:
                return dict(child.attrib)
    return {}


def _annotation(element: Any, what: Literal["documentation", "appinfo"]) -> list[Any]:
    return list(getattr(element.annotation, what)) if element.annotation is not None else []
