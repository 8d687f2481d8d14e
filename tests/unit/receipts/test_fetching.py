"""A receipt is stored before it is removed at the other side; one that cannot be fetched holds up none behind it."""

from __future__ import annotations

from typing import Any

import pytest

import cebd.receipts.fetching as module
from builders.clocks import StillClock
from builders.declared import (
    Mailbox,
    a_receipt,
    a_return,
    declare,
    states_of_receipts,
    the_record,
)
from cebd.receipts.fetching import NotAllTaken, fetch_receipts
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store
from cebd.transport.channel import ChannelError


def test_one_that_cannot_be_fetched_does_not_hold_up_those_behind_it(store: Store) -> None:
    (mine,) = declare(store, "A1")
    mailbox = Mailbox(b"<x/>", a_receipt(a_return("A1", "120", "100000")))
    mailbox.unfetchable = {"0000.xml"}
    with pytest.raises(OSError, match=r"0000\.xml"):
        fetch_receipts(store, "sftp", mailbox, StillClock())
    apply_stored(store)
    assert mailbox.waiting() == ["0000.xml"]
    assert the_record(store, mine)["state"] == "succeeded"


def test_many_that_cannot_be_fetched_hold_up_none_behind_them(store: Store) -> None:
    (mine,) = declare(store, "A1")
    mailbox = Mailbox(*[b"<x/>"] * 6, a_receipt(a_return("A1", "120", "100000")))
    mailbox.unfetchable = {f"{number:04d}.xml" for number in range(6)}
    with pytest.raises(NotAllTaken, match=r"0000\.xml.*; 3 more"):
        fetch_receipts(store, "sftp", mailbox, StillClock())
    apply_stored(store)
    assert the_record(store, mine)["state"] == "succeeded"


def test_a_line_that_goes_down_ends_the_look(store: Store) -> None:
    mailbox = Mailbox(b"<x/>", a_receipt(a_return("A1", "120", "100000")))

    def down(name: str) -> bytes:
        raise ChannelError("CEBD-1601", name)

    mailbox.fetch = down  # type: ignore[method-assign]
    with pytest.raises(ChannelError, match="0000"):
        fetch_receipts(store, "sftp", mailbox, StillClock())


def test_a_message_of_another_system_is_left_where_it_is(store: Store) -> None:
    (mine,) = declare(store, "A1")
    foreign = b"<Package><EnvelopInfo><message_type>INV201</message_type></EnvelopInfo></Package>"
    mailbox = Mailbox(foreign, a_receipt(a_return("A1", "120", "100000")))
    assert fetch_receipts(store, "sftp", mailbox, StillClock()) == 1
    apply_stored(store)
    assert (mailbox.there, mailbox.left) == ({"0000.xml": foreign}, {"0000.xml": "CEBD-1713"})
    assert the_record(store, mine)["state"] == "succeeded"


def test_a_receipt_fetched_again_after_a_kill_is_stored_once(store: Store) -> None:
    content = a_receipt(a_return("A1", "120", "100000"))
    assert fetch_receipts(store, "sftp", Mailbox(content), StillClock()) == 1
    assert fetch_receipts(store, "sftp", Mailbox(content), StillClock()) == 0
    assert states_of_receipts(store) == ["stored"]


class Watched(Mailbox):
    """Notes how many receipts the store had when each was removed."""

    def __init__(self, store: Store, *contents: bytes) -> None:
        super().__init__(*contents)
        self.store = store
        self.stored_when_removed: list[int] = []

    def remove(self, name: str) -> None:
        self.stored_when_removed.append(len(states_of_receipts(self.store)))
        super().remove(name)


def many(count: int) -> list[bytes]:
    return [a_receipt(a_return(f"A{number}", "120", "100000")) for number in range(count)]


def test_many_are_stored_in_few_transactions_and_each_before_it_is_removed(store: Store) -> None:
    mailbox = Watched(store, *many(250))
    assert fetch_receipts(store, "sftp", mailbox, StillClock()) == 250
    assert mailbox.stored_when_removed == [100] * 100 + [200] * 100 + [250] * 50


def test_a_line_that_breaks_now_and_then_gets_on_all_the_same(store: Store) -> None:
    mailbox = Watched(store, *many(5))
    fetch = mailbox.fetch

    def breaks(name: str) -> bytes:
        if name == "0003.xml":
            raise ChannelError("CEBD-1601", "the line broke")
        return fetch(name)

    mailbox.fetch = breaks  # type: ignore[method-assign]
    with pytest.raises(ChannelError, match="the line broke"):
        fetch_receipts(store, "sftp", mailbox, StillClock())
    assert mailbox.waiting() == ["0003.xml", "0004.xml"]
    assert mailbox.stored_when_removed == [3, 3, 3]


def test_one_that_cannot_be_removed_keeps_none_of_the_others_from_it(store: Store) -> None:
    mailbox = Mailbox(*many(3))
    remove = mailbox.remove

    def refuses(name: str) -> None:
        if name == "0000.xml":
            raise ChannelError("CEBD-1605", "not allowed")
        remove(name)

    mailbox.remove = refuses  # type: ignore[method-assign]
    with pytest.raises(ChannelError, match="not allowed"):
        fetch_receipts(store, "sftp", mailbox, StillClock())
    assert mailbox.waiting() == ["0000.xml"]
    assert states_of_receipts(store) == ["stored"] * 3


def test_one_that_cannot_be_stored_stays_there_and_the_others_are_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.add_receipt

    def breaks(transaction: Any, channel: str, name: str, content: bytes, received: str) -> bool:
        if name == "0001.xml":
            raise RuntimeError("a mistake of ours")
        return original(transaction, channel, name, content, received)

    monkeypatch.setattr(module, "add_receipt", breaks)
    mailbox = Mailbox(*many(3))
    with pytest.raises(RuntimeError, match="of ours"):
        fetch_receipts(store, "sftp", mailbox, StillClock())
    assert mailbox.waiting() == ["0001.xml"]
    assert states_of_receipts(store) == ["stored"] * 2
