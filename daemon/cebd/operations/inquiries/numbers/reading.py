"""The numbers that a file asks about: all words of a text; of a workbook the cells of those columns that hold numbers we know.

| in a workbook | is asked about |
| --- | --- |
| a row with a known number | the one in the column with the most known numbers, else the first that is known |
| a row without | what stands in that column |
| no column with a known number | the column that looks most like numbers |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path

from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, kind_of
from cebd.documents.workbooks.own_marks import OWN_HEADING, OWN_SHEETS
from cebd.documents.workbooks.sheet import Sheet
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.intake.inboxes.wishes import as_text, may_be_a_number, words_of

MOST_NUMBERS = 50_000
_LARGEST_TEXT = 16_000_000  # bytes
_MOST_ROWS = 200_000
_SAMPLE = 300  # different texts of a column
_LONGEST = 80  # characters; no number is longer
_LIKE_A_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-./]{4,}")
_OF_A_LIST = re.compile(r"\d{1,2}\.?")  # `1.` before the first line of a list
_DIGITS_KEPT = 15  # by Excel, of a number that is no text

Known = Callable[[Collection[str]], Collection[str]]
"""Which of these numbers the store knows."""


@dataclass
class Numbers:
    """The numbers in the order in which they stand, each once. `left`: how many more there were; `cut`: those of which Excel has replaced
    digits by zeros, for the cell is a number; `words`: what was passed over because it is no number.
    """

    asked: list[str] = field(default_factory=list)
    left: int = 0
    cut: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)


def numbers_of(path: Path, name: str, known: Known) -> Numbers:
    """What the file asks about; `name` is its own name, if `path` has another. Raises Unreadable, OSError."""
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    if kind is Kind.EMPTY:
        raise refused("CEBD-1027")
    if kind is Kind.TEXT and Path(name).suffix.lower() not in (".csv", ".tsv", ".json", ".htm", ".html"):
        if path.stat().st_size > _LARGEST_TEXT:
            raise Unreadable(
                f"文件太大；一次最多问 {MOST_NUMBERS:,} 个编号 / it is too large: {MOST_NUMBERS:,} numbers are answered at once"
            )
        return _among(_words(path), known)
    if kind is Kind.XML and Path(name).suffix.lower() == ".xml":
        raise refused("CEBD-1024", "XML 文件", "an XML file")
    return _of_sheets(read_sheets(path, name), known)


def _words(path: Path) -> Iterator[str]:
    return (word[:_LONGEST] for word in words_of(as_text(path.read_bytes())))


def _among(words: Iterable[str], known: Known) -> Numbers:
    """Each once; a word that cannot be a number is none unless it is known."""
    different = list(dict.fromkeys(_as_known(list(words), known)))
    plain = [word for word in different if not may_be_a_number(word) or _OF_A_LIST.fullmatch(word)]
    there = set(known(plain)) if plain else set()
    asked = [word for word in different if word not in plain or word in there]
    passed = [word for word in plain if word not in there]
    return Numbers(asked[:MOST_NUMBERS], max(0, len(asked) - MOST_NUMBERS), words=passed)


def _as_known(words: Sequence[str], known: Known) -> Iterator[str]:
    """The words; one that nobody knows as it stands perhaps as it is known: half-width, in capitals, without the word that runs into it."""
    there = set(known(set(words)))
    spellings = {word: _spellings(word) for word in words if word not in there}
    others = set(known({other for some in spellings.values() for other in some})) if spellings else set()
    for word in words:
        yield next((other for other in spellings.get(word, ()) if other in others), word)


def _spellings(word: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKC", word)
    return [one for text in (plain, *_LIKE_A_NUMBER.findall(plain)) for one in (text, text.upper()) if one != word]


def _of_sheets(sheets: Sequence[Sheet], known: Known) -> Numbers:
    whole = Numbers()
    seen: set[str] = set()
    for sheet in sheets:
        columns = () if sheet.name in OWN_SHEETS else _columns(sheet, known)
        if not columns:
            continue
        for text, is_number in _picked(sheet, columns, known):
            if text in seen:
                continue
            seen.add(text)
            if len(whole.asked) == MOST_NUMBERS:
                whole.left += 1
                continue
            whole.asked.append(text)
            if is_number and len(text) > _DIGITS_KEPT and not text[_DIGITS_KEPT:].strip("0"):
                whole.cut.add(text)
    return whole


def _columns(sheet: Sheet, known: Known) -> list[int]:
    """The columns of numbers, the best first."""
    samples: list[dict[str, None]] = []
    is_alone = len(list(islice(sheet.rows(), 2))) == 1
    for row in islice(sheet.rows(), _MOST_ROWS):
        for index, cell in enumerate(row):
            while index >= len(samples):
                samples.append({})
            if len(samples[index]) < _SAMPLE and (text := _text(cell)):
                samples[index][text] = None
    there = set(known({text for sample in samples for text in sample}))
    hits = {index: sum(text in there for text in sample) for index, sample in enumerate(samples)}
    best = sorted((index for index in hits if hits[index]), key=lambda index: -hits[index])
    if is_alone:
        return [index for index, sample in enumerate(samples) if sample]
    if best:
        return best
    like = [
        sum(bool(_LIKE_A_NUMBER.fullmatch(text)) and may_be_a_number(text) for text in sample) for sample in samples
    ]
    return [like.index(max(like))] if any(like) else []


def _picked(sheet: Sheet, columns: Sequence[int], known: Known) -> Iterator[tuple[str, bool]]:
    """The number of each row, and whether its cell is a number."""
    rows: list[list[tuple[str, bool]]] = []
    for row in islice(sheet.rows(), _MOST_ROWS):
        cells = [row[index] if index < len(row) else "" for index in columns]
        if any(str(cell).startswith(OWN_HEADING) for cell in cells):
            continue  # headings of a receipt
        rows.append([(_text(cell), isinstance(cell, (int, float))) for cell in cells])
    there = set(known({text for row in rows for text, _ in row if text}))
    if len(rows) == 1:  # they stand side by side
        yield from (cell for cell in rows[0] if cell[0] in there or may_be_a_number(cell[0]))
        return
    for row in rows:
        told = next((cell for cell in row if cell[0] in there), row[0])
        if told[0] in there or may_be_a_number(told[0]):
            yield told


def _text(cell: object) -> str:
    """The cell as a number is written; empty for what is none."""
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return ""
    if isinstance(cell, (int, float)):
        return f"{Decimal(f'{cell:.{_DIGITS_KEPT}g}'):f}" if float(cell).is_integer() and abs(cell) < 1e30 else ""
    text = cell.strip()
    return text if len(text) <= _LONGEST and "\n" not in text else ""


__all__ = ["MOST_NUMBERS", "Numbers", "Unreadable", "numbers_of"]
