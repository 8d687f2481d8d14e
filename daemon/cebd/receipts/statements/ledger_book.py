"""The workbook of a ledger: a row for each declaration with its state, customs' answer, its numbers and where it stands; then the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from cebd.clock import CST
from cebd.customs.code_book import noun
from cebd.customs.statuses import RELEASED
from cebd.documents.workbooks.own_marks import LEDGER_SHEETS, SUMMARY_SHEETS
from cebd.receipts.publishing.book.numbers import numbers_in
from cebd.receipts.publishing.book.own_columns import Language, Own, in_language
from cebd.receipts.publishing.book.remarks import Wording, beside_record, most_severe_first, number_of, said_of, word_of
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.receipts.statements.ledger_scope import DAYS, RECORDS, LedgerRow
from cebd.receipts.statements.tables import Cell, Column, ColumnKind, Row, Table
from cebd.receipts.statements.tax_bill_book import TAXES, VOID, taxes_in
from cebd.records.key import bare_number
from cebd.records.states import State
from cebd.store.statements.books import LATEST

_ROWS_OF_A_SHEET = 250_000  # more make a sheet that no spreadsheet program scrolls through
_LIST = "CEB621"
_COLUMNS: tuple[tuple[str, str, float, ColumnKind], ...] = (
    ("状态", "State", 16.0, "words"),
    ("编号", "Number", 24.0, "text"),
    ("单证", "Document", 13.0, "words"),
    ("海关回执", "Customs' answer", 34.0, "words"),
    ("回执时间", "Answered", 19.0, "text"),
    ("处理", "What to do", 44.0, "words"),
    ("订单编号", "Order", 22.0, "text"),
    ("运单编号", "Waybill", 20.0, "text"),
    ("清单编号", "List number", 21.0, "text"),
    ("税款（元）", "Tax (yuan)", 12.0, "amount"),
    ("可退货剩余天数", "Days left for a return", 10.0, "count"),
    ("预录入编号", "preNo", 21.0, "text"),
    ("文件", "File", 26.0, "words"),
    ("行", "Row", 7.0, "count"),
    ("放入时间", "Dropped", 19.0, "text"),
)


@dataclass(frozen=True, slots=True)
class LedgerForm:
    """How a ledger is put. `now`: as people write a time; `return_days`: within so many days of release a return is applied for."""

    period: str
    now: str
    language: Language
    environment: str | None
    return_days: int

    @property
    def today(self) -> date:
        return date.fromisoformat(self.now[:10])

    @property
    def wording(self) -> Wording:
        return Wording(self.language, self.environment)


def ledger_columns(language: Language) -> tuple[Column, ...]:
    """The columns of the sheet of declarations."""
    return shown_columns(_COLUMNS, language)


def ledger_tables(rows: Iterable[LedgerRow], form: LedgerForm) -> Iterator[Table]:
    """The sheets. The declarations are taken one after the other and counted on the way, so the sums come last."""
    columns, counts = ledger_columns(form.language), Counter[tuple[str, str]]()
    title, about = LEDGER_SHEETS[form.language], _about(form)
    writing = RowWriting(form)

    def shown() -> Iterator[Row]:
        for one in rows:
            row = writing.row(one)
            counts[str(row.cells[2]), str(row.cells[0]).partition("\n")[0]] += 1
            yield row

    yield Table(title, columns, shown(), about, in_sight=2, longest=_ROWS_OF_A_SHEET)
    yield _sums(counts, form.language)


class RowWriting:
    """Puts records into the columns of a ledger."""

    def __init__(self, form: LedgerForm) -> None:
        self._form = form
        self._wording = form.wording
        self._own = {one: one.heading(form.language) for one in Own}
        self._documents: dict[str, str] = {}

    def row(self, one: LedgerRow) -> Row:
        """The record in `ledger_columns`, in the colour of its state."""
        record, language = one.record, self._form.language
        texts, numbers = beside_record(record, self._wording), numbers_in(record, language)
        cells: tuple[Cell, ...] = (
            texts[self._own[Own.STATE]],
            number_of(record),
            self._document(record.type),
            _said_once(texts[self._own[Own.CUSTOMS]]),
            texts[self._own[Own.TIME]],
            self._to_do(record),
            bare_number(one.order_no or record.key.get("orderNo", "")),
            bare_number(one.waybill_no or record.key.get("logisticsNo", "")),
            numbers.get("invtNo"),
            tax_of(record),
            days_left(record, self._form.today, self._form.return_days),
            numbers.get("preNo"),
            one.file,
            record.place.row,
            one.received[:19].replace("T", " "),
        )
        return Row(cells, word_of(record).colour)

    def _document(self, type_: str) -> str:
        if type_ not in self._documents:
            self._documents[type_] = in_language(*noun(type_), self._form.language)
        return self._documents[type_]

    def _to_do(self, record: ReceiptRecord) -> str:
        """The gravest problem, with the number of the others; else what customs' answer asks for. Why customs refused stands beside it.
        No notice is repeated of what went well, nor beside what keeps a declaration back.
        """
        wording, outcome = self._wording, record.declared or record
        problems = most_severe_first(record.problems)
        if record.state is State.SUCCEEDED or (problems and problems[0].severity == "error"):
            problems = [one for one in problems if one.severity != "notice"]
        if problems:
            problem, more = problems[0], len(problems) - 1
            if record.state is State.REFUSED:
                text = wording.of(problem.fix_zh, problem.fix_en)
            else:
                text = said_of(problem, problem.place.cell or "", wording)
            return text + (
                wording.of(f"\n还有 {more} 个问题，见回执", f"\n{more} more, see the receipt") if more else ""
            )
        advice = outcome.customs.advice if outcome.customs is not None else None
        return "" if advice is None else wording.of(advice.next_zh, advice.next_en)


def _said_once(word: str) -> str:
    """Customs' answer without a second line that only repeats the first."""
    first, _, rest = word.partition("\n")
    return first if rest in first else word


