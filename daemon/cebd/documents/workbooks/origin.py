"""What a workbook says of itself: where it comes from, and who saved it last.

A receipt workbook has the subfolder of the inbox and the name of its original file, and says of which drop it is the receipt. This stands
among the workbook's own properties, which Excel, WPS and LibreOffice keep when they save, whatever kind they save as:

| kind | who saved it | properties of its own |
| --- | --- | --- |
| .xlsx, .xlsm, .et | docProps/core.xml | docProps/custom.xml |
| .ods | meta.xml | meta.xml |
| .xls, .et | SummaryInformation | DocumentSummaryInformation |
| XML Spreadsheet 2003 | DocumentProperties | - |

Anybody can write there; so it only selects: among the settings' mappings, like the name of a subfolder, and among drops that the store has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.clock import CST, iso
from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, kind_of
from cebd.documents.workbooks.own_marks import ORIGIN_FOLDER, ORIGIN_NAME, RECEIPT_OF
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.archive import Archive, opened
from cebd.messages.schema import NotXml, parse_xml
from cebd.plain import one_line
from cebd.records.saved import NOT_SAID, Saved

_MAX_NAME_CHARACTERS = 255  # a name in a folder
_MAX_PERSON_CHARACTERS = 60
_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
_IN_2003 = re.compile(rb"<(?:\w+:)?(LastAuthor|LastSaved)>([^<]{1,400})</")
_2003_BYTES = 16 << 10  # the properties come first
_KNOWN = (ORIGIN_FOLDER, ORIGIN_NAME, RECEIPT_OF)


@dataclass(frozen=True)
class Origin:
    """The subfolder of the inbox and the name, as far as they are known; `receipt_of`: of which drop it is the receipt (`receipt_mark`).
    `saved`: who saved it last.
    """

    folder: str | None = None
    name: str | None = None
    receipt_of: str | None = None
    saved: Saved = NOT_SAID

    def as_marks(self) -> dict[str, str]:
        """The origin as properties of a receipt workbook."""
        told = {ORIGIN_FOLDER: self.folder, ORIGIN_NAME: self.name, RECEIPT_OF: self.receipt_of}
        return {mark: text for mark, text in told.items() if text}


UNKNOWN_ORIGIN = Origin()


def receipt_mark(stem: str, sha256: str) -> str:
    """The mark of a drop in its receipt workbook: its stem, and the beginning of the digest of its file, which another store's lacks."""
    return f"{stem} {sha256[:16]}"


def origin_told_by(path: Path) -> Origin:
    """What the workbook says. A file that is no workbook, or has damaged properties, says nothing."""
    try:
        with path.open("rb") as start:
            head = start.read(HEAD_BYTES)
            match kind_of(head):
                case Kind.ZIP:
                    return _of_zip(path)
                case Kind.COMPOUND:
                    return _of_compound(path)
                case Kind.XML:
                    return _of_2003(head + start.read(_2003_BYTES - len(head)))
    except (Unreadable, NotXml, OSError, KeyError):
        pass
    return UNKNOWN_ORIGIN


def _of_zip(path: Path) -> Origin:
    with opened(path) as archive:
        parts = {name.casefold(): name for name in archive.names}
        if "meta.xml" in parts:
            return _of_ods(parse_xml(archive.small_part(parts["meta.xml"])))
        core, custom = (_part(archive, parts, f"docprops/{name}.xml") for name in ("core", "custom"))
    own = {}
    for one in () if custom is None else custom.iterchildren("{*}property"):
        own[one.get("name", "")] = "".join(str(piece) for piece in one.itertext())
    by, at = (None if core is None else core.findtext(f"{{*}}{name}") for name in ("lastModifiedBy", "modified"))
    return _origin(by, at, own)


def _part(archive: Archive, parts: Mapping[str, str], name: str) -> etree._Element | None:
    return parse_xml(archive.small_part(parts[name])) if name in parts else None


def _of_ods(root: etree._Element) -> Origin:
    own = {str(one.get(f"{{{_META}}}name")): one.text or "" for one in root.iter(f"{{{_META}}}user-defined")}
    by, at = (root.findtext(f".//{{http://purl.org/dc/elements/1.1/}}{name}") for name in ("creator", "date"))
    return _origin(by, at and f"{at[:19]}+08:00", own)  # by the clock of the computer that saved it


def _of_compound(path: Path) -> Origin:
    """[MS-OLEPS]. Of these formats there are damaged examples of every kind: whatever is found then, they say nothing."""
    import olefile

    try:
        with olefile.OleFileIO(path) as book:
            said: Any = book.getproperties("\x05SummaryInformation", convert_time=True)
            named: Any = book.get_userdefined_properties("\x05DocumentSummaryInformation")
    except Exception:
        return UNKNOWN_ORIGIN
    at = said.get(13)
    own = {_decoded(one["property_name"]): _decoded(one["value"]) for one in named}
    return _origin(_decoded(said.get(8)), at.replace(tzinfo=UTC).isoformat() if isinstance(at, datetime) else None, own)


def _decoded(value: object) -> str:
    if isinstance(value, bytes):
        try:
            return value.rstrip(b"\0").decode()
        except UnicodeDecodeError:
            return value.rstrip(b"\0").decode("gb18030", errors="replace")
    return "" if value is None else str(value).rstrip("\0")


def _of_2003(head: bytes) -> Origin:
    said = {name: unescape(text.decode(errors="replace")) for name, text in _IN_2003.findall(head)}
    return _origin(said.get(b"LastAuthor"), said.get(b"LastSaved"), {})


def _origin(by: str | None, at: str | None, own: Mapping[str, str]) -> Origin:
    told = {name: own[name].strip() for name in _KNOWN if 0 < len(own.get(name, "").strip()) <= _MAX_NAME_CHARACTERS}
    person = one_line((by or "").strip()[:_MAX_PERSON_CHARACTERS])
    try:
        moment = iso(datetime.fromisoformat((at or "").strip()).astimezone(CST))
    except (ValueError, OverflowError):
        moment = None
    return Origin(told.get(ORIGIN_FOLDER), told.get(ORIGIN_NAME), told.get(RECEIPT_OF), Saved(person or None, moment))
