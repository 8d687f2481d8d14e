"""Opening a file: its kind told by its content, its columns by the settings, its records read as they are asked for."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import Clock
from cebd.config import Enterprise, Mapping, Settings
from cebd.documents.columns import NotRecognised, recognise, recognise_further
from cebd.documents.record import Record
from cebd.documents.records import RecordReader, Terms
from cebd.documents.workbook import SUFFIXES, Unreadable, read_sheets
from cebd.documents.xml_drop import XmlDrop, read_xml_drop
from cebd.messages.description import MessageType, declarations, message_type
from cebd.rules.problem import Place, Problem, problem


@dataclass(frozen=True)
class Reader:
    """The records of one file, read as they are asked for; `problems` is complete once they all were."""

    type: MessageType | None
    records: Iterable[Record]
    problems: list[Problem]
    xml: XmlDrop | None = None


def open_file(
    path: Path,
    settings: Settings,
    enterprise: Enterprise,
    clock: Clock,
    hint: str | None = None,
    name: str | None = None,
) -> Reader:
    """Read a file whose kind is told by its content. `hint` is the inbox subfolder: a message or a mapping of the settings.
    `name` is what the operator called the file (mappings go by it), where `path` calls it otherwise.

    Raises Unreadable.
    """
    with path.open("rb") as opened:
        head = opened.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<?xml") or path.suffix.lower() == ".xml":
        drop = read_xml_drop(path.read_bytes(), terms(settings, enterprise, None, None))
        return Reader(drop.type, drop.records, drop.problems, drop)
    if path.suffix.lower() not in SUFFIXES:
        raise Unreadable(
            f"{path.suffix or '?'}: 只接受 .xlsx .xls .csv .xml / only .xlsx, .xls, .csv and .xml are read"
        )
    sheets = read_sheets(path, name)
    wanted, mappings = _wanted(settings, enterprise, name or path.name, hint)
    try:
        layout = recognise(sheets, wanted, mappings)
    except NotRecognised:
        return Reader(None, [], [problem("CEBD-1002"), *(note for sheet in sheets for note in sheet.notes)])
    more, problems = recognise_further(sheets, layout, mappings)
    reading = terms(settings, enterprise, layout.type, mappings.get(layout.type.code))
    readers = [RecordReader(one, reading, clock.now()) for one in (layout, *more)]
    problems += [found for reader in readers for found in (*reader.notes, *reader.file_problems)]
    return Reader(layout.type, _records(readers, problems), problems)


def cannot_be_read(error: Unreadable) -> Problem:
    """The problem of a file that cannot be read at all; its reason is said in Chinese and English, parted by ` / `."""
    zh, _, en = str(error).partition(" / ")
    return problem("CEBD-1001", reason_zh=zh, reason_en=en or zh)


def _records(readers: list[RecordReader], problems: list[Problem]) -> Iterator[Record]:
    """The records of every sheet that declares; what comes to light only while they are read is added to `problems`."""
    for reader in readers:
        said, count = len(reader.file_problems), 0
        for count, record in enumerate(reader.records(), 1):  # noqa: B007
            yield record
        problems += reader.file_problems[said:]
        if not count and len(readers) > 1:
            sheet = reader.layout.head.sheet.name
            problems.append(problem("CEBD-1019", Place(sheet, reader.layout.head.heading_row), value=sheet))


def terms(settings: Settings, enterprise: Enterprise, message: MessageType | None, mapping: Mapping | None) -> Terms:
    """What the settings say about reading this kind of record."""
    defaults: dict[str, str] = {}
    if message is not None:
        for name in (message.code, message.name):
            defaults |= enterprise.defaults.get(name or "", {})
    if mapping is not None:
        defaults |= mapping.defaults
    return Terms(defaults, mapping.sum_per_order if mapping else (), settings.rules)


def _wanted(
    settings: Settings, enterprise: Enterprise, name: str, hint: str | None
) -> tuple[MessageType | None, dict[str, Mapping]]:
    if hint is not None and hint in settings.mapping:
        mapping = settings.mapping[hint]
        message = message_type(mapping.type)
        return message, {message.code: mapping}
    mappings: dict[str, Mapping] = {}
    for one in enterprise.mapping:
        mapping = settings.mapping[one]
        if any(fnmatch.fnmatch(name, pattern) for pattern in mapping.files):
            mappings.setdefault(message_type(mapping.type).code, mapping)
    if hint is not None:
        for message in declarations():
            if hint in (message.name, message.code):
                return message, mappings
    return None, mappings
