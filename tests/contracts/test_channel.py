"""What every channel promises, whatever it is made of: asked of a folder and of OpenSSH's own server alike.

The list of kinds says which there are, and each what it can prove; `side` sets up the other side of each. What only one kind can do,
or does differently, is tested beside that kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.openssh import OpenSsh
from cebd.store.conditions import Party
from cebd.transport.channel import FOLDERS, ChannelError, Failed, Sent
from cebd.transport.channels.folder import FolderInbound, FolderOutbound
from cebd.transport.channels.kinds import CHANNELS, channel_kind
from cebd.transport.channels.sftp import SftpInbound, SftpOutbound
from cebd.transport.channels.sftp_connection import Login
from cebd.transport.complete_receipts import StableReceipts

NAME = "CEB311Message_0001.xml"
MESSAGE = b"<DxpMsg>declared</DxpMsg>"
RECEIPT = b"<CEB312Message/>"
FOREIGN = "CEBD-1713"
KINDS = [kind.type for kind in CHANNELS]


@dataclass
class OtherSide:
    """The other side's two folders, and a way to make the channel to it, as often as a station is started."""

    send: Path
    receive: Path
    make: Callable[[], BothHalves]
    finds: bool

    def has(self) -> dict[str, bytes]:
        """What it sees under names that are not temporary."""
        return {path.name: path.read_bytes() for path in sorted(self.send.iterdir()) if path.suffix != ".part"}

    def everything(self) -> list[str]:
        return sorted(path.name for path in self.send.iterdir())

    def answers(self, name: str | bytes, content: bytes = RECEIPT) -> Path:
        path = Path(os.fsdecode(os.fsencode(self.receive) + b"/" + os.fsencode(name)))
        path.write_bytes(content)
        return path


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("sshd")
    with OpenSsh(folder / "sshd", folder) as server:
        yield server


@pytest.fixture(params=KINDS)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherSide]:
    send, receive = tmp_path / "send", tmp_path / "receive"
    for folder in (send, receive):
        folder.mkdir()
    made: list[BothHalves] = []

    def make() -> BothHalves:
        if request.param == "folder":
            at_the_first_look = StableReceipts(0.0)  # as if a look had been made before
            channel = BothHalves(FolderOutbound(send), FolderInbound(receive, at_the_first_look))
        else:
            assert request.param == "sftp", f"make the other side of a {request.param} here"
            sshd = request.getfixturevalue("sshd")
            login = Login("127.0.0.1", sshd.port, sshd.user, sshd.fingerprint, 10.0, sshd.user_key, lambda: None)
            channel = BothHalves(SftpOutbound(login, str(send)), SftpInbound(login, str(receive)))
        made.append(channel)
        return channel

    yield OtherSide(send, receive, make, finds=channel_kind(request.param).finds)
    for channel in made:
        channel.close()


@pytest.fixture
def channel(side: OtherSide) -> BothHalves:
    return side.make()


def nothing() -> None:
    """A hand-over that keeps no record."""


class Killed(BaseException):
    """As if the process had ended there."""


def kill() -> None:
    raise Killed


# Handing over


def test_a_message_arrives_under_its_name_alone(side: OtherSide, channel: BothHalves) -> None:
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert side.everything() == [NAME]
    assert side.has() == {NAME: MESSAGE}


def test_until_it_is_on_record_the_other_side_cannot_have_it_whole(side: OtherSide, channel: BothHalves) -> None:
    seen: list[dict[str, bytes]] = []
    channel.deliver(NAME, MESSAGE, lambda: seen.append(side.has()))
    assert seen == [{}]


def test_what_cannot_be_recorded_is_not_handed_over(side: OtherSide, channel: BothHalves) -> None:
    def disk_full() -> None:
        raise RuntimeError("the store is full")

    with pytest.raises(RuntimeError):
        channel.deliver(NAME, MESSAGE, disk_full)
    assert side.has() == {}
    assert channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.everything() == [NAME]


