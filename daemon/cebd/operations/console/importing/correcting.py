"""Cells of a file that was brought in, corrected one by one: a record is judged again from its own rows, whatever else the file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Lock

from cebd.cell_names import column_index
from cebd.clock import Clock, iso
from cebd.decisions.decision import EMPTY, Decision, Key, key_of
from cebd.decisions.groups import groups_of
from cebd.declared.consequences import Consequence, Consequences
from cebd.documents.keeping.rows import KeptRows, text_of
from cebd.documents.workbooks.accepted import is_message
from cebd.messages.description import Field, message_type
from cebd.operations.check import FileOnTrial
from cebd.operations.console.importing.imports import Imports
from cebd.operations.console.importing.making import TRIAL_DROP, Trials, file_of
from cebd.operations.console.importing.preview import EqualMistakes, Preview, ShownRow
from cebd.operations.console.judging import Judge
from cebd.operations.console.page_words import Page, on_page
from cebd.operations.text import Refused, Text
from cebd.problems.problem import Place, Problem
from cebd.records.key import parts_of
from cebd.records.states import State
from cebd.settings import Settings
from cebd.store.across.judged import JudgedRecord, KeptBack, judge_anew, judged_at, kept_back, kept_back_at
from cebd.store.console.imports import Import
from cebd.store.drops import FieldColumns, columns_of_drop
from cebd.store.store import Store

_TRIES = 5
_MOST_ROWS_SHOWN = 30  # of a record


@dataclass(frozen=True, slots=True)
class MendedCell:
    """A cell of a record; `name`: as a form names it. `text`: what it is taken to say; `original`: what the file says."""

    place: Place
    name: str
    field: Field
    text: str
    original: str
    problems: tuple[Problem, ...]

    @property
    def is_wrong(self) -> bool:
        return any(one.severity == "error" for one in self.problems)


@dataclass(frozen=True, slots=True)
class MendedRecord:
    """A record with mistakes, or one that had some. `elsewhere`: problems of no cell that can be corrected."""

    sheet: str
    row: int
    key: str
    is_ready: bool
    cells: tuple[MendedCell, ...]
    elsewhere: tuple[Problem, ...]


class Correcting:
    """Corrects cells of imports. Safe for several threads; corrections wait for each other."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, imports: Imports, judge: Judge) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._imports, self._judge = imports, judge
        self._lock = Lock()

    def page(self, one: Import, after: int, limit: int) -> tuple[list[MendedRecord], int | None]:
        """The records that are not declared, those behind the record `after` of the trial; and where the next page begins."""
        trial = self._trials.opened(self._imports.place(one))
        with trial.store.read() as transaction:
            found = kept_back(transaction, TRIAL_DROP, after, limit + 1)
            columns = columns_of_drop(transaction, TRIAL_DROP)
        shown = [self._shown(one, record, columns, trial.rows) for record in found[:limit]]
        return shown, found[limit - 1].id if len(found) > limit else None

    def why_not(self, one: Import) -> Text:
        """Why single cells of the file cannot be corrected on a page, and what can be done."""
        if is_message(file_of(self._imports.place(one), one)):
            return Text(
                "XML 报文按原样申报，不能在页面上更正：请在生成它的软件中改正，重新导出后再导入。",
                "A message in XML is declared as it is and cannot be corrected on a page: correct it in the software that made "
                "it, export it once more and bring it in.",
            )
        return Text(
            "有错误的行太多，不能逐格更正：请先在上一页“相同的错误”中决定，剩下的行少了就可以逐格更正。",
            "There are too many rows with mistakes to correct them cell by cell: decide under “Equal mistakes” on the page "
            "before; once few are left they can be corrected here.",
        )

    def correct(self, one: Import, account: str, sheet: str, row: int, texts: Mapping[str, str]) -> MendedRecord:
        """Take cells of the record that begins at that row to say these texts; those that say so already stay. Raises Refused."""
        with self._lock:
            for _ in range(_TRIES):
                current = self._imports.numbered(one.id)
                preview = self._imports.previews.look(current)
                if preview is None:
                    break
                trial = self._trials.opened(self._imports.place(current))
                with trial.store.read() as transaction:
                    record = kept_back_at(transaction, TRIAL_DROP, sheet, row)
                    columns = columns_of_drop(transaction, TRIAL_DROP)
                if record is None or trial.rows is None:
                    raise Refused(*self.why_not(current))
                cells = self._cells(current, record, columns, trial.rows, texts, account)
                if cells == current.said.cells:
                    return self._shown(current, record, columns, trial.rows)
                said = replace(current.said, cells=cells)
                now = self._imports.say_if_unchanged(current, account, said)
                if now is None:
                    continue
                self._imports.previews.replace(now, self._judged(now, record, preview, trial.rows, trial.store))
                with trial.store.read() as transaction:
                    mended = kept_back_at(transaction, TRIAL_DROP, sheet, row)
                return self._shown(now, mended or record, columns, trial.rows)
        raise Refused("文件还在检查，请稍后再试。", "The file is still being looked at; try again in a moment.")

    @property
    def _trials(self) -> Trials:
        return self._imports.previews.trials

    def _cells(
        self,
        one: Import,
        record: KeptBack,
        columns: FieldColumns,
        rows: KeptRows,
        texts: Mapping[str, str],
        account: str,
    ) -> dict[Place, Decision]:
        """All corrections of the file with these."""
        cells, at = dict(one.said.cells), iso(self._clock.now())
        for cell in _cells_of(one, record, columns, rows):
            if cell.name not in texts or texts[cell.name] == cell.text:
                continue
            place, text = cell.place, texts[cell.name].strip()
            if text == cell.original:
                cells.pop(place, None)
            else:
                key = Key(record.type, "", cell.field.name, cell.original)
                cells[place] = Decision(key, text or EMPTY, who=account, at=at)
        return cells

    def _judged(self, one: Import, record: KeptBack, preview: Preview, rows: KeptRows, trial: Store) -> Preview:
        """The preview with the record judged anew, by what is said of the file now."""
        enterprise = self._settings.enterprise_named(one.enterprise)
        place = self._imports.place(one)
        few = rows.sheets(record.sheet, record.rows)
        file = FileOnTrial(file_of(place, one), one.file, one.hint or None, one.sha256, few)
        judged = self._judge.judge_rows(file, enterprise, record.rows[0])
        with trial.write() as transaction:
            before = judged_at(transaction, record.id)
            if judged is None:
                return replace(preview, revision=one.revision)
            judge_anew(transaction, record.id, judged)
        with self._store.read() as earlier:
            consequences = Consequences(earlier)
            was, now = consequences.of([before])[0], consequences.of([judged])[0]
        return _patched(replace(preview, revision=one.revision), before, judged, was, now)

    def _shown(self, one: Import, record: KeptBack, columns: FieldColumns, rows: KeptRows | None) -> MendedRecord:
        cells = () if rows is None else tuple(_cells_of(one, record, columns, rows))
        there = {(cell.place.sheet, cell.place.cell) for cell in cells}
        return MendedRecord(
            record.sheet,
            record.rows[0] if record.rows else 0,
            " ".join(parts_of(record.key)),
            not any(found.severity == "error" for found in record.problems),
            cells,
            tuple(
                {  # of two fields the same may be said
                    (found.id, found.zh): on_page(found, Page.IMPORT)
                    for found in record.problems
                    if (found.place.sheet, found.place.cell) not in there
                }.values()
            ),
        )


