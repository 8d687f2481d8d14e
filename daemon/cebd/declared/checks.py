"""Rules about earlier declarations. A new rule is a check in a module of its own, or beside similar checks, and a line here.

The records of a file are checked a few hundred at a time, after repeats were sorted out. Sources: specification chapter 3 (appType,
logisticsNo, 623, 625) and table 7-2 (621012, 623005, 625004 and their like); for the annual limit and the days for returns see
`cebd/rules/figures.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from cebd.declared.annual_limit import AnnualLimit
from cebd.declared.changes import blocks, problem_of_key
from cebd.declared.checked_file import Check, CheckedFile, Checking
from cebd.declared.four_documents.check import Compared, FourDocuments, TextsOf
from cebd.declared.four_documents.pairs import ORDER, PAYMENT
from cebd.declared.four_documents.payments_together import PaymentsTogether
from cebd.declared.lists.applications import ListApplications
from cebd.declared.lists.basis import ListBasis, MissedByLists
from cebd.declared.numbers_in_use import NumbersInUse
from cebd.messages.description import MessageType
from cebd.problems.problem import Problem, with_severity_of
from cebd.records.record import Record
from cebd.rules.figures import Figures
from cebd.store.across.earlier.counterparts import LaterWord
from cebd.store.records import ActiveRecord
from cebd.store.transaction import Transaction


class Checked(NamedTuple):
    """Records, and by their positions what is to be said in the receipts of earlier documents: once the record is declared, or kept back
    for what its document says otherwise."""

    records: list[Record]
    words: Mapping[int, Sequence[LaterWord]]


class EarlierDeclarations:
    """The checks of a file's records. `transaction` is of the store of earlier declarations."""

    def __init__(
        self,
        transaction: Transaction,
        file: CheckedFile,
        severities: Mapping[str, str],
        figures: Figures,
        now: datetime,
    ) -> None:
        self._checking = Checking(transaction, file, figures, now)
        self._severities = severities
        basis = ListBasis(self._checking)
        annual_limit = AnnualLimit(self._checking)
        self._four_documents = FourDocuments(self._checking, severities)
        self._payments = PaymentsTogether(self._checking, self._four_documents.declared, severities)
        numbers = NumbersInUse(self._checking, severities)
        self._checks: dict[str, tuple[Check, ...]] = {
            "CEB311": (annual_limit.check,),
            "CEB621": (basis.check, annual_limit.check),
        }
        self._applications = ListApplications(self._checking)
        missed = MissedByLists(self._checking)
        self._words = dict.fromkeys(("CEB311", "CEB411", "CEB511"), missed.words)
        # Asked last: a record that is kept back for another reason takes no number.
        self._number_checks: dict[str, Callable[[Sequence[Record], Sequence[str]], list[Record]]] = {
            "CEB311": numbers.check_orders,
            "CEB621": numbers.check_lists,
        }

    def blocks(self, record: Record, earlier: ActiveRecord) -> bool:
        """Whether a new declaration must yield to the record that holds its key (see `changes.blocks`)."""
        return blocks(self._checking, record, earlier)

    def checked(
        self,
        message: MessageType,
        records: Sequence[Record],
        earlier: Mapping[str, ActiveRecord],
        keys: Sequence[str],
        texts_of: TextsOf,
    ) -> Checked:
        """The records, each with the problems that earlier declarations cause. `keys`: the records' keys, as the store has them; `texts_of`
        gives what a record states, by its position."""
        problems: dict[int, list[Problem]] = {}
        for position, (record, key) in enumerate(zip(records, keys, strict=True)):
            active = earlier.get(key)
            if active is None and record.app_type == "1":
                continue  # a new declaration of a free key, as nearly all are
            problem = problem_of_key(self._checking, record, active)
            if problem is not None:
                problems[position] = [problem]
        for check in self._checks.get(message.code, ()):
            for position, problem in check(records):
                problems.setdefault(position, []).append(problem)
        if message.cancels or message.returns:
            for position, problem in self._applications.check(records, texts_of):
                problems.setdefault(position, []).append(problem)
        checked = list(records)
        for position, found in problems.items():
            checked[position] = self._with_problems(records[position], found)
        words: dict[int, list[LaterWord]] = {}
        for position, compared in self._four_documents.check(records, texts_of):
            checked[position] = checked[position].with_problems(*compared.problems)
            words.setdefault(position, []).extend(compared.words)
        for position, compared in self._together(message, checked, texts_of):
            checked[position] = checked[position].with_problems(*compared.problems)
            words.setdefault(position, []).extend(compared.words)
        words_of = self._words.get(message.code)
        for position, word in words_of(records) if words_of is not None and records else ():
            words.setdefault(position, []).append(word)
        number_check = self._number_checks.get(message.code)
        return Checked(checked if number_check is None else number_check(checked, keys), words)

    def _together(
        self, message: MessageType, records: Sequence[Record], texts_of: TextsOf
    ) -> Iterable[tuple[int, Compared]]:
        """Payments, or orders that have several. A record that is kept back for another reason does not count."""
        ready = {position: record for position, record in enumerate(records) if record.ready}
        if message.code == PAYMENT:
            return self._payments.of_payments(ready)
        if message.code != ORDER:
            return ()
        several = {position: ready[position] for position in self._four_documents.paid_at_several if position in ready}
        return self._payments.of_orders(several, {position: texts_of(position).head for position in several})

    def _with_problems(self, record: Record, problems: Sequence[Problem]) -> Record:
        weighed = (with_severity_of(problem, self._severities) for problem in problems)
        return record.with_problems(*(problem for problem in weighed if problem is not None))
