"""What signers and channels have in common as ways out: an error with one message concerns this message alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress

from cebd.clock import Clock
from cebd.problems.problem import Problem, problem
from cebd.records.ids import MessageId
from cebd.signing.known_token import TokenRevoked
from cebd.station.failures import Failures
from cebd.station.ways_out.way import GoesOn, Tried, Unusable
from cebd.store.conditions import Party
from cebd.store.messages import NoSuchMessage, set_waiting
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed


class MessageWay(ABC):
    """The common part of signers and channels: an unforeseen error with a message concerns only this message, and is noted."""

    def __init__(self, name: str, work: str, store: Store, clock: Clock, failures: Failures) -> None:
        """`work`: the name of this work in the log and in `status`, for failures."""
        self._name = name
        self._work = work
        self._store = store
        self._clock = clock
        self._failures = failures

    def act(self, message_ids: Iterable[MessageId], goes_on: GoesOn) -> list[Tried | Unusable]:
        broken: dict[MessageId, Exception] = {}
        outcomes: list[Tried | Unusable] = []
        tried: list[MessageId] = []
        for message_id in self._expected(message_ids):
            tried.append(message_id)
            try:
                outcome = self._act(message_id)
            except NoSuchMessage:
                outcome = Tried.GONE
            except Exception as error:
                broken[message_id] = error
                outcome = Tried.WAITS
            outcomes.append(outcome)
            if not goes_on(outcome):
                break
        try:
            self._store_outcomes()
        except TokenRevoked as error:  # meanwhile
            outcomes = [Unusable(error.said(self._name), Party(error.party))] * len(outcomes)
        except Exception as error:  # as if none had been tried
            broken = dict.fromkeys(tried, error)
            outcomes = [Tried.WAITS] * len(outcomes)
        self._note_errors(broken)
        return outcomes

    def say_why(self, message_ids: Iterable[MessageId], why: Unusable) -> None:
        self._say(dict.fromkeys(message_ids, why.problem))

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _act(self, message_id: MessageId) -> Tried | Unusable:
        """Try one message."""

    def _expected(self, message_ids: Iterable[MessageId]) -> Iterable[MessageId]:
        """A batch of these messages begins."""
        return message_ids

    @abstractmethod
    def _store_outcomes(self) -> None:
        """Let the outcomes of the batch be durable, as far as they are not."""

    def _unusable(self, problem_id: str, reason: str, party: Party, reason_zh: str = "") -> Unusable:
        name, zh = self._name, reason_zh or reason
        return Unusable(problem(problem_id, value=name, channel=name, reason=reason, reason_zh=zh), party)

    def _note_errors(self, errors: Mapping[MessageId, Exception]) -> None:
        for message_id, error in errors.items():
            self._failures.note(self._work, error, message=message_id)
        if not errors:
            self._failures.over(self._work)
        internal = {
            message_id: problem("CEBD-1911", value=str(message_id), reason=type(error).__name__)
            for message_id, error in errors.items()
        }
        self._say(internal)

    def _say(self, reasons: Mapping[MessageId, Problem]) -> None:
        if not reasons:
            return
        with (
            suppress(TransactionFailed),
            self._store.write() as transaction,
        ):  # a full disk must not end the work as well
            for message_id, why in reasons.items():
                set_waiting(transaction, message_id, why)
