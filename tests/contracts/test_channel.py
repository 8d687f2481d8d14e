"""What every channel promises, whatever it is made of: asked of folders, of OpenSSH's own server, of RabbitMQ and over HTTP alike.

The list of kinds says which there are, and each what it can prove; `builders.channel_sides` has the other side of each. Kinds whose
other side is two folders promise more. What only one kind can do, or does differently, is tested beside that kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.channel_sides import (
    ClientFolders,
    DxpFolders,
    Folders,
    HttpFolders,
    OtherSide,
    Partner,
    Queues,
    SftpFolders,
)
from builders.deliveries import Deliveries
from builders.http_deliveries import campaign
from builders.http_platform import SHAPES
from builders.openssh import OpenSsh
from builders.rabbitmq import RabbitMq, needs_rabbitmq
from builders.waiting import until
from cebd.store.store import Store
from cebd.transport.channel import FOLDERS, ChannelError, Failed, Found, InDoubt, Sent
from cebd.transport.channels.kinds import CHANNELS, channel_kind

NAME = "CEB311Message_0001.xml"
MESSAGE = b"<DxpMsg>declared</DxpMsg>"
RECEIPT = b"<CEB312Message/>"
FOREIGN = "CEBD-1713"
FOLDER_SIDES = ["folder", "folder dxp", "folder single-window", "sftp"]
SIDES = [
    *FOLDER_SIDES,
    "http",
    "as2",
    *(pytest.param(side, marks=needs_rabbitmq) for side in ("amqp", "amqp over TLS")),
]
WIRED_SIDES = SIDES[FOLDER_SIDES.index("sftp") :]


def kind_of(side: str) -> str:
    return side.split(maxsplit=1)[0]


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("sshd")
    with OpenSsh(folder / "sshd", folder) as server:
        yield server


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with RabbitMq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


def side_of(request: pytest.FixtureRequest, tmp_path: Path) -> OtherSide:
    make = {
        "folder": partial(Folders, tmp_path),
        "folder dxp": partial(DxpFolders, tmp_path),
        "folder single-window": partial(ClientFolders, tmp_path),
        "sftp": lambda: SftpFolders(tmp_path, request.getfixturevalue("sshd")),
        "http": partial(HttpFolders, tmp_path),
        "as2": partial(Partner, tmp_path),
        "amqp": lambda: Queues(request.getfixturevalue("broker"), tls=False),
        "amqp over TLS": lambda: Queues(request.getfixturevalue("broker"), tls=True),
    }
    return make[request.param]()


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherSide]:
    made = side_of(request, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=WIRED_SIDES)
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherSide]:
    made = side_of(request, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=[*(side for side in FOLDER_SIDES if side != "sftp"), *WIRED_SIDES])
def breaking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherSide]:
    """One whose line, or share, can be cut."""
    made = side_of(request, tmp_path)
    if isinstance(made, Folders) and made.wire is None:
        made.break_on_demand()
    yield made
    made.close()


@pytest.fixture(params=FOLDER_SIDES)
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folders]:
    made = side_of(request, tmp_path)
    assert isinstance(made, Folders)
    yield made
    made.close()


def nothing() -> None:
    """A hand-over that keeps no record."""


class Killed(BaseException):
    """As if the process had ended there."""


def kill() -> None:
    raise Killed


def test_every_kind_is_asked() -> None:
    asked = {kind_of(side if isinstance(side, str) else str(side.values[0])) for side in SIDES}
    assert asked == {kind.type for kind in CHANNELS}


# Handing over


def test_a_message_arrives_whole_and_once(side: OtherSide) -> None:
    assert side.make().deliver(NAME, MESSAGE, nothing) == Sent()
    assert side.has() == [MESSAGE]


@pytest.mark.parametrize("size", [1, 200_000])
def test_every_byte_arrives_as_it_left(side: OtherSide, size: int) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    assert side.make().deliver(NAME, content, nothing) == Sent()
    assert side.has() == [content]


def test_until_it_is_on_record_the_other_side_cannot_have_it_whole(side: OtherSide) -> None:
    seen: list[list[bytes]] = []
    assert side.make().deliver(NAME, MESSAGE, lambda: seen.append(side.has())) == Sent()
    assert seen == [[]]


def test_what_cannot_be_recorded_is_not_handed_over(side: OtherSide) -> None:
    def disk_full() -> None:
        raise RuntimeError("the store is full")

    channel = side.make()
    with pytest.raises(RuntimeError):
        channel.deliver(NAME, MESSAGE, disk_full)
    assert side.has() == []
    assert channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.has() == [MESSAGE]


def test_a_place_that_is_away_is_a_certain_failure_until_it_is_back(side: OtherSide) -> None:
    channel = side.make()
    side.take_away()
    outcome = channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert side.sends_to in outcome.reason
    side.bring_back()
    assert channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()


@pytest.mark.parametrize("lost", ["requests", "answers"])
def test_cut_at_any_step_of_a_hand_over_the_outcome_is_true_and_the_next_attempt_arrives(
    wired: OtherSide, lost: str
) -> None:
    """At each step in turn, until a hand-over goes through without meeting its cut."""
    wire = wired.wire
    assert wire is not None
    for step in range(0, 200, wired.steps_apart):
        name, content = f"{step}-{NAME}", b"<DxpMsg>%d</DxpMsg>" % step
        channel = wired.make()
        cut = wire.cut_instead_of_request if lost == "requests" else wire.cut_instead_of_answer
        cut(step)
        outcome = channel.deliver(name, content, nothing)
        met = not wire.cut_is_pending
        wire.cut_nothing()
        if not isinstance(outcome, InDoubt):
            assert wired.has().count(content) == isinstance(outcome, Sent)
        found: Found = channel.find(name, content) if isinstance(outcome, InDoubt) else "unknown"
        if found != "unknown":
            assert wired.has().count(content) == (found == "arrived")
        if not isinstance(outcome, Sent) and found != "arrived":  # as when the time of a doubt is over
            again = channel.deliver(name, content, nothing, 2, may_be_there=isinstance(outcome, InDoubt))
            assert isinstance(again, Sent)
        assert content in wired.has()
        channel.close()
        if not met:
            assert step >= wired.steps_at_least
            return
    raise AssertionError("every hand-over was cut")


def test_of_what_is_found_the_other_side_has_it(side: OtherSide, request: pytest.FixtureRequest) -> None:
    finds = channel_kind(kind_of(request.node.callspec.params["side"])).finds
    side.make().deliver(NAME, MESSAGE, nothing)
    assert side.make().find(NAME, MESSAGE) == ("arrived" if finds else "unknown")


# Receipts


def receipts_at(channel: BothHalves) -> dict[bytes, str]:
    """What waits, by content, and under which name."""
    return {channel.fetch(name): name for name in channel.waiting()}


def test_a_receipt_stays_until_it_is_accepted_and_accepting_it_again_is_harmless(side: OtherSide) -> None:
    channel = side.make()
    side.answers(RECEIPT)
    assert list(receipts_at(channel)) == [RECEIPT]
    channel.close()  # killed here, it is fetched once more
    started_again = side.make()
    name = until(lambda: receipts_at(started_again).get(RECEIPT), "the receipt is there again")
    started_again.remove(name)
    started_again.remove(name)
    assert started_again.waiting() == []
    until(lambda: side.waiting() == [], "the other side has forgotten it")


def test_every_receipt_arrives_and_none_twice(side: OtherSide) -> None:
    channel = side.make()
    sent = {b"<CEB312Message>%d</CEB312Message>" % number for number in range(50)}
    for content in sent:
        side.answers(content)
    arrived = receipts_at(channel)
    assert set(arrived) == sent
    for name in arrived.values():
        channel.remove(name)
    assert channel.waiting() == []


def test_what_is_left_stays_there_and_is_not_handed_out_again(side: OtherSide) -> None:
    channel = side.make()
    for content in (b"<theirs/>", RECEIPT):
        side.answers(content)
    name = receipts_at(channel)[b"<theirs/>"]
    channel.leave(name, FOREIGN)
    for _ in range(2):
        assert list(receipts_at(channel)) == [RECEIPT]
        assert channel.left() == {FOREIGN: [name]}
    channel.close()
    until(lambda: sorted(side.waiting()) == sorted([b"<theirs/>", RECEIPT]), "both are there")
    assert set(receipts_at(side.make())) == {b"<theirs/>", RECEIPT}  # for the life of one channel only


def test_a_place_of_receipts_that_is_away_is_said_with_its_name_and_whose_matter_it_is(side: OtherSide) -> None:
    channel = side.make()
    side.take_away()
    with pytest.raises(ChannelError) as error:
        channel.waiting()
    assert side.receives_from in error.value.reason
    assert error.value.party in side.whose_matter_away
    side.bring_back()
    side.answers(RECEIPT)
    assert list(receipts_at(channel)) == [RECEIPT]


@pytest.mark.parametrize("lost", ["requests", "answers"])
def test_cut_at_any_step_of_a_look_no_receipt_is_lost(wired: OtherSide, lost: str) -> None:
    wire = wired.answer_wire or wired.wire
    assert wire is not None
    for step in range(0, 200, wired.steps_apart):
        content = b"<CEB312Message>%d</CEB312Message>" % step
        wired.answers(content)
        channel, stored = wired.make(), set[bytes]()
        cut = wire.cut_instead_of_request if lost == "requests" else wire.cut_instead_of_answer
        cut(step)

        def look(channel: BothHalves = channel, stored: set[bytes] = stored) -> bool:
            try:
                for found, name in receipts_at(channel).items():
                    stored.add(found)
                    channel.remove(name)
            except ChannelError:
                return False
            return True

        look()
        wired.come_to_rest()
        met = not wire.cut_is_pending
        wire.cut_nothing()
        until(lambda stored=stored, content=content: look() and content in stored, "the receipt arrives")
        channel.close()
        until(lambda: wired.waiting() == [], "the other side has taken it back")
        if not met:
            assert step >= wired.steps_at_least
            return
    raise AssertionError("every look was cut")


def test_fifty_messages_and_their_receipts_by_a_line_that_is_cut_at_each_step_in_turn(
    breaking: OtherSide, store: Store
) -> None:
    """A thousand of them: `./dev soak channels`. The shapes of HTTP whose receipts are no files: the next test."""
    Deliveries(breaking, store, 50).deliver_all().assert_as_promised(50)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "dxp-xml"])
def test_fifty_messages_and_their_receipts_by_http_with_the_connection_cut_at_another_byte_for_each(
    shape: str, tmp_path: Path
) -> None:
    assert campaign(tmp_path, shape, 50).startswith("50 messages")


def test_a_channel_that_was_closed_may_be_used_again(side: OtherSide) -> None:
    channel = side.make()
    side.answers(RECEIPT)
    channel.close()
    channel.close()
    assert list(receipts_at(channel)) == [RECEIPT]
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()


# What is promised where the other side is two folders


@pytest.fixture
def channel(folders: Folders) -> BothHalves:
    return folders.make()


def test_a_message_arrives_under_its_name_alone(folders: Folders, channel: BothHalves) -> None:
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert folders.everything() == [NAME]
    assert folders.by_name() == {NAME: MESSAGE}


def test_a_folder_under_its_name_is_a_certain_failure(folders: Folders, channel: BothHalves) -> None:
    (folders.send / NAME).mkdir()
    outcome = channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1605"
    assert folders.everything() == [NAME]


def test_a_link_under_our_temporary_name_is_not_followed(folders: Folders, channel: BothHalves, tmp_path: Path) -> None:
    target = tmp_path / "somebody's file"
    target.write_bytes(b"precious")
    for planted in (f"{NAME}.1.part", f".{NAME}.1.part"):
        (folders.send / planted).symlink_to(target)
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert target.read_bytes() == b"precious"
    assert not (folders.send / NAME).is_symlink()
    assert folders.by_name()[NAME] == MESSAGE


def test_killed_before_it_had_its_name_it_is_taken_back_and_cannot_arrive_any_more(
    folders: Folders, channel: BothHalves
) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    started_again = folders.make()
    assert started_again.find(NAME, MESSAGE) == "not-arrived"
    assert folders.everything() == []
    assert started_again.find(NAME, MESSAGE) == "unknown"
    assert started_again.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert folders.everything() == [NAME]


def test_the_next_attempt_clears_away_what_a_killed_one_left(folders: Folders, channel: BothHalves) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    assert folders.make().deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert folders.everything() == [NAME]


def test_of_what_was_taken_away_nothing_is_known(folders: Folders, channel: BothHalves) -> None:
    channel.deliver(NAME, MESSAGE, nothing)
    (folders.send / NAME).unlink()
    assert folders.make().find(NAME, MESSAGE) == "unknown"


def test_what_an_earlier_attempt_left_says_nothing_of_a_later_one(folders: Folders, channel: BothHalves) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    assert folders.make().find(NAME, MESSAGE, 2) == "unknown"


def test_a_file_of_another_size_under_its_name_is_no_proof(folders: Folders, channel: BothHalves) -> None:
    (folders.send / NAME).write_bytes(MESSAGE[:-1])
    assert channel.find(NAME, MESSAGE) == "unknown"


def test_a_receipt_stays_until_it_is_removed_and_removing_it_again_is_harmless(
    folders: Folders, channel: BothHalves
) -> None:
    path = folders.answers_as("a.xml", RECEIPT)
    assert channel.waiting() == ["a.xml"]
    assert channel.fetch("a.xml") == RECEIPT
    assert path.exists()
    assert folders.make().waiting() == ["a.xml"]  # killed here, it is fetched once more
    channel.remove("a.xml")
    assert not path.exists()
    channel.remove("a.xml")
    assert channel.waiting() == []


def test_a_receipt_written_anew_since_it_was_fetched_is_not_removed(folders: Folders, channel: BothHalves) -> None:
    folders.answers_as("a.xml", RECEIPT)
    channel.waiting()
    channel.fetch("a.xml")
    folders.answers_as("a.xml", b"<CEB312Message>another one</CEB312Message>")
    channel.remove("a.xml")
    assert channel.waiting() == ["a.xml"]
    assert b"another one" in channel.fetch("a.xml")


def test_what_is_left_is_not_handed_out_again_until_it_is_another_file(folders: Folders, channel: BothHalves) -> None:
    for name in ("a.xml", "b.xml"):
        folders.answers_as(name, RECEIPT)
    channel.waiting()
    channel.fetch("a.xml")
    channel.leave("a.xml", FOREIGN)
    assert channel.waiting() == ["b.xml"]
    assert channel.left() == {FOREIGN: ["a.xml"]}
    assert folders.make().waiting() == ["a.xml", "b.xml"]  # for the life of one channel only
    folders.answers_as("a.xml", b"<CEB312Message>another one</CEB312Message>")
    assert channel.waiting() == ["a.xml", "b.xml"]
    assert channel.left() == {}


def test_one_that_cannot_be_fetched_comes_last_and_concerns_no_other(folders: Folders, channel: BothHalves) -> None:
    gone = folders.answers_as("a.xml", RECEIPT)
    folders.answers_as("b.xml", RECEIPT)
    channel.waiting()
    gone.unlink()
    gone.mkdir()
    with pytest.raises(ChannelError) as error:
        channel.fetch("a.xml")
    assert error.value.problem == "CEBD-1604"
    assert channel.fetch("b.xml") == RECEIPT


def test_one_that_is_cut_off_waits_for_its_writer(folders: Folders, channel: BothHalves) -> None:
    folders.answers_as("a.xml", RECEIPT[:-2])
    channel.waiting()
    with pytest.raises(ChannelError):
        channel.fetch("a.xml")
    folders.answers_as("a.xml", RECEIPT)
    assert channel.waiting() == ["a.xml"]
    assert channel.fetch("a.xml") == RECEIPT


def test_folders_links_and_unfinished_files_are_no_receipts_and_folders_are_named(
    folders: Folders, channel: BothHalves
) -> None:
    for name in (".hidden.xml", "a.xml.part", "b.xml.TMP", "c.filepart", "good.xml"):
        folders.answers_as(name, RECEIPT)
    (folders.receive / "archive").mkdir()
    (folders.receive / "link.xml").symlink_to("/etc/hostname")
    assert channel.waiting() == ["good.xml"]
    assert channel.left() == {FOLDERS: ["archive"]}


@pytest.mark.skipif(os.name == "nt", reason="Windows names files in Unicode")
def test_names_in_any_encoding_are_receipts_of_their_own(folders: Folders, channel: BothHalves) -> None:
    names = [
        "回执.xml".encode(),
        "回执.xml".encode("gbk"),
        b"\xff\xfe.xml",
        "回执".encode() * 40 + b".xml",
        b"d:e?f*g.xml",
    ]
    for number, name in enumerate(names):
        folders.answers_as(name, b"<a>%d</a>" % number)
    waiting = channel.waiting()
    assert len(waiting) == len(set(waiting)) == len(names)
    assert {channel.fetch(name) for name in waiting} == {b"<a>%d</a>" % number for number in range(len(names))}
    for name in waiting:
        channel.remove(name)
    assert list(folders.receive.iterdir()) == []
