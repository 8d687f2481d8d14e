"""XML drops: a whole message, signed and sent as it is, or refused as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from lxml import etree

from cebd.documents.record import Record
from cebd.documents.records import Terms
from cebd.documents.workbook import Unreadable
from cebd.messages.description import CEB, DS, MessageType, message_types
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.rules.business import broken_rules
from cebd.rules.problem import Place, Problem, problem, with_severity

_NOT_CONTENT = ("guid", "appTime")


@dataclass(frozen=True)
class XmlDrop:
    """A message as dropped: its type, guid and records; `problems` speak of the message as a whole."""

    type: MessageType | None
    guid: str
    root: etree._Element | None
    records: list[Record]
    problems: list[Problem]


def read_xml_drop(content: bytes, terms: Terms) -> XmlDrop:
    """Read a dropped message and check it against schema and rules. Raises Unreadable when it is no XML."""
    try:
        root = parse_xml(content, huge=True)
    except NotXml as error:
        raise Unreadable(f"XML: {error}") from None
    name = etree.QName(root)
    message = message_types().get(name.localname.removesuffix("Message")) if name.namespace == CEB else None
    if message is None:
        return XmlDrop(None, "", None, [], [problem("CEBD-1002")])
    if message.role != "declaration":
        return XmlDrop(message, "", None, [], [problem("CEBD-1007", zh=message.zh, en=message.en)])
    problems = [
        problem("CEBD-1008", Place(row=flaw.line), value=flaw.path, reason=flaw.reason)
        for flaw in flaws(root, unsigned=True)
    ]
    elements = root.findall(f"{{{CEB}}}{message.record}")
    records = [_record(message, element, terms) for element in elements]
    guids = Counter(record.key for record in records)
    seen: set[tuple[str, ...]] = set()
    checked = []
    for record in records:
        found = list(record.problems)
        if guids[record.key] > 1 and record.key in seen and terms.rules.get("CEBD-1401") != "off":
            found.append(_weigh(problem("CEBD-1401", record.place, value=" ".join(record.key)), terms))
        seen.add(record.key)
        checked.append(_with(record, tuple(found)))
    return XmlDrop(message, root.get("guid", ""), root, checked, problems)


def has_signature(root: etree._Element) -> bool:
    """Whether the message carries a signature of any kind."""
    return root.find(f"{{{DS}}}Signature") is not None


def _with(record: Record, problems: tuple[Problem, ...]) -> Record:
    return Record(
        record.type,
        record.key,
        record.guid,
        record.app_type,
        record.place,
        record.rows,
        record.xml,
        record.content,
        problems,
    )


def _record(message: MessageType, element: etree._Element, terms: Terms) -> Record:
    head_element = element.find(f"{{{CEB}}}{message.head}")
    head = _texts(head_element)
    lines = [(_line(one), _texts(one)) for one in element.findall(f"{{{CEB}}}{message.line}")]
    place = Place(row=_line(element))
    problems: list[Problem] = []
    for name in message.key:
        if not head.get(name):
            problems.append(problem("CEBD-1201", place, field=message.field("head", name)))
    try:
        broken_list = broken_rules(message.code, head, [texts for _, texts in lines])
    except (KeyError, ArithmeticError):
        broken_list = []  # the schema's own verdict says what is wrong
    for broken in broken_list:
        if terms.rules.get(broken.id) == "off":
            continue
        row = place.row if broken.part == "head" else lines[broken.line][0]
        value = (head if broken.part == "head" else lines[broken.line][1])[broken.field]
        field = message.field(broken.part, broken.field)
        problems.append(_weigh(problem(broken.id, Place(row=row), field=field, value=value, **broken.facts), terms))
    digest = blake2b(digest_size=16)
    for part, texts in [("head", head), *(("line", texts) for _, texts in lines)]:
        digest.update(part.encode())
        for name, text in texts.items():
            if name not in _NOT_CONTENT and text:
                digest.update(f"<{name}>{text}".encode())
    key = tuple(head.get(name, "") for name in message.key)
    app_type = head.get("appType", "1")
    return Record(
        message.code,
        key,
        head.get("guid", ""),
        app_type,
        place,
        (place.row or 0,),
        "",
        digest.digest(),
        tuple(problems),
    )


def _line(element: Any) -> int:
    return int(element.sourceline or 0)


def _texts(element: etree._Element | None) -> dict[str, str]:
    if element is None:
        return {}
    return {etree.QName(child).localname: (child.text or "").strip() for child in element.iterchildren("*")}


def _weigh(found: Problem, terms: Terms) -> Problem:
    wanted = terms.rules.get(found.id)
    return with_severity(found, wanted) if wanted in ("error", "warning") else found  # type: ignore[arg-type]
