"""The changes that the receipts of a batch make to the store: collected receipt by receipt, then written together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cebd.customs.statuses import already_there, outcome
from cebd.messages.relations import cancelling, named_by_number
from cebd.messages.returns import Return
from cebd.problems.problem import Problem, problem
from cebd.receipts.clock_evidence import ahead_by
from cebd.receipts.known import KnownDeclarations
from cebd.receipts.matching import MatchedReturn, Numbers, as_status, numbers_of
from cebd.records.ids import DropId, RecordId
from cebd.records.states import ReceiptState
from cebd.store.across.declarations import Declaration
from cebd.store.across.unanswered import end_overdue
from cebd.store.history import (
    GivenNumbers,
    LatestWord,
    NewStatus,
    ReceivedStatus,
    add_statuses,
    set_latest_words,
    set_numbers,
)
from cebd.store.receipts import ClosedReceipt, StoredReceipt, close_receipts
from cebd.store.records import add_problem
from cebd.store.transaction import Transaction


@dataclass
class News:
    """What others have to hear of changes: the drops, the cancel applications among the records, and new numbers."""

    drops: set[DropId] = field(default_factory=set)
    applications: set[RecordId] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def add(self, other: News) -> None:
        self.drops |= other.drops
        self.applications |= other.applications
        self.numbers |= other.numbers


class Changes:
    """The changes of a batch; `news` tells of them. Nothing is in the store before `write`."""

    def __init__(self, known: KnownDeclarations) -> None:
        self._known = known
        self._statuses: list[NewStatus] = []
        self._changed: dict[RecordId, Declaration] = {}  # as it was before the batch
        self._mended: list[tuple[StoredReceipt, list[RecordId]]] = []
        self._closed: list[ClosedReceipt] = []
        self.news = News()

    def add(self, receipt: StoredReceipt, type_: str, matched: Sequence[MatchedReturn]) -> None:
        """Note what a receipt changes; receipts after it find it changed."""
        changed: dict[RecordId, None] = {}
        for returned, records, _ in matched:
            for record in records:
                if self._add_status(receipt, record, returned) | self._add_numbers(record, returned):
                    changed[record.id] = None
                    self._changed.setdefault(record.id, record)
        if changed and any(returned.mended for returned, *_ in matched):
            self._mended.append((receipt, list(changed)))
        all_matched = bool(matched) and all(records for _, records, _ in matched)
        ahead = ahead_by(self._known, receipt.received, matched)
        self._closed.append(
            ClosedReceipt(
                receipt.id,
                ReceiptState.APPLIED if all_matched else ReceiptState.UNMATCHED,
                type_,
                {record.enterprise for _, records, _ in matched for record in records},
                None if ahead is None else ahead.as_text(),
            )
        )

    def _add_status(self, receipt: StoredReceipt, record: Declaration, returned: Return) -> bool:
        """Whether the return is news of the record."""
        status = as_status(returned)
        if not status.status or self._known.knows(record.id, status):
            return False
        there = already_there(record.type, status.status, status.info)
        if there and self._known.hand_overs(record.message_id).twice:
            status = replace(status, evidence=True)
        self._known.add_status(record.id, ReceivedStatus(status, receipt.received, receipt.handed_over))
        self._statuses.append(NewStatus(record.id, receipt.id, status))
        return True

    def _add_numbers(self, record: Declaration, returned: Return) -> bool:
        """Whether the return has new numbers of the record."""
        now = self._known[record.id]
        numbers = Numbers(now.pre_no, now.invt_no)
        later = numbers.or_later(numbers_of(record.type, returned))
        if later == numbers:
            return False
        self._known.set_numbers(record.id, *later)
        if record.type in named_by_number().values():  # receipts may name it by its numbers alone
            self.news.numbers |= {number for number in later if number} - set(numbers)
        return True

    def write(self, transaction: Transaction) -> None:
        """Write everything, and tell it in `news`."""
        add_statuses(transaction, self._statuses)
        set_latest_words(transaction, self._latest_words())
        set_numbers(transaction, self._given_numbers())
        end_overdue(transaction, {record.message_id for record in self._changed.values()})
        for receipt, record_ids in self._mended:
            add_problem(transaction, record_ids, mended_problem(receipt))
        close_receipts(transaction, self._closed)
        self.news.drops |= {record.drop_id for record in self._changed.values()}
        self.news.applications |= {record.id for record in self._changed.values() if record.type in cancelling()}

    def _latest_words(self) -> Iterator[LatestWord]:
        for record in self._changed.values():
            state, decisive = outcome(record.type, self._known.statuses(record.id))
            if decisive is not None:
                yield LatestWord(record.id, state or record.state, decisive)

    def _given_numbers(self) -> Iterator[GivenNumbers]:
        for before in self._changed.values():
            now = self._known[before.id]
            if (now.pre_no, now.invt_no) != (before.pre_no, before.invt_no):
                yield GivenNumbers(now.id, now.pre_no, now.invt_no)

    @property
    def unmatched(self) -> list[ClosedReceipt]:
        """The receipts with a return that concerns no record."""
        return [receipt for receipt in self._closed if receipt.state is ReceiptState.UNMATCHED]

    @property
    def mended(self) -> list[StoredReceipt]:
        """The receipts that are not well-formed, as far as they changed a record."""
        return [receipt for receipt, _ in self._mended]


def mended_problem(receipt: StoredReceipt) -> Problem:
    """A record's own problem: its receipt was not well-formed."""
    return problem("CEBD-1712", value=receipt.name)
