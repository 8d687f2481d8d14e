"""The SFTP channel against OpenSSH's own server, over a wire that is cut in every phase of a hand-over."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.openssh import OpenSsh, Wire, free_port
from builders.waiting import until
from cebd.problems.problem import problem
from cebd.settings import load_settings
from cebd.transport import complete_receipts as ripeness
from cebd.transport.channel import ChannelError, Failed, InDoubt, Outcome, Sent
from cebd.transport.channels.kinds import open_channel
from cebd.transport.channels.sftp import SftpInbound, SftpOutbound
from cebd.transport.channels.sftp_client import Request
from cebd.transport.channels.sftp_connection import Login

NAME = "CEB311Message_0001.xml"
MESSAGE = b"<DxpMsg>" + b"declared " * 200 + b"</DxpMsg>"
RECEIPT = b"<CEB312Message/>"


def nothing() -> None:
    """A hand-over that keeps no record."""


class Side:
    """The other side's folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("in", "out"):
            (root / name).mkdir(parents=True)

    def arrived(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.root / "in").iterdir())}

    def arrived_names(self) -> list[str]:
        return sorted(path.name for path in (self.root / "in").iterdir())

    def answers(self, name: str, content: bytes = RECEIPT) -> Path:
        path = self.root / "out" / name
        path.write_bytes(content)
        return path


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("sshd")
    with OpenSsh(folder / "sshd", folder) as server:
        yield server


@pytest.fixture
def side(tmp_path: Path) -> Side:
    return Side(tmp_path / "side")


@pytest.fixture
def wire(sshd: OpenSsh) -> Iterator[Wire]:
    with Wire(sshd.port) as one:
        yield one


def login(sshd: OpenSsh, port: int | None = None, **changed: object) -> Login:
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port or sshd.port,
        "user": sshd.user,
        "host_key": sshd.fingerprint,
        "timeout": 10.0,
        "key": sshd.user_key,
        "read_password": lambda: None,
    }
    return Login(**{**values, **changed})  # type: ignore[arg-type]


def channel(sshd: OpenSsh, side: Side, port: int | None = None, **changed: object) -> closing[BothHalves]:
    to = login(sshd, port, **changed)
    return closing(BothHalves(SftpOutbound(to, f"{side.root}/in"), SftpInbound(to, f"{side.root}/out")))


# Logging in


def test_while_a_change_is_announced_either_host_key_is_let_in(sshd: OpenSsh, side: Side) -> None:
    coming = "SHA256:" + "A" * 43
    with channel(sshd, side, host_key=(coming, sshd.fingerprint)) as sftp:
        assert sftp.deliver(NAME, MESSAGE, nothing) == Sent()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_over_an_announced_change_of_the_host_key_messages_go_on_and_the_old_key_alone_is_let_in_no_more(
    side: Side, tmp_path: Path, kind: str
) -> None:
    with OpenSsh(tmp_path / "sshd", side.root) as server:
        old, coming = server.fingerprint, server.announce_host_key(kind)
        with channel(server, side, host_key=(old, coming)) as sftp:
            assert sftp.deliver("1.xml", MESSAGE, nothing) == Sent()
            sftp.close()
            server.stop()
            server.change_host_key()
            server.start()
            assert sftp.deliver("2.xml", MESSAGE, nothing) == Sent()
            assert sftp.waiting() == []
        with channel(server, side, host_key=coming) as sftp:
            assert sftp.deliver("3.xml", MESSAGE, nothing) == Sent()
        with channel(server, side, host_key=old) as sftp:
            refused = sftp.deliver("4.xml", MESSAGE, nothing)
    assert isinstance(refused, Failed)
    assert refused.problem == "CEBD-1602"
    assert set(side.arrived()) == {"1.xml", "2.xml", "3.xml"}


def test_the_keys_of_an_agent_log_in_one_after_the_other(
    sshd: OpenSsh, side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL)
    try:
        until((tmp_path / "agent").exists, "the agent's socket")
        with channel(sshd, side, key=None, agent=True) as sftp:
            outcome = sftp.deliver(NAME, MESSAGE, nothing)
        assert isinstance(outcome, Failed)
        assert (outcome.problem, outcome.reason) == ("CEBD-1603", "ssh-agent has no key")
        for key in (make_key(tmp_path / "another"), sshd.user_key):
            subprocess.run(["ssh-add", "-q", str(key)], check=True)
        with channel(sshd, side, key=None, agent=True) as sftp:
            assert sftp.deliver(NAME, MESSAGE, nothing) == Sent()
    finally:
        agent.terminate()
        agent.wait()


