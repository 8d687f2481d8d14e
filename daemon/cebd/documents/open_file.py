"""Opening a file: its content tells its kind, the settings its columns; its records are read as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread

from cebd.decisions.decision import NO_ANSWERS, Answers, in_force
from cebd.decisions.found import NOTHING_FOUND, Found
from cebd.decisions.layout_sheet import SHEETS as LAYOUT_SHEETS
from cebd.decisions.layout_sheet import read_layout
from cebd.decisions.sheet import SHEETS as DECISIONS_SHEETS
from cebd.decisions.sheet import read_sheet
from cebd.documents.proposing.asking import Asking
from cebd.documents.reading.layouts import NotRecognised, recognise, recognise_further, recognise_hidden
from cebd.documents.reading.only_tells import Told, told_of
from cebd.documents.reading.options import ColumnMapping, ReadingOptions, RecordOptions
from cebd.documents.reading.places import NO_PLACES, Places
from cebd.documents.reading.records import RecordReader
from cebd.documents.reading.rows.linking import linking_names
from cebd.documents.reading.rows.skipped import above_the_headings, is_blank
from cebd.documents.reading.split_addresses import with_whole_addresses
from cebd.documents.reading.xml.addressed import of_another
from cebd.documents.reading.xml.limits import message_bytes
from cebd.documents.reading.xml.message import XmlDrop, read_xml_drop
from cebd.documents.said_of_file import defaults_of_record, is_known, record_options, said_of
from cebd.documents.workbooks.accepted import is_message
from cebd.documents.workbooks.entered import EnteredSheet
from cebd.documents.workbooks.origin import origin_told_by
from cebd.documents.workbooks.own_marks import tells_only
from cebd.documents.workbooks.sheet import Sheet
from cebd.documents.workbooks.sheets import hidden_sheets, read_sheets
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.enterprise import Enterprise
from cebd.messages.description import MessageType, declarations, message_type
from cebd.messages.schema import DocumentType, refuse_document_type
from cebd.problems.problem import Place, Problem, problem
from cebd.records.original_list import OriginalList
from cebd.records.record import Record
from cebd.records.saved import Saved
from cebd.rules.business import has_rules

_NO_MAPPINGS: Mapping[str, ColumnMapping] = {}


@dataclass(frozen=True)
class Reader:
    """The records of a file, read lazily; `problems` is complete once all records were read. `found`: what people decide in it."""

    type: MessageType | None
    records: Iterable[Record]
    problems: list[Problem]
    xml: XmlDrop | None = None
    places: Places = NO_PLACES
    found: Found = NOTHING_FOUND
    readers: Sequence[RecordReader] = ()

    def with_list(self, record: Record, original: OriginalList) -> Record:
        """The record, which asks for its list, read again with what that says."""
        reader = next(reader for reader in self.readers if reader.is_asking(record))
        return reader.with_list(record, original)


def open_file(
    path: Path,
    options: ReadingOptions,
    enterprise: Enterprise,
    now: datetime,
    inbox_folder: str | None = None,
    name: str | None = None,
    *,
    gather: bool = False,
    few: Sequence[Sheet] | None = None,
) -> Reader:
    """Read a file; its content tells its kind. `inbox_folder` may name a message or a mapping of the settings, which then fixes how the
    file is read. `name` is the operator's file name (mappings go by it), if `path` has another.

    `few`: rows of the file that are read, and nothing else of it.

    A receipt workbook that is dropped again is read with the mapping of its original file, unless its subfolder names another.

    Raises Unreadable. Its records raise NumberComesBack if rows of a record are separated and not gathered.
    """
    if is_message(path):
        return _open_message(path, options, enterprise, now)
    sheets = list(few) if few is not None else _read_sheets(path, name, of_any_kind=inbox_folder is None)
    unseen = [] if few is not None else hidden_sheets(path, name)
    if tells_only([sheet.name for sheet in sheets]):
        raise Unreadable(problem("CEBD-1059", value=name or path.name))
    origin = origin_told_by(path)
    if origin.folder is not None and not is_known(options, inbox_folder):
        if not is_known(options, origin.folder):
            return Reader(None, [], [problem("CEBD-1034", value=origin.folder)])
        inbox_folder = origin.folder
    told = next((sheet for sheet in sheets if sheet.name in LAYOUT_SHEETS.values()), None)
    if told is not None:
        return _layout_told(told, origin.saved)
    entered, file_name = sheets[0].entered if sheets else None, origin.name or name or path.name
    wanted: MessageType | None
    if entered is not None:  # they say themselves what they are
        wanted, mappings = entered.type, _NO_MAPPINGS
    else:
        wanted, mappings = said_of(sheets, options, enterprise, file_name, inbox_folder)
    is_told = entered is not None or bool(mappings)
    telling: list[Told] = [] if is_told or wanted is not None else told_of(sheets)
    sheets, unseen = _without(sheets, telling), _without(unseen, told_of(unseen))
    asks = Asking(file_name, options.layouts, is_told)

    def links(message: MessageType) -> tuple[str, ...]:
        return linking_names(message, defaults_of_record(enterprise, message, mappings.get(message.code)))

    try:
        layout = recognise(sheets, wanted, mappings, links)
    except NotRecognised:
        if telling:
            raise Unreadable(telling[0].as_file(file_name)) from None
        return _not_recognised(sheets, asks, recognise_hidden(unseen, (), mappings, links))
    not_its_matter = _not_its_matter(layout.type, enterprise)
    if not_its_matter:
        return Reader(None, [], not_its_matter)
    layout.head.sheet.refuse_swallowed(layout.head.heading_row, layout.head.numbers)
    more, problems = recognise_further(sheets, layout, mappings, links)
    problems += recognise_hidden(unseen, (layout.type,), mappings, links)
    answers, unclear = _answers(sheets, origin.saved)
    problems += unclear
    if (own := options.of_file.answers).told:
        answers = Answers((*answers.told, *own.told), own.who, own.at)
    decisions = in_force(options.remembered, answers)
    reading = record_options(options, enterprise, layout.type, mappings.get(layout.type.code), decisions)
    layouts = [*map(with_whole_addresses, (layout, *more))]
    readers = [RecordReader(declaring, reading, now, gather=gather) for declaring in layouts]
    problems += [one.beside() for one in telling]
    problems += [found for declaring in layouts for found in above_the_headings(declaring)]
    problems += _no_rules(layout.type)
    problems += [found for reader in readers for found in (*reader.notes, *reader.file_problems)]
    places = Places({part.sheet.name: part.columns for declaring in layouts for part in declaring.parts})
    records = _records(readers, problems)
    records = records if entered is None else _told_apart(records, entered)
    proposal, said = asks.of_incomplete(sheets, problems)
    problems += said
    return Reader(layout.type, records, problems, places=places, found=Found(answers, proposal), readers=readers)


def _without(sheets: Sequence[Sheet], telling: Sequence[Told]) -> list[Sheet]:
    """The sheets that may declare something."""
    return [sheet for sheet in sheets if not any(one.sheet is sheet for one in telling)]


def _not_recognised(sheets: Sequence[Sheet], asks: Asking, hidden: list[Problem]) -> Reader:
    """The problems of a workbook in which nobody knows the headings. Raises Unreadable."""
    for sheet in sheets:
        sheet.refuse_swallowed(0, ())
    notes = [note for sheet in sheets for note in sheet.notes]
    proposal, said = asks.of_unknown(sheets)
    is_empty = all(is_blank(cell) for sheet in sheets for row in sheet.rows() for cell in row)
    first = problem("CEBD-1083" if is_empty else "CEBD-1002")
    return Reader(None, [], [first, *said, *hidden, *notes], found=Found(proposal=proposal))


def _open_message(path: Path, options: ReadingOptions, enterprise: Enterprise, now: datetime) -> Reader:
    drop = _message(path, record_options(options, enterprise, None, None), now)
    if drop.root is not None:
        drop.problems.extend(of_another(drop.root, enterprise))
    if drop.type is not None:
        drop.problems.extend(_not_its_matter(drop.type, enterprise))
    drop.problems.extend(_no_rules(drop.type))
    return Reader(drop.type, drop.records, drop.problems, drop)


def _layout_told(sheet: Sheet, saved: Saved) -> Reader:
    """Of the workbook that says what the headings of other files mean."""
    read = read_layout(sheet.rows(), saved.by or "", saved.at or "", sheet.name)
    if read.layout is None:
        return Reader(None, [], list(read.problems))
    if not read.layout.type:
        return Reader(None, [], [problem("CEBD-1097", value=read.layout.name)], found=Found(layout=read.layout))
    message = message_type(read.layout.type)
    told = problem("CEBD-1094", value=read.layout.name, zh=message.zh, en=message.en)
    return Reader(None, [], [told], found=Found(layout=read.layout))


def _answers(sheets: Iterable[Sheet], saved: Saved) -> tuple[Answers, Sequence[Problem]]:
    """What the workbook's sheet of decisions says, and what on it is not clear."""
    sheet = next((sheet for sheet in sheets if sheet.name in DECISIONS_SHEETS.values()), None)
    if sheet is None:
        return NO_ANSWERS, ()
    read = read_sheet(sheet.rows(), sheet.name)
    return Answers(read.told, saved.by or "", saved.at or ""), read.problems


