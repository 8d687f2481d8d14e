"""What an operator reads in 状态.txt, and an administrator in `cebd status`, of each trouble that a channel can have: one sentence each.

Each trouble is a real one: the other side is a server or a folder that is so, and the station's own watcher and look for receipts meet it.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from builders.clocks import SimulatedTime, StillClock
from builders.declared import SENT_AT, a_receipt, a_return, an_open_store, declare, settle
from builders.habits_server import HabitsServer
from builders.http_platform import HttpPlatform
from builders.openssh import OpenSsh
from builders.outage import SETTINGS
from cebd.cli.frame.language import Language
from cebd.cli.questions.status import lines_of
from cebd.operations.inquiries.overview import overview
from cebd.operations.inquiries.status import StationStatus
from cebd.receipts.clock_evidence import name_clock
from cebd.receipts.publishing.state_file import NAME, Served, StateFiles
from cebd.records.ids import MessageId
from cebd.records.states import MessageState
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.polling import Polling
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.messages import message_rows
from cebd.store.safety.holder import Holder
from cebd.store.store import Store
from cebd.transport.channel import Channel
from cebd.transport.channels.folder import FolderInbound, FolderOutbound
from cebd.transport.channels.kinds import open_channel
from cebd.transport.channels.sftp import SftpInbound, SftpOutbound
from cebd.transport.channels.sftp_connection import Login
from cebd.transport.channels.single_window import ASLEEP_SECONDS, ClientInbound
from cebd.transport.complete_receipts import StableReceipts
from cebd.transport.leftovers import name_left

MESSAGE = b"<message>" + b"x" * 100_000 + b"</message>"
WRONG = "SHA256:" + "A" * 43


class Person:
    """Whoever reads 状态.txt and `cebd status` of a station with one enterprise and one channel, whose message waits."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.clock = store, StillClock()
        self.conditions = Conditions(store, self.clock)
        (folder / "cebd.toml").write_text(SETTINGS, encoding="utf-8")
        self._settings = load_settings(folder / "cebd.toml")
        self._folder = folder / "甲"
        self._folder.mkdir()
        served = Served("甲", self._folder, frozenset({"channel:eport"}))
        self._files = StateFiles(store, self.clock, self.conditions, lambda: [served], "zh")

    def declares_by(self, channel: Channel, count: int = 1) -> list[MessageState]:
        """So many messages of many orders; the station tries to send them, and looks for receipts. The states of the messages then."""
        failures, now = Failures(self.conditions), SimulatedTime()
        halves = {"eport": channel.outbound}
        ways = WaysOut(self._settings, self.store, self.clock, self.conditions, failures, halves, now)
        receiving = {"eport": channel.inbound}
        polling = Polling(self._settings, self.store, self.clock, receiving, lambda _: None, self.conditions, failures)
        message_ids = [MessageId(number + 1) for number in range(count)]
        for message_id in message_ids:
            declare(self.store, *(f"A{message_id}{n:02}" for n in range(40)), channel="eport", sent_at=None)
        ways.keep(message_ids)
        polling.fetch_from("eport")
        ways.sending["eport"].look(threading.Event())
        polling.fetch_from("eport")
        ways.close()
        channel.inbound.close()
        with self.store.read() as transaction:
            return [message.state for message in message_rows(transaction, message_ids)]

    def reads(self) -> list[str]:
        """The three lines of 状态.txt."""
        self._files.write_changes()
        return (self._folder / NAME).read_text(encoding="utf-8-sig").splitlines()

    def reads_in_full(self) -> str:
        """Every trouble, as the answer to a file `状态` in the inbox has them."""
        return "\n".join(zh for zh, _ in self._files.in_full("甲"))

    def is_told(self, id_: str) -> list[str]:
        """The sentences with which `cebd status` names that problem, be it of the channel or of what waits for it."""
        with self.store.read() as transaction:
            now = StationStatus("s", "production", Holder(True, 42), overview(transaction))
        return [line.partition(id_)[2] for line in lines_of(now, Language("zh")) if id_ in line]


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with an_open_store(tmp_path) as store:
        yield Person(store, tmp_path)


# What each other side does to a message


@contextmanager
def another_host_key(folder: Path) -> Iterator[Channel]:
    with OpenSsh(folder / "sshd", folder) as server:
        yield _by_sftp(replace(_login(server), host_key=WRONG), str(folder), str(folder))


@contextmanager
def a_full_disk_behind_sftp(folder: Path) -> Iterator[Channel]:
    with OpenSsh(folder / "sshd", folder) as server, a_small_disk(folder) as disk:
        yield _by_sftp(_login(server), str(disk), str(folder))


@contextmanager
def a_full_disk_of_a_share(folder: Path) -> Iterator[Channel]:
    with a_small_disk(folder) as disk:
        yield Channel(FolderOutbound(disk), FolderInbound(folder))


@contextmanager
def no_permission(folder: Path) -> Iterator[Channel]:
    with HabitsServer(folder / "root", "no-write") as server:
        yield _by_sftp(server.login(), "in", "out")


def another_certificate(folder: Path) -> AbstractContextManager[Channel]:
    return _over_https(folder, server_sha256=["A" * 64])


def a_certificate_of_a_stranger(folder: Path) -> AbstractContextManager[Channel]:
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    return _over_https(folder, ca=str(folder / "stranger.pem"))


def too_many_requests(folder: Path) -> AbstractContextManager[Channel]:
    return _answering(folder, 429, {"Retry-After": "60"})


