"""Receipts about many lists that come by several channels in any order, some of them twice, with garbage among them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from builders.channel_sides import OtherSide
from builders.clocks import StillClock
from builders.customs_words import a_history
from builders.declared import (
    a_list_return,
    a_receipt,
    an_open_store,
    declare,
    settle,
    states_of_receipts,
    the_record,
)
from builders.waiting import until
from cebd.receipts.fetching import NotAllTaken, fetch_receipts
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store
from cebd.transport.channel import ChannelError, Inbound

States = dict[str, tuple[object, ...]]
TWICE, GARBAGE = 0.2, 0.01


def receipts_about(lists: Sequence[str], chance: random.Random) -> list[bytes]:
    """A history of each list, a receipt for each word, in the order in which customs said them."""
    words = [(number, word) for number in lists for word in a_history(chance)]
    words.sort(key=lambda said: -1 if said[1].second is None else said[1].second)
    return [a_receipt(a_list_return(number, word.status, word.time, word.info)) for number, word in words]


def garbage(receipt: bytes, chance: random.Random) -> bytes:
    """What once was a receipt, or never: cut off, changed, or of another world. It ends like XML, or it would be waited for."""
    cut = receipt[: chance.randrange(40, len(receipt) - 40)]
    return chance.choice((cut, chance.randbytes(200), b"<CEB622Message>\xff\xfe", b"<" * 300)) + b">"


def in_order(folder: Path, lists: Sequence[str], receipts: Sequence[bytes]) -> States:
    """What becomes of the lists when each receipt comes once, in its order."""
    with an_open_store(folder) as store:
        mine = _declared(store, lists)
        settle(store, *receipts)
        return _states(store, mine)


def in_any_order(
    folder: Path, lists: Sequence[str], receipts: Sequence[bytes], sides: Mapping[str, OtherSide], chance: random.Random
) -> tuple[States, Counter[str]]:
    """What becomes of them when they come in any order by these channels; and how many stored receipts ended in which state."""
    coming = [*receipts, *chance.sample(receipts, int(len(receipts) * TWICE))]
    coming += [garbage(chance.choice(receipts), chance) for _ in range(int(len(receipts) * GARBAGE))]
    chance.shuffle(coming)
    with an_open_store(folder) as store:
        mine = _declared(store, lists)
        for content in coming:
            sides[chance.choice(list(sides))].answers(content)
        channels = {name: side.open() for name, side in sides.items()}

        def all_came() -> bool:
            for name, channel in channels.items():
                _look(store, name, channel.inbound)
            apply_stored(store)
            return not any(side.waiting() for side in sides.values())

        until(all_came, "every receipt is taken", 600)
        for channel in channels.values():
            channel.inbound.close()
        return _states(store, mine), Counter(states_of_receipts(store))


def _look(store: Store, name: str, inbound: Inbound) -> None:
    try:
        fetch_receipts(store, name, inbound, StillClock())
    except (ChannelError, NotAllTaken) as error:
        raise AssertionError(str(error)) from error


def _declared(store: Store, lists: Sequence[str]) -> dict[str, int]:
    return dict(zip(lists, declare(store, *lists, code="CEB621"), strict=True))


def _states(store: Store, mine: Mapping[str, int]) -> States:
    names = ("state", "status", "info", "time", "pre_no")
    found = {number: the_record(store, record_id) for number, record_id in mine.items()}
    return {
        number: (*(record[name] for name in names), tuple(sorted(record["history"])))
        for number, record in found.items()
    }
