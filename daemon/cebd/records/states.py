"""The states of a record, and what was told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of a record (one at a time)."""

    REJECTED = "rejected"
    HELD = "held"
    READY = "ready"
    SIGNED = "signed"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    ACKNOWLEDGED = "acknowledged"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    REPEAT = "repeat"  # a row declared before: shown with the state of the record it repeats


FINAL = frozenset({State.REJECTED, State.SUCCEEDED, State.REFUSED})


@dataclass(frozen=True, slots=True)
class Told:
    """One return as a record remembers it. `time` is ISO 8601, empty when customs gave none.

    `evidence`: says only that a message of unknown outcome arrived (see `already_there`), and decides nothing.
    """

    status: str
    info: str
    time: str
    evidence: bool = False
