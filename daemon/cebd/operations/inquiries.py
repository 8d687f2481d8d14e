"""What a person may ask of a station: how things stand, which files and records there are, what became of one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cebd.records.states import MessageState
from cebd.store.across.standing import (
    FileBehind,
    StateCounts,
    WaitingMessage,
    files_behind,
    state_counts,
    waiting_messages,
)
from cebd.store.conditions import Condition, read_conditions
from cebd.store.tokens import TokenInUse, tokens_in_use
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at one moment: counts by state, what waits or is not as it should be, the tokens in use."""

    counts: StateCounts
    waiting: list[WaitingMessage]
    conditions: list[Condition]
    tokens: list[TokenInUse]
    behind: list[FileBehind]

    def as_json(self) -> dict[str, Any]:
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
    """Messages that wait for one reason: of one signer, one channel or one kind of delay. `first`: one of them; `since`: the earliest."""

    first: WaitingMessage
    count: int
    since: str


def standing(transaction: Transaction) -> Standing:
    """How things stand now."""
    return Standing(
        state_counts(transaction),
        waiting_messages(transaction),
        read_conditions(transaction),
        tokens_in_use(transaction),
        files_behind(transaction),
    )


def grouped(waiting: Iterable[WaitingMessage]) -> list[WaitingGroup]:
    """Messages that wait for one reason are one matter, named once."""
    groups: dict[tuple[str, str], list[WaitingMessage]] = {}
    for message in waiting:
        party = message.signer if message.state is MessageState.READY else message.channel
        groups.setdefault((message.problem.id, party), []).append(message)
    return [WaitingGroup(group[0], len(group), min(message.since for message in group)) for group in groups.values()]
