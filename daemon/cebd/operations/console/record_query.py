"""A query for records, as the address of a list says it; and its whole result, page by page, as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from cebd.customs.code_book import noun
from cebd.customs.customs_codes import for_people
from cebd.messages.description import message_types
from cebd.operations.console.record.page import state_of
from cebd.operations.statements import harmless
from cebd.operations.text import Refused
from cebd.receipts.statements.tables import Cell, Column, Row, Table, make_workbook
from cebd.records.states import State
from cebd.store.across.finding.pages import Filter, Place
from cebd.store.console import questions
from cebd.store.console.questions import FoundRecord
from cebd.store.store import Store
from cebd.store.transaction import Transaction

NEEDS_ME = (State.REJECTED, State.HELD, State.REFUSED)
UNDER_WAY = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.ACKNOWLEDGED)
DONE = (State.SUCCEEDED,)
GROUPS: Mapping[str, tuple[State, ...]] = {"needs": NEEDS_ME, "underway": UNDER_WAY, "done": DONE}

MOST_IN_A_WORKBOOK = 20_000  # it is made beside the station's work
COUNTED = 100
_AT_ONCE = 1000
_DISTRICT = re.compile("[0-9]{2,4}")
_NAMES = ("group", "type", "enterprise", "since", "until", "code", "order", "file", "buyer", "district")


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Every value as it stands in the address, empty where nothing is asked. `group`: one of GROUPS, or a state; `since`, `until`: days on
    which the file came, both with; `buyer`: a digest in hex; `district`: of customs, two to four digits."""

    group: str = ""
    type: str = ""
    enterprise: str = ""
    since: str = ""
    until: str = ""
    code: str = ""
    order: str = ""
    file: str = ""
    buyer: str = ""
    district: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> RecordQuery:
        """What an address asks; what makes no sense in it is left out."""
        told = {name: given.get(name, "").strip()[:200] for name in _NAMES}
        if told["group"] not in GROUPS and told["group"] not in list(State):
            told["group"] = ""
        if told["type"] not in message_types():
            told["type"] = ""
        for name in ("since", "until"):
            told[name] = _day(told[name])
        if not _DISTRICT.fullmatch(told["district"]):
            told["district"] = ""
        try:
            bytes.fromhex(told["buyer"])
        except ValueError:
            told["buyer"] = ""
        return cls(**told)

    @property
    def states(self) -> tuple[State, ...]:
        """Any of them; none: whatever state."""
        return GROUPS.get(self.group) or ((State(self.group),) if self.group else ())

    @property
    def filter(self) -> Filter:
        """Everything but the states."""
        end = f"{date.fromisoformat(self.until) + timedelta(days=1)}" if self.until else None
        return Filter(
            file=self.file or None,
            order=self.order or None,
            type=self.type or None,
            since=self.since or None,
            until=end,
            code=self.code or None,
            enterprise=self.enterprise or None,
            buyer=bytes.fromhex(self.buyer) or None,
            unresolved=self.group == "needs",
            district=self.district or None,
        )

    @property
    def given(self) -> dict[str, str]:
        """What is asked, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    @property
    def address(self) -> str:
        """The same as the end of an address, without the question mark."""
        return urlencode(self.given)


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return f"{day}" if day.year < 9999 else ""


def count(transaction: Transaction, query: RecordQuery, at_most: int = COUNTED) -> int:
    """How many fit, as far as they are counted."""
    return questions.count_records(transaction, query.states, query.filter, at_most)


def every_record(store: Store, query: RecordQuery) -> Iterator[FoundRecord]:
    """The whole result, the latest first. Each page is read by itself, so that no transaction lasts; what changes meanwhile is read as it
    is then."""
    before: Place | None = None
    while True:
        with store.read() as transaction:
            page = questions.list_records(transaction, query.states, query.filter, _AT_ONCE, before)
        yield from page.records
        before = page.before
        if before is None:
            return


# As a table

COLUMNS = (
    Column("企业\nenterprise", 14),
    Column("单证\ntype", 20),
    Column("单号\nnumber", 26),
    Column("订单编号\norderNo", 24),
    Column("物流运单编号\nlogisticsNo", 22),
    Column("状态\nstate", 22),
    Column("最新回执\nstatus", 12),
    Column("回执信息\ninfo", 56, "words"),
    Column("回执时间\ntime", 20),
    Column("预录入编号\npreNo", 22),
    Column("清单编号\ninvtNo", 22),
    Column("文件\nfile", 30),
    Column("收到时间\nreceived", 20),
    Column("系统唯一序号\nUnique number", 38),
)


def as_csv(records: Iterable[FoundRecord]) -> Iterator[bytes]:
    """As CSV that Excel opens: with a mark, a part for each few hundred rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([column.heading.replace("\n", " ") for column in COLUMNS])
    for nth, record in enumerate(records, 1):
        writer.writerow(["" if cell is None else harmless(str(cell)) for cell in _cells(record)])
        if nth % 500 == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def as_workbook(store: Store, query: RecordQuery) -> bytes:
    """As a workbook. Raises Refused for more rows than are put into one here."""
    with store.read() as transaction:
        if count(transaction, query, MOST_IN_A_WORKBOOK + 1) > MOST_IN_A_WORKBOOK:
            raise Refused(
                f"结果超过 {MOST_IN_A_WORKBOOK:,} 份，请缩小范围，或导出 CSV。",
                f"The result has over {MOST_IN_A_WORKBOOK:,} documents: narrow it, or take it as CSV.",
            )
    rows = (Row(_cells(record)) for record in every_record(store, query))
    return make_workbook([Table("单证 Documents", COLUMNS, rows)])


def _cells(record: FoundRecord) -> tuple[Cell, ...]:
    state = state_of(record)
    return (
        record.enterprise,
        f"{noun(record.type)[0]} {record.type}",
        record.number,
        record.order_no,
        record.waybill_no,
        f"{state.zh} {record.state}",
        record.status,
        for_people(record.info or ""),
        (record.time or "")[:19].replace("T", " "),
        record.pre_no,
        record.invt_no,
        record.file,
        record.received[:19].replace("T", " "),
        record.guid,
    )