def test_a_folder_under_its_name_is_a_certain_failure(side: OtherSide, channel: BothHalves) -> None:
    (side.send / NAME).mkdir()
    outcome = channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1605"
    assert side.everything() == [NAME]


def test_a_folder_that_is_away_is_a_certain_failure_until_it_is_back(side: OtherSide, channel: BothHalves) -> None:
    side.send.rmdir()
    outcome = channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert str(side.send) in outcome.reason
    side.send.mkdir()
    assert channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()


def test_a_link_under_our_temporary_name_is_not_followed(side: OtherSide, channel: BothHalves, tmp_path: Path) -> None:
    target = tmp_path / "somebody's file"
    target.write_bytes(b"precious")
    for planted in (f"{NAME}.1.part", f".{NAME}.1.part"):
        (side.send / planted).symlink_to(target)
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert target.read_bytes() == b"precious"
    assert not (side.send / NAME).is_symlink()
    assert side.has()[NAME] == MESSAGE


# What became of it


@pytest.fixture
def finding(side: OtherSide) -> OtherSide:
    """The other side of a kind that can look for what it handed over."""
    if not side.finds:
        pytest.skip("this kind cannot look for what it handed over")
    return side


@pytest.mark.usefixtures("finding")
def test_what_stands_there_has_arrived(side: OtherSide, channel: BothHalves) -> None:
    channel.deliver(NAME, MESSAGE, nothing)
    assert side.make().find(NAME, MESSAGE) == "arrived"


@pytest.mark.usefixtures("finding")
def test_killed_before_it_had_its_name_it_is_taken_back_and_cannot_arrive_any_more(
    side: OtherSide, channel: BothHalves
) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    started_again = side.make()
    assert started_again.find(NAME, MESSAGE) == "not-arrived"
    assert side.everything() == []
    assert started_again.find(NAME, MESSAGE) == "unknown"
    assert started_again.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.everything() == [NAME]


@pytest.mark.usefixtures("finding")
def test_the_next_attempt_clears_away_what_a_killed_one_left(side: OtherSide, channel: BothHalves) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    assert side.make().deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.everything() == [NAME]


@pytest.mark.usefixtures("finding")
def test_of_what_was_taken_away_nothing_is_known(side: OtherSide, channel: BothHalves) -> None:
    channel.deliver(NAME, MESSAGE, nothing)
    (side.send / NAME).unlink()
    assert side.make().find(NAME, MESSAGE) == "unknown"


@pytest.mark.usefixtures("finding")
def test_what_an_earlier_attempt_left_says_nothing_of_a_later_one(side: OtherSide, channel: BothHalves) -> None:
    with pytest.raises(Killed):
        channel.deliver(NAME, MESSAGE, kill)
    assert side.make().find(NAME, MESSAGE, 2) == "unknown"


@pytest.mark.usefixtures("finding")
def test_a_file_of_another_size_under_its_name_is_no_proof(side: OtherSide, channel: BothHalves) -> None:
    (side.send / NAME).write_bytes(MESSAGE[:-1])
    assert channel.find(NAME, MESSAGE) == "unknown"


# Receipts


def test_a_receipt_stays_until_it_is_removed_and_removing_it_again_is_harmless(
    side: OtherSide, channel: BothHalves
) -> None:
    path = side.answers("a.xml")
    assert channel.waiting() == ["a.xml"]
    assert channel.fetch("a.xml") == RECEIPT
    assert path.exists()
    assert side.make().waiting() == ["a.xml"]  # killed here, it is fetched once more
    channel.remove("a.xml")
    assert not path.exists()
    channel.remove("a.xml")
    assert channel.waiting() == []


