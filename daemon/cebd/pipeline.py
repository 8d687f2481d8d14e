"""The one way through: a drop is converted, its messages are signed, sent and settled. Durable: DBOS runs it.

    declare_drop:  claimed file -> records and messages -> file put away -> sign_message for each
    sign_message:  token -> signed message in its envelope -> send_message
    send_message:  intent -> wire -> outcome

Each step may run twice and finds its own work done. Work is enqueued per message, by ids that name it. A message that cannot be signed or
sent now is left to the watcher of its signer or channel (`cebd.station.watcher`). The engine's work on it ends: nothing waits there.
"""

from __future__ import annotations

from typing import Protocol

from dbos import DBOS, SetWorkflowID

from cebd.store.work import ALIVE

SHAPE = "1"  # the workflow's shape: work in flight goes on only under the same one (`docs/decisions/`)


class Stages(Protocol):
    """What the workflow calls; a station is one."""

    def work_id(self, what: str, number: int) -> str: ...

    def convert(self, drop_id: int) -> list[int]:
        """A step by itself: its rows and the engine's record of it are committed together."""
        ...

    def put_away(self, drop_id: int) -> bool:
        """Whether its messages may go."""
        ...

    def sign(self, message_id: int) -> bool:
        """True when it is signed; else it is left to a watcher."""
        ...

    def send(self, message_id: int) -> bool:
        """True when the other side has it; else it is left to a watcher."""
        ...

    def signer_of(self, message_id: int) -> str: ...

    def channel_of(self, message_id: int) -> str: ...

    def failed(self, what: str, number: int, error: Exception) -> None:
        """Work broke in a way that nobody foresaw. It is found by our own rows and taken up again, after a while."""
        ...

    def went_well(self, what: str, number: int) -> None: ...


_stages: list[Stages] = []


def serve(stages: Stages | None) -> None:
    """The station whose stages the workflow calls; one per process."""
    _stages[:] = [stages] if stages is not None else []


# Their names and the order of their steps are in every engine's file: work that an earlier version left is replayed with these.


@DBOS.workflow(name="declare_drop")
def declare_drop(drop_id: int) -> int:
    """From a claimed file to messages on their way; returns how many."""
    try:
        message_ids = _stages[0].convert(drop_id)
        # False: the file is not what was read, and nothing of it goes out. (An earlier version's step says nothing.)
        if put_away(drop_id) is not False:
            for message_id in message_ids:
                enqueue_signing(message_id)
    except Exception as error:
        # Nothing that breaks here may end in the engine alone, which would only log it: the next look finds the drop open, with no work.
        _stages[0].failed("drop", drop_id, error)
        return 0
    _stages[0].went_well("drop", drop_id)
    return len(message_ids)


@DBOS.workflow(name="sign_message", max_recovery_attempts=1_000_000)
def sign_message(message_id: int) -> None:
    """Sign, if the token can now."""
    try:
        if sign(message_id):
            enqueue_sending(message_id)
    except Exception as error:
        _stages[0].failed("message", message_id, error)


@DBOS.workflow(name="send_message", max_recovery_attempts=1_000_000)
def send_message(message_id: int) -> None:
    """Send, if the channel can now."""
    try:
        send(message_id)
    except Exception as error:
        _stages[0].failed("message", message_id, error)


@DBOS.step(name="put_away")
def put_away(drop_id: int) -> bool:
    return _stages[0].put_away(drop_id)


@DBOS.step(name="sign")
def sign(message_id: int) -> bool:
    return _stages[0].sign(message_id)


@DBOS.step(name="send")
def send(message_id: int) -> bool:
    return _stages[0].send(message_id)


def start_drop(drop_id: int, *, again: bool = False) -> None:
    """Start the workflow of a claimed drop; starting it again is harmless. `again`: also where an earlier one has ended.

    That one's record is taken out first: the name is the same, and the engine's file does not grow with the attempts.
    """
    name = _stages[0].work_id("drop", drop_id)
    if again and (status := DBOS.get_workflow_status(name)) is not None:
        if status.status in ALIVE:
            return
        # Killed here, the drop has no work at all, and the next start finds it so.
        DBOS.delete_workflow(name)
    with SetWorkflowID(name):
        DBOS.start_workflow(declare_drop, drop_id)


def enqueue_signing(message_id: int) -> None:
    """Hand the message to the station that has its token."""
    with SetWorkflowID(_stages[0].work_id("sign", message_id)):
        DBOS.enqueue_workflow(sign_queue(_stages[0].signer_of(message_id)), sign_message, message_id)


def enqueue_sending(message_id: int) -> None:
    """Hand the message to a station that reaches its channel."""
    with SetWorkflowID(_stages[0].work_id("send", message_id)):
        DBOS.enqueue_workflow(send_queue(_stages[0].channel_of(message_id)), send_message, message_id)


def sign_queue(signer: str) -> str:
    return f"sign.{signer}"


def send_queue(channel: str) -> str:
    return f"send.{channel}"


__all__ = ["SHAPE", "declare_drop", "send_queue", "serve", "sign_queue", "start_drop"]
