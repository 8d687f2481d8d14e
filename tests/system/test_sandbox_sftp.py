"""The simulated customs side over the wire: OpenSSH's own client and paramiko's send, look, and fetch receipts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest
from lxml import etree

from builders import processes
from builders.customs_messages import (
    a_list,
    a_message,
    an_envelope,
    an_order,
    make_key,
    needs_openssl,
    needs_xmlsec1,
    signed,
    signed_sm2,
)
from builders.papers import OFFICIAL, needs_official
from builders.waiting import until
from cebd.sandbox.home import prepare
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.sftp.server import FolderInUse, SandboxServer

needs_sftp = pytest.mark.skipif(
    not (shutil.which("sftp") and shutil.which("ssh-keygen")), reason="OpenSSH's client is not installed"
)
QUICK = Scenario(answer_seconds=0.05, step_seconds=0.05, entered_at_once=True)


@pytest.fixture
def customs(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path / "customs", scenario=QUICK) as server:
        yield server


@contextmanager
def connected(customs: SandboxServer, *, user: str = "cebd", key: Path | None = None) -> Iterator[paramiko.SFTPClient]:
    transport = paramiko.Transport(("127.0.0.1", customs.port))
    try:
        transport.connect(username=user, pkey=paramiko.PKey.from_path(key or customs.home.client_key))
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        yield sftp
    finally:
        transport.close()


def send(sftp: paramiko.SFTPClient, name: str, content: bytes) -> None:
    with sftp.open(f"in/{name}.part", "wb") as remote:
        remote.write(content)
    assert sftp.stat(f"in/{name}.part").st_size == len(content)
    sftp.posix_rename(f"in/{name}.part", f"in/{name}")


def fetch_all(sftp: paramiko.SFTPClient, count: int) -> list[bytes]:
    """Wait for so many receipts, read each and remove it."""
    names = until(lambda: len(names := sftp.listdir("out")) >= count and names, f"{count} receipts")
    contents = []
    for name in sorted(names):
        with sftp.open(f"out/{name}", "rb") as remote:
            contents.append(remote.read())
        sftp.remove(f"out/{name}")
    assert sftp.listdir("out") == []
    return contents


def statuses(contents: list[bytes]) -> list[str]:
    found = []
    for content in contents:
        found += [str(text) for text in etree.fromstring(content).xpath("//*[local-name()='returnStatus']/text()")]
    return sorted(found)


# OpenSSH


def openssh(
    customs: SandboxServer, *commands: str, folder: Path, user: str = "cebd"
) -> subprocess.CompletedProcess[str]:
    public = (customs.home.folder / "host_key.pub").read_text()
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{customs.port} {public}")
    options = {
        "IdentityFile": customs.home.client_key,
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": known_hosts,
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
    }
    command = ["sftp", "-F", "/dev/null", "-b", "-", "-P", str(customs.port)]
    command += [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return subprocess.run(
        [*command, f"{user}@127.0.0.1"],
        input="\n".join(commands) + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
    )


@needs_sftp
@needs_xmlsec1
@needs_official
def test_openssh_sends_orders_and_signed_lists_and_fetches_valid_receipts(
    customs: SandboxServer, tmp_path: Path
) -> None:
    (tmp_path / "orders.xml").write_bytes(an_envelope(a_message(an_order("A1"), an_order("A2"))))
    lists = signed(a_message(a_list("C1")), make_key(tmp_path), folder=tmp_path)
    (tmp_path / "lists.xml").write_bytes(an_envelope(lists))
    sent = openssh(
        customs,
        "put orders.xml in/orders.xml.part",
        "rename in/orders.xml.part in/orders.xml",
        "put lists.xml in/lists.xml.part",
        "rename in/lists.xml.part in/lists.xml",
        "ls -1",
        folder=tmp_path,
    )
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.split()[-2:] == ["in", "out"]
    until(lambda: len(list((customs.home.folder / "out").iterdir())) == 5, "five receipts")
    (tmp_path / "got").mkdir()
    got = openssh(customs, "get out/* got", "rm out/*", "ls -1 in", "ls -1 out", folder=tmp_path)
    assert got.returncode == 0, got.stderr
    schema = etree.XMLSchema(etree.parse(OFFICIAL / "xsd" / "import-business-202205.xsd"))
    contents = [path.read_bytes() for path in (tmp_path / "got").iterdir()]
    for content in contents:
        schema.assertValid(etree.fromstring(content))
    assert statuses(contents) == ["120", "120", "120", "2", "2", "2", "800"]
    assert list((customs.home.folder / "out").iterdir()) == []
    assert {entry["verdict"] for entry in read_ledger(customs.home.folder)} == {"accepted"}


@needs_sftp
def test_openssh_prints_the_fingerprint_that_the_home_states(customs: SandboxServer) -> None:
    for kind in ("", ".pub"):
        printed = subprocess.run(
            ["ssh-keygen", "-l", "-E", "sha256", "-f", str(customs.home.host_key) + kind],
            capture_output=True,
            text=True,
            check=True,
        )
        assert printed.stdout.split()[1] == customs.home.host_key_fingerprint


@needs_sftp
@pytest.mark.parametrize(
    "command",
    [
        "get ledger.jsonl", "get /host_key", "get in/../host_key", "get ../customs/host_key", "put known_hosts in/../x",
        "put known_hosts taken/x", "rename in/a /a", "rename in /out/in", "rm authorized_keys", "ls taken", "ls /..//pending",
        "symlink /etc/passwd in/p", "ln in/a out/a", "mkdir in/x", "rmdir in",
    ],
)  # fmt: skip
def test_no_way_leads_out_of_in_and_out(customs: SandboxServer, tmp_path: Path, command: str) -> None:
    def seen() -> set[str]:
        return {str(path) for path in customs.home.folder.rglob("*")}

    (customs.home.folder / "in" / "a").mkdir()
    before = seen()
    refused = openssh(customs, command, folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr
    assert "Connection closed" not in refused.stderr
    assert seen() == before
    assert not (tmp_path / "host_key").exists()
    assert not (tmp_path / "ledger.jsonl").exists()


# Who is let in


def test_a_stranger_a_wrong_name_and_a_password_are_refused(customs: SandboxServer, tmp_path: Path) -> None:
    stranger = prepare(tmp_path / "elsewhere").client_key
    for wrong in ({"key": stranger}, {"user": "root"}):
        with pytest.raises(paramiko.AuthenticationException), connected(customs, **wrong):  # type: ignore[arg-type]
            pass
    transport = paramiko.Transport(("127.0.0.1", customs.port))
    with pytest.raises(paramiko.AuthenticationException):
        transport.connect(username="cebd", password="secret")
    transport.close()
    with connected(customs) as sftp:
        assert sftp.listdir() == ["in", "out"]


def test_more_keys_may_be_added_while_it_runs(customs: SandboxServer, tmp_path: Path) -> None:
    other = prepare(tmp_path / "elsewhere")
    line = (other.folder / "client_key.pub").read_text().strip()
    with customs.home.authorized_keys.open("a", encoding="utf-8") as keys:
        keys.write(f'\n# 仓库 keys of the warehouse\nrubbish\nrestrict,command="a b" {line} 仓库\n')
    for key in (customs.home.client_key, other.client_key):
        with connected(customs, key=key) as sftp:
            assert sftp.listdir("/out") == []


def test_the_keys_stay_when_the_folder_is_prepared_again(tmp_path: Path) -> None:
    first = prepare(tmp_path / "a")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir() if path.is_file()}
    assert prepare(tmp_path / "a") == first
    assert {path.name: path.read_bytes() for path in first.folder.iterdir() if path.is_file()} == before
    assert stat.S_IMODE(first.client_key.stat().st_mode) == stat.S_IMODE(first.host_key.stat().st_mode) == 0o600
    assert before["client_key"].startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert first.user == "cebd"


# Files


@needs_openssl
def test_paramiko_sends_a_list_signed_with_sm2_and_fetches_its_receipts(customs: SandboxServer, tmp_path: Path) -> None:
    content = signed_sm2(a_message(a_list("C1")), make_key(tmp_path, sm2=True), folder=tmp_path)
    with connected(customs) as sftp:
        send(sftp, "c.xml", an_envelope(content))
        assert statuses(fetch_all(sftp, 3)) == ["120", "2", "800"]
    [entry] = read_ledger(customs.home.folder)
    assert (entry["signature"], entry["key"]) == ("valid", {"copNo": "C1", "agentCode": "9900000004"})


def test_a_file_written_under_its_final_name_is_taken_up_when_it_is_closed(customs: SandboxServer) -> None:
    content = an_envelope(a_message(an_order("A1")))
    taken = customs.home.folder / "taken"
    with connected(customs) as sftp:
        with sftp.open("in/a.xml", "wb") as remote:
            remote.write(content[:500])
            remote.flush()
            send(sftp, "b.xml", an_envelope(a_message(an_order("B1"))))
            until((taken / "b.xml").exists, "the other one taken up")
            assert sftp.stat("in/a.xml").st_size == 500
            assert remote.stat().st_size == 500
            remote.write(content[500:])
        assert statuses(fetch_all(sftp, 4)) == ["120", "120", "2", "2"]
    assert (taken / "a.xml").read_bytes() == content


def test_a_client_that_vanishes_while_writing_leaves_what_is_judged_as_cut(customs: SandboxServer) -> None:
    with connected(customs) as sftp:
        remote = sftp.open("in/a.xml", "wb")
        remote.write(an_envelope(a_message(an_order("A1")))[:500])
        remote.flush()
    with connected(customs) as sftp:
        [answer] = fetch_all(sftp, 1)
    assert b"<ResponseCode>0001</ResponseCode>" in answer
    assert read_ledger(customs.home.folder) == []


def test_a_plain_rename_does_not_overwrite_and_a_posix_rename_does(customs: SandboxServer) -> None:
    with connected(customs) as sftp:
        for name, content in (("one.part", b"one"), ("two.part", b"two")):
            with sftp.open(f"in/{name}", "wb") as remote:
                remote.write(content)
        with pytest.raises(OSError, match=r".+"):
            sftp.rename("in/one.part", "in/two.part")
        assert sftp.stat("in/one.part").st_size == 3
        sftp.posix_rename("in/one.part", "in/two.part")
        assert sftp.listdir("in") == ["two.part"]
        with sftp.open("in/two.part", "rb") as remote:
            assert remote.read() == b"one"
        with sftp.open("in/two.part", "ab") as remote:
            remote.write(b" more")
        with sftp.open("in/two.part", "rb") as remote:
            assert remote.read() == b"one more"
        with pytest.raises(FileNotFoundError):
            sftp.stat("in/one.part")
        with pytest.raises(OSError, match=r".+"):
            sftp.open("in/two.part", "x").close()
        with pytest.raises(OSError, match=r".+"):
            sftp.open("in", "rb").close()


def test_the_folders_themselves_stay_where_they_are(customs: SandboxServer) -> None:
    with connected(customs) as sftp:
        for act in (
            lambda: sftp.posix_rename("in", "out/x"),
            lambda: sftp.posix_rename("out", "in/x.part"),
            lambda: sftp.rename("in", "out/x"),
            lambda: sftp.remove("in"),
            lambda: sftp.remove("/"),
        ):
            with pytest.raises(PermissionError):
                act()
        assert sftp.listdir() == ["in", "out"]


def test_several_connections_send_at_once_and_each_record_is_entered_once(customs: SandboxServer) -> None:
    def work(client: int) -> None:
        with connected(customs) as sftp:
            for number in range(5):
                orders = [an_order(f"P{client}-{number}-{one}") for one in range(20)]
                send(sftp, f"p{client}-{number}.xml", an_envelope(a_message(*orders)))

    threads = [threading.Thread(target=work, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = until(lambda: len(found := read_ledger(customs.home.folder)) == 400 and found, "400 orders entered")
    assert len({entry["key"]["orderNo"] for entry in ledger}) == 400
    with connected(customs) as sftp:
        assert len(statuses(fetch_all(sftp, 40))) == 800


def test_a_caller_who_says_nothing_keeps_nobody_waiting(customs: SandboxServer) -> None:
    with (
        socket.create_connection(("127.0.0.1", customs.port)),
        socket.create_connection(("127.0.0.1", customs.port)) as rude,
    ):
        rude.sendall(b"GET / HTTP/1.0\r\n\r\n")
        began = time.monotonic()
        with connected(customs) as sftp:
            assert sftp.listdir("out") == []
        assert time.monotonic() - began < 10


def test_two_customs_sides_do_not_share_a_folder(customs: SandboxServer) -> None:
    with pytest.raises(FolderInUse):
        SandboxServer(customs.home.folder).start()
    customs.stop()
    with SandboxServer(customs.home.folder, scenario=QUICK) as after, connected(after) as sftp:
        assert sftp.listdir() == ["in", "out"]


# The command


@contextmanager
def command(*arguments: object, ends_with: int) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cebd", "sandbox", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == ends_with
    finally:
        process.kill()
        process.communicate()


def test_the_command_says_where_it_is_and_tells_each_arrival_and_answer(tmp_path: Path) -> None:
    folder = tmp_path / "customs"
    scenario = tmp_path / "s.toml"
    scenario.write_text("answer_seconds = 0\nstep_seconds = 0\nentered_at_once = true", encoding="utf-8")
    with command(folder, "--port", 0, "--scenario", scenario, ends_with=0) as process:
        first = process.stdout.readline()
        home = prepare(folder)
        port = int(first.split("127.0.0.1:")[1].split(",")[0])
        for said in ("user cebd", home.host_key_fingerprint, str(home.client_key), "in/", "out/", "ledger.jsonl"):
            assert said in first
        assert "/ledger" in process.stdout.readline()  # its page
        transport = paramiko.Transport(("127.0.0.1", port))
        transport.connect(username="cebd", pkey=paramiko.PKey.from_path(home.client_key))
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        send(sftp, "a.xml", an_envelope(a_message(an_order("A1"))))
        lines = [process.stdout.readline() for _ in range(3)]
        transport.close()
        assert lines[0] == "arrived a.xml: 1 accepted (120), signature none\n"
        assert all(line.startswith("answered CEB312Message_") for line in lines[1:])
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert errors == ""


def test_the_command_refuses_in_one_sentence_what_it_cannot_use(tmp_path: Path, customs: SandboxServer) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("colour = 1", encoding="utf-8")
    a_file = tmp_path / "file"
    a_file.write_text("", encoding="utf-8")
    for arguments, said in (
        ((tmp_path / "a", "--scenario", bad), "colour is no setting of a scenario"),
        ((tmp_path / "b", "--port", customs.port), f"Port {customs.port} cannot be used"),
        ((customs.home.folder, "--port", 0), "Another simulated customs side uses"),
        ((a_file, "--port", 0), f"The folder {a_file} cannot be used"),
    ):
        ended = processes.run(["sandbox", *arguments])
        assert (ended.returncode, ended.stdout) == (2, "")
        assert said in ended.stderr
        assert ended.stderr.count("\n") == 1


def killed_in_the_middle(folder: Path, content: bytes, seconds: int) -> bool:
    """The command has entered it and is killed before it answers, for which it takes so long; false when it was quicker."""
    prepare(folder)
    scenario = folder.with_suffix(".toml")
    scenario.write_text(f"answer_seconds = {seconds}\nstep_seconds = 0.1\nentered_at_once = true", encoding="utf-8")
    part = folder / "in" / "a.part"
    with command(folder, "--port", 0, "--scenario", scenario, ends_with=-signal.SIGKILL) as process:
        process.stdout.readline()
        part.write_bytes(content)
        part.rename(folder / "in" / "a.xml")
        until(lambda: read_ledger(folder), "entered")
        os.kill(process.pid, signal.SIGKILL)
    return not list((folder / "out").iterdir())


def test_killed_in_the_middle_the_command_goes_on_where_it_was(tmp_path: Path) -> None:
    orders = [f"A{number}" for number in range(30)]
    content = an_envelope(a_message(*map(an_order, orders)))
    tries = {tmp_path / f"customs-{seconds}": seconds for seconds in (1, 5, 25)}  # a busy machine needs the longer ones
    folder = next(place for place, seconds in tries.items() if killed_in_the_middle(place, content, seconds))
    home = prepare(folder)
    with SandboxServer(folder, scenario=QUICK) as customs, connected(customs, key=home.client_key) as sftp:
        assert statuses(fetch_all(sftp, 2)) == ["120"] * 30 + ["2"] * 30
    assert [entry["key"]["orderNo"] for entry in read_ledger(folder)] == orders
