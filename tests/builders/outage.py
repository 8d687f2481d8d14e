"""A station's channel is down for a day while records wait: what goes by it meanwhile and afterwards. Time is simulated."""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from builders.clocks import SimulatedTime, StillClock
from builders.declared import SENT_AT, a_drop, a_receipt, a_return, declare, settle
from cebd.operations.inquiries.overview import overview
from cebd.receipts.deadlines import Deadlines
from cebd.receipts.overdue import overdue
from cebd.records.ids import MessageId
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.transport.channel import Failed, Found, Handover, InDoubt, Outcome, Sent

SETTINGS = """\
[[enterprise]]
name = "甲"
copCode = "1"
copName = "一"
dxpId = "D"
folder = "e"
signer = "s"
channel = "eport"

[signer.s]
type = "software"
key = "k.pem"

[channel.eport]
type = "folder"
send_dir = "a/out"
receive_dir = "a/in"
"""
IN_A_MESSAGE = 100  # records
FILES = 4
RETRY_BUDGET_A_DAY = 24 * 12 + 12  # one try in five minutes, and those of the first minutes
_NUMBER = re.compile(rb"<(?:\w+:)?orderNo>(\d+)<")


@dataclass
class Port:
    """The other side. `trouble`: what comes of a hand-over while it is down.

    `fails_again`: the numbers of the hand-overs, counted from its return, at which the line breaks once more.
    """

    is_down: bool = True
    trouble: Failed | InDoubt = field(default_factory=lambda: Failed("CEBD-1601", "no route to host"))
    fails_again: set[int] = field(default_factory=set)
    tries_in_vain: int = 0
    taken: list[Handover] = field(default_factory=list)

    def deliver(self, handover: Handover) -> Outcome:
        if self.is_down or len(self.taken) in self.fails_again:
            if not self.is_down:
                self.fails_again.discard(len(self.taken))
            self.tries_in_vain += 1
            if isinstance(self.trouble, InDoubt):
                handover.before_visible()
            return self.trouble
        handover.before_visible()
        self.taken.append(handover)
        return Sent()

    def find(self, handover: Handover) -> Found:
        assert isinstance(self.trouble, InDoubt), f"nothing was ever in doubt: {handover.name}"
        return "unknown"

    def close(self) -> None:
        """Nothing is open."""


class Outage:
    """`records` wait, in messages of a hundred, of four files, while the port is down."""

    def __init__(self, folder: Path, store: Store, records: int) -> None:
        self.port = Port()
        self.clock, self.now = StillClock(SENT_AT), SimulatedTime()
        self.records = records
        (folder / "cebd.toml").write_text(SETTINGS, encoding="utf-8")
        settings = load_settings(folder / "cebd.toml")
        assert not settings.faults
        conditions = Conditions(store, self.clock)
        self._store = store
        ways = WaysOut(
            settings, store, self.clock, conditions, Failures(conditions), {"eport": self.port}, now=self.now
        )
        self._watcher = ways.sending["eport"]
        drops = [a_drop(store, f"{number}.xlsx") for number in range(FILES)]
        messages = records // IN_A_MESSAGE
        for number in range(messages):
            numbers = [f"{number * IN_A_MESSAGE + n:08}" for n in range(IN_A_MESSAGE)]
            declare(store, *numbers, drop=drops[number * FILES // messages], channel="eport", sent_at=None)
        ways.keep([MessageId(number + 1) for number in range(messages)])

    def pass_by(self, hours: float) -> list[int]:
        """Let so much time pass, half a second after the other; how many messages went at each look at which any did."""
        went = []
        for _ in range(int(hours * 7200)):
            before = len(self.port.taken)
            self.now.now += 0.5
            self.clock.moment += timedelta(seconds=0.5)
            self._watcher.look(threading.Event())
            if len(self.port.taken) > before:
                went.append(len(self.port.taken) - before)
        return went

    def answer_all_but_the_last(self) -> None:
        """Customs take every order that arrived but those of the last message."""
        for number, handover in enumerate(self.port.taken[:-1]):
            orders = [found.decode() for found in _NUMBER.findall(_message(handover))]
            settle(self._store, a_receipt(*(a_return(order, "120", f"{100000 + number % 60}") for order in orders)))

    def name_overdue(self) -> None:
        """A day later nobody has answered what is left."""
        self.clock.moment += timedelta(days=1)
        overdue(self._store, self.clock, Deadlines(3600, {}))

    def states(self) -> dict[str, int]:
        """How many records are in each state."""
        with self._store.read() as transaction:
            return dict(overview(transaction).counts.records)

    def explained(self) -> dict[str, int]:
        """How many messages wait for each reason that `status` names."""
        reasons: dict[str, int] = {}
        with self._store.read() as transaction:
            for waiting in overview(transaction).waiting:
                reasons[waiting.problem.id] = reasons.get(waiting.problem.id, 0) + 1
        return reasons

    def arrived(self) -> list[str]:
        """The first order of each message, as they arrived."""
        return [_NUMBER.findall(_message(handover))[0].decode() for handover in self.port.taken]

    def by_file(self) -> list[list[str]]:
        """As `arrived`, of each file apart."""
        messages = self.records // IN_A_MESSAGE
        files: list[list[str]] = [[] for _ in range(FILES)]
        for order in self.arrived():
            files[int(order) // IN_A_MESSAGE * FILES // messages].append(order)
        return files


def _message(handover: Handover) -> bytes:
    data = re.search(rb"<dxp:Data>(.*?)</dxp:Data>", handover.content, re.DOTALL)
    assert data is not None
    return b64decode(data[1])
