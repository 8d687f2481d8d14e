"""Remarks on each sheet of a drop: records by row, problems by cell and by row; and the texts that the workbook shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from cebd.customs.customs_codes import for_people
from cebd.customs.statuses import is_customs_word
from cebd.problems.problem import Place, Problem
from cebd.problems.problem import problem as problem_of
from cebd.receipts.publishing.book.form import ShownColumns, may_be_changed
from cebd.receipts.publishing.book.numbers import number_headings, numbers_in
from cebd.receipts.publishing.book.own_columns import Language, Own, in_language
from cebd.receipts.publishing.book.styles import AS_SKIPPED, FORETOLD, MOST_LINES, WORDS, StateWord, lines
from cebd.receipts.publishing.receipt import DeclaredRecord, Receipt, ReceiptRecord
from cebd.records.record import SKIPPED
from cebd.records.states import State

# Added to each state, so that nobody takes these for declarations to customs.
NOT_REAL = {"trial": "（试运行）", "test": "（联调）"}
_NOT_REAL_EN = {"trial": " (trial)", "test": " (joint test)"}
_EDITED = "修改未申报", "edit not declared"
_AS_IT_WOULD_BE = (State.READY, State.REPEAT)  # of a preview: the row shows what becomes of it
ENDS = {
    "120": StateWord("已入库", "accepted", WORDS[State.SUCCEEDED].colour),
    "399": StateWord("已审结", "approved", WORDS[State.SUCCEEDED].colour),
    "800": StateWord("已放行", "released", WORDS[State.SUCCEEDED].colour),
    "899": StateWord("已结关", "closed", WORDS[State.SUCCEEDED].colour),
}
_BY_CUSTOMS = StateWord("海关退单", "refused by customs", WORDS[State.REFUSED].colour)
_BY_THE_PORT = StateWord("电子口岸退单", "returned by the e-port", WORDS[State.REFUSED].colour)
_SEVERITIES = ("error", "warning", "notice")
_FEWER = 2  # lines for the word that there are more problems


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


@dataclass(frozen=True)
class Wording:
    """How texts are put: in which language, with the environment's word, and where the cells of each sheet stand in the receipt. `of_file`:
    problems of the whole file, which its rows have, too.
    """

    language: Language = "zh"
    environment: str | None = None
    shown: Mapping[str | None, ShownColumns] = field(default_factory=dict)
    of_file: frozenset[Problem] = frozenset()

    def of(self, zh: str, en: str) -> str:
        return in_language(zh, en, self.language)

    def cell(self, place: Place, sheet: str | None) -> str:
        """The cell as the receipt has it, with the name of its sheet if that is another."""
        if not place.cell:
            return ""
        columns = self.shown.get(place.sheet)
        cell = place.cell if columns is None else columns.cell(place.cell)
        return cell if place.sheet in (sheet, None) else f"{place.sheet}!{cell}"


def beside_record(record: ReceiptRecord, wording: Wording, on_row: Sequence[Problem] | None = None) -> dict[str, str]:
    """The texts of cebd's columns beside a record's row, by heading. `on_row`: the problems of the row to be filled, where the record has
    several.
    """
    texts = {column.heading(wording.language): text for column, text in _own_texts(record, wording, on_row).items()}
    headings = number_headings(record.type, wording.language)
    if headings:
        numbers = numbers_in(record, wording.language)
        texts |= {heading: numbers.get(name, "") for heading, name in headings.items()}
    return texts


def _own_texts(record: ReceiptRecord, wording: Wording, on_row: Sequence[Problem] | None) -> dict[Own, str]:
    outcome = record.declared or record
    word = time = ""
    if outcome.customs is not None:
        customs = outcome.customs
        word = f"{customs.status} {wording.of(customs.text_zh, customs.text_en)}"
        said = for_people(customs.info or "")
        if outcome.state is not State.SUCCEEDED and said:  # of what went well the code says it all
            word += f"\n{said}"
        time = (customs.time or "")[:19].replace("T", " ")
    problems = record.problems if on_row is None else on_row
    return {
        Own.STATE: state_in_words(record, wording),
        Own.NUMBER: number_of(record),
        Own.TO_DO: _to_do(record, problems, wording),
        Own.CUSTOMS: word,
        Own.TIME: time,
    }


def _to_do(record: ReceiptRecord, problems: Sequence[Problem], wording: Wording) -> str:
    """What to do about the row: its problems; else what customs' answer asks for, or what becomes of it."""
    outcome = record.declared or record
    texts = [in_column(problems, record.place.sheet, wording)] if problems else []
    advice = outcome.customs.advice if outcome.customs is not None else None
    if (
        advice is not None and advice.next_zh and outcome.state is not State.REFUSED
    ):  # a refusal's stands with the problem
        texts.append(wording.of(advice.next_zh, advice.next_en))
    if record.consequence is not None and outcome.customs is None:
        texts.append(wording.of(record.consequence.zh, record.consequence.en))
    return "\n".join(texts)


def number_of(record: ReceiptRecord) -> str:
    """The number by which people call the record: that of its key which is not the code of an enterprise."""
    name = _name_of_number(tuple(record.key))
    return "" if name is None else record.key[name]


@cache
def _name_of_number(names: tuple[str, ...]) -> str | None:
    return next((name for name in names if not name.endswith("Code")), None)


