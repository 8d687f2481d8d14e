"""A file from a seed: right, or with mistakes that are written down."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from corpus import (
    beside_data,
    cell_mistakes,
    form_mistakes,
    no_workbooks,
    number_mistakes,
    people_mistakes,
    rule_mistakes,
    sheet_mistakes,
)
from corpus.forms import FORMS, Form, lay_out
from corpus.kinds import Kind, Mark, NotHere, Planted, Planting
from corpus.layouts import Layout, groups_are_kept, lay_out_as
from corpus.sheets import MERGED, TEXTS, Book, Row, Sheet, letters
from corpus.writing import write

_MODULES = (
    cell_mistakes,
    number_mistakes,
    sheet_mistakes,
    rule_mistakes,
    people_mistakes,
    form_mistakes,
    no_workbooks,
    beside_data,
)
KINDS: tuple[Kind, ...] = tuple(kind for module in _MODULES for kind in module.KINDS)
_SUFFIXES = (*6 * (".xlsx",), ".xls", *3 * (".csv",))  # an .xls is read in a process of its own, which takes its time
_TRIES = 400


def wrong_file(folder: Path, seed: int, kind: Kind, more: int = 0) -> tuple[Path, list[Planted]]:
    """A file with a mistake of that kind, and up to `more` others beside it."""
    for attempt in range(_TRIES):
        rng = Random(f"{seed} {attempt}")
        suffixes = [one for one in _SUFFIXES if one in kind.suffixes] or kind.suffixes
        form, suffix = FORMS[rng.choice(list(FORMS))], rng.choice(suffixes)
        if not kind.fits(form, suffix) or (form.two_sheets and suffix in TEXTS):
            continue
        planting = _records(rng, seed, form, suffix)
        try:
            kind.plant(planting)
            _plant_others(planting, kind, more)
            book, found = _laid_out(planting)
        except NotHere:
            continue
        stem = f"w{seed:05d}"
        if _unspeakable(book):
            book.encoding = "utf-8"
        return write(book, folder, stem), [_named(one, book, kind.name, stem) for one in found]
    raise NotHere(kind.name)


def _plant_others(planting: Planting, kind: Kind, more: int) -> None:
    planted = 0
    for other in [] if kind.alone else planting.rng.sample(KINDS, more * 8):
        if planted < more and not other.alone and other.fits(planting.form, planting.suffix):
            try:
                other.plant(planting)
            except NotHere:
                continue
            planted += 1


def _laid_out(planting: Planting) -> tuple[Book, list[Planted]]:
    rng = planting.rng
    needed = frozenset(planting.needed)
    book = lay_out(planting.form, planting.records, rng, planting.suffix, needed, plain=rng.random() < 0.3)
    _decorate(book, planting, rng)
    found = [one for change in planting.afterwards for one in change(book)]
    _merge_heads(book, planting, rng)
    found += [_where(book, mark) for mark in planting.marks]
    return book, found


def right_file(folder: Path, seed: int) -> tuple[Path, int]:
    """A file with nothing wrong in it, and how many records it holds."""
    rng = Random(seed)
    form = FORMS[rng.choice(list(FORMS))]
    suffix = rng.choice(_SUFFIXES if not form.two_sheets else _SUFFIXES[:7])
    planting = _records(rng, seed, form, suffix)
    book = lay_out(form, planting.records, rng, suffix, frozenset(), plain=rng.random() < 0.3)
    _decorate(book, planting, rng)
    _merge_heads(book, planting, rng)
    return write(book, folder, f"r{seed:05d}"), len(planting.records)


def right_file_of(layout: Layout, folder: Path, seed: int) -> tuple[Path, int]:
    """A file in that layout with nothing wrong in it, and how many records it holds."""
    rng = Random(f"{layout.name} {seed}")
    suffix = rng.choice([one for one in _SUFFIXES if groups_are_kept(layout, one)])
    form = FORMS[layout.form]
    planting = _records(rng, seed, form, suffix)
    book = lay_out_as(layout, planting.records, rng, suffix)
    _decorate(book, planting, rng, titles=not layout.titles, plain=not layout.grouped)
    if not layout.grouped:
        _merge_heads(book, planting, rng)
    return write(book, folder, f"l{seed:05d}"), len(planting.records)


def _records(rng: Random, seed: int, form: Form, suffix: str) -> Planting:
    count = rng.randint(3, 30) if rng.random() < 0.2 else rng.randint(3, 8)
    start = seed * 100 % 10**7
    records = [form.make(rng, start + nth, rng.choice((1, 1, 2, 3))) for nth in range(count)]
    return Planting(form, records, rng, suffix)


def _decorate(book: Book, planting: Planting, rng: Random, *, titles: bool = True, plain: bool = True) -> None:
    """What real sheets have around and between their rows, and what means nothing: titles, blank rows, headings again."""
    for sheet in book.sheets:
        if titles and plain and rng.random() < 0.3:
            above = [Row([f"{planting.form.name} 2026-01"]), Row([])][: rng.randint(1, 2)]
            sheet.rows[:0] = above
            sheet.heading = len(above)
        if rng.random() < 0.2:
            starts = _starts(sheet)
            if starts:
                at = rng.choice(starts)
                sheet.rows.insert(at, Row([None] * len(sheet.keys)))
        if plain and rng.random() < 0.1:
            starts = _starts(sheet)
            if starts:
                at = rng.choice(starts)
                sheet.rows.insert(at, Row(list(sheet.rows[sheet.heading].cells)))
        if rng.random() < 0.2:
            sheet.rows += [Row(["", " ", None]), Row([])]
    _as_people_write(planting, rng, book)


def _as_people_write(planting: Planting, rng: Random, book: Book) -> None:
    """Days, times and codes of records that nothing is wrong with, in other words: they mean the same."""
    for sheet in book.sheets if rng.random() < 0.4 else ():
        for row in sheet.data():
            if row.record in planting.spoiled:
                continue
            for column, key in enumerate(sheet.keys[: len(row.cells)]):
                if key is not None:
                    row.cells[column] = _in_other_words(key[1], row.cells[column])


def _in_other_words(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name in ("declTime", "ieDate") and re.fullmatch(r"20\d{6}", value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if name in ("payTime", "logisticsTime") and re.fullmatch(r"20\d{12}", value):
        return f"{value[:4]}/{int(value[4:6])}/{int(value[6:8])} {int(value[8:10])}:{value[10:12]}:{value[12:]}"
    return {"unit": {"122": "122 罐", "140": "140-盒"}, "country": {"116": "116 日本"}}.get(name, {}).get(value, value)


def _starts(sheet: Sheet) -> list[int]:
    """The indexes of rows where another record begins."""
    return [
        at
        for at in range(sheet.heading + 2, len(sheet.rows))
        if sheet.rows[at].record is not None and sheet.rows[at].record != sheet.rows[at - 1].record
    ]


def _merge_heads(book: Book, planting: Planting, rng: Random) -> None:
    """Cells of the head merged over the goods lines of one record."""
    for sheet in book.sheets if book.suffix in MERGED and rng.random() < 0.2 else ():
        _merge_heads_of(sheet, planting, rng)


def _merge_heads_of(sheet: Sheet, planting: Planting, rng: Random) -> None:
    for number, record in enumerate(planting.records):
        rows = [at for at, row in enumerate(sheet.rows) if row.record == number]
        whole = rows and rows == list(range(rows[0], rows[-1] + 1))
        if not whole or len(rows) < 2 or number in planting.spoiled or record.rows or rng.random() < 0.5:
            continue
        for column, key in enumerate(sheet.keys):
            # What counts once is left alone: a merged amount is told per order only by the settings.
            if key is not None and key[0] == "head":
                sheet.merged.append((column, rows[0] + 1, rows[-1] + 1))
                for at in rows[1:]:
                    sheet.rows[at].cells[column] = None


def _where(book: Book, mark: Mark) -> Planted:
    found = book.find(mark.key[0], mark.record, mark.line, mark.key[1])
    if found is None:
        raise NotHere(mark.id)
    sheet, row, column = found
    return Planted("", mark.id, sheet.name, row, f"{letters(column)}{row}", mark.suggestion)


def _named(planted: Planted, book: Book, kind: str, stem: str) -> Planted:
    is_text = book.suffix in TEXTS and len(book.sheets) == 1
    sheet = stem if is_text and planted.sheet is not None else planted.sheet
    return Planted(kind, planted.id, sheet, planted.row, planted.cell, planted.suggestion, planted.known)


def _unspeakable(book: Book) -> bool:
    """Whether GB 18030 cannot carry a sign that was planted."""
    try:
        "".join(str(cell) for row in book.sheets[0].rows for cell in row.cells).encode("gb18030")
    except UnicodeEncodeError:
        return True
    return False
