"""Reads the description of a message from its schema, by xmlschema: half a second of a processor for all of them, and 14 MB of memory that
stay. So the result is kept beside the schemas (`cebd.messages.described.kept`), and this is asked for schemas that changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import xmlschema

from cebd.messages.annotations import DESCRIPTION, DescriptionError, message_annotations, require_known
from cebd.messages.described.values import Field, Kind, MessageType, Part, Role
from cebd.messages.fact_paths import fact_paths
from cebd.messages.shared_parts import shared_parts

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_message(path: Path) -> MessageType:
    """The message that this schema describes. Raises DescriptionError."""
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
    fact_texts, shared_texts = (annotations[kind].texts if kind in annotations else {} for kind in ("facts", "shared"))
    numbers = [field.name for field in head_fields if field.kind != "text"]
    numbers += [f"line.{field.name}" for field in line_fields if field.kind != "text"]
    shared = shared_parts(shared_texts, head_names, line_names, numbers, lambda reason: refuse("shared", reason))
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
        group_else=_names(facts, "groupElse"),
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
        facts=fact_paths(fact_texts, head_names, line_names, shared, lambda reason: refuse("facts", reason)),
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
