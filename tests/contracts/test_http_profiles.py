"""What every shipped HTTP profile promises over TLS, with the connection cut at every step: nothing lost, nothing taken twice, nothing left
in doubt once the other side answers, and every byte as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.clocks import StillClock
from builders.http_deliveries import (
    a_receipt,
    assert_arrived_once,
    assert_received_once,
    length_of_a_hand_over,
    name_of,
    receive_with_cuts,
    stored,
)
from builders.http_platform import PUSH_SECRET, SHAPES, Cut, HttpPlatform
from builders.new_store import open_store
from builders.signed_message import ENVELOPE, SignedMessage
from builders.waiting import until
from cebd.receipts.fetching import fetch_receipts
from cebd.sandbox.scenario import Scenario
from cebd.store.beside.channel_memory import ChannelMemory
from cebd.store.store import Store
from cebd.transport.channel import ChannelError, Failed, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.kinds import open_channel


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    send, receive = tmp_path / "send", tmp_path / "receive"
    send.mkdir()
    receive.mkdir()
    return send, receive


@pytest.fixture(params=SHAPES)
def platform(request: pytest.FixtureRequest, tmp_path: Path, folders: tuple[Path, Path]) -> Iterator[HttpPlatform]:
    with HttpPlatform(tmp_path / "http", request.param, *folders) as platform:
        yield platform


def taken(send: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(send.iterdir())}


# Sending


def test_cut_at_every_step_each_message_arrives_once_and_none_stays_in_doubt(
    platform: HttpPlatform, folders: tuple[Path, Path], store: Store
) -> None:
    send, _ = folders
    there, back = length_of_a_hand_over(platform, store)
    cuts: list[tuple[Cut, tuple[type[Outcome], ...]]] = [
        (Cut(at_once=True), (Failed,)),
        (Cut(there=100), (Failed,)),  # in the handshake
        (Cut(back=1000), (Failed,)),  # in the server's
        (Cut(there=there - len(ENVELOPE) - 40), (Failed, InDoubt)),  # in the head of the request, or its body
        (Cut(there=there - 3), (InDoubt,)),  # in its last byte, on its way
        (Cut(back=back - 3), (InDoubt,)),  # in the answer: it was taken
    ]
    for number, (cut, expected) in enumerate(cuts, 2):
        message = SignedMessage(store, number)
        platform.wire.plans = [cut]
        channel = platform.channel()
        assert message.submit(channel.outbound) in expected, cut
        message.later(700)  # the wait of a doubt is over
        assert message.submit(channel.outbound) is Sent
        assert message.state == "sent"
        channel.close()
    assert_arrived_once(send, 1 + len(cuts))


def test_what_is_there_and_was_never_sent_from_here_is_not_taken_for_delivered(
    platform: HttpPlatform, folders: tuple[Path, Path]
) -> None:
    send, _ = folders
    (send / name_of(1)).write_bytes(b"somebody else's")
    channel = platform.channel()
    outcome = channel.outbound.deliver(Handover(name_of(1), ENVELOPE, 2, "DXPENT0001-1"))
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1665"
    doubted = Handover(name_of(1), ENVELOPE, 2, "DXPENT0001-1", may_be_there=True)
    assert isinstance(channel.outbound.deliver(doubted), Sent)


def test_an_error_in_the_body_of_200_is_a_certain_failure_with_the_other_sides_words(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    for shape in ("cebcmsg-json", "gateway-form", "soap-declare"):
        refuses = Scenario(http_refused=1.0)
        with HttpPlatform(tmp_path / shape, shape, *folders, refuses) as platform:
            outcome = platform.channel().outbound.deliver(Handover(name_of(1), ENVELOPE, 1, "DXPENT0001-1"))
        assert outcome == Failed("CEBD-1605", "系统繁忙，请稍后再试")
    assert taken(folders[0]) == {}


def test_a_side_that_takes_and_does_not_answer_leaves_a_doubt_and_the_message_goes_once(
    tmp_path: Path, folders: tuple[Path, Path], store: Store
) -> None:
    with HttpPlatform(
        tmp_path / "http", "gateway-form", *folders, Scenario(http_silent=1.0, http_silent_seconds=3.0)
    ) as platform:
        message = SignedMessage(store)
        assert message.submit(platform.channel(timeout_seconds=0.5).outbound) is InDoubt
        assert taken(folders[0]) == {name_of(1): ENVELOPE}
        message.later(700)
        assert message.submit(platform.channel(timeout_seconds=8).outbound) is Sent
    assert taken(folders[0]) == {name_of(1): ENVELOPE}


def test_a_receipt_may_come_before_the_answer_to_its_message(
    tmp_path: Path, folders: tuple[Path, Path], store: Store
) -> None:
    _, receive = folders
    with HttpPlatform(tmp_path / "http", "gateway-form", *folders, Scenario(http_answer_seconds=1.5)) as platform:
        message = SignedMessage(store)
        channel = platform.channel()
        assert channel.waiting() == []
        outcomes: list[type[Outcome]] = []
        sending = threading.Thread(target=lambda: outcomes.append(message.submit(channel.outbound)))
        sending.start()
        until(lambda: taken(folders[0]), "it is there")
        (receive / "CEB622Message_1.xml").write_bytes(a_receipt(1))
        until(lambda: fetch_receipts(store, "eport", channel.inbound, StillClock()), "its receipt is here")
        assert outcomes == []
        sending.join()
    assert outcomes == [Sent]
    assert stored(store) == [a_receipt(1)]


# Receiving


def look(store: Store, channel: BothHalves) -> None:
    """A look that may meet a cut."""
    try:
        fetch_receipts(store, "eport", channel.inbound, StillClock())
    except ChannelError as error:
        assert error.problem in ("CEBD-1601", "CEBD-1604"), error.reason


def test_with_the_connection_cut_each_receipt_is_stored_once_and_as_it_was(
    platform: HttpPlatform, folders: tuple[Path, Path], store: Store
) -> None:
    _, receive = folders
    assert_received_once(platform.shape, receive_with_cuts(platform, receive, store, 6), 6)


def test_rows_are_asked_for_from_where_the_memory_says(
    tmp_path: Path, folders: tuple[Path, Path], store: Store
) -> None:
    _, receive = folders
    (receive / "CEB622Message_1.xml").write_bytes(a_receipt(1))
    memory = ChannelMemory(store, "eport")
    memory.write("cursor.0", "2026-01-01T00:00:00+08:00")
    with HttpPlatform(tmp_path / "http", "cebcmsg-json", *folders) as platform:
        channel = open_channel(platform.settings(), platform.folder, memory)
        assert fetch_receipts(store, "eport", channel.inbound, StillClock()) == 1
        channel.inbound.close()
        assert memory.read("cursor.0") == "2026-01-01T08:00:01+08:00"
        again = open_channel(platform.settings(), platform.folder, memory)
        assert (
            fetch_receipts(store, "eport", again.inbound, StillClock()) == 0
        )  # within the overlap: known by its digest
        memory.write("cursor.0", "2026-01-01T09:00:00+08:00")
        later = open_channel(platform.settings(), platform.folder, memory)
        assert list(later.inbound.receive()) == []
        for one in (again, later):
            one.inbound.close()


def test_a_receipt_that_is_brought_is_answered_only_once_it_is_stored_and_again_alike(
    tmp_path: Path, folders: tuple[Path, Path], store: Store
) -> None:
    _, receive = folders
    with HttpPlatform(tmp_path / "http", "gateway-form", *folders, Scenario(http_pushed_twice=1.0)) as platform:
        channel = platform.channel()
        assert channel.waiting() == []
        (receive / "CEB622Message_1.xml").write_bytes(a_receipt(1))
        until(lambda: len(channel.waiting()) == 1, "it was brought")
        [name] = channel.waiting()
        assert channel.fetch(name) == a_receipt(1)
        assert (receive / "CEB622Message_1.xml").exists()
        looks = threading.Event()

        def look_on() -> None:
            while not looks.wait(0.02):
                look(store, channel)

        looking = threading.Thread(target=look_on)
        looking.start()
        # It is done with there when it came twice, and was answered twice.
        until(lambda: not (receive / "CEB622Message_1.xml").exists(), "it is done with")
        looks.set()
        looking.join()
    assert stored(store) == [a_receipt(1)]
    assert PUSH_SECRET not in repr(channel.inbound.left())


def test_a_platform_in_trouble_is_asked_no_oftener_and_stays_named_until_it_answers(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    with HttpPlatform(tmp_path / "http", "cebcmsg-json", *folders) as platform:
        platform.wire.plans = [Cut(at_once=True)] * 3
        channel = platform.channel(poll_seconds=60)
        for _ in range(2):
            with pytest.raises(ChannelError) as error:
                channel.waiting()
            assert error.value.problem == "CEBD-1601"
        assert len(platform.wire.plans) == 2
