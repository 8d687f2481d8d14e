"""Messages arrive once whatever habits the other side's SFTP server has: fifty each, submitted from a real store."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.habits_server import HabitsServer
from builders.openssh import Wire
from builders.signed_message import DOUBT, ENVELOPE, SignedMessage, envelope
from cebd.store.store import Store
from cebd.transport.channel import Failed, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.sftp import SftpInbound, SftpOutbound

FIFTY = range(1, 51)


def reached(server: HabitsServer, port: int | None = None) -> closing[BothHalves]:
    login = server.login(port)
    return closing(BothHalves(SftpOutbound(login, "in"), SftpInbound(login, "out")))


def name(number: int) -> str:
    return f"CEB311Message_DXPENT0001-{number}.xml"


def nothing() -> None:
    """A hand-over that keeps no record."""


@pytest.mark.parametrize(
    "habits",
    [(), ("takes",), ("no-stat",), ("no-size",), ("late-size",), ("appends",), ("no-new",), ("no-posix-rename",)]
    + [("no-posix-rename", habit) for habit in ("takes", "no-stat", "no-size")],
    ids=lambda habits: "+".join(habits) or "none",
)
def test_fifty_messages_arrive_once_and_at_the_first_attempt(
    store: Store, tmp_path: Path, habits: tuple[str, ...]
) -> None:
    sent = [SignedMessage(store, number) for number in FIFTY]
    with HabitsServer(tmp_path / "root", *habits) as server, reached(server) as channel:
        assert [message.submit(channel.outbound) for message in sent] == [Sent] * 50
        assert [message.submit(channel.outbound) for message in sent] == [Sent] * 50
    arrived = server.arrived()
    assert sorted(content for _, content in arrived) == sorted(map(envelope, FIFTY))
    assert sorted(one.partition(".xml")[0] + ".xml" for one, _ in arrived) == sorted(map(name, FIFTY))
    assert server.leftovers() == []
    assert [message.attempts for message in sent] == [[("handing-over", "sent")]] * 50
    assert [message.waiting for message in sent] == [None] * 50


@pytest.mark.parametrize("habit", ["no-stat", "no-size"])
def test_where_the_size_is_not_told_the_evidence_says_so(store: Store, tmp_path: Path, habit: str) -> None:
    message = SignedMessage(store)
    with HabitsServer(tmp_path / "root", habit) as server, reached(server) as channel:
        message.submit(channel.outbound)
    assert message.details == ["the other side does not tell the size: it is not confirmed"]


def test_a_doubled_file_is_found_out_and_never_gets_its_name(tmp_path: Path) -> None:
    """A leftover stands where the first attempt would write, and the server appends to it."""
    with HabitsServer(tmp_path / "root", "appends") as server, reached(server) as channel:
        (tmp_path / "root" / "in" / f"{name(1)}.1.part").write_bytes(ENVELOPE)
        outcome = channel.deliver(name(1), ENVELOPE, nothing, 1)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1605"
        assert server.arrived() == []
        assert channel.deliver(name(1), ENVELOPE, nothing, 2) == Sent()
    assert server.arrived() == [(name(1), ENVELOPE)]
    assert len(set(server.opened)) == len(server.opened) == 2
    assert server.leftovers() == []


def test_a_file_that_loses_its_end_at_closing_is_no_message_that_arrived(store: Store, tmp_path: Path) -> None:
    message = SignedMessage(store)
    with HabitsServer(tmp_path / "root", "full-at-closing") as server, reached(server) as channel:
        assert message.submit(channel.outbound) is InDoubt
        assert channel.find(name(1), ENVELOPE) == "unknown"
        server.habits = frozenset()
        message.later(DOUBT + 1)
        assert message.submit(channel.outbound) is Sent
    assert server.arrived() == [(name(1), ENVELOPE)]


def test_a_file_that_loses_its_end_at_closing_gets_no_name_where_renaming_waits_for_it(tmp_path: Path) -> None:
    """The first message at a server that has not told yet that it knows only the rename of the protocol."""
    with HabitsServer(tmp_path / "root", "full-at-closing", "no-posix-rename") as server, reached(server) as channel:
        outcome = channel.deliver(name(1), ENVELOPE, nothing, 1)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1605"
        assert server.arrived() == []


STEPS = {(): 2, ("appends",): 2, ("no-stat",): 3, ("no-size",): 3, ("late-size",): 3, ("no-posix-rename",): 3}
"""In how many pieces the requests go from the last bytes on."""


@pytest.mark.parametrize(
    ("habits", "request_lost"), [(habits, step) for habits, steps in STEPS.items() for step in range(steps)]
)
def test_a_message_cut_off_while_handing_over_arrives_once(
    store: Store, tmp_path: Path, habits: tuple[str, ...], request_lost: int
) -> None:
    sent = [SignedMessage(store, number) for number in range(1, 6)]
    with (
        HabitsServer(tmp_path / "root", *habits) as server,
        Wire(server.port) as wire,
        reached(server, wire.port) as channel,
    ):
        channel.connect()
        original = channel.outbound.deliver

        def cut_first(handover: Handover) -> Outcome:
            def before() -> None:
                handover.before_visible()
                if handover.attempt == 1:
                    wire.cut_instead_of_request(request_lost)

            return original(replace(handover, before_visible=before))

        channel.outbound.deliver = cut_first  # type: ignore[method-assign]
        assert [message.submit(channel.outbound) for message in sent] == [InDoubt] * 5
        assert server.arrived() == []
        assert [message.submit(channel.outbound) for message in sent] == [Sent] * 5
    assert sorted(server.arrived()) == sorted((name(number), envelope(number)) for number in range(1, 6))
    assert len(set(server.opened)) == len(server.opened)
    assert server.leftovers() == []


@pytest.mark.parametrize("answer_lost", range(3), ids=["last bytes", "size", "closing"])
def test_a_message_that_was_taken_while_the_connection_broke_is_not_sent_twice(
    store: Store, tmp_path: Path, answer_lost: int
) -> None:
    """The server takes every file at closing, and closes what is open when a connection ends."""
    message = SignedMessage(store)
    with (
        HabitsServer(tmp_path / "root", "takes") as server,
        Wire(server.port) as wire,
        reached(server, wire.port) as channel,
    ):
        channel.connect()
        original = channel.outbound.deliver

        def cut(handover: Handover) -> Outcome:
            def before() -> None:
                handover.before_visible()
                wire.cut_instead_of_answer(answer_lost)

            return original(replace(handover, before_visible=before))

        channel.outbound.deliver = cut  # type: ignore[method-assign]
        assert [message.submit(channel.outbound) for _ in range(3)] == [InDoubt] * 3
        message.receipt_for("A")
        assert message.submit(channel.outbound) is Sent
    assert [content for _, content in server.arrived()] == [ENVELOPE]


def test_receipts_that_may_not_be_removed_are_fetched_once_and_named(tmp_path: Path) -> None:
    with HabitsServer(tmp_path / "server", "no-remove") as server, reached(server) as sftp:
        out = server.root / "out"
        for receipt in ("a.xml", "b.xml"):
            (out / receipt).write_bytes(b"<CEB312Message/>")
        (out / "archive").mkdir()
        for receipt in sftp.waiting():
            sftp.fetch(receipt)
            sftp.remove(receipt)
        assert sftp.waiting() == []
        assert sftp.left() == {"CEBD-1610": ["a.xml", "b.xml"], "CEBD-1612": ["archive"]}
        (out / "a.xml").write_bytes(b"<CEB312Message>another</CEB312Message>")
        assert sftp.waiting() == ["a.xml"]
