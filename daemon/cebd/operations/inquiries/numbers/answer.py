"""The answer to a file of numbers: a workbook with each number and what became of its declarations, as the ledger says it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cebd.documents.workbooks.own_marks import ANSWER_SHEETS
from cebd.documents.workbooks.unreadable import refused
from cebd.operations.inquiries.numbers.making import Question
from cebd.operations.inquiries.numbers.reading import Numbers, numbers_of
from cebd.receipts.publishing.book.remarks import number_of
from cebd.receipts.publishing.drop_receipt import with_answers
from cebd.receipts.statements.ledger_book import LedgerForm, RowWriting, ledger_columns, shown_columns
from cebd.receipts.statements.ledger_scope import LedgerRow
from cebd.receipts.statements.tables import ColumnKind, Row, Table, make_workbook
from cebd.records.ids import RecordId
from cebd.records.states import HELD_BACK
from cebd.store.across.finding.numbers import files_of_records, records_with_numbers
from cebd.store.across.receipt_content import records_as_published
from cebd.store.safety.environment import environment_in
from cebd.store.statements.books import LATEST
from cebd.store.store import Store
from cebd.store.transaction import Transaction, batches

_NUMBERS_AT_ONCE = 200
_RECORDS_OF_A_NUMBER = 50
_WORDS_NAMED = 5
_UNKNOWN_COLOUR = "FFE0B2"
_ASKED: tuple[tuple[str, str, float, ColumnKind], ...] = (("查询编号", "Asked for", 24.0, "text"),)


class Answer:
    """Answers one file of an enterprise's; `form` says how."""

    def __init__(self, transaction: Transaction, enterprise: str, form: LedgerForm) -> None:
        self._transaction, self._enterprise, self._form = transaction, enterprise, form
        self._found: dict[str, set[RecordId]] = {}

    def workbook(self, path: Path, name: str) -> bytes:
        """The answer to the file; `name` is its own name. Raises Unreadable, OSError."""
        numbers = numbers_of(path, name, self._known)
        if not numbers.asked:
            raise refused("CEBD-1067", value=name)
        there = self._known(numbers.asked)
        columns = (*shown_columns(_ASKED, self._form.language), *ledger_columns(self._form.language))
        above = self._above(numbers, name, len(there))
        title = ANSWER_SHEETS[self._form.language]
        return make_workbook([Table(title, columns, self._rows(numbers), above, in_sight=2)])

    def _known(self, numbers: Collection[str]) -> set[str]:
        new = {number for number in numbers if number not in self._found}
        if new:
            found = records_with_numbers(self._transaction, self._enterprise, new)
            self._found |= {number: found.get(number, set()) for number in new}
        return {number for number in numbers if self._found[number]}

    def _above(self, numbers: Numbers, name: str, there: int) -> Sequence[str]:
        of, count = self._form.wording.of, len(numbers.asked)
        said = [
            of(
                f"查询“{name}”：{count} 个编号，{there} 个有结果，{count - there} 个没有找到；截至 {self._form.now}。没有申报任何数据。",
                f"{name}: {count} numbers, {there} found, {count - there} not found; as of {self._form.now}. Nothing was declared.",
            )
        ]
        if numbers.left:
            said.append(
                of(
                    f"一次最多答 {count:,} 个编号，还有 {numbers.left:,} 个没有查：请分成几个文件放入。",
                    f"{count:,} numbers are answered at once; {numbers.left:,} were left out: drop them in several files.",
                )
            )
        if numbers.words:
            named = "、".join(numbers.words[:_WORDS_NAMED])
            more = len(numbers.words) > _WORDS_NAMED
            said.append(
                of(
                    f"以下文字不像编号，没有查：{named}{'等' if more else ''}",
                    f"Words that are no numbers were passed over: {named}{' ...' if more else ''}",
                )
            )
        return said

    def _rows(self, numbers: Numbers) -> Iterator[Row]:
        writing = RowWriting(self._form)
        for batch in batches(numbers.asked, _NUMBERS_AT_ONCE):
            wanted = {number: sorted(self._found[number], reverse=True)[:_RECORDS_OF_A_NUMBER] for number in batch}
            rows = self._rows_of(list({one for ids in wanted.values() for one in ids}))
            for number, ids in wanted.items():
                shown = _latest([rows[one] for one in ids if one in rows])
                for row in shown:
                    made = writing.row(row)
                    yield Row((number, *made.cells), made.colour)
                if not shown:
                    yield self._unknown(number, is_cut=number in numbers.cut)

    def _rows_of(self, record_ids: Sequence[RecordId]) -> dict[RecordId, LedgerRow]:
        """The rows of these records; one that repeats another is left to that one, which has the same numbers."""
        files = files_of_records(self._transaction, record_ids)
        published = (
            [row for row in batch if not row.is_repeat] for batch in records_as_published(self._transaction, record_ids)
        )
        return {
            row.id: LedgerRow(record, *files[row.id], row.order_no, row.waybill_no)
            for row, record in with_answers(self._transaction, published)
        }

    def _unknown(self, number: str, *, is_cut: bool) -> Row:
        of = self._form.wording.of
        if is_cut:
            why = of(
                "这个单元格是数字，Excel 只保留前 15 位，后面的已变成 0：请把这一列设为文本，重新填写编号，再放入。",
                "The cell is a number, of which Excel keeps 15 digits; the others became 0. Make the column text, enter the numbers "
                "again and drop the file once more.",
            )
        else:
            why = of(
                "贵企业没有在这里放入过这个编号的单证：请核对编号（订单、支付、运单、清单、预录入编号或企业内部编号）；"
                "在别处申报的，请到单一窗口查询。",
                "Your enterprise has dropped no declaration with this number here: check the number; what was declared elsewhere is "
                "found in the Single Window.",
            )
        width = len(ledger_columns(self._form.language))
        cells = (number, of("没有找到", "not found"), None, None, None, None, why)
        return Row((*cells, *(None for _ in range(width + 1 - len(cells)))), _UNKNOWN_COLOUR)


def _latest(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Without rows that were not declared of a number that was declared by another row, or came once more later."""
    kept: list[LedgerRow] = []
    settled: set[tuple[str, str]] = set()
    for row in sorted(rows, key=lambda row: row.record.state in HELD_BACK):
        what = row.record.type, number_of(row.record)
        if row.record.state not in HELD_BACK or row.record.declared is not None or what not in settled:
            kept.append(row)
        settled.add(what)
    return kept


def make_answer(store: Store, question: Question) -> bytes:
    """The workbook that answers the question. Raises Unreadable, OSError."""
    with store.read() as transaction:
        form = LedgerForm(LATEST, question.now, question.language, environment_in(transaction), question.return_days)
        return Answer(transaction, question.enterprise, form).workbook(question.path, question.name)
