"""Remarks on each sheet of a drop: records by row, problems by cell and by row; and the texts that the workbook shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cebd.customs.customs_codes import for_people
from cebd.customs.statuses import is_customs_word
from cebd.declared.consequences import CONSEQUENCE_WORDS
from cebd.problems.problem import Problem
from cebd.problems.problem import problem as problem_of
from cebd.receipts.publishing.book.form import HEADINGS, may_be_changed
from cebd.receipts.publishing.book.styles import FORETOLD, WORDS
from cebd.receipts.publishing.numbers import number_headings, numbers_in
from cebd.receipts.publishing.receipt import Receipt, ReceiptRecord
from cebd.records.states import State

# Added to each state, so that nobody takes these for declarations to customs.
NOT_REAL = {"trial": "（试运行）", "test": "（联调）"}
EDITED = "修改未申报 edited, not declared"
_AS_IT_WOULD_BE = (State.READY, State.REPEAT)  # of a preview: the row shows what becomes of it
_ENDS = {"120": "已入库", "399": "已审结", "800": "已放行", "899": "已结关"}


@dataclass
class SheetRemarks:
    """The remarks on a sheet. `asking`: rows that differ from the declared record, with the problem that asks whether a change is meant.

    `type` is a message code; `environment` that of the store. Rows count from 1; cells are named like `C12`.
    """

    name: str | None = None
    type: str | None = None
    environment: str | None = None
    records: dict[int, ReceiptRecord] = field(default_factory=dict)
    asking: dict[int, Problem] = field(default_factory=dict)
    cells: dict[str, list[Problem]] = field(default_factory=dict)
    rows: dict[int, list[Problem]] = field(default_factory=dict)


def by_sheet(receipt: Receipt) -> dict[str | None, SheetRemarks]:
    """The remarks by sheet; all records of a file have the same type."""
    type_ = receipt.records[0].type if receipt.records else None
    sheets: dict[str | None, SheetRemarks] = {}

    def remarks_on(sheet: str | None) -> SheetRemarks:
        if sheet not in sheets:
            sheets[sheet] = SheetRemarks(sheet, type_, receipt.environment)
        return sheets[sheet]

    for record in receipt.records:
        remarks = remarks_on(record.place.sheet)
        for row in record.place.rows:
            remarks.records[row] = record
        question = may_be_changed(record) if record.problems else None
        if question is not None:
            remarks.asking |= dict.fromkeys(record.place.rows, question)
    for problem in _all_problems(receipt):
        place = problem.place
        if place.sheet is None:
            continue
        remarks = remarks_on(place.sheet)
        if place.cell:
            _note(remarks.cells.setdefault(place.cell, []), problem)
        if place.row:
            _note(remarks.rows.setdefault(place.row, []), problem)
    return sheets


def beside_record(record: ReceiptRecord, row: int | None = None, environment: str | None = None) -> dict[str, str]:
    """The texts of cebd's columns beside a record's row, by heading; see `row_texts`."""
    texts = dict(zip(HEADINGS, row_texts(record, row, environment), strict=True))
    headings = number_headings(record.type)
    if headings:
        numbers = numbers_in(record)
        texts |= {heading: numbers.get(name, "") for heading, name in headings.items()}
    return texts


def row_texts(
    record: ReceiptRecord, row: int | None = None, environment: str | None = None
) -> tuple[str, str, str, str]:
    """The texts of state, customs, time and problems. `row`: the row to be filled, where the record has several."""
    declared = record.declared
    customs = declared.customs if declared is not None else record.customs
    state = state_in_words(record, environment)
    word = time = ""
    if customs is not None:
        word = f"{customs.status} {customs.text_zh} {customs.text_en}"
        said = for_people(customs.info or "")
        word += f"\n{said}" if said else ""
        advice = customs.advice
        # A refusal's advice stands with the problem.
        if advice is not None and advice.next_zh and (declared or record).state is not State.REFUSED:
            word += f"\n{advice.next_zh}\n{advice.next_en}"
        time = (customs.time or "")[:19].replace("T", " ")
    elif record.consequence is not None:
        word = f"{record.consequence.zh}\n{record.consequence.en}"
    problems, sheet = record.problems, record.place.sheet
    if row is not None and len(record.place.rows) > 1:
        problems = tuple(problem for problem in problems if _shown_on(problem, record) == row)
        if record.problems and not problems:
            first = min(_shown_on(problem, record) for problem in record.problems)
            return state, word, time, f"见第 {first} 行 See row {first}"
    return state, word, time, in_column(problems, sheet)


def word_and_colour(record: ReceiptRecord) -> tuple[str, str]:
    """The word for the row's state, and its colour; an edited row shows the state of the record that was declared, a row of a preview what
    becomes of it.
    """
    outcome = record.declared or record
    if record.consequence is not None and record.state in _AS_IT_WOULD_BE:
        return FORETOLD[record.consequence.kind]
    word, colour = WORDS["cancelled" if outcome.cancelled else outcome.state]
    return _word_of_customs(record) or word, colour


def _word_of_customs(record: ReceiptRecord) -> str | None:
    """Of what ended at customs the word that customs have for it."""
    outcome = record.declared or record
    status = outcome.customs.status if outcome.customs is not None else ""
    if outcome.cancelled or not status:
        return None
    if outcome.state is State.REFUSED:
        return f"{'海关' if is_customs_word(record.type, status) else '电子口岸'}退单 {outcome.state}"
    if outcome.state is State.SUCCEEDED and status in _ENDS:
        return f"{_ENDS[status]} {outcome.state}"
    return None


def state_in_words(record: ReceiptRecord, environment: str | None) -> str:
    """The text of the state column."""
    words = word_and_colour(record)[0] + NOT_REAL.get(environment or "", "")
    if record.consequence is not None and record.state not in _AS_IT_WOULD_BE:
        return f"{words}\n{CONSEQUENCE_WORDS[record.consequence.kind]}"
    return f"{words}\n{EDITED}" if record.declared is not None else words


def in_column(problems: Sequence[Problem], sheet: str | None) -> str:
    """Every problem in two lines: the problem and what to do, Chinese before English; with its cell, and the sheet if it is another."""
    texts = []
    for problem in problems:
        place = problem.place
        cell = place.cell or ""
        if cell and place.sheet not in (sheet, None):
            cell = f"{place.sheet}!{cell}"
        texts.append(" ".join(filter(None, (problem.id, cell, f"{problem.zh}。{problem.fix_zh}"))))
        texts.append(f"{problem.en}. {problem.fix_en}")
        texts += suggestion_lines(problem)
    return "\n".join(texts)


def in_comment(problems: Sequence[Problem]) -> str:
    """The problems of a cell, each in lines of its own."""
    return "\n\n".join(
        "\n".join(
            (
                f"{problem.id} {problem.zh}",
                problem.fix_zh,
                problem.en,
                problem.fix_en,
                *suggestion_lines(problem),
            )
        )
        for problem in problems
    )


def suggestion_lines(problem: Problem) -> list[str]:
    """The value that was perhaps meant; the operator decides, cebd fills in nothing."""
    return [f"建议 suggestion: {problem.suggestion}"] if problem.suggestion else []


def _all_problems(receipt: Receipt) -> Iterator[Problem]:
    yield from receipt.problems
    for record in receipt.records:
        yield from record.problems
        yield from _edited_cells(record)


def _edited_cells(record: ReceiptRecord) -> Iterator[Problem]:
    """A notice on each cell of an edited row that differs, with the value that was declared."""
    for edit in record.declared.differs if record.declared is not None else ():
        if edit.place.cell:
            notice = problem_of("CEBD-1417", edit.place, declared=edit.declared or "（空 empty）")
            yield replace(notice, field=edit.field, value=edit.value)


def _note(problems: list[Problem], problem: Problem) -> None:
    if problem not in problems:
        problems.append(problem)


def _shown_on(problem: Problem, record: ReceiptRecord) -> int:
    """The row of the record that a problem is shown on: its own, else the first."""
    row, rows = problem.place.row, record.place.rows
    if row is not None and row in rows and problem.place.sheet == record.place.sheet:
        return row
    return rows[0]