# Handing over


def test_a_large_message_arrives_whole(sshd: OpenSsh, side: Side) -> None:
    large = os.urandom(5_000_000)
    with channel(sshd, side) as sftp:
        assert sftp.deliver(NAME, large, nothing) == Sent()
    assert side.arrived() == {NAME: large}


@pytest.mark.parametrize("content", [b"", b"<", b"<>"])
def test_the_smallest_contents_arrive_too(sshd: OpenSsh, side: Side, content: bytes) -> None:
    with channel(sshd, side) as sftp:
        assert sftp.deliver(NAME, content, nothing) == Sent()
    assert side.arrived() == {NAME: content}


def test_until_the_handing_over_is_on_record_the_other_side_cannot_have_the_message_whole(
    sshd: OpenSsh, side: Side
) -> None:
    seen: list[dict[str, bytes]] = []
    with channel(sshd, side) as sftp:
        sftp.deliver(NAME, MESSAGE, lambda: seen.append(side.arrived()))
    assert len(seen) == 1
    assert NAME not in seen[0]
    assert all(content != MESSAGE for content in seen[0].values())


def test_when_the_handing_over_cannot_be_recorded_nothing_is_handed_over(sshd: OpenSsh, side: Side) -> None:
    def disk_full() -> None:
        raise RuntimeError("the store is full")

    with channel(sshd, side) as sftp:
        with pytest.raises(RuntimeError):
            sftp.deliver(NAME, MESSAGE, disk_full)
        assert NAME not in side.arrived()
        assert sftp.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.arrived() == {NAME: MESSAGE}