TROUBLES: list[tuple[Callable[[Path], AbstractContextManager[Channel]], str, str, str, str]] = [
    (another_host_key, "CEBD-1602", "主机密钥", "的身份（主机密钥）与约定的不同，为安全没有发送，报文等待", "管理员"),
    (another_certificate, "CEBD-1661", "证书已更换", "的证书更换了，尚未确认，为安全没有发送，报文等待", "管理员"),
    (
        a_certificate_of_a_stranger,
        "CEBD-1660",
        "证书不可信",
        "与电子口岸的加密连接（TLS）无法建立，报文等待发送",
        "管理员",
    ),
    (a_full_disk_behind_sftp, "CEBD-1606", "磁盘已满", "对方存放报文的磁盘已满，报文等待发送", "管理员"),
    (a_full_disk_of_a_share, "CEBD-1606", "磁盘已满", "对方存放报文的磁盘已满，报文等待发送", "管理员"),
    (no_permission, "CEBD-1607", "没有权限", "对方的文件夹没有给我们权限，报文等待发送", "管理员"),
    (too_many_requests, "CEBD-1663", "秒后再试", "对方限制发送频率，报文稍后自动发送", "电子口岸"),
]


@pytest.mark.parametrize(
    ("trouble", "id_", "told", "read", "whose"), TROUBLES, ids=[one[0].__name__ for one in TROUBLES]
)
def test_each_trouble_of_a_channel_is_one_sentence_of_its_own_for_either_reader(
    person: Person,
    tmp_path: Path,
    trouble: Callable[[Path], AbstractContextManager[Channel]],
    id_: str,
    told: str,
    read: str,
    whose: str,
) -> None:
    (tmp_path / "there").mkdir()
    with trouble(tmp_path / "there") as channel:
        assert person.declares_by(channel) == [MessageState.SIGNED]  # it certainly did not arrive
    (line,) = person.is_told(id_)
    assert told in line
    assert "eport" in line
    what, to_do, _ = person.reads()
    assert what.startswith("有问题：")
    assert read in what
    assert "另有" not in what  # the message that waits is no second trouble
    assert f"由谁处理：{whose}" in to_do
    assert "eport" not in what + to_do


def test_a_server_that_answers_with_an_error_of_its_own_is_not_given_one_message_after_the_other(
    person: Person, tmp_path: Path
) -> None:
    """A gateway whose application is gone: whether the first message arrived nobody knows, and so it would be with the others."""
    (tmp_path / "there").mkdir()
    with _answering(tmp_path / "there", 502, {}) as channel:
        states = person.declares_by(channel, 3)
    assert states == [MessageState.IN_DOUBT, MessageState.SIGNED, MessageState.SIGNED]
    told = person.is_told("CEBD-1667")
    assert len(told) == 1
    assert "没有给出正常答复：HTTP 502 Bad Gateway" in told.pop()
    assert "对方的系统没有正常答复，报文等待发送" in person.reads_in_full()
    assert "正在核对电子口岸是否收到" in person.reads_in_full()


def test_a_client_that_sleeps_is_one_sentence_for_either_reader(person: Person, tmp_path: Path) -> None:
    boxes = [tmp_path / name for name in ("InBox", "OutBox", "FailBox")]
    for box in boxes:
        box.mkdir()
    (tmp_path / "OutBox" / "1.xml").write_bytes(MESSAGE)
    seconds = 0.0
    inbound = ClientInbound(*boxes, StableReceipts(0.0), lambda: seconds)
    list(inbound.receive())
    seconds = ASLEEP_SECONDS
    list(inbound.receive())
    name_left(person.conditions, "eport", inbound)
    (line,) = person.is_told("CEBD-1641")
    assert "5 分钟没有取走任何报文，OutBox 中有 1 份：1.xml" in line
    assert person.reads()[0] == "有问题：单一窗口客户端没有取走报文，可能没有启动，报文等待发送"


def test_a_clock_that_is_ten_minutes_off_is_one_sentence_for_either_reader(person: Person) -> None:
    declare(person.store, "A1")
    made = (SENT_AT - timedelta(minutes=10)).strftime("%Y%m%d%H%M%S000")
    settle(person.store, a_receipt(a_return("A1", "2", made)), at=SENT_AT + timedelta(seconds=3))
    name_clock(person.store, person.conditions)
    with person.store.read() as transaction:
        (clock,) = [one.problem for one in overview(transaction).conditions]
    (line,) = person.is_told(clock.id)
    assert "分钟" in line
    assert person.reads()[0] == "有问题：本机时钟不准"


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Path]:
    """One that has no room for the message."""
    place = folder / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be made by root with the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _login(server: OpenSsh) -> Login:
    return Login("127.0.0.1", server.port, server.user, server.fingerprint, 10.0, server.user_key, lambda: None)


def _by_sftp(login: Login, send_dir: str, receive_dir: str) -> Channel:
    return Channel(SftpOutbound(login, send_dir), SftpInbound(login, receive_dir))


@contextmanager
def _answering(folder: Path, status: int, headers: Mapping[str, str]) -> Iterator[Channel]:
    """By HTTP, to a server that answers everything like that."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with _over_https(folder, tls=False, send_url=f"http://127.0.0.1:{server.server_port}/in") as channel:
            yield channel
        server.shutdown()


@contextmanager
def _over_https(folder: Path, *, tls: bool = True, **settings: object) -> Iterator[Channel]:
    for name in ("send", "receive"):
        (folder / name).mkdir()
    with HttpPlatform(folder / "http", "cebcmsg-json", folder / "send", folder / "receive", tls=tls) as platform:
        yield open_channel(platform.settings(**settings), platform.folder)
