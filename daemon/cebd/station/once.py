"""`run --once`: a station finishes the waiting work and reports the outcome."""

from __future__ import annotations

import threading
import time
from enum import StrEnum

import structlog

from cebd.operations.in_flight import PART_IS_MISSING, is_served
from cebd.records.states import DropState, MessageState
from cebd.signing.signer import TokenError
from cebd.station.station import Station
from cebd.station.timers import guarded
from cebd.store.across.counts import any_failed_after, state_counts
from cebd.store.across.sending.order import WAITS_FOR_TURN
from cebd.store.conditions import read_conditions
from cebd.store.drops import last_drop_id, open_drops
from cebd.store.messages import untried_messages, waiting_messages
from cebd.store.safety.trust import require_undamaged

log = structlog.get_logger("cebd")

_SETTLING_SECONDS = 120.0  # at most so long files are waited for that go on changing
_RESUME_SECONDS = 1.0  # between two looks for work that nobody does
_OF_THE_SETTINGS = ("settings:mistake:", "settings:orphan:", "settings:missing:")


class RunResult(StrEnum):
    """The outcome of a run that finishes the waiting work; the worst outcome wins."""

    DONE = "done"
    UNDER_WAY = "under way"  # stopped before all work was finished: the next start resumes it
    REJECTED = "rejected"  # some records were rejected or refused
    SETTINGS = (
        "settings"  # a mistake has switched something off, or work in flight stands by because of changed settings
    )
    BROKEN = "broken"  # something broke each time, and is left for the next run
    TOKEN = "token"  # noqa: S105  messages wait for the token
    NETWORK = "network"  # messages wait for the channel
    IN_DOUBT = "in_doubt"  # it is unknown whether a message arrived


def check_signers_and_channels(station: Station) -> Exception | None:
    """Open every token and channel that an enterprise uses, before work is taken on: see `WaysOut.check`."""
    return station.ways_out.check(station.polling.try_channels())


def work_off(station: Station, stop: threading.Event, trouble: Exception | None) -> RunResult:
    """Declare the waiting files; ends when no work is left now, or when `stop` is set. `trouble`: see `check_signers_and_channels`."""
    with station.store.read() as transaction:
        last_before = last_drop_id(transaction)
    _work(station, stop)
    return max(_result(station, last_before), _result_of(trouble), key=list(RunResult).index)


def _work(station: Station, stop: threading.Event) -> None:
    stable_seconds = station.settings.station.stable_seconds
    polling = station.polling

    def look() -> None:
        guarded(polling.claim_new_files, "look for files", station.failures)

    guarded(station.owed.look, "bring in what was declared", station.failures)
    look()
    began = resumed = time.monotonic()
    while not stop.wait(0.1):
        require_undamaged(station.store)
        look()
        if time.monotonic() - resumed >= _RESUME_SECONDS:
            guarded(station.interrupted.resume_abandoned, "resume work", station.failures)
            resumed = time.monotonic()
        took = time.monotonic() - began
        is_still = took > _SETTLING_SECONDS or not polling.inboxes.settling()
        if took > stable_seconds + 0.5 and is_still and _is_idle(station):
            break
    guarded(lambda: polling.inboxes.look(time.monotonic(), last=True), "look for files", station.failures)
    guarded(lambda: station.previews.look(patience=_SETTLING_SECONDS), "preview files", station.failures)
    guarded(lambda: station.questions.look(patience=_SETTLING_SECONDS), "answer questions", station.failures)
    for _ in range(2):  # a receipt in a folder is taken at the second look, when it has not grown since the first
        polling.look_for_receipts()
        stop.wait(0.5)
    polling.publish_changes(at_once=True, stop=stop, patience=_SETTLING_SECONDS)
    guarded(lambda: station.write_statements(_SETTLING_SECONDS), "write statements", station.failures)
    station.learn_goods()


def _is_idle(station: Station) -> bool:
    """Whether nothing is left to do now: each drop through, or breaking each time; each message sent, or waiting for a reason."""
    again, breaks = station.polling.inboxes.tries_again, station.interrupted.breaks_each_time
    with station.store.read() as transaction:
        waiting = [
            drop.id
            for drop in open_drops(transaction)
            if is_served(station.settings, drop.enterprise, drop.source) and not station.stages.is_missing(drop.id)
        ]
        if not all(again(drop_id) or breaks(drop_id) for drop_id in waiting):
            return False
        # The messages of a drop that breaks go with their drop.
        untried = untried_messages(transaction, but_of=list(filter(breaks, waiting)))
    # While something breaks (a full disk), a message that was tried may not have got its reason written down.
    is_tried = station.ways_out.keeps if station.failures.failing() else lambda _: False
    return all(is_tried(message_id) for message_id in untried) and station.ways_out.is_at_rest()


def _result_of(trouble: Exception | None) -> RunResult:
    if trouble is None:
        return RunResult.DONE
    return RunResult.TOKEN if isinstance(trouble, TokenError) else RunResult.NETWORK


def _result(station: Station, last_before: int) -> RunResult:
    with station.store.read() as transaction:
        messages = state_counts(transaction).messages
        waiting = waiting_messages(transaction)
        conditions = read_conditions(transaction)
        any_failed = any_failed_after(transaction, last_before)
    if any(messages.get(state) for state in (MessageState.IN_DOUBT, MessageState.ASKED, MessageState.HELD)):
        return RunResult.IN_DOUBT
    of_themselves = (PART_IS_MISSING, *WAITS_FOR_TURN)
    waiting_in = {message.state for message in waiting if message.waiting and message.waiting.id not in of_themselves}
    if MessageState.READY in waiting_in:
        return RunResult.TOKEN
    if MessageState.SIGNED in waiting_in:
        return RunResult.NETWORK
    undone = _left_undone(station)
    if undone:
        log.warning("work failed repeatedly; the next run will try it again", work=undone)
        return RunResult.BROKEN
    if any(condition.key.startswith(_OF_THE_SETTINGS) for condition in conditions):
        return RunResult.SETTINGS
    return RunResult.REJECTED if any_failed else RunResult.DONE


def _left_undone(station: Station) -> list[str]:
    """Work that fails at every try, as `status` and the log name it."""
    with station.store.read() as transaction:
        claims = [drop.id for drop in open_drops(transaction) if drop.state is DropState.CLAIMING]
    stuck = [f"file {drop_id}" for drop_id in claims if station.polling.inboxes.tries_again(drop_id)]
    return station.failures.failing() + stuck


__all__ = ["RunResult", "check_signers_and_channels", "work_off"]
