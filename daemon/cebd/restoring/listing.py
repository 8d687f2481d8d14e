"""The workbook of rows that a person decides about, in the outbox of their enterprise."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill

from cebd.cell_names import column_letters
from cebd.clock import Clock
from cebd.disk.files import write_file
from cebd.messages.description import message_types
from cebd.problems.problem import problem
from cebd.store.across.undecided import UndecidedRecord, undecided_records
from cebd.store.transaction import Transaction

HEADINGS = (
    ("文件 file", 28),
    ("工作表 sheet", 12),
    ("行 row", 7),
    ("类型 type", 10),
    ("单号 number", 24),
    ("其它编号 rest of the key", 28),
    ("报文 message guid", 40),
    ("已知 what is known", 60),
    ("决定 what to do", 60),
)


def list_undecided(transaction: Transaction, folders: Mapping[str, Path], clock: Clock) -> list[Path]:
    """Write a workbook for each enterprise with such rows; returns their paths. `folders`: by enterprise. Raises OSError."""
    written = []
    undecided = undecided_records(transaction)
    for name, folder in folders.items():
        rows = [row for row in undecided if row.enterprise == name]
        if rows:
            path = folder / "outbox" / f"恢复后待核实-{clock.now():%Y%m%d-%H%M}.xlsx"
            write_file(path, _workbook(rows), within=folder)
            written.append(path)
    return written


def _workbook(rows: list[UndecidedRecord]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101
    sheet.title = "待核实"
    sheet.append([heading for heading, _ in HEADINGS])
    doubt = problem("CEBD-2120")
    for record in rows:
        number, *rest = _number_first(record)
        place = (record.file, record.sheet or "", record.row, record.type, number, " ".join(rest), record.message_guid)
        sheet.append([_as_text(value) for value in (*place, f"{doubt.zh} {doubt.en}", doubt.fix_zh)])
    for column, (_, width) in enumerate(HEADINGS, 1):
        sheet.column_dimensions[column_letters(column - 1)].width = width
        sheet.cell(1, column).font = Font(bold=True)
        sheet.cell(1, column).fill = PatternFill("solid", fgColor="FFD699")
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, str):
                cell.data_type = "s"  # never a formula
    sheet.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _number_first(record: UndecidedRecord) -> tuple[str, ...]:
    """The business key, the number that people know it by before registration codes."""
    names = message_types()[record.type].key
    paired = list(zip(names, record.key, strict=False))
    numbers = [text for name, text in paired if not name.endswith("Code")]
    return (*numbers, *(text for name, text in paired if name.endswith("Code"))) or record.key


def _as_text(value: object) -> object:
    return "".join(letter for letter in value if letter.isprintable()) if isinstance(value, str) else value
