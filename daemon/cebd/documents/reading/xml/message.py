"""XML drops: a whole message, signed and sent as it is, or refused as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lxml import etree

from cebd.clock import CST
from cebd.documents.reading.cells.values import Wrong, fitting
from cebd.documents.reading.options import RecordOptions
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.description import CEB, DS, DXP, MessageType, Part, message_types
from cebd.messages.schema import NotXml, flaws, parse_xml, stated
from cebd.messages.schema_files import kept_with_schemas
from cebd.messages.signatures import is_in_place, remove_signatures
from cebd.problems.problem import Place, Problem, problem, with_severity_of
from cebd.records.facts import facts_if_complete
from cebd.records.record import ONLY_STORED, Record, digest_of
from cebd.records.states import SignatureMode
from cebd.rules.business import broken_rules
from cebd.rules.codes.tables import Tables
from cebd.rules.rule import Violation

_NOT_CONTENT = ("guid", "appTime")
_BEYOND_THE_SCHEMA = ("CEBD-1203", "CEBD-1207", "CEBD-1215", "CEBD-1216", "CEBD-1217", "CEBD-1220")


@dataclass(frozen=True)
class XmlDrop:
    """A message as dropped: its type, guid and records; `problems` speak of the message as a whole; `content` are its bytes.

    `sign_anew`: its signatures are too many or not in their place. They are no longer in `root`, but still in `content`.
    """

    type: MessageType | None
    guid: str
    root: etree._Element | None
    records: list[Record]
    problems: list[Problem]
    content: bytes = b""
    sign_anew: bool = False


def read_xml_drop(content: bytes, options: RecordOptions, now: datetime) -> XmlDrop:
    """Read a dropped message and check it against schema and rules. Raises Unreadable when it is no XML."""
    try:
        root = parse_xml(content, huge=True)
    except NotXml as error:
        raise Unreadable(f"不是完整的 XML：{error} / no whole XML: {error}") from None
    name = etree.QName(root)
    if name.namespace == DXP:
        return XmlDrop(None, "", None, [], [problem("CEBD-1076")])
    message = message_types().get(name.localname.removesuffix("Message")) if name.namespace == CEB else None
    if message is None:
        return XmlDrop(None, "", None, [], [problem("CEBD-1002")])
    if message.role != "declaration":
        return XmlDrop(message, "", None, [], [problem("CEBD-1007", zh=message.zh, en=message.en)])
    sign_anew = not is_in_place(root)
    if sign_anew:
        remove_signatures(root)
    problems = [
        problem("CEBD-1008", Place(row=flaw.line), value=flaw.path, reason=flaw.reason)
        for flaw in flaws(root, unsigned=True)
    ]
    elements = root.findall(f"{{{CEB}}}{message.record}")
    today = now.astimezone(CST).date()
    records = [_record(message, element, options, today) for element in elements]
    seen: set[tuple[str, ...]] = set()
    checked = []
    for record in records:
        twice = None
        if record.key in seen:
            twice = with_severity_of(problem("CEBD-1401", record.place, value=record.number), options.severities)
        checked.append(record if twice is None else record.with_problems(twice))
        seen.add(record.key)
    return XmlDrop(message, root.get("guid", ""), root, checked, problems, content, sign_anew)


def signing_of(
    drop: XmlDrop, judge: Callable[[etree._Element], bool | Problem], *, sign_all: bool
) -> tuple[SignatureMode | None, Problem | None]:
    """How the message is to be signed, and the notice about the signature it carried; None and the reason where it must not leave with it.
    `judge`: whether a signature is valid, or that reason. `sign_all`: messages that need no signature are signed, too."""
    assert drop.type is not None and drop.root is not None  # noqa: S101
    if drop.sign_anew:
        return SignatureMode.EMBEDDED, problem("CEBD-1075")
    if drop.root.find(f"{{{DS}}}Signature") is not None:
        match judge(drop.root):
            case True:
                return SignatureMode.KEPT, problem("CEBD-1512")
            case False:
                return SignatureMode.EMBEDDED, problem("CEBD-1511")
            case refused:
                return None, refused
    return (SignatureMode.EMBEDDED if drop.type.must_sign or sign_all else SignatureMode.NONE), None


def _record(message: MessageType, element: etree._Element, options: RecordOptions, today: date) -> Record:
    parts: list[tuple[Part, etree._Element | None]] = [
        ("head", element.find(f"{{{CEB}}}{message.head}") if message.head else element)
    ]
    if message.line:
        parts += [("line", line) for line in element.findall(f"{{{CEB}}}{message.line}")]
    read = [(part, part_element, _texts(part_element)) for part, part_element in parts]
    head = read[0][2]
    place = Place(row=_line(element))
    problems: list[Problem] = []
    for name in message.key_needed:
        if not head.get(name):
            problems.append(problem("CEBD-1201", place, field=message.field("head", name)))
    for part, part_element, texts in read:
        for name, wrong in _unfit_values(message, part, texts, options.tables):
            where = Place(row=_line_of(part_element, name))
            field = message.field(part, name)
            problems.append(problem(wrong.id, where, field=field, value=texts[name], suggestion=None, **wrong.facts))
    if head.get("appStatus") == ONLY_STORED:
        where = Place(row=_line_of(read[0][1], "appStatus"))
        problems.append(problem("CEBD-1340", where, field=message.field("head", "appStatus"), value=ONLY_STORED))
    problems = [kept for found in problems if (kept := with_severity_of(found, options.severities)) is not None]
    violations: list[Violation] = []
    if not any(found.severity == "error" for found in problems):
        # The schema has refused missing fields and amounts that are no numbers.
        with suppress(KeyError, ValueError):
            lines = [texts for _, _, texts in read[1:]]
            violations = broken_rules(
                message.code, head, lines, options.figures, today, options.declarant, options.tables
            )
    for violation in violations:
        _, part_element, texts = read[violation.line + 1]
        field = message.field(violation.part, violation.field)
        where = Place(row=_line_of(part_element, violation.field))
        value = texts.get(violation.field, "")
        problem_found = problem(
            violation.id, where, field=field, value=value, suggestion=violation.proved, **violation.facts
        )
        if (kept := with_severity_of(problem_found, options.severities)) is not None:
            problems.append(kept)
    described = [message.head_fields, *([message.line_fields] * (len(read) - 1))]
    declared = (
        texts.get(field.name, "")
        for fields, (_, _, texts) in zip(described, read, strict=True)
        for field in fields
        if field.name not in _NOT_CONTENT
    )
    key = tuple(head.get(name, "") for name in message.key)
    return Record(
        message.code,
        key,
        head.get("guid", ""),
        head.get("appType", "1"),
        place,
        (place.row or 0,),
        "",
        digest_of(declared),
        tuple(problems),
        facts_if_complete(message.facts, head, [texts for _, _, texts in read[1:]]),
    )


def _unfit_values(
    message: MessageType, part: Part, texts: dict[str, str], tables: Tables
) -> Iterator[tuple[str, Wrong]]:
    """Values that do not fit their code table or closed list, which the schema does not know; the schema refuses the others itself."""
    checks = _checks(message.code, tables)
    for name, text in texts.items():
        wrong = checks[part, name](text) if text and (part, name) in checks else None
        if wrong is not None and wrong.id in _BEYOND_THE_SCHEMA:
            yield name, wrong


@kept_with_schemas
@lru_cache(maxsize=64)
def _checks(code: str, tables: Tables) -> dict[tuple[Part, str], Callable[[str], Wrong | None]]:
    message = message_types()[code]
    return {(field.part, field.name): fitting(field, tables) for field in (*message.head_fields, *message.line_fields)}


def _line_of(parent: etree._Element | None, name: str) -> int:
    child = parent.find(f"{{{CEB}}}{name}") if parent is not None else None
    return _line(child if child is not None else parent)


def _line(element: Any) -> int:
    return int(element.sourceline or 0) if element is not None else 0


def _texts(element: etree._Element | None) -> dict[str, str]:
    if element is None:
        return {}
    return {etree.QName(child).localname: stated(child) for child in element.iterchildren("*")}
