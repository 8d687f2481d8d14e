"""Whose matter it is that a message waits."""

from __future__ import annotations

from cebd.records.states import MessageState
from cebd.store.conditions import Party
from cebd.transport.channel import party_of

_NO_ANSWER = ("CEBD-1703", "CEBD-1718")  # late, and so late that customs must be asked
_TOKEN_AWAY = "CEBD-1501"  # noqa: S105


def party_waited_for(state: MessageState, problem: str) -> Party:
    """Whose matter it is that a message in that state waits for that reason, where no condition says so."""
    if problem in _NO_ANSWER:
        return Party.CUSTOMS
    if state in (MessageState.HELD, MessageState.ASKED) or problem.startswith("CEBD-20"):
        return Party.ADMINISTRATOR
    if problem.startswith("CEBD-15"):
        return Party.TOKEN if problem == _TOKEN_AWAY else Party.ADMINISTRATOR
    return Party(party_of(problem)) if problem.startswith("CEBD-16") else Party.CEBD