def tax_of(record: ReceiptRecord) -> Decimal | None:
    """The three taxes of a list's latest valid bill together, in yuan."""
    bill: Mapping[str, str] = record.tax_bill or {}
    if bill.get("status") == VOID or not any(bill.get(name) for name in TAXES):
        return None
    return taxes_in(bill)


def days_left(record: ReceiptRecord, today: date, return_days: int) -> int | None:
    """For so many days, today included as 0, a return of the list may be applied for; None: it is not released, or too late."""
    outcome = record.declared or record
    if record.type != _LIST or outcome.cancelled or outcome.customs is None or outcome.customs.status not in RELEASED:
        return None
    times = [said.time for said in record.history if said.status in RELEASED and said.time]
    first = min(times, default=outcome.customs.time)
    if first is None:
        return None
    left = return_days - (today - datetime.fromisoformat(first).astimezone(CST).date()).days
    return left if left >= 0 else None


def _about(form: LedgerForm) -> tuple[str, ...]:
    """The sentence above the headings; in both languages one for each."""
    if form.period == LATEST:
        zh = f"台账：最近 {DAYS} 天放入的单证，最多 {RECORDS:,} 单，新的在上；截至 {form.now}。更早的按月在“台账”文件夹。"
        en = (
            f"Ledger: what was dropped in the last {DAYS} days, {RECORDS:,} declarations at most, the latest first; as of {form.now}. "
            "What came before is in the folder 台账, by month."
        )
    else:
        zh = f"台账：{form.period} 放入的单证，新的在上；截至 {form.now}。"
        en = f"Ledger: what was dropped in {form.period}, the latest first; as of {form.now}."
    zh += "本表只供查看，由程序更新；要更正请在回执中改。"
    en += " To look at only, kept up to date by the program; correct mistakes in the receipts."
    return {"zh": (zh,), "en": (en,), "both": (zh, en)}[form.language]


def _sums(counts: Mapping[tuple[str, str], int], language: Language) -> Table:
    """How many documents of each kind are in each state. Its rows are asked for after those of the declarations."""
    rows = (Row((document, state, number)) for (document, state), number in sorted(counts.items()))
    return Table(SUMMARY_SHEETS[language], shown_columns(_SUMS, language), rows)


def shown_columns(columns: Iterable[tuple[str, str, float, ColumnKind]], language: Language) -> tuple[Column, ...]:
    """Columns by their headings in Chinese and English, their width and kind."""
    return tuple(
        Column(f"{zh}\n{en}" if language == "both" else in_language(zh, en, language), width, kind)
        for zh, en, width, kind in columns
    )


_SUMS: tuple[tuple[str, str, float, ColumnKind], ...] = (
    ("单证", "Document", 20.0, "text"),
    ("状态", "State", 28.0, "text"),
    ("单数", "Declarations", 12.0, "count"),
)