def _cells_of(one: Import, record: KeptBack, columns: FieldColumns, rows: KeptRows) -> Iterator[MendedCell]:
    """The cells of the record's rows, row by row; fields of the head on the first alone. Of goods on another sheet only the rows with
    problems."""
    message = message_type(record.type)
    fields = {f"head.{field.name}": field for field in message.head_fields}
    fields |= {f"line.{field.name}": field for field in message.line_fields}
    found: dict[tuple[str, str], list[Problem]] = {}
    elsewhere: set[tuple[str, int]] = set()
    for problem in record.problems:
        sheet, row, cell = problem.place
        if cell and sheet is not None and row is not None:
            found.setdefault((sheet, cell), []).append(problem)
            if sheet != record.sheet:
                elsewhere.add((sheet, row))
    shown = [*((record.sheet, number) for number in record.rows), *sorted(elsewhere)][:_MOST_ROWS_SHOWN]
    of_sheet = {sheet: nth for nth, sheet in enumerate(sorted({sheet for sheet, _ in shown} - {record.sheet}), 1)}
    for sheet, number in shown:
        row_kept = rows.rows(sheet, [number]).get(number)
        for name, letters in columns.get(sheet, {}).items() if row_kept is not None else ():
            cell = f"{letters}{number}"
            is_of_head = name.startswith("head.")
            is_first = (sheet, number) == (record.sheet, record.rows[0])
            if name not in fields or (is_of_head and not is_first and (sheet, cell) not in found):
                continue
            index = column_index(letters)
            kept = row_kept[index] if row_kept is not None and index < len(row_kept) else None
            if is_of_head and kept in (None, ""):
                kept = rows.stands_above(sheet, number, index)
            original, place = text_of(kept), Place(sheet, number, cell)
            said = one.said.cells.get(place)
            yield MendedCell(
                place,
                f"{cell}-{of_sheet[sheet]}" if sheet in of_sheet else cell,
                fields[name],
                original if said is None else said.text,
                original,
                tuple(on_page(problem, Page.IMPORT) for problem in found.get((sheet, cell), ())),
            )


def _patched(
    preview: Preview, before: JudgedRecord, judged: JudgedRecord, was: Consequence, now: Consequence
) -> Preview:
    """The preview after one of its records was judged anew."""
    kinds, rows = dict(preview.kinds), dict(preview.rows)
    kinds[was.kind.value] = kinds.get(was.kind.value, 1) - 1
    kinds[now.kind.value] = kinds.get(now.kind.value, 0) + 1
    at = (before.sheet, before.row)
    rows[was.kind.value] = tuple(one for one in rows.get(was.kind.value, ()) if (one.sheet, one.row) != at)
    key = " ".join(parts_of(judged.key))
    rows[now.kind.value] = (*rows.get(now.kind.value, ()), ShownRow(judged.sheet, judged.row, key, now.zh, now.en))

    def counted(state: State) -> int:
        return int(judged.state is state) - int(before.state is state)

    return replace(
        preview,
        ready=preview.ready + counted(State.READY),
        repeats=preview.repeats + counted(State.REPEAT),
        kinds={kind: count for kind, count in kinds.items() if count > 0},
        rows=rows,
        groups=_regrouped(preview.groups, before, judged),
    )


def _regrouped(
    groups: tuple[EqualMistakes, ...], before: JudgedRecord, judged: JudgedRecord
) -> tuple[EqualMistakes, ...]:
    counts = {one.key: one.rows for one in groups}
    for found in before.problems:
        key = key_of(before.type, found)
        if key in counts:
            counts[key] -= 1
    fresh = []
    for group in groups_of([(judged.type, judged.problems)]):
        if group.key in counts:
            counts[group.key] += group.rows
        else:
            fresh.append(EqualMistakes.of(group))
    kept = (replace(one, rows=counts[one.key]) for one in groups)
    return (*(one for one in kept if one.rows > 0), *fresh)
