"""Message descriptions: the content of `schemas/import/CEBnnnMessage.xsd` and `schemas/export/`, as values.

The XSD is the only description of a message. Structure and lengths are its own language; what XSD cannot say stands in its
annotations (`cebd.messages.annotations`): business key, what customs number, hints, column aliases, code table, closed values, sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NoReturn, cast

from cebd.messages.annotations import (
    DESCRIPTION,
    DescriptionError,
    annotation,
    message_annotations,
    require_known,
)
from cebd.messages.fact_paths import FactPaths, fact_paths
from cebd.messages.schema_files import message_schemas

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_reading = Lock()

Kind = Literal["text", "decimal", "int"]
Part = Literal["head", "line"]
Role = Literal["declaration", "receipt", "notice", "refusal"]


@dataclass(frozen=True, slots=True)
class Field:
    """An element of a record's head or goods line. Lengths are in characters, as XSD counts them.

    `unsure` are those aliases (marked `?` in the schema) that trade practice uses, but not always for this field. `fixed`: the only text
    that the schema takes; `closed`: the texts that the specification allows, where it names them.
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
    fixed: str | None
    default: str | None
    sample: str | None


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message of the specification. `code` is `CEB311`, `root` is `CEB311Message`, `record` is `Order`.

    `head` and `line` are None where the record itself has the fields, or there are no lines; `max_lines` None: as many as there are.
    A `notice` (816, 818, 792) is something customs tell of a declaration without deciding anything about it. `key_needed` is `key`
    without what a record may lack (marked `?` in the schema): the payment number of money that came in cash.

    `number`: the element of its receipts in which customs tell the number they gave it; `list_number`: in which they repeat that of the
    list an application is about. `cancels`, `returns`: the declaration that it is an application about. `mark`: what a notice's status
    is kept under (`tax:1`). `facts`: see there.
    """

    code: str
    root: str
    name: str | None
    role: Role
    export: bool
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
    number: str | None
    list_number: str | None
    cancels: str | None
    returns: str | None
    mark: str | None
    facts: FactPaths | None
    max_records: int
    max_lines: int | None
    needs_lines: bool

    def field(self, part: Part, name: str) -> Field:
        """The field of that part. Raises KeyError when the description has none."""
        for field in self.head_fields if part == "head" else self.line_fields:
            if field.name == name:
                return field
        raise KeyError(name)


class _Descriptions(Mapping[str, MessageType]):
    """Messages by code, each description read when it is first asked for.

    Those of one folder are listed; those of the other are found by their code all the same. So whatever goes through all messages
    goes through the import ones, and an export message is met only where something names it: a root element, a mapping, a folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __getitem__(self, code: str) -> MessageType:
        with _reading:  # two threads that ask at the same time get the same value
            return _load(message_schemas()[code])

    def __iter__(self) -> Iterator[str]:
        return (code for code, path in message_schemas().items() if path.parent.name == self._folder)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def message_types(*, export: bool = False) -> Mapping[str, MessageType]:
    """The import (or export) messages by code (`CEB311`). Lookup by code finds both kinds; iteration yields the chosen kind."""
    return _Descriptions("export" if export else "import")


def read_descriptions() -> None:
    """Read, before work begins, the annotations of every message, and the whole import messages. Raises DescriptionError."""
    for path in message_schemas().values():
        message_annotations(path)
    for code in message_types():
        message_types()[code]


def message_type(code_or_name: str) -> MessageType:
    """A message by code, root element or short name (`order`), import or export. Raises KeyError."""
    wanted = code_or_name.removesuffix("Message")
    for code in message_schemas():
        if wanted.upper() == code or wanted == annotation(code, "message").get("name"):
            return message_types()[code]
    raise KeyError(code_or_name)


def declarations(*, export: bool = False) -> list[MessageType]:
    """The messages an enterprise sends."""
    listed = message_types(export=export)
    return [listed[code] for code in listed if annotation(code, "message")["role"] == "declaration"]