class RowsOfRecord:
    """The problems of a record by the row that they are shown on: a record may have ten thousand rows, and as many problems."""

    def __init__(self, record: ReceiptRecord) -> None:
        self.record = record
        rows = {*record.place.rows}
        self._by_row: dict[int, list[Problem]] = {}
        for problem in record.problems:
            row = problem.place.row
            is_own = row in rows and problem.place.sheet == record.place.sheet
            self._by_row.setdefault(row if is_own and row is not None else record.place.rows[0], []).append(problem)

    def beside(self, row: int, wording: Wording) -> dict[str, str]:
        """The texts of cebd's columns beside that row (`beside_record`)."""
        if len(self.record.place.rows) == 1:
            return beside_record(self.record, wording)
        texts = beside_record(self.record, wording, self._by_row.get(row, ()))
        if self._by_row and row not in self._by_row:
            first = min(self._by_row)
            texts[Own.TO_DO.heading(wording.language)] = wording.of(f"见第 {first} 行", f"See row {first}")
        return texts


def word_of(record: ReceiptRecord) -> StateWord:
    """The word for the row's state, with its colour; an edited row shows the state of the record that was declared, a row of a preview what
    becomes of it. What ended at customs has their word for it.
    """
    outcome = record.declared or record
    if record.consequence is not None and record.state in _AS_IT_WOULD_BE:
        return FORETOLD[record.consequence.kind]
    if record.problems and record.problems[0].id == SKIPPED:
        return AS_SKIPPED
    if outcome.cancelled:
        return WORDS["cancelled"]
    status = outcome.customs.status if outcome.customs is not None else ""
    if outcome.state is State.REFUSED and status:
        return _BY_CUSTOMS if is_customs_word(record.type, status) else _BY_THE_PORT
    if outcome.state is State.SUCCEEDED and status in ENDS:
        return ENDS[status]
    return WORDS[outcome.state]


def state_in_words(record: ReceiptRecord, wording: Wording) -> str:
    """The text of the state column."""
    word, environment = word_of(record), wording.environment or ""
    words = wording.of(word.zh + NOT_REAL.get(environment, ""), word.en + _NOT_REAL_EN.get(environment, ""))
    if record.consequence is not None and record.state not in _AS_IT_WOULD_BE:
        foretold = FORETOLD[record.consequence.kind]
        return f"{words}\n{wording.of(foretold.zh, foretold.en)}"
    return f"{words}\n{wording.of(*_EDITED)}" if record.declared is not None else words


def in_column(problems: Sequence[Problem], sheet: str | None, wording: Wording) -> str:
    """The problems, each with its cell, what to do first and then why; of so many that a row cannot show them, the first ones."""
    own = most_severe_first([one for one in problems if one not in wording.of_file])
    if not own and problems and all(one.severity == "notice" for one in problems):
        return "\n".join(wording.of(one.zh, one.en) for one in problems[:1])  # the heading does not have it
    if not own and problems:
        return wording.of("整份文件的问题，见本列标题", "of the whole file: see the heading of this column")
    texts: list[str] = []
    taken = 0
    for number, problem in enumerate(own):
        text = said_of(problem, wording.cell(problem.place, sheet), wording)
        taken += lines(text, Own.TO_DO.width)
        if texts and taken > MOST_LINES - _FEWER:
            left = len(own) - number
            texts.append(wording.of(f"还有 {left} 个问题，见批注", f"{left} more problems: see the comments"))
            break
        texts.append(text)
    return "\n".join(texts)


def most_severe_first(problems: Sequence[Problem]) -> list[Problem]:
    """What keeps a row back before what is only to be known; each once, where a cell counts for the head and for the goods."""
    once: dict[tuple[str | None, str, str], Problem] = {}
    for one in problems:
        once.setdefault((one.place.cell, one.id, one.zh), one)
    return sorted(once.values(), key=lambda one: _SEVERITIES.index(one.severity))


def said_of(problem: Problem, cell: str, wording: Wording) -> str:
    """What to do about a problem in its cell, then why."""
    fix, why = wording.of(problem.fix_zh, problem.fix_en), wording.of(problem.zh, problem.en)
    return "\n".join((" ".join(filter(None, (cell, fix))), *suggestion(problem, wording), f"{why} ({problem.id})"))


def suggestion(problem: Problem, wording: Wording) -> list[str]:
    """The value that was perhaps meant; the operator decides, cebd fills in nothing."""
    return [f"{wording.of('建议', 'suggestion')}: {problem.suggestion}"] if problem.suggestion else []


def in_comment(problems: Sequence[Problem], language: Language) -> str:
    """The problems of a cell, each in lines of its own, in the one language and then in the other."""
    return "\n\n".join("\n".join(_in_both(problem, language)) for problem in most_severe_first(problems))


def _in_both(problem: Problem, language: Language) -> Iterator[str]:
    zh, en = (problem.fix_zh, problem.zh), (problem.fix_en, problem.en)
    first, second = (en, zh) if language == "en" else (zh, en)
    yield from (first[0], f"{first[1]} ({problem.id})")
    if problem.suggestion:
        yield f"建议 suggestion: {problem.suggestion}"
    yield from second


def _all_problems(receipt: Receipt) -> Iterator[Problem]:
    yield from receipt.problems
    for record in receipt.records:
        if record.problems:
            yield from record.problems
        if record.declared is not None:
            yield from _edited_cells(record.declared)


def _edited_cells(declared: DeclaredRecord) -> Iterator[Problem]:
    """A notice on each cell of an edited row that differs, with the value that was declared."""
    for edit in declared.differs:
        if edit.place.cell:
            notice = problem_of("CEBD-1417", edit.place, declared=edit.declared or "（空 empty）")
            yield replace(notice, field=edit.field, value=edit.value)


def _note(problems: list[Problem], problem: Problem) -> None:
    if problem not in problems:
        problems.append(problem)
