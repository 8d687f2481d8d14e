"""Two corrections of one receipt: what the first one declared is not undone by the second one, whose maker has not seen it.

The second one's rows are held back where they differ from what the first declared, with the names of both persons. Whoever means it
corrects the first one's receipt, which has seen both.
"""

from __future__ import annotations

from cebd.documents.workbooks.origin import Origin
from cebd.problems.problem import Place, Problem, problem
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.records.saved import Saved
from cebd.store.corrections import Correction, corrected_by, corrections_of, drop_of_receipt
from cebd.store.records import ActiveRecord
from cebd.store.transaction import Transaction


def corrected_drop(transaction: Transaction, enterprise: str, origin: Origin) -> DropId | None:
    """The drop that a receipt workbook of this origin corrects; None for other files, and where another store made it."""
    if origin.receipt_of is None:
        return None
    stem, _, digest = origin.receipt_of.rpartition(" ")
    return drop_of_receipt(transaction, enterprise, stem, digest) if stem and digest else None


class SideBySide:
    """The corrections that somebody else made meanwhile of what a file corrects, too. `saved`: who saved that file."""

    def __init__(self, history: Transaction, corrects: DropId | None, drop_id: DropId | None, saved: Saved) -> None:
        self._saved = saved
        self._others: dict[DropId, Correction] = {}
        if corrects is not None:
            seen = {corrects, drop_id, *(one.id for one in corrected_by(history, corrects))}
            self._others = {one.id: one for one in corrections_of(history, corrects) if one.id not in seen}

    def holds(self, record: Record, earlier: ActiveRecord) -> bool:
        """Whether the record holds back: it differs from what another correction declared."""
        return earlier.drop_id in self._others and earlier.content != record.content

    def held(self, record: Record, earlier: ActiveRecord, place: Place) -> Problem:
        """Why it is held back."""
        other = self._others[earlier.drop_id]
        time = (other.saved.at or other.received)[:16].replace("T", " ")
        first, second = other.saved.by, self._saved.by
        return problem(
            "CEBD-1442",
            place,
            value=record.number,
            time=time,
            file=other.name,
            receipt=f"{other.stem}.receipt.xlsx",
            first_zh=first or "另一人",
            first=first or "somebody else",
            second_zh=second or "本文件的保存者",
            second=second or "whoever saved this file",
        )