def test_a_receipt_written_anew_since_it_was_fetched_is_not_removed(side: OtherSide, channel: BothHalves) -> None:
    side.answers("a.xml")
    channel.waiting()
    channel.fetch("a.xml")
    side.answers("a.xml", b"<CEB312Message>another one</CEB312Message>")
    channel.remove("a.xml")
    assert channel.waiting() == ["a.xml"]
    assert b"another one" in channel.fetch("a.xml")


def test_what_is_left_is_not_handed_out_again_until_it_is_another_file(side: OtherSide, channel: BothHalves) -> None:
    for name in ("a.xml", "b.xml"):
        side.answers(name)
    channel.waiting()
    channel.fetch("a.xml")
    channel.leave("a.xml", FOREIGN)
    assert channel.waiting() == ["b.xml"]
    assert channel.left() == {FOREIGN: ["a.xml"]}
    assert side.make().waiting() == ["a.xml", "b.xml"]  # for the life of one channel only
    side.answers("a.xml", b"<CEB312Message>another one</CEB312Message>")
    assert channel.waiting() == ["a.xml", "b.xml"]
    assert channel.left() == {}


def test_one_that_cannot_be_fetched_comes_last_and_concerns_no_other(side: OtherSide, channel: BothHalves) -> None:
    gone = side.answers("a.xml")
    side.answers("b.xml")
    channel.waiting()
    gone.unlink()
    gone.mkdir()
    with pytest.raises(ChannelError) as error:
        channel.fetch("a.xml")
    assert error.value.problem == "CEBD-1604"
    assert channel.fetch("b.xml") == RECEIPT


def test_one_that_is_cut_off_waits_for_its_writer(side: OtherSide, channel: BothHalves) -> None:
    side.answers("a.xml", RECEIPT[:-2])
    channel.waiting()
    with pytest.raises(ChannelError):
        channel.fetch("a.xml")
    side.answers("a.xml")
    assert channel.waiting() == ["a.xml"]
    assert channel.fetch("a.xml") == RECEIPT


def test_folders_links_and_unfinished_files_are_no_receipts_and_folders_are_named(
    side: OtherSide, channel: BothHalves
) -> None:
    for name in (".hidden.xml", "a.xml.part", "b.xml.TMP", "c.filepart", "good.xml"):
        side.answers(name)
    (side.receive / "archive").mkdir()
    (side.receive / "link.xml").symlink_to("/etc/hostname")
    assert channel.waiting() == ["good.xml"]
    assert channel.left() == {FOLDERS: ["archive"]}


@pytest.mark.skipif(os.name == "nt", reason="Windows names files in Unicode")
def test_names_in_any_encoding_are_receipts_of_their_own(side: OtherSide, channel: BothHalves) -> None:
    names = [
        "回执.xml".encode(),
        "回执.xml".encode("gbk"),
        b"\xff\xfe.xml",
        "回执".encode() * 40 + b".xml",
        b"d:e?f*g.xml",
    ]
    for number, name in enumerate(names):
        side.answers(name, b"<a>%d</a>" % number)
    waiting = channel.waiting()
    assert len(waiting) == len(set(waiting)) == len(names)
    assert {channel.fetch(name) for name in waiting} == {b"<a>%d</a>" % number for number in range(len(names))}
    for name in waiting:
        channel.remove(name)
    assert list(side.receive.iterdir()) == []


def test_a_receipt_folder_that_is_away_is_said_with_its_name_and_whose_matter_it_is(
    side: OtherSide, channel: BothHalves
) -> None:
    side.receive.rmdir()
    with pytest.raises(ChannelError) as error:
        channel.waiting()
    assert str(side.receive) in error.value.reason
    assert Party(error.value.party) in (Party.NETWORK, Party.ADMINISTRATOR)
    side.receive.mkdir()
    side.answers("a.xml")
    assert channel.waiting() == ["a.xml"]


def test_a_channel_that_was_closed_may_be_used_again(side: OtherSide, channel: BothHalves) -> None:
    side.answers("a.xml")
    channel.close()
    channel.close()
    assert channel.waiting() == ["a.xml"]
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
