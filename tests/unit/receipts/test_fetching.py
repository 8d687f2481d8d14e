"""A receipt is stored before it is removed at the other side; one that cannot be fetched holds up none behind it."""

from __future__ import annotations

import pytest

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
