"""What a file with unknown headings may be: which document, and which field each of its columns has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from cebd.decisions.layout import NO_DRIFT, PIECE, Certainty, Drift, KnownLayout, Proposal, ProposedColumn, numbered
from cebd.documents.proposing.evidence import FieldsOf, Likeness, fields_of
from cebd.documents.proposing.words import meanings
from cebd.documents.reading.cells.head_defaults import default_of
from cebd.documents.reading.grouped_headings import HeadingCells, heading_cells, is_under_its_groups
from cebd.documents.reading.split_addresses import pieces_among
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, OWN_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import Field, MessageType, declarations

_ADDRESS = "/consigneeAddress"
_ROWS_LOOKED_AT = 200
_SAMPLES = 3
_MIN_LIKENESS = 0.42
_MIN_HEADINGS, _MAX_HEADINGS = 3, 250
_AS_LIKELY = 0.9  # of the best document's likeness: then a person is asked which it is


class _Table(NamedTuple):
    """The headings of a sheet with their columns, and the rows below. `cells`: the row of headings, with the groups above them."""

    sheet: Sheet
    headings: list[tuple[int, str]]
    cells: HeadingCells
    rows: Sequence[Sequence[object]]

    def column(self, index: int) -> list[object]:
        return [row[index] if index < len(row) else "" for row in self.rows]

    def said(self, index: int, name: str) -> list[str]:
        """What that heading says: in a group with the group before it, and alone where it stands once."""
        text, group = self.cells.texts[index], self.cells.groups.get(index)
        if group is None or name == text:
            return [name]
        return [f"{group}{text}", *([text] if self.cells.texts.count(text) == 1 else [])]


def proposal_of(name: str, sheets: Iterable[Sheet], known: Sequence[KnownLayout]) -> Proposal | None:
    """What the file may be; None where no sheet has headings. `known`: layouts that people told before, whose headings are evidence."""
    tables = [table for sheet in sheets if (table := _table(sheet)) is not None]
    if not tables:
        return None
    table = max(tables, key=lambda one: (len(one.headings), len(one.rows)))
    names = numbered([text for _, text in table.headings])
    drift_of, drift = _nearest(names, known)
    chosen = [(message, *_assigned(fields_of(message.code), table, known)) for message in declarations()]
    likely = max(likeness for _, _, likeness in chosen)
    types = sorted((one for one in chosen if one[2] > 0 and one[2] >= likely * _AS_LIKELY), key=lambda one: -one[2])
    found = types[0][1] if types else {}
    pieces: Collection[int] = ()
    if any(field.endswith(_ADDRESS) for field, _ in found.values()):
        pieces = pieces_among({index: text for index, text in table.headings if index not in found})
    columns = []
    for (index, _), heading in zip(table.headings, names, strict=True):
        samples = tuple(dict.fromkeys(_shown(cell)[:40] for cell in table.column(index) if cell not in ("", None)))
        field, like = found.get(index, (None, None))
        certainty = Certainty.UNKNOWN
        if index in pieces:
            field, certainty = PIECE, Certainty.SURE
        if like is not None:
            certainty = Certainty.SURE if like.sure else Certainty.PROPOSED
        columns.append(ProposedColumn(index, heading, samples[:_SAMPLES], certainty, field))
    return Proposal(
        name, table.sheet.name, tuple(message.code for message, _, _ in types), tuple(columns), drift_of, drift
    )


def _shown(cell: object) -> str:
    """The cell as a person sees it: whole numbers without a point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def layout_of(sheets: Iterable[Sheet], known: Sequence[KnownLayout]) -> KnownLayout | None:
    """The layout by whose headings the file is known: all of them are there, and no other."""
    if not known:
        return None
    for sheet in sheets:
        grouped = (cells.names for cells in heading_cells(sheet))
        for headings in map(_texts, (*grouped, *sheet.top)):  # of those told before, a heading may lack its group
            if len(headings) < _MIN_HEADINGS:
                continue
            names = numbered([text for _, text in headings])
            for layout in reversed(known):
                if layout.drift(names).is_none:
                    return layout
    return None


def has_drifted(sheets: Iterable[Sheet], known: Sequence[KnownLayout]) -> bool:
    """Whether the headings are nearly those of a known layout."""
    tables = (_table(sheet) for sheet in sheets) if known else ()
    rows = (numbered([text for _, text in table.headings]) for table in tables if table is not None)
    return any(_nearest(names, known)[0] for names in rows)


