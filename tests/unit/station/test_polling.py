"""Receipts that waited while no station ran: read at the start, before what is in doubt goes out again."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from sqlalchemy import update

from builders.new_station import new_station
from builders.signed_message import SignedMessage
from cebd.clock import SystemClock
from cebd.records.ids import DropId
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.polling import Polling
from cebd.station.ways_out.turns import Waiting
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.receipts import add_receipt
from cebd.store.store import Store
from cebd.store.tables import messages
from cebd.transport.channel import Handover, InDoubt, Outcome
from cebd.transport.channels.folder import FolderInbound, FolderOutbound


class Hanging(FolderInbound):
    """A share that gives no answer until the test is over."""

    over = threading.Event()

    def waiting(self) -> list[str]:
        self.over.wait(30)
        return []


class CutOff(FolderOutbound):
    """What is handed over is taken away at once, and no answer comes."""

    delivered = 0

    def deliver(self, handover: Handover) -> Outcome:
        handover.before_visible()
        self.delivered += 1
        return InDoubt("cut")


def rounds(folder: Path, store: Store, channel: FolderInbound) -> Polling:
    settings = load_settings(new_station(folder / "station", port=2222).settings)
    conditions = Conditions(store, SystemClock())
    return Polling(settings, store, SystemClock(), {"line": channel}, lambda _: None, conditions, Failures(conditions))


def test_a_receipt_that_lay_in_the_folder_is_taken_although_folders_are_looked_at_twice(
    tmp_path: Path, store: Store
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "receipt.xml").write_bytes(b"<CEB312Message/>\n")
    rounds(tmp_path, store, FolderInbound(tmp_path / "in")).hear_first("line")
    assert list((tmp_path / "in").iterdir()) == []


def test_a_channel_that_hangs_keeps_what_is_in_doubt_waiting_for_so_long_only(tmp_path: Path, store: Store) -> None:
    rounds(tmp_path, store, Hanging(tmp_path)).hear_first("line", seconds=0.05)
    Hanging.over.set()
    for thread in threading.enumerate():
        if thread.name == "hear channel line":
            thread.join(30)


def test_the_answers_to_a_message_in_doubt_are_read_before_it_goes_out_again(tmp_path: Path, store: Store) -> None:
    """It was sent, the station was off for longer than a doubt is waited for, and customs answered meanwhile."""
    settings = load_settings(new_station(tmp_path / "station", port=2222).settings)
    (name,) = settings.channel
    message = SignedMessage(store)
    channel = CutOff(tmp_path)
    with store.write() as transaction:
        transaction.execute(update(messages).values(channel=name))
    message.submit(channel)
    message.later(settings.channel[name].in_doubt_seconds + 1)
    conditions = Conditions(store, message.clock)
    heard = []

    def hear(name: str) -> None:
        heard.append(name)
        message.receipt_for("A")

    ways = WaysOut(settings, store, message.clock, conditions, Failures(conditions), {name: channel}, hear=hear)
    ways.sending[name].keep([Waiting(message.message_id, DropId(1), "e")])
    ways.sending[name].look(threading.Event())
    assert (heard, channel.delivered, message.state) == ([name], 1, "sent")


def test_a_receipt_that_cannot_be_copied_is_tried_again_though_nothing_changes_in_the_store(
    tmp_path: Path, store: Store
) -> None:
    with store.write() as transaction:
        add_receipt(transaction, "sandbox", "answer.xml", b"no receipt", "2026-11-26T09:00:00+08:00")
    polling = rounds(tmp_path, store, FolderInbound(tmp_path / "in"))
    outbox = tmp_path / "station" / "share" / "outbox"
    shutil.rmtree(outbox, ignore_errors=True)
    outbox.write_bytes(b"in the way")
    assert polling.settle_receipts()
    outbox.unlink()
    (outbox / "unmatched").mkdir(parents=True)
    assert not polling.settle_receipts()
    assert len(list((outbox / "unmatched/2026-11-26").iterdir())) == 2
