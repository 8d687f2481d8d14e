"""The folder channel: an access client may take a message away the moment it has its name, and may be slow to write a receipt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from builders.both_halves import BothHalves
from builders.broken_share import share_that_fails
from builders.settings_files import mistakes_of
from cebd.settings import load_settings
from cebd.transport import complete_receipts as ripeness
from cebd.transport.channel import ChannelError, Failed, InDoubt, Sent
from cebd.transport.channels import folder as folder_module
from cebd.transport.channels.folder import FolderInbound, FolderOutbound
from cebd.transport.channels.folder_settings import FolderSettings
from cebd.transport.channels.kinds import open_channel

NAME = "CEB621Message_0001.xml"
MESSAGE = b"<DxpMsg>declared</DxpMsg>"
RECEIPT = b"<CEB622Message/>\n"


class Client:
    """The access client's two folders, our channel into them, and the time between looks."""

    def __init__(self, root: Path) -> None:
        self.send = root / "send"
        self.receive = root / "receive"
        for folder in (self.send, self.receive):
            folder.mkdir()
        self.now = 0.0
        receipts = ripeness.StableReceipts(folder_module._BETWEEN_LOOKS, lambda: self.now)
        self.channel = BothHalves(FolderOutbound(self.send), FolderInbound(self.receive, receipts))

    def sees(self) -> dict[str, bytes]:
        """What a client that passes over hidden files sees."""
        return {path.name: path.read_bytes() for path in self.send.iterdir() if not path.name.startswith(".")}

    def everything(self) -> list[str]:
        return sorted(path.name for path in self.send.iterdir())

    def answers(self, name: str, content: bytes = RECEIPT) -> Path:
        path = self.receive / name
        path.write_bytes(content)
        return path

    def second_look(self) -> list[str]:
        self.channel.waiting()
        self.now += 1
        return self.channel.waiting()


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


def nothing() -> None:
    """A hand-over that keeps no record."""


# Handing over


def test_a_message_stands_in_the_folder_under_its_name_alone(client: Client) -> None:
    assert client.channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert client.sees() == {NAME: MESSAGE}
    assert client.everything() == [NAME]


def test_until_the_handing_over_is_on_record_the_client_sees_nothing(client: Client) -> None:
    seen: list[Any] = []
    client.channel.deliver(NAME, MESSAGE, lambda: seen.append((client.sees(), client.everything())))
    assert seen == [({}, [f".{NAME}.1.part"])]


