"""All that came in a period: every answer of customs, every declaration that was answered as it stands now, every tax bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cebd.customs.code_book import noun
from cebd.customs.customs_codes import for_people
from cebd.receipts.publishing.book.styles import WORDS
from cebd.receipts.publishing.drop_receipt import meaning_of
from cebd.receipts.statements.tables import Cell, Column, Row, Table
from cebd.receipts.statements.tax_bill_book import bill_columns, bill_row
from cebd.records.key import bare_number, parts_of
from cebd.store.statements.period import AnsweredRecord, answered_between, answers_between, enterprises
from cebd.store.statements.tax_bills import Bill, bills_between
from cebd.store.transaction import Transaction

_OF_RECORD = (
    Column("企业\nenterprise", 14),
    Column("单证\ntype", 18),
    Column("单号\nnumber", 26),
    Column("订单编号\norderNo", 24),
)
_WHERE = (Column("文件\nfile", 28), Column("行\nrow", 8, "count"), Column("系统唯一序号\nguid", 38))
_ANSWERS = (
    Column("收到时间\nreceived", 20),
    Column("海关时间\ntime", 20),
    *_OF_RECORD,
    Column("回执状态\nstatus", 12),
    Column("含义\nmeaning", 24),
    Column("回执信息\ninfo", 56, "words"),
    Column("回执文件\nreceipt", 40),
    *_WHERE,
)
_STATES = (
    *_OF_RECORD,
    Column("状态\nstate", 24),
    Column("最新回执\nstatus", 12),
    Column("回执信息\ninfo", 56, "words"),
    Column("海关时间\ntime", 20),
    Column("预录入编号\npreNo", 22),
    Column("海关编号\ninvtNo", 22),
    *_WHERE,
)


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both whole. `enterprise` None: all."""

    first: date
    last: date
    enterprise: str | None = None

    @property
    def _span(self) -> tuple[str, str]:
        return f"{self.first}", f"{self.last + timedelta(days=1)}"

    def tables(self, transaction: Transaction) -> Iterator[Table]:
        """The three tables: 回执 receipts, 单证 declarations, 税单 tax bills."""
        first, before = self._span
        answers = answers_between(transaction, first, before, self.enterprise)
        about = (
            f"{self.first} 至 {self.last} 收到的全部回执",
            f"Every receipt that came from {self.first} to {self.last}",
        )
        rows = (
            Row(
                (
                    _time(answer.received),
                    _time(answer.time),
                    *_of(answer.record),
                    answer.status,
                    _meaning(answer.record, answer.status, answer.info),
                    for_people(answer.info),
                    answer.receipt,
                    *_where(answer.record),
                )
            )
            for answer in answers
        )
        yield Table("回执 Receipts", _ANSWERS, rows, about)
        yield Table(
            "单证 Declarations", _STATES, map(_state, answered_between(transaction, first, before, self.enterprise))
        )
        columns = (Column("企业\nenterprise", 14), *bill_columns())
        bills = (Row((name, *(row := bill_row(bill)).cells), row.colour) for name, bill in self._bills(transaction))
        yield Table("税单 Tax bills", columns, bills)

    def _bills(self, transaction: Transaction) -> Iterator[tuple[str, Bill]]:
        """The bills of which anything was said in the period."""
        first, before = self._span
        since = (
            f"{self.first - timedelta(days=366)}"  # a bill is made, and taken up into a collective one, within a year
        )
        for name in enterprises(transaction) if self.enterprise is None else (self.enterprise,):
            for bill in bills_between(transaction, name, since[:7], before[:7]):
                if first <= bill.last and bill.first < before:
                    yield name, bill


NAMES: Sequence[str] = ("receipts", "declarations", "tax_bills")
"""What the tables are called in files of their own and in JSON."""


def as_objects(table: Table) -> Iterator[dict[str, object]]:
    """The rows by the names of their columns; amounts as text, exact."""
    names = [column.key for column in table.columns]
    return ({name: _plain(cell) for name, cell in zip(names, row.cells, strict=True)} for row in table.rows)


def _plain(cell: Cell) -> str | int | None:
    return cell if cell is None or isinstance(cell, int) else str(cell)


def _state(record: AnsweredRecord) -> Row:
    word = WORDS[record.state]
    cells = (
        *_of(record),
        f"{word.zh} {record.state}",
        record.status,
        for_people(record.info or ""),
        _time(record.time or ""),
        record.pre_no,
        record.invt_no,
        *_where(record),
    )
    return Row(cells, word.colour)


def _of(record: AnsweredRecord) -> tuple[str, str, str, str]:
    key = parts_of(record.key)
    number = key[-1] if record.type in ("CEB311", "CEB303") else key[0]
    return record.enterprise, f"{noun(record.type)[0]} {record.type}", number, bare_number(record.order_no or "")


def _where(record: AnsweredRecord) -> tuple[str, int | None, str]:
    return record.file, record.row, record.guid


def _meaning(record: AnsweredRecord, status: str, info: str) -> str:
    return meaning_of(record.type, record.state.value, status, info).zh


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")
