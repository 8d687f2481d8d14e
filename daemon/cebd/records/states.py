"""States of drops, messages, records, hand-overs and receipts, as the store spells them; and the returns of a record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of a record."""

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


STATES_IN_CHINESE = {
    State.REJECTED: "未申报",
    State.HELD: "整份未申报（待处理）",
    State.READY: "待签名",
    State.SIGNED: "待发送",
    State.SENT: "待回执",
    State.IN_DOUBT: "待确认是否送达",
    State.ACKNOWLEDGED: "电子口岸已受理",
    State.SUCCEEDED: "成功",
    State.REFUSED: "退单",
    State.REPEAT: "申报过",
}
FINAL = frozenset({State.REJECTED, State.SUCCEEDED, State.REFUSED})
UNSENT_RECORDS = (State.READY, State.SIGNED, State.IN_DOUBT)  # as far as we know


@dataclass(frozen=True, slots=True)
class ReturnedStatus:
    """A return of customs as a record keeps it. `time` is ISO 8601, empty when customs gave no time.

    `evidence`: the return only proves that a message in doubt arrived (see `already_there`), and decides nothing.
    """

    status: str
    info: str
    time: str
    evidence: bool = False

    @property
    def words(self) -> tuple[str, str, str]:
        """Status, text and time: returns with the same words are the same return, even in different receipts."""
        return self.status, self.info, self.time


HELD_BACK = (State.REJECTED, State.HELD)  # kept back by the checks, or with its whole file


class DropState(StrEnum):
    """Where a file is on its way through the station."""

    CLAIMING = "claiming"  # its row is written, the file is being moved into working/
    CLAIMED = "claimed"
    FILING = "filing"  # converted, the file is being moved to done/, error/ or hold/
    FILED = "filed"
    WITHDRAWN = "withdrawn"  # the operator took it back before it was claimed


OPEN_DROPS = (DropState.CLAIMING, DropState.CLAIMED, DropState.FILING)  # the file is in our hands


class DropOutcome(StrEnum):
    """Where a file ends, by the name of the folder."""

    DONE = "done"
    ERROR = "error"
    HOLD = "hold"


class MessageState(StrEnum):
    """How far a message is on its way to customs."""

    READY = "ready"
    SIGNED = "signed"
    SENT = "sent"
    IN_DOUBT = "in_doubt"  # nobody knows whether the other side has it
    HELD = "held"  # it waited too long for what it rests on: a person decides (`cebd.transport.sending_order`)
    ASKED = "asked"  # a person decides (`cebd.store.across.undecided`)


# They go on by themselves; what is asked about does not.
UNSENT_MESSAGES = (MessageState.READY, MessageState.SIGNED, MessageState.IN_DOUBT)


class SignatureMode(StrEnum):
    """Who signs a message, and where its signature stands."""

    DETACHED = "composed"  # made by us, canonical; the signature is stored beside it
    EMBEDDED = "foreign"  # dropped as a message; the signature is put into it
    KEPT = "kept"  # signed by its maker
    NONE = "no"  # not asked for
    CLIENT = "client"  # the other side signs it, with its own card; it leaves unsigned
    RESTORED = "restored"  # sent before the store was restored; put together again, never sent as it stands


class SubmissionPhase(StrEnum):
    """How far a hand-over went."""

    WRITING = "writing"  # the other side cannot see it yet
    HANDING_OVER = "handing-over"  # the other side may see it


class SubmissionOutcome(StrEnum):
    """How a hand-over ended."""

    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


class ReceiptState(StrEnum):
    """The outcome of an arrived receipt."""

    STORED = "stored"
    APPLIED = "applied"
    UNMATCHED = "unmatched"
    UNREADABLE = "unreadable"