def test_a_message_is_on_the_disk_before_it_has_its_name(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, folder_module.rename_new
    monkeypatch.setattr(os, "fsync", lambda number: (order.append("sync"), fsync(number))[1])
    monkeypatch.setattr(
        folder_module, "rename_new", lambda source, target: (order.append("rename"), rename(source, target))[1]
    )
    client.channel.deliver(NAME, MESSAGE, lambda: order.append("on record"))
    assert order == ["sync", "sync", "on record", "rename", "sync"]


def test_what_cannot_be_recorded_is_not_handed_over(client: Client) -> None:
    def disk_full() -> None:
        raise RuntimeError("the store is full")

    with pytest.raises(RuntimeError):
        client.channel.deliver(NAME, MESSAGE, disk_full)
    assert client.sees() == {}
    assert client.channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert client.everything() == [NAME]


def test_another_file_of_that_name_is_never_overwritten(client: Client) -> None:
    (client.send / NAME).write_bytes(b"a stranger")
    outcome = client.channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1605"
    assert NAME in outcome.reason
    assert client.sees() == {NAME: b"a stranger"}
    assert client.everything() == [NAME]


def test_links_planted_in_the_folders_are_not_followed(client: Client, tmp_path: Path) -> None:
    """Found by a saboteur: the target of a link under our temporary name was overwritten."""
    target = tmp_path / "somebody's file"
    target.write_bytes(MESSAGE)
    (client.send / f".{NAME}.1.part").symlink_to(target)
    assert client.channel.deliver(NAME, MESSAGE + b"<!-- new -->", nothing) == Sent()
    assert not (client.send / NAME).is_symlink()
    assert target.read_bytes() == MESSAGE
    (client.send / NAME).unlink()
    (client.send / NAME).symlink_to(target)
    assert isinstance(client.channel.deliver(NAME, MESSAGE, nothing, 2), Failed)
    assert client.channel.find(NAME, MESSAGE, 2) == "unknown"
    client.answers("a.xml")
    client.second_look()
    (client.receive / "a.xml").unlink()
    (client.receive / "a.xml").symlink_to(target)
    with pytest.raises(ChannelError):
        client.channel.fetch("a.xml")
    assert target.read_bytes() == MESSAGE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_in_the_folders_hold_up_nothing(client: Client) -> None:
    os.mkfifo(client.send / NAME)
    assert isinstance(client.channel.deliver(NAME, MESSAGE, nothing), Failed)
    client.answers("a.xml")
    client.second_look()
    (client.receive / "a.xml").unlink()
    os.mkfifo(client.receive / "a.xml")
    with pytest.raises(ChannelError):
        client.channel.fetch("a.xml")


def test_our_own_message_still_standing_there_is_not_handed_over_again(client: Client) -> None:
    client.channel.deliver(NAME, MESSAGE, nothing)
    before = (client.send / NAME).stat().st_ino
    assert isinstance(client.channel.deliver(NAME, MESSAGE, nothing, 2), Sent)
    assert (client.send / NAME).stat().st_ino == before
    assert client.everything() == [NAME]


def test_a_folder_that_is_not_there_is_a_channel_that_is_down(client: Client) -> None:
    client.send.rmdir()
    outcome = client.channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1601"
    with pytest.raises(ChannelError) as error:
        client.channel.find(NAME, MESSAGE)
    assert error.value.problem == "CEBD-1601"
    client.send.mkdir()
    assert client.channel.deliver(NAME, MESSAGE, nothing, 2) == Sent()


def test_a_full_disk_is_a_certain_failure_that_leaves_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(folder_module.errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        outcome = client.channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1606"
    assert "No space left" in outcome.reason
    assert client.everything() == []


def test_a_rename_that_did_not_happen_is_a_certain_failure_and_is_taken_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(folder_module, "rename_new", refuse)
    outcome = client.channel.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert client.everything() == []


def test_a_rename_that_may_have_happened_is_a_doubt(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def share_went_away(source: Path, target: Path) -> None:
        source.rename(target)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(folder_module, "rename_new", share_went_away)
    assert isinstance(client.channel.deliver(NAME, MESSAGE, nothing), InDoubt)
    assert client.channel.find(NAME, MESSAGE) == "arrived"


# After a kill


def killed_before_the_rename(client: Client) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        client.channel.deliver(NAME, MESSAGE, kill)


def test_what_has_no_name_yet_is_taken_back_and_cannot_arrive_any_more(client: Client) -> None:
    killed_before_the_rename(client)
    assert client.channel.find(NAME, MESSAGE, 1) == "not-arrived"
    assert client.everything() == []
    assert client.channel.find(NAME, MESSAGE, 1) == "unknown"


def test_a_share_that_fails_is_a_channel_that_is_down(client: Client) -> None:
    with share_that_fails(client.send):
        outcome = client.channel.deliver(NAME, MESSAGE, nothing)
        with pytest.raises(ChannelError) as asked:
            client.channel.find(NAME, MESSAGE)
    assert isinstance(outcome, Failed)
    assert outcome.problem == asked.value.problem == "CEBD-1601"
    assert client.everything() == []


# Receipts


def test_a_receipt_is_taken_at_the_second_look_and_stays_until_it_is_removed(client: Client) -> None:
    waiting = client.answers("CEB622.xml")
    assert client.channel.waiting() == []
    client.now += 1
    assert client.channel.waiting() == ["CEB622.xml"]
    assert client.channel.fetch("CEB622.xml") == RECEIPT
    assert waiting.exists()
    client.channel.remove("CEB622.xml")
    assert not waiting.exists()
    client.channel.remove("CEB622.xml")
    assert client.channel.waiting() == []


def test_a_receipt_that_grew_between_two_looks_is_left_for_another(client: Client) -> None:
    client.answers("a.xml", b"<a>")
    client.channel.waiting()
    client.now += 1
    client.answers("a.xml", b"<a></a>")
    assert client.channel.waiting() == []
    client.now += 1
    assert client.channel.waiting() == ["a.xml"]


def test_two_looks_in_a_row_are_one(client: Client) -> None:
    client.answers("a.xml")
    assert client.channel.waiting() == []
    client.now += 0.01
    assert client.channel.waiting() == []


def test_a_receipt_cut_off_in_the_middle_is_left_until_its_writer_had_a_minute(client: Client) -> None:
    client.answers("a.xml", b"<CEB622Message><guid>")
    client.answers("b.xml", b"<CEB622Message><gui")
    assert client.second_look() == ["a.xml", "b.xml"]
    with pytest.raises(ChannelError) as error:
        client.channel.fetch("b.xml")
    assert error.value.problem == "CEBD-1604"
    client.now += 60
    assert "b.xml" in client.channel.waiting()
    assert client.channel.fetch("b.xml") == b"<CEB622Message><gui"


def test_unfinished_hidden_and_other_things_are_not_receipts(client: Client) -> None:
    for name in (".hidden.xml", "a.xml.part", "b.xml.TMP", "c.filepart", "good.xml"):
        client.answers(name)
    (client.receive / "archive").mkdir()
    (client.receive / "link.xml").symlink_to("/etc/hostname")
    assert client.second_look() == ["good.xml"]


def test_a_receipt_written_anew_after_it_was_read_is_not_removed(client: Client) -> None:
    client.answers("status.xml")
    client.second_look()
    client.channel.fetch("status.xml")
    client.answers("status.xml", b"<CEB622Message>another one</CEB622Message>")
    client.channel.remove("status.xml")
    client.second_look()
    assert b"another one" in client.channel.fetch("status.xml")


def test_a_receipt_replaced_by_one_of_the_same_size_and_time_is_not_removed(client: Client) -> None:
    old = client.answers("status.xml", b"<one/>")
    client.second_look()
    client.channel.fetch("status.xml")
    new = client.receive / "new.part"
    new.write_bytes(b"<two/>")
    times = old.stat()
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(old)
    client.channel.remove("status.xml")
    assert old.read_bytes() == b"<two/>"


def test_a_huge_file_is_refused_unread_and_holds_up_nothing(client: Client) -> None:
    with client.answers("a-huge.xml").open("ab") as file:
        file.truncate(ripeness.LARGEST + 1)
    client.answers("b.xml")
    assert client.second_look() == ["a-huge.xml", "b.xml"]
    with pytest.raises(ChannelError) as error:
        client.channel.fetch("a-huge.xml")
    assert error.value.problem == "CEBD-1604"
    assert client.channel.waiting() == ["b.xml", "a-huge.xml"]
    assert client.channel.fetch("b.xml") == RECEIPT
    assert (client.receive / "a-huge.xml").exists()


def test_a_receipt_that_cannot_be_read_holds_up_nothing(client: Client) -> None:
    unreadable = client.answers("a.xml")
    client.answers("b.xml")
    client.second_look()
    unreadable.unlink()
    unreadable.mkdir()  # the test may run as root, who may read everything but a folder
    with pytest.raises(ChannelError) as error:
        client.channel.fetch("a.xml")
    assert error.value.problem == "CEBD-1604"
    assert client.channel.fetch("b.xml") == RECEIPT


@pytest.mark.skipif(os.name == "nt", reason="Windows names files in Unicode")
def test_a_receipt_named_in_gbk_is_taken_like_any_other(client: Client) -> None:
    path = Path(os.fsdecode(os.fsencode(client.receive) + b"/" + "回执1.xml".encode("gbk")))
    path.write_bytes(RECEIPT)
    client.answers("回执2.xml")
    assert sorted(client.second_look()) == ["回执1.xml", "回执2.xml"]
    assert client.channel.fetch("回执1.xml") == RECEIPT
    client.channel.remove("回执1.xml")
    assert not path.exists()


def test_a_receipt_that_may_not_be_removed_is_left_and_not_taken_again_until_it_is_another(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    for name in ("a.xml", "b.xml"):
        client.answers(name)
    client.second_look()
    client.channel.fetch("a.xml")
    with monkeypatch.context() as forbidden:
        forbidden.setattr(Path, "unlink", refuse)
        client.channel.remove("a.xml")
    assert client.second_look() == ["b.xml"]
    assert client.channel.left() == {"CEBD-1610": ["a.xml"]}
    client.answers("a.xml", b"<another/>")
    assert client.second_look() == ["a.xml", "b.xml"]
    assert client.channel.left() == {}


def test_receipts_are_removed_once_the_other_side_allows_it_and_one_alone_is_tried_until_then(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    def look() -> list[str]:
        """Each receipt that is handed out is fetched, and to be removed."""
        names = client.second_look()
        for name in names:
            client.channel.fetch(name)
            client.channel.remove(name)
        return names

    for name in ("a.xml", "b.xml", "c.xml"):
        client.answers(name)
    with monkeypatch.context() as forbidden:
        forbidden.setattr(Path, "unlink", refuse)
        assert look() == ["a.xml", "b.xml", "c.xml"]
        assert look() == []
        client.now += 31.0
        assert look() == ["a.xml"]
        assert look() == []
        assert client.channel.left() == {"CEBD-1610": ["a.xml", "b.xml", "c.xml"]}
    client.now += 31.0
    assert look() == ["a.xml"]
    assert look() == ["b.xml", "c.xml"]
    assert look() == []
    assert client.channel.left() == {}
    assert not list(client.receive.iterdir())


def test_what_is_left_is_named_by_its_problem_while_it_stands_there(client: Client) -> None:
    for name in ("INV201.xml", "a.xml"):
        client.answers(name)
    (client.receive / "archive").mkdir()
    client.second_look()
    client.channel.leave("INV201.xml", "CEBD-1701")
    assert client.second_look() == ["a.xml"]
    assert client.channel.left() == {"CEBD-1612": ["archive"], "CEBD-1701": ["INV201.xml"]}
    (client.receive / "INV201.xml").unlink()
    (client.receive / "archive").rmdir()
    client.second_look()
    assert client.channel.left() == {}


def test_a_receive_folder_that_is_not_there_is_a_channel_that_is_down(client: Client) -> None:
    client.receive.rmdir()
    with pytest.raises(ChannelError) as error:
        client.channel.waiting()
    assert error.value.problem == "CEBD-1601"
    assert str(client.receive) in error.value.reason


# Settings

SETTINGS = """
[[enterprise]]
name = "e"
copCode = "4407961999"
copName = "e"
dxpId = "DXPENT0000010001"
folder = "e"
signer = "trial"
channel = "software"

[signer.trial]
type = "software"
key = "k.pem"

[channel.software]
"""


def settings_with(tmp_path: Path, channel: str) -> Any:
    path = tmp_path / "cebd.toml"
    path.write_text(SETTINGS + channel, encoding="utf-8")
    return load_settings(path)


def errors_of(tmp_path: Path, channel: str) -> list[str]:
    path = tmp_path / "cebd.toml"
    path.write_text(SETTINGS + channel, encoding="utf-8")
    return mistakes_of(path)


def test_the_settings_name_folders_from_the_settings_file(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, 'type = "folder"\nsend_dir = "to"\nreceive_dir = "from"\n')
    assert isinstance(settings.channel["software"], FolderSettings)
    (tmp_path / "to").mkdir()
    channel = BothHalves.of(open_channel(settings.channel["software"], settings.base))
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    assert (tmp_path / "to" / NAME).read_bytes() == MESSAGE


def test_the_official_clients_folders_stand_beside_its_out_box_and_its_messages_are_bare(tmp_path: Path) -> None:
    client = 'type = "folder"\npreset = "single-window"\nsend_dir = "IMPCEB/OutBox"\nreceive_dir = "IMPCEB/InBox"\n'
    wanted = settings_with(tmp_path, client).channel["software"]
    assert {key: path.as_posix() for key, path in wanted.own_folders().items()} == {
        "send_dir": "IMPCEB/OutBox",
        "receive_dir": "IMPCEB/InBox",
        "sent_dir": "IMPCEB/SentBox",
        "fail_dir": "IMPCEB/FailBox",
        "staging_dir": "IMPCEB/cebd-parts",
    }
    assert wanted.envelope_kind == "none"
    for name in ("OutBox", "InBox", "SentBox", "FailBox"):
        (tmp_path / "IMPCEB" / name).mkdir(parents=True)
    channel = BothHalves.of(open_channel(wanted, tmp_path))
    assert channel.deliver(NAME, MESSAGE, nothing) == Sent()
    (tmp_path / "IMPCEB/OutBox" / NAME).rename(tmp_path / "IMPCEB/FailBox" / NAME)
    assert channel.find(NAME, MESSAGE) == "arrived"
    assert channel.waiting() == []


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ('type = "folder"\nsend_dir = "a"\n', "line 15: channel.software.receive_dir: this setting is required"),
        (
            'type = "folder"\nsend_dir = "a"\nreceive_dir = "b"\nsend_dri = "c"\n',
            "line 19: channel.software.send_dri: unknown setting; did you mean send_dir?",
        ),
        ('send_dir = "a"\nreceive_dir = "b"\n', "line 15: channel.software.type: this setting is required"),
        (
            'type = "folder"\nsend_dir = "a"\nreceive_dir = "./a"\n',
            "line 15: channel.software: send_dir and receive_dir must differ, or declarations would be taken for receipts",
        ),
    ],
)
def test_a_mistake_in_a_folder_channel_is_named_with_its_line(tmp_path: Path, channel: str, error: str) -> None:
    assert errors_of(tmp_path, channel) == [error]


def test_a_kind_of_channel_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path, 'type = "ftp"\n')
    assert "channel.software" in error
    assert "'sftp', 'folder'" in error