def _not_its_matter(message: MessageType, enterprise: Enterprise) -> list[Problem]:
    """The error that the enterprise does not declare such documents, if its settings say what it declares."""
    if not enterprise.declares or message.role != "declaration":
        return []
    if message.code in enterprise.declares or message.name in enterprise.declares:
        return []
    name = message.name or message.code
    who = enterprise.name
    return [problem("CEBD-1039", value=message.code, enterprise=who, zh=message.zh, en=message.en, name=name)]


def _no_rules(message: MessageType | None) -> list[Problem]:
    """The notice that these declarations have no business rules: only their form is checked."""
    if message is None or message.role != "declaration" or has_rules(message.code):
        return []
    return [problem("CEBD-1036", value=message.code, zh=message.zh, en=message.en)]


def _read_sheets(path: Path, name: str | None, *, of_any_kind: bool) -> list[Sheet]:
    """The sheets. Descriptions of all they may declare are read meanwhile: once in a process, but then it takes a third of a second."""
    if not of_any_kind:
        return read_sheets(path, name)
    described = Thread(target=declarations, name="descriptions")
    described.start()
    try:
        return read_sheets(path, name)
    finally:
        described.join()


def _message(path: Path, reading: RecordOptions, now: datetime) -> XmlDrop:
    content = message_bytes(path)
    try:
        refuse_document_type(content)
        return read_xml_drop(content, reading, now)
    except DocumentType:
        raise refused(
            "CEBD-1025", "XML 中有文档类型声明（DTD）", "a document type declaration (DTD) in the XML"
        ) from None
    except Unreadable as error:
        raise refused("CEBD-1026", error.reason_zh, error.reason_en) from None


def _records(readers: list[RecordReader], problems: list[Problem]) -> Iterator[Record]:
    """The records of every sheet with a declaration; problems that appear during reading are added to `problems`."""
    for reader in readers:
        said, count = len(reader.file_problems), 0
        for count, record in enumerate(reader.records(), 1):  # noqa: B007
            yield record
        problems += reader.file_problems[said:]
        if not count and len(readers) > 1:
            sheet = reader.layout.head.sheet.name
            problems.append(problem("CEBD-1019", Place(sheet, reader.layout.head.heading_row), value=sheet))


def _told_apart(records: Iterable[Record], entered: EnteredSheet) -> Iterator[Record]:
    """The records; one of rows of several documents, or of a part of one, is kept back: its rows went by a number."""
    for record in records:
        if entered.is_whole(record.rows):
            yield record
        else:
            kept_back = record._replace(asks=None)  # read again, it would lose what is said of it here
            yield kept_back.with_problems(problem("CEBD-1086", record.place, value=record.number))
