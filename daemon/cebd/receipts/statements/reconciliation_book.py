"""The workbook of a day's reconciliation: whether all agrees, what does not and what to do, and every purchase with its documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from cebd.customs.code_book import noun
from cebd.receipts.publishing.book.remarks import ENDS
from cebd.receipts.publishing.book.styles import WORDS
from cebd.receipts.statements.reconciliation import KINDS, LIST, Finding, Purchase, Reconciliation, Tally, name_of
from cebd.receipts.statements.tables import Cell, Column, Row, Table
from cebd.records.key import bare_number, parts_of
from cebd.records.states import State
from cebd.store.statements.day import DayRecord

_GOOD, _WRONG = "C6EFCE", "FFE0B2"
_NOT_SENT = (State.READY, State.SIGNED, State.IN_DOUBT, State.HELD)
_SUMMARY = (
    Column("单证\nDocument", 30),
    Column("当日收到\nRows", 11, "count"),
    Column("以前已申报\nRepeated", 13, "count"),
    Column("未申报（有错）\nRejected", 15, "count"),
    Column("等待申报\nTo be sent", 12, "count"),
    Column("已发送\nSent", 11, "count"),
    Column("有回执\nAnswered", 12, "count"),
    Column("无回执\nUnanswered", 13, "count"),
    Column("受理中\nUnder way", 12, "count"),
    Column("成功\nSucceeded", 12, "count"),
    Column("退单\nRefused", 11, "count"),
)
_FINDINGS = (
    Column("序号\nNo.", 8, "count"),
    Column("单证\nDocument", 14),
    Column("单号\nNumber", 26),
    Column("状态\nState", 22),
    Column("问题\nWhat is wrong", 56, "words"),
    Column("怎么办\nWhat to do", 64, "words"),
    Column("文件\nFile", 28),
    Column("行\nRow", 8, "count"),
)


def reconciliation_tables(day: Reconciliation, until: str, note: str = "") -> Iterator[Table]:
    """The sheets. `until`: the time of this state of things, as people write it; `note`: that the station is on trial."""
    yield Table("对账 Summary", _SUMMARY, map(_tally, day.tallies), _headline(day, until, note))
    yield Table("差异 Exceptions", _FINDINGS, map(_finding, count(1), day.findings))
    columns = (
        Column("订单编号\nOrder", 26),
        *(Column(f"{zh}\n{en}", 22) for zh, en in map(name_of, KINDS)),
        Column("物流运单编号\nWaybill number", 24),
        Column("清单编号\nInventory list number", 24),
        Column("企业内部编号\ncopNo", 24),
        Column("结果\nResult", 22),
    )
    yield Table("明细 Purchases", columns, map(_purchase, day.purchases))


def _headline(day: Reconciliation, until: str, note: str) -> tuple[str, ...]:
    number, agreeing = len(day.purchases), sum(purchase.agrees for purchase in day.purchases)
    wrong = len(day.findings)
    by_kind = {kind: sum(kind in purchase.documents for purchase in day.purchases) for kind in KINDS}
    equal = " / ".join(f"{name_of(kind)[0]} {by_kind[kind]}" for kind in KINDS)
    result = (
        ("对账一致，没有要处理的事", "All agrees; nothing needs to be done")
        if not wrong
        else (f"有 {wrong} 处差异，见“差异”页", f"{wrong} exceptions, see the sheet Exceptions")
    )
    return (
        f"{day.enterprise}　{day.day} 对账{note}：{result[0]}（截至 {until}）",
        f"Reconciliation of {day.day}: {result[1]} (as of {until})",
        f"收到文件 {day.files} 个；涉及订单 {number} 笔：{equal}；齐全且都有回执的 {agreeing} 笔",
        f"{day.files} files, {number} orders; complete and answered: {agreeing}",
    )


def _tally(tally: Tally) -> Row:
    states = tally.by_state
    unsent = sum(states.get(state, 0) for state in _NOT_SENT)
    rejected = states.get(State.REJECTED, 0)
    sent = tally.rows - tally.repeated - rejected - unsent
    names = name_of(tally.type) if tally.type in KINDS else noun(tally.type)
    cells: tuple[Cell, ...] = (
        f"{names[0]} {names[1]} {tally.type}",
        tally.rows,
        tally.repeated,
        rejected,
        unsent,
        sent,
        tally.answered,
        max(0, sent - tally.answered),
        states.get(State.ACKNOWLEDGED, 0),
        states.get(State.SUCCEEDED, 0),
        states.get(State.REFUSED, 0),
    )
    return Row(cells)


def _finding(number: int, finding: Finding) -> Row:
    zh = name_of(finding.type)[0]
    kind = zh if zh == finding.type else f"{zh} {finding.type}"
    return Row(
        (number, kind, finding.number, finding.state, finding.what, finding.to_do, finding.file, finding.row), _WRONG
    )


def _purchase(purchase: Purchase) -> Row:
    documents = purchase.documents
    listed = documents.get(LIST)
    missing = "、".join(name_of(kind)[0] for kind in purchase.missing)
    waybill = next((number for number in _waybill_numbers(documents) if number), "")
    result = "一致 agrees" if purchase.agrees else f"缺{missing}" if missing else "未完成 not finished"
    cells: tuple[Cell, ...] = (
        purchase.order,
        *(_word(documents.get(kind)) for kind in KINDS),
        waybill,
        listed.list_number if listed is not None else None,
        parts_of(listed.key)[0] if listed is not None else None,
        result,
    )
    return Row(cells, _GOOD if purchase.agrees else _WRONG)


def _waybill_numbers(documents: Mapping[str, DayRecord]) -> Iterator[str]:
    waybill, listed = documents.get("CEB511"), documents.get(LIST)
    yield bare_number(waybill.key) if waybill is not None else ""
    yield bare_number(listed.waybill_no or "") if listed is not None else ""


def _word(record: DayRecord | None) -> str:
    if record is None:
        return "—"
    if record.state is State.SUCCEEDED and record.status in ENDS:
        return f"{ENDS[record.status].zh} {record.status}"
    word = WORDS[record.state].zh
    return f"{word} {record.status}" if record.status else word