@cache
def _load(path: Path) -> MessageType:
    import xmlschema  # it takes longer than all else that a command needs which reads no description

    root = path.stem
    # That our schemas are schemas is for the tests to prove: to ask it here took most of the time of reading them.
    element: Any = xmlschema.XMLSchema10(str(path), validation="skip").elements[root]
    annotations = message_annotations(path)
    facts = annotations["message"].texts
    zh, en = _labels(element)
    record = next(
        child for child in element.type.content.iter_elements() if child.name.endswith("}" + child.local_name)
    )
    parts = [child for child in record.type.content.iter_elements() if child.type.is_complex()]
    head, line = (parts[0], parts[1] if len(parts) > 1 else None) if parts else (None, None)
    head_fields = _fields(path, head if head is not None else record, "head")
    line_fields = _fields(path, line, "line") if line is not None else ()
    head_names, line_names = ([field.name for field in fields] for fields in (head_fields, line_fields))

    def refuse(kind: str, reason: str) -> NoReturn:
        raise DescriptionError(path, annotations[kind].line, reason)

    for kind in ("key", "match", "group", "groupElse"):
        for name in _names(facts, kind):
            if name not in head_names:
                refuse("message", f"{kind}: there is no element {name}")
    for name in _names(facts, "numbered"):
        if name not in line_names:
            refuse("message", f"numbered: there is no element {name} of a line")
    fact_texts = annotations["facts"].texts if "facts" in annotations else {}
    return MessageType(
        code=root.removesuffix("Message"),
        root=root,
        name=facts.get("name"),
        role=cast(Role, facts["role"]),  # one of them, as the annotations were read
        export=path.parent.name == "export",
        zh=zh,
        en=en,
        record=record.local_name,
        head=head.local_name if head is not None else None,
        line=line.local_name if line is not None else None,
        head_fields=head_fields,
        line_fields=line_fields,
        key=_names(facts, "key"),
        key_needed=tuple(name for name in facts.get("key", "").split() if not name.endswith("?")),
        group=facts.get("group"),
        group_else=facts.get("groupElse"),
        numbered=facts.get("numbered"),
        must_sign=facts.get("signed") == "required",
        app_status=facts.get("appStatus"),
        receipt=_code(facts.get("receipt")),
        answers=_code(facts.get("of")),
        match=_names(facts, "match"),
        number=facts.get("number"),
        list_number=facts.get("listNumber"),
        cancels=_code(facts.get("cancels")),
        returns=_code(facts.get("returns")),
        mark=facts.get("mark"),
        facts=fact_paths(fact_texts, head_names, line_names, lambda reason: refuse("facts", reason)),
        max_records=record.max_occurs or 1,
        max_lines=line.max_occurs if line is not None else 0,
        needs_lines=line is not None and line.min_occurs > 0,
    )


def _code(root: str | None) -> str | None:
    return root.removesuffix("Message") if root else None


def _fields(path: Path, parent: Any, part: Part) -> tuple[Field, ...]:
    return tuple(_field(path, child, part) for child in parent.type.content.iter_elements())


def _field(path: Path, element: Any, part: Part) -> Field:
    facts = _appinfo(path, element)
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
        fixed=element.fixed,
        default=facts.get("default", element.fixed),
        sample=facts.get("sample"),
    )


def _names(facts: Mapping[str, str], what: str) -> tuple[str, ...]:
    return tuple(name.rstrip("?") for name in facts.get(what, "").split())


def _facet(facets: dict[str, Any], name: str) -> int | None:
    facet = facets.get(name)
    return int(facet.value) if facet is not None else None


def _listed(facts: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for part in facts.get(name, "").split("|") if part)


def _labels(element: Any) -> tuple[str, str]:
    texts = {doc.get(_XML_LANG): (doc.text or "").strip() for doc in _annotation(element, "documentation")}
    return texts.get("zh", element.local_name), texts.get("en", element.local_name)


def _appinfo(path: Path, element: Any) -> dict[str, str]:
    """The schema's annotations of a field. Raises DescriptionError."""
    for appinfo in _annotation(element, "appinfo"):
        for child in appinfo:
            require_known(path, child.tag.removeprefix(DESCRIPTION), child.attrib)
            return dict(child.attrib)
    return {}


def _annotation(element: Any, what: Literal["documentation", "appinfo"]) -> list[Any]:
    return list(getattr(element.annotation, what)) if element.annotation is not None else []
