"""Many messages and receipts by HTTP, with the connection cut at another byte for each."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from builders.clocks import StillClock
from builders.http_platform import Cut, HttpPlatform
from builders.new_store import open_store
from builders.signed_message import ENVELOPE, SignedMessage, envelope
from builders.waiting import until
from cebd.receipts.fetching import fetch_receipts
from cebd.store.beside.channel_memory import ChannelMemory
from cebd.store.receipts import load_receipts
from cebd.store.store import Store
from cebd.store.tables import receipts
from cebd.transport.channel import ChannelError, Outcome, Sent

_STEP = 37  # bytes from one cut to the next; prime to the lengths of conversations


def name_of(number: int) -> str:
    """The name under which that message arrives."""
    return f"CEB311Message_DXPENT0001-{number}.xml"


def a_receipt(number: int) -> bytes:
    """With text that forms, JSON and XML each write in their own way."""
    guid = f"4CDE1CFD-EDED-46B1-946C-{number:012d}"
    return (
        f'<CEB622Message xmlns="http://www.chinaport.gov.cn/ceb" guid="{guid}" version="1.0"><InventoryReturn><guid>{guid}</guid>'
        f"<copNo>LIST{number}</copNo><returnStatus>800</returnStatus><returnTime>2026010108{number // 60 % 60:02d}{number % 60:02d}000"
        "</returnTime><returnInfo>放行 a+b &amp; c=%20, d</returnInfo></InventoryReturn></CEB622Message>"
    ).encode()


def stored(store: Store) -> list[bytes]:
    """Every receipt in the store."""
    with store.read() as transaction:
        ids = list(transaction.execute(select(receipts.c.id).order_by(receipts.c.id)).scalars())
        return [one.content() for one in load_receipts(transaction, ids)]


def length_of_a_hand_over(platform: HttpPlatform, store: Store) -> tuple[int, int]:
    """Hand the first message over on a connection of its own; the bytes that went there and came back."""
    channel = platform.channel()
    assert SignedMessage(store, 1).submit(channel.outbound) is Sent
    channel.close()
    carried = platform.wire.carried[-1]
    return carried["there"], carried["back"]


def send_with_cuts(platform: HttpPlatform, store: Store, count: int) -> Counter[type[Outcome]]:
    """So many messages, each over a connection that is cut elsewhere; how the first attempts ended. Asserts that all are sent."""
    there, back = length_of_a_hand_over(platform, store)
    ended: Counter[type[Outcome]] = Counter()
    for number in range(2, count + 1):
        message = SignedMessage(store, number)
        at = number // 2 * _STEP
        platform.wire.plans = [Cut(there=1 + at % there) if number % 2 else Cut(back=at % back)]
        channel = platform.channel()
        ended[message.submit(channel.outbound)] += 1
        message.later(700)  # the wait of a doubt is over
        assert message.submit(channel.outbound) is Sent
        assert message.state == "sent"
        channel.close()
    return ended


def assert_arrived_once(send: Path, count: int) -> None:
    """Everything is there as it left, and nothing else."""
    assert envelope(1) == ENVELOPE
    there = {path.name: path.read_bytes() for path in send.iterdir()}
    assert there == {name_of(number): envelope(number) for number in range(1, count + 1)}


def receive_with_cuts(platform: HttpPlatform, receive: Path, store: Store, count: int) -> list[bytes]:
    """So many receipts, with every other connection cut; what was stored of them."""
    memory = ChannelMemory(store, "eport")
    memory.write("cursor.0", "2026-01-01T00:00:00+08:00")
    channel = platform.channel(memory)
    for number in range(1, count + 1):
        (receive / f"CEB622Message_{number:05d}.xml").write_bytes(a_receipt(number))
    looks = 0

    def all_are_here() -> bool:
        nonlocal looks
        looks += 1
        if looks < count:
            wire = platform.push_wire if platform.pushes else platform.wire
            wire.plans = [Cut(there=600 + looks * _STEP % 3000)] if looks % 2 else [Cut(back=looks * _STEP % 4000)]
        try:
            fetch_receipts(store, "eport", channel.inbound, StillClock())
        except ChannelError as error:
            assert error.problem in ("CEBD-1601", "CEBD-1604"), error.reason
        return len(stored(store)) >= count

    until(all_are_here, "every receipt is here", 60 + count)
    channel.close()
    return stored(store)


def campaign(folder: Path, shape: str, count: int) -> str:
    """So many messages, and a tenth of that receipts, by a profile over TLS; a line that says how it went. Asserts all of it."""
    send, receive = folder / "send", folder / "receive"
    send.mkdir(parents=True)
    receive.mkdir()
    store = open_store(folder / "store")
    with HttpPlatform(folder / "http", shape, send, receive) as platform:
        ended = send_with_cuts(platform, store, count)
        assert_arrived_once(send, count)
        came = max(1, count // 10)
        got = receive_with_cuts(platform, receive, store, came)
    store.close()
    assert_received_once(shape, got, came)
    how = ", ".join(f"{times} {kind.__name__}" for kind, times in ended.items())
    return f"{count} messages ({how} at first), {came} receipts"


def assert_received_once(shape: str, got: list[bytes], count: int) -> None:
    """Each receipt is here, as it was; those made of rows with what they say."""
    if shape == "cebcmsg-json":
        numbers = sorted(int(number) for one in got for number in re.findall(rb"copNo>LIST(\d+)<", one))
        assert numbers == list(range(1, count + 1))
        assert all("放行 a+b &amp; c=%20, d</ceb:returnInfo>".encode() in one for one in got)
    else:
        assert sorted(got) == sorted(a_receipt(number) for number in range(1, count + 1))