def test_one_connection_serves_many_messages(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    with channel(sshd, side, wire.port) as sftp:
        for number in range(20):
            assert sftp.deliver(f"{number}.xml", MESSAGE, nothing) == Sent()
    assert len(side.arrived()) == 20
    assert wire.connections == 1


# Who is on the other end


def test_a_host_with_another_key_gets_nothing(sshd: OpenSsh, side: Side) -> None:
    with channel(sshd, side, host_key="SHA256:" + "A" * 43) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
        with pytest.raises(ChannelError) as error:
            sftp.waiting()
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1602"
    assert error.value.problem == "CEBD-1602"
    assert side.arrived() == {}


KINDS_OF_HOST_KEY = ("rsa", "ecdsa", "ed25519")


@pytest.fixture(scope="module")
def three_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    """A server with a key of each kind, as servers have them."""
    folder = tmp_path_factory.mktemp("three")
    with OpenSsh(folder / "sshd", folder, kinds=KINDS_OF_HOST_KEY) as server:
        yield server


@pytest.mark.parametrize("kind", KINDS_OF_HOST_KEY)
def test_the_pinned_key_may_be_any_that_the_server_has(three_keys: OpenSsh, side: Side, kind: str) -> None:
    """Case N08."""
    pinned = three_keys.fingerprint_of(kind)
    with Wire(three_keys.port) as wire, channel(three_keys, side, wire.port, host_key=pinned) as sftp:
        assert sftp.deliver("1.xml", MESSAGE, nothing) == Sent()
        before = wire.connections
        sftp.close()
        assert sftp.deliver("2.xml", MESSAGE, nothing) == Sent()
        assert wire.connections == before + 1  # the kind is known by now
    assert side.arrived() == {"1.xml": MESSAGE, "2.xml": MESSAGE}


def test_a_difference_shows_the_fingerprint_of_each_key_that_was_seen(three_keys: OpenSsh, side: Side) -> None:
    with channel(three_keys, side, host_key="SHA256:" + "A" * 43) as sftp, pytest.raises(ChannelError) as error:
        sftp.waiting()
    assert error.value.problem == "CEBD-1602"
    for kind in KINDS_OF_HOST_KEY:
        assert three_keys.fingerprint_of(kind) in error.value.reason
    said = problem("CEBD-1602", channel="eport", reason=error.value.reason)
    assert all(three_keys.fingerprint_of("rsa") in text for text in (said.zh, said.en))


def test_a_server_with_nothing_in_common_is_said_to_have_nothing_in_common(tmp_path: Path, side: Side) -> None:
    server = OpenSsh(tmp_path / "sshd", tmp_path)
    with (server.folder / "sshd_config").open("a") as config:
        config.write("KexAlgorithms sntrup761x25519-sha512@openssh.com\n")
    with server, channel(server, side) as sftp, pytest.raises(ChannelError) as error:
        sftp.waiting()
    assert error.value.problem == "CEBD-1611"


def test_the_password_is_not_even_read_for_a_host_with_another_key(sshd: OpenSsh, side: Side) -> None:
    def never() -> str:
        raise AssertionError("the password was read")

    with channel(sshd, side, host_key="SHA256:" + "A" * 43, key=None, read_password=never) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1602"


def make_key(path: Path, passphrase: str = "") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    return path


def test_a_key_the_server_does_not_know_is_a_refused_login(sshd: OpenSsh, side: Side, tmp_path: Path) -> None:
    assert refused(sshd, side, key=make_key(tmp_path / "stranger")) == f"{sshd.user}@127.0.0.1: login refused"


def test_a_user_the_server_does_not_know_is_a_refused_login(sshd: OpenSsh, side: Side) -> None:
    assert refused(sshd, side, user="nobody-here") == "nobody-here@127.0.0.1: login refused"


def test_a_password_where_only_keys_are_taken_is_a_refused_login_and_stays_secret(sshd: OpenSsh, side: Side) -> None:
    assert "s3cr3t" not in refused(sshd, side, key=None, read_password=lambda: "s3cr3t")


def test_a_password_that_is_not_where_the_settings_say_is_named_by_its_place(
    sshd: OpenSsh, side: Side, tmp_path: Path
) -> None:
    settings = tmp_path / "cebd.toml"
    settings.write_text(
        '[[enterprise]]\nname = "e"\ncopCode = "1"\ncopName = "e"\ndxpId = "D"\nfolder = "e"\nsigner = "t"\nchannel = "eport"\n'
        '[signer.t]\ntype = "software"\nkey = "k.pem"\n'
        f'[channel.eport]\ntype = "sftp"\nhost = "127.0.0.1"\nport = {sshd.port}\nuser = "{sshd.user}"\n'
        f'host_key = "{sshd.fingerprint}"\npassword = {{ file = "gone" }}\n',
        encoding="utf-8",
    )
    loaded = load_settings(settings)
    with closing(BothHalves.of(open_channel(loaded.channel["eport"], loaded.base))) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1603"
    assert str(tmp_path / "gone") in outcome.reason


def test_a_key_file_that_is_not_there_is_named(sshd: OpenSsh, side: Side, tmp_path: Path) -> None:
    assert str(tmp_path / "gone") in refused(sshd, side, key=tmp_path / "gone")


def test_a_wrong_passphrase_is_not_shown(sshd: OpenSsh, side: Side, tmp_path: Path) -> None:
    key = make_key(tmp_path / "locked", "the right one")
    reason = refused(sshd, side, key=key, read_password=lambda: "hunter2")
    assert str(key) in reason
    assert "hunter2" not in reason


def test_a_locked_key_without_its_passphrase_is_a_refused_login(sshd: OpenSsh, side: Side, tmp_path: Path) -> None:
    key = make_key(tmp_path / "locked", "the right one")
    assert str(key) in refused(sshd, side, key=key)


def test_a_key_file_that_is_no_key_is_not_quoted(sshd: OpenSsh, side: Side, tmp_path: Path) -> None:
    key = tmp_path / "password.txt"
    key.write_text("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
    assert "hunter2" not in refused(sshd, side, key=key)


KINDS = (("ed25519", "RFC4716"), ("rsa", "RFC4716"), ("rsa", "PEM"), ("ecdsa", "PEM"))


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_a_key_opens_with_its_passphrase(sshd: OpenSsh, side: Side, tmp_path: Path, kind: str, shape: str) -> None:
    key = tmp_path / "key"
    made = ["ssh-keygen", "-q", "-t", kind, "-N", "open sesame", "-m", shape, "-f", str(key)]
    subprocess.run(made, check=True)
    with (sshd.folder / "authorized_keys").open("ab") as known:
        known.write(key.with_suffix(".pub").read_bytes())
    with channel(sshd, side, key=key, read_password=lambda: "open sesame") as sftp:
        assert sftp.deliver(NAME, MESSAGE, nothing) == Sent()


def refused(sshd: OpenSsh, side: Side, **changed: object) -> str:
    """The reason why a login was refused; nothing may have arrived."""
    with channel(sshd, side, **changed) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1603"
    assert side.arrived() == {}
    return outcome.reason


# The wire breaks


def test_nobody_listening_is_a_certain_failure(sshd: OpenSsh, side: Side) -> None:
    with channel(sshd, side, free_port()) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1601"


def test_a_connection_that_broke_while_idle_is_made_again(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    with channel(sshd, side, wire.port) as sftp:
        sftp.connect()
        wire.cut()
        outcomes = [sftp.deliver(NAME, MESSAGE, nothing, attempt) for attempt in (1, 2)]
    assert outcomes[-1] == Sent()
    assert not any(isinstance(one, InDoubt) for one in outcomes)
    assert side.arrived() == {NAME: MESSAGE}


def test_a_cut_while_the_login_is_under_way_is_no_refused_login(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    for answer in range(8):
        wire.cut_instead_of_answer(answer)
        with channel(sshd, side, wire.port) as sftp:
            outcome = sftp.deliver(NAME, MESSAGE, nothing)
        assert isinstance(outcome, Failed), answer
        assert outcome.problem == "CEBD-1601", (answer, outcome)
    assert NAME not in side.arrived()


def test_a_cut_in_the_middle_of_the_bytes_is_a_certain_failure_and_leaves_nothing(
    sshd: OpenSsh, side: Side, wire: Wire
) -> None:
    large = os.urandom(3_000_000)
    with channel(sshd, side, wire.port) as sftp:
        sftp.connect()
        wire.cut_after_bytes(1_000_000)
        outcome = sftp.deliver(NAME, large, nothing)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1601"
        assert NAME not in side.arrived()
        assert len(side.arrived()) == 1  # half a file, under a temporary name
        assert sftp.deliver(NAME, large, nothing, 2) == Sent()
    assert side.arrived() == {NAME: large}


STEPS = ("the last bytes", "closing and renaming")


@pytest.mark.parametrize("taken_away", [False, True], ids=["left there", "taken at once"])
@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_a_cut_while_handing_over_is_a_doubt_that_asking_settles(
    sshd: OpenSsh, side: Side, wire: Wire, step: int, lost: str, taken_away: bool
) -> None:
    renamed = (step, lost) == (1, "answer")
    with channel(sshd, side, wire.port) as sftp:
        sftp.connect()
        client, steps_gone = sftp.outbound._line.open().sftp, iter(range(2))
        ask = client.ask

        def cut_at_step(requests: Sequence[Request]) -> range:
            if next(steps_gone) == step:
                cut = wire.cut_instead_of_request if lost == "request" else wire.cut_instead_of_answer
                cut(0)
            return ask(requests)

        outcome = sftp.deliver(NAME, MESSAGE, lambda: setattr(client, "ask", cut_at_step))
        assert isinstance(outcome, InDoubt)
        if renamed:
            until(lambda: NAME in side.arrived(), "the server has done what it was asked")
        assert (NAME in side.arrived()) is renamed
        if taken_away:
            (side.root / "in" / NAME).unlink(missing_ok=True)
        found = sftp.find(NAME, MESSAGE)
        assert found == (("unknown" if taken_away else "arrived") if renamed else "not-arrived")
        if found == "not-arrived":
            assert side.arrived() == {}
            assert sftp.deliver(NAME, MESSAGE, nothing, 2) == Sent()
            assert side.arrived() == {NAME: MESSAGE}


def test_a_rename_still_under_way_cannot_bring_a_second_copy_after_it_was_taken_back(
    sshd: OpenSsh, side: Side, wire: Wire
) -> None:
    """The old connection's request reaches the server late: what it would rename is gone by then."""
    with channel(sshd, side) as late, channel(sshd, side) as sftp:
        old = late.outbound._line.open()
        with old.sftp.open(late.outbound._temporary(NAME, 1), "wb") as remote:
            remote.write(MESSAGE)
        assert sftp.find(NAME, MESSAGE, 1) == "not-arrived"
        with pytest.raises(FileNotFoundError):
            old.sftp.posix_rename(late.outbound._temporary(NAME, 1), f"{side.root}/in/{NAME}")
    assert side.arrived() == {}


def test_a_server_that_falls_silent_is_given_up_in_time(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    with channel(sshd, side, wire.port, timeout=1.0) as sftp:
        sftp.connect()
        outcome, seconds = timed(lambda: sftp.deliver(NAME, MESSAGE, wire.freeze))
        assert isinstance(outcome, InDoubt)
        assert seconds < 20
        wire.thaw()
        assert sftp.find(NAME, MESSAGE) == "not-arrived"


@pytest.mark.parametrize("bytes_passed", [0, 30, 1000, 1500, 1800, 2000, 2200, 2400])
def test_a_server_that_falls_silent_while_greeting_is_given_up_in_time(
    sshd: OpenSsh, side: Side, bytes_passed: int
) -> None:
    with Silent(sshd.port, bytes_passed) as silent, channel(sshd, side, silent.port, timeout=1.0) as sftp:
        outcome, seconds = timed(lambda: sftp.deliver(NAME, MESSAGE, nothing))
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1601"
    assert seconds < 14, "paramiko itself waits 15 for a greeting"


class Silent(Wire):
    """A wire on which the server says so many bytes, and then nothing more."""

    def __init__(self, target: int, allowed: int) -> None:
        super().__init__(target)
        self._allowed = allowed

    def _pass_on(self, source, to, kind):  # type: ignore[no-untyped-def]
        passed = 0
        try:
            while piece := source.recv(65536):
                if kind == "answers":
                    piece = piece[: max(0, self._allowed - passed)]
                    passed += len(piece)
                to.sendall(piece)
        except OSError:
            pass


def timed(act: Callable[[], Outcome]) -> tuple[Outcome, float]:
    began = time.monotonic()
    outcome = act()
    return outcome, time.monotonic() - began


def test_a_server_that_was_restarted_is_found_again(tmp_path: Path) -> None:
    side = Side(tmp_path / "side")
    with OpenSsh(tmp_path / "sshd", tmp_path) as server, channel(server, side) as sftp:
        assert sftp.deliver("1.xml", MESSAGE, nothing) == Sent()
        server.stop()
        gone = sftp.deliver("2.xml", MESSAGE, nothing)
        assert isinstance(gone, Failed)
        assert gone.problem == "CEBD-1601"
        with pytest.raises(ChannelError):
            sftp.waiting()
        server.start()
        assert sftp.deliver("2.xml", MESSAGE, nothing, 2) == Sent()
    assert side.arrived() == {"1.xml": MESSAGE, "2.xml": MESSAGE}


# The server says no


def test_a_folder_that_is_not_there_is_a_refusal_that_names_it(sshd: OpenSsh, side: Side) -> None:
    (side.root / "in").rmdir()
    with channel(sshd, side) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1605"
        assert f"{side.root}/in" in outcome.reason
        (side.root / "in").mkdir()
        assert sftp.deliver(NAME, MESSAGE, nothing, 2) == Sent()


def test_a_full_disk_is_a_refusal_and_not_half_a_message(tmp_path: Path, side: Side) -> None:
    with OpenSsh(tmp_path / "sshd", tmp_path, largest_file=20 * 512) as server, channel(server, side) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE * 100, nothing)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1605"
        assert NAME not in side.arrived_names()
        assert sftp.deliver(NAME, MESSAGE, nothing, 2) == Sent()
    assert side.arrived() == {NAME: MESSAGE}


def test_where_the_name_belongs_to_a_folder_the_message_is_not_sent(sshd: OpenSsh, side: Side) -> None:
    (side.root / "in" / NAME).mkdir()
    with channel(sshd, side) as sftp:
        outcome = sftp.deliver(NAME, MESSAGE, nothing)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "CEBD-1605"
    assert side.arrived_names() == [NAME]


# Receipts


def test_unfinished_hidden_and_other_things_are_not_receipts(sshd: OpenSsh, side: Side) -> None:
    for name in (".hidden.xml", "a.xml.part", "b.xml.TMP", "c.filepart", "good.xml"):
        side.answers(name)
    (side.root / "out" / "folder.xml").mkdir()
    (side.root / "out" / "link.xml").symlink_to("/etc/hostname")
    with channel(sshd, side) as sftp:
        assert sftp.waiting() == ["good.xml"]


def test_a_large_receipt_is_fetched_whole(sshd: OpenSsh, side: Side) -> None:
    content = b"<a>" + os.urandom(3_000_000).hex().encode() + b"</a>"
    side.answers("large.xml", content)
    with channel(sshd, side) as sftp:
        assert sftp.waiting() == ["large.xml"]
        assert sftp.fetch("large.xml") == content


def test_a_huge_file_is_refused_unread_and_holds_up_nothing(sshd: OpenSsh, side: Side) -> None:
    huge = side.answers("a-huge.xml")
    with huge.open("ab") as file:
        file.truncate(ripeness.LARGEST + 1)
    side.answers("b.xml")
    with channel(sshd, side) as sftp:
        assert sftp.waiting() == ["a-huge.xml", "b.xml"]
        with pytest.raises(ChannelError) as error:
            sftp.fetch("a-huge.xml")
        assert error.value.problem == "CEBD-1604"
        assert sftp.waiting() == ["b.xml", "a-huge.xml"]
        assert sftp.fetch("b.xml") == RECEIPT
    assert huge.exists()


def test_a_receipt_that_cannot_be_read_holds_up_nothing(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    side.answers("b.xml")
    with channel(sshd, side, wire.port) as sftp:
        unreadable = side.answers("a.xml")
        assert sftp.waiting() == ["a.xml", "b.xml"]
        unreadable.unlink()
        unreadable.mkdir()  # the test may run as root, who may read everything but a folder
        with pytest.raises(ChannelError) as error:
            sftp.fetch("a.xml")
        assert error.value.problem == "CEBD-1604"
        assert sftp.fetch("b.xml") == RECEIPT
    assert wire.connections == 1


def test_a_receipt_still_being_written_is_left_there(sshd: OpenSsh, side: Side) -> None:
    side.answers("a.xml", RECEIPT[:-1])
    with channel(sshd, side) as sftp:
        sftp.waiting()
        with pytest.raises(ChannelError) as error:
            sftp.fetch("a.xml")
        assert error.value.problem == "CEBD-1604"
        side.answers("a.xml")
        assert sftp.waiting() == ["a.xml"]
        assert sftp.fetch("a.xml") == RECEIPT


def test_a_receipt_written_anew_after_it_was_fetched_is_not_removed(sshd: OpenSsh, side: Side) -> None:
    side.answers("status.xml")
    with channel(sshd, side) as sftp:
        sftp.waiting()
        sftp.fetch("status.xml")
        side.answers("status.xml", b"<CEB312Message>another one</CEB312Message>")
        sftp.remove("status.xml")
        assert sftp.waiting() == ["status.xml"]
        assert b"another one" in sftp.fetch("status.xml")


def test_a_receipt_named_in_gbk_is_fetched_like_any_other(sshd: OpenSsh, side: Side) -> None:
    raw = os.fsencode(side.root / "out") + b"/" + "回执1.xml".encode("gbk")
    Path(os.fsdecode(raw)).write_bytes(RECEIPT)
    side.answers("b.xml")
    side.answers("回执2.xml")
    with channel(sshd, side) as sftp:
        assert sorted(sftp.waiting()) == ["b.xml", "回执1.xml", "回执2.xml"]
        assert sftp.fetch("回执1.xml") == RECEIPT
        sftp.remove("回执1.xml")
        assert sorted(sftp.waiting()) == ["b.xml", "回执2.xml"]


def test_a_receipt_whose_connection_broke_is_fetched_the_next_time(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    side.answers("a.xml")
    with channel(sshd, side, wire.port) as sftp:
        sftp.waiting()
        wire.cut_instead_of_answer(1)
        with pytest.raises(ChannelError) as error:
            sftp.fetch("a.xml")
        assert error.value.problem == "CEBD-1601"
        assert sftp.waiting() == ["a.xml"]
        assert sftp.fetch("a.xml") == RECEIPT


def test_a_receipt_folder_that_is_not_there_is_named(sshd: OpenSsh, side: Side) -> None:
    (side.root / "out").rmdir()
    with channel(sshd, side) as sftp, pytest.raises(ChannelError) as error:
        sftp.waiting()
    assert error.value.problem == "CEBD-1605"
    assert f"{side.root}/out" in error.value.reason


def test_thousands_of_receipts_cost_a_few_requests_each(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    for number in range(3000):
        side.answers(f"{number:05d}.xml")
    with channel(sshd, side, wire.port) as sftp:
        sftp.waiting()
        began = time.monotonic()
        names = sftp.waiting()
        listing = time.monotonic() - began
        for name in names[:300]:
            sftp.fetch(name)
            sftp.remove(name)
        each = (time.monotonic() - began - listing) / 300
    assert len(names) == 3000
    assert len(list((side.root / "out").iterdir())) == 2700
    assert wire.connections == 1
    assert listing < 10
    assert each < 0.1


def test_no_thread_is_left_behind_by_a_connection_that_broke(sshd: OpenSsh, side: Side, wire: Wire) -> None:
    before = threading.active_count()
    side.answers("large.xml", b"<" + b"x" * 2_000_000 + b">")
    with channel(sshd, side, wire.port) as sftp:
        sftp.waiting()
        wire.cut_instead_of_answer(3)
        with pytest.raises(ChannelError):
            sftp.fetch("large.xml")
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before
