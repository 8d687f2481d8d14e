"""The origin of a file: its subfolder of the inbox, and its name. A receipt workbook has the origin of its original file.

It stands among the workbook's own properties (docProps/custom.xml), which Excel, WPS and LibreOffice keep when they save. Anybody can
write there; so it only selects among the settings' mappings, like the name of a subfolder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, kind_of
from cebd.documents.workbooks.own_marks import ORIGIN_FOLDER, ORIGIN_NAME
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.archive import opened
from cebd.messages.schema import NotXml, parse_xml

_PART = "docprops/custom.xml"
_MAX_NAME_CHARACTERS = 255  # a name in a folder


@dataclass(frozen=True)
class Origin:
    """The subfolder of the inbox and the name, as far as they are known."""

    folder: str | None = None
    name: str | None = None

    def as_marks(self) -> dict[str, str]:
        """The origin as properties of a receipt workbook."""
        told = {ORIGIN_FOLDER: self.folder, ORIGIN_NAME: self.name}
        return {mark: text for mark, text in told.items() if text}


UNKNOWN_ORIGIN = Origin()


def origin_told_by(path: Path) -> Origin:
    """The origin in the workbook. A file that is not a receipt workbook, or has damaged properties, has none."""
    try:
        with path.open("rb") as start:
            if kind_of(start.read(HEAD_BYTES)) is not Kind.ZIP:
                return UNKNOWN_ORIGIN
        told = _properties(path)
    except (Unreadable, NotXml, OSError, KeyError):
        return UNKNOWN_ORIGIN
    return Origin(told.get(ORIGIN_FOLDER), told.get(ORIGIN_NAME))


def _properties(path: Path) -> dict[str, str]:
    with opened(path) as archive:
        part = next((name for name in archive.names if name.casefold() == _PART), None)
        if part is None:
            return {}
        root = parse_xml(archive.small_part(part))
    texts = {}
    for one in root.iterchildren("{*}property"):
        text = "".join(str(piece) for piece in one.itertext()).strip()
        if 0 < len(text) <= _MAX_NAME_CHARACTERS:
            texts[one.get("name", "")] = text
    return texts
