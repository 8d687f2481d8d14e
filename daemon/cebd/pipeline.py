"""The one way through: a drop is converted, its messages are signed, sent and settled. Durable: DBOS runs it.

    declare_drop:  claimed file -> records and messages -> file put away -> sign_message for each
    sign_message:  token -> signed message in its envelope -> send_message
    send_message:  intent -> wire -> outcome; again until the outcome is known

Each step may run twice and finds its own work done. Work is enqueued per message, by ids that name it.
"""

from __future__ import annotations

from typing import Protocol

from dbos import DBOS, SetWorkflowID

from cebd.store.engine_state import AGAIN

SHAPE = "1"  # the workflow's shape: work in flight goes on only under the same one (`docs/decisions/`)
_LONGEST_WAIT = 300.0
_ALIVE = ("PENDING", "ENQUEUED", "DELAYED")


class Stages(Protocol):
    """What the workflow calls; a station is one."""

    def work_id(self, what: str, number: int) -> str: ...

    def convert(self, drop_id: int) -> list[int]:
        """A step by itself: its rows and the engine's record of it are committed together."""
        ...

    def put_away(self, drop_id: int) -> None: ...

    def sign(self, message_id: int) -> bool: ...

    def send(self, message_id: int) -> str: ...

    def signer_of(self, message_id: int) -> str: ...

    def channel_of(self, message_id: int) -> str: ...

    def retry_seconds(self, message_id: int) -> float: ...


_stages: list[Stages] = []


def serve(stages: Stages | None) -> None:
    """The station whose stages the workflow calls; one per process."""
    _stages[:] = [stages] if stages is not None else []


@DBOS.workflow(name="declare_drop")
def declare_drop(drop_id: int) -> int:
    """From a claimed file to messages on their way; returns how many."""
    message_ids = _stages[0].convert(drop_id)
    put_away(drop_id)
    for message_id in message_ids:
        enqueue_signing(message_id)
    return len(message_ids)


@DBOS.workflow(name="sign_message", max_recovery_attempts=1_000_000)
def sign_message(message_id: int) -> None:
    """Sign, waiting for the token as long as it takes."""
    wait = 1.0
    while not sign(message_id):
        DBOS.sleep(wait)
        wait = min(wait * 2, 60.0)
    enqueue_sending(message_id)


@DBOS.workflow(name="send_message", max_recovery_attempts=1_000_000)
def send_message(message_id: int) -> None:
    """Send, until the other side has it."""
    wait = _stages[0].retry_seconds(message_id)
    while send(message_id) != "done":
        DBOS.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


@DBOS.step(name="put_away")
def put_away(drop_id: int) -> None:
    _stages[0].put_away(drop_id)


@DBOS.step(name="sign")
def sign(message_id: int) -> bool:
    return _stages[0].sign(message_id)


@DBOS.step(name="send")
def send(message_id: int) -> str:
    return _stages[0].send(message_id)


def start_drop(drop_id: int, *, again: bool = False) -> None:
    """Start the workflow of a claimed drop; starting it again is harmless. `again`: also where an earlier one has ended."""
    with SetWorkflowID(_name("drop", drop_id, again)):
        DBOS.start_workflow(declare_drop, drop_id)


def enqueue_signing(message_id: int, *, again: bool = False) -> None:
    """Hand the message to the station that has its token."""
    with SetWorkflowID(_name("sign", message_id, again)):
        DBOS.enqueue_workflow(sign_queue(_stages[0].signer_of(message_id)), sign_message, message_id)


def enqueue_sending(message_id: int, *, again: bool = False) -> None:
    """Hand the message to a station that reaches its channel."""
    with SetWorkflowID(_name("send", message_id, again)):
        DBOS.enqueue_workflow(send_queue(_stages[0].channel_of(message_id)), send_message, message_id)


def _name(what: str, number: int, again: bool) -> str:
    """The work's name; `again`, with a count behind it where earlier work of that name has ended without doing it."""
    name = free = _stages[0].work_id(what, number)
    count = 1
    while again and (status := DBOS.get_workflow_status(free)) is not None and status.status not in _ALIVE:
        count += 1
        free = f"{name}{AGAIN}{count}"
    return free


def sign_queue(signer: str) -> str:
    return f"sign.{signer}"


def send_queue(channel: str) -> str:
    return f"send.{channel}"


__all__ = ["SHAPE", "declare_drop", "send_queue", "serve", "sign_queue", "start_drop"]