def _table(sheet: Sheet) -> _Table | None:
    """The headings of a sheet: of its first rows the one that says most of what headings say, else the first full one."""
    best: tuple[float, int] | None = None
    rows_of_headings = heading_cells(sheet)
    for number, headings in enumerate(rows_of_headings, 1):
        texts = _texts(headings.names)
        said = [text for _, text in texts if not _is_a_number(text)]
        if not _MIN_HEADINGS <= len(said) <= _MAX_HEADINGS or len(set(said)) < 0.7 * len(texts):
            continue
        if sum(1 for _, text in texts if any(map(str.isdigit, text))) > len(texts) / 2:
            continue  # data: a file without headings
        weight = sum(1.0 if meanings(text).known else 0.01 for text in said)
        is_lower_part = (
            best is not None and best[1] == number - 1 and is_under_its_groups(headings, sheet.top[number - 1])
        )
        if best is None or weight > best[0] * (1.0 if is_lower_part else 1.2):
            best = (weight, number)
    if best is None:
        return None
    _, number = best
    rows = list(islice(sheet.rows(), number, number + _ROWS_LOOKED_AT))
    filled = [row for row in rows if any(cell not in ("", None) for cell in row)]
    headings = rows_of_headings[number - 1]
    return _Table(sheet, _texts(headings.names), headings, filled)


def _texts(row: Sequence[object]) -> list[tuple[int, str]]:
    """The headings of a row by column; those of our own are none."""
    texts = [(index, str(cell).strip()) for index, cell in enumerate(row) if cell not in ("", None)]
    return [(at, text) for at, text in texts if text not in ("", CHANGE_HEADING) and not text.startswith(OWN_HEADING)]


def _is_a_number(text: str) -> bool:
    return text.replace(".", "", 1).replace(",", "").isdigit()


_Assigned = dict[int, tuple[str, Likeness]]


def _assigned(fields: FieldsOf, table: _Table, known: Sequence[KnownLayout]) -> tuple[_Assigned, float]:
    """The field of each column, the likeliest first, each field once; and how likely the whole is: what is needed and not there counts
    against it."""
    earlier = {
        heading.rpartition("#")[0] or heading: path
        for layout in known
        if layout.type == fields.message.code
        for heading, path in layout.columns.items()
    }
    claims = []
    for index, name in table.headings:
        cells, said = table.column(index), table.said(index, name)
        for nth, field in enumerate(fields.fields):
            like = max(fields.likeness(field, text, cells, earlier.get(name)) for text in said)
            if like.score >= _MIN_LIKENESS:
                claims.append((like, -index, -nth, field))
    claims.sort(key=lambda claim: (claim[0].score, claim[0].sure, claim[1], claim[2]), reverse=True)
    found: _Assigned = {}
    taken: dict[str, int] = {}
    rivals: set[str] = set()
    for like, minus_index, _, field in claims:
        index, path = -minus_index, fields.path(field)
        if index in found:
            continue
        if path in taken:
            if like.sure:
                rivals.add(path)
            continue
        found[index] = (path, like)
        taken[path] = index
    for index, (path, like) in found.items():
        if path in rivals:  # two columns name it
            found[index] = (path, like._replace(sure=False))
    return found, _likeliness(fields, found)


def needed_and_missing(message: MessageType, paths: Collection[str]) -> list[Field]:
    """The fields that such a document needs and none of these paths (`OrderHead/orderNo`) is."""
    fields = fields_of(message.code)
    needed = [field for field in fields.fields if field.required and not default_of(message, field)]
    return [field for field in needed if fields.path(field) not in paths]


def _likeliness(fields: FieldsOf, found: _Assigned) -> float:
    missing = needed_and_missing(fields.message, {path for path, _ in found.values()})
    return max(0.0, sum(like.score for _, like in found.values()) - 0.4 * len(missing))


def _nearest(names: Sequence[str], known: Sequence[KnownLayout]) -> tuple[str, Drift]:
    """The layout that has most of these headings, and how they differ."""
    best, drift = "", NO_DRIFT
    most = 0.6
    for layout in known:
        differs = layout.drift(names)
        shared = len(names) - len(differs.new)
        share = shared / max(len(names) + len(differs.gone), 1)
        if share >= most:
            best, drift, most = layout.name, differs, share
    return best, drift
