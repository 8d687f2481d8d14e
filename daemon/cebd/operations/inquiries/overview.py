"""The state of a station at a moment: counts, waiting messages, conditions, tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cebd.problems.problem import Problem
from cebd.records.states import MessageState
from cebd.store.across.counts import FileBehind, StateCounts, files_behind, state_counts
from cebd.store.conditions import Condition, read_conditions
from cebd.store.messages import MessageRow, waiting_messages
from cebd.store.tokens import TokenInUse, tokens_in_use
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that does not go on, and why. `since` (ISO 8601): when it was sent, else when it was made."""

    message: MessageRow
    problem: Problem

    @property
    def since(self) -> str:
        return self.message.sent_at or self.message.created

    def as_json(self) -> dict[str, object]:
        """The message and its problem in one object, for `status --json`."""
        message = self.message
        return {
            "type": message.type,
            "state": message.state,
            "enterprise": message.enterprise,
            "signer": message.signer,
            "channel": message.channel,
            "message": message.guid,
            "since": self.since,
            **self.problem.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """A station's state at a moment: counts by state, waiting messages, conditions, tokens in use."""

    counts: StateCounts
    waiting: list[WaitingMessage]
    conditions: list[Condition]
    tokens: list[TokenInUse]
    behind: list[FileBehind]

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        return {
            "drops": self.counts.drops,
            "records": self.counts.records,
            "messages": self.counts.messages,
            "waiting": [message.as_json() for message in self.waiting],
            "conditions": [condition.as_json() for condition in self.conditions],
            "tokens": [token.as_json() for token in self.tokens],
            "behind": [file.as_json() for file in self.behind],
        }


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Messages that wait for the same reason: a signer, a channel or a kind of delay. `first`: an example; `since`: the earliest time."""

    first: WaitingMessage
    count: int
    since: str

    @property
    def way(self) -> str:
        """What they wait for, as conditions call it: `signer:NAME` until they are signed, then `channel:NAME`."""
        message = self.first.message
        is_unsigned = message.state is MessageState.READY
        return f"signer:{message.signer}" if is_unsigned else f"channel:{message.channel}"


def overview(transaction: Transaction) -> Overview:
    """How things stand now."""
    return Overview(
        state_counts(transaction),
        [
            WaitingMessage(message, message.waiting)
            for message in waiting_messages(transaction)
            if message.waiting is not None
        ],
        read_conditions(transaction),
        tokens_in_use(transaction),
        files_behind(transaction),
    )


def grouped(waiting: Iterable[WaitingMessage]) -> list[WaitingGroup]:
    """Group messages that wait for the same reason, so that it is reported once."""
    groups: dict[tuple[str, str], list[WaitingMessage]] = {}
    for waiter in waiting:
        message = waiter.message
        party = message.signer if message.state is MessageState.READY else message.channel
        groups.setdefault((waiter.problem.id, party), []).append(waiter)
    return [WaitingGroup(group[0], len(group), min(waiter.since for waiter in group)) for group in groups.values()]
