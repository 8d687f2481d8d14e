"""A station whose channel is SFTP to an OpenSSH of the test's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from builders.openssh import OpenSsh
from builders.stations import TryStation
from injected.fault import Fault, Place

_NO_COMMON_WAY = "KexAlgorithms sntrup761x25519-sha512@openssh.com\n"


class SftpPlace(Place):
    def begin(self) -> None:
        self.station = TryStation(self.folder / "s", audited=False)
        self.server = OpenSsh(self.folder / "sshd", self.station.customs_folder)
        self.station.sshd = self.server
        self.ending.enter_context(self.station)
        self.station.change_settings('send_dir = "in"', 'timeout_seconds = 3.0\nsend_dir = "in"')
        self.sent_to, self.receipts = (self.station.customs_folder / name for name in ("in", "out"))
        self.start()
        self.station.final_receipt(self.order())

    def again(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """The server ends, and begins once that is done: connections are made anew."""
        self.server.stop()
        meanwhile()
        self.server.start()

    def stands_still(self) -> None:
        """Machine and ports are there, nobody answers."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def goes_on(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        server = self.server._process
        assert server is not None
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
        parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
        found = [server.pid]
        for process in found:
            found += [child for child, parent in parents.items() if parent == process]
        return found

    def another_key(self) -> None:
        """It is another server, or was set up anew."""
        key = self.server.folder / "host_key_ed25519"
        shutil.copy(key, key.with_suffix(".known"))
        key.unlink()
        key.with_suffix(".pub").unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)

    def known_key(self) -> None:
        key = self.server.folder / "host_key_ed25519"
        shutil.copy(key.with_suffix(".known"), key)

    def configured(self, more: str) -> None:
        path = self.server.folder / "sshd_config"
        path.write_text(path.read_text(encoding="utf-8").replace(_NO_COMMON_WAY, "") + more, encoding="utf-8")

    def nobody_may_enter(self) -> None:
        self.allowed.rename(self.allowed.with_suffix(".away"))

    def we_may_enter(self) -> None:
        self.allowed.with_suffix(".away").rename(self.allowed)

    @property
    def allowed(self) -> Path:
        return self.server.folder / "authorized_keys"

    @property
    def key(self) -> Path:
        return self.server.user_key

    def read_only(self, folder: Path) -> None:
        for options in ("bind", "remount,ro,bind"):
            subprocess.run(["mount", "-o", options, str(folder), str(folder)], check=True)

    def keeps_receipts(self) -> None:
        """One is there, and the folder cannot be changed any more."""

        def meanwhile() -> None:
            (self.receipts / "odd.xml").write_bytes(b"<CEB312Message/>")
            self.read_only(self.receipts)

        self.again(meanwhile)

    def writable(self, folder: Path) -> None:
        subprocess.run(["umount", "-l", str(folder)], check=True)

    def full(self) -> None:
        """A disk without room for a message stands where the customs side takes them."""
        mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(self.sent_to)]
        subprocess.run(mount, check=True)
        self.order()


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name} aside")


def _taken_away(folder: Callable[[SftpPlace], Path]) -> Callable[[SftpPlace], None]:
    return lambda p: folder(p).rename(_aside(folder(p))) and None


def _brought_back(folder: Callable[[SftpPlace], Path]) -> Callable[[SftpPlace], None]:
    return lambda p: _aside(folder(p)).rename(folder(p)) and None


def _then_an_order(make: Callable[[SftpPlace], None]) -> Callable[[SftpPlace], None]:
    def made(place: SftpPlace) -> None:
        make(place)
        place.order()

    return made


def _fault(
    name: str,
    make: Callable[[SftpPlace], object],
    take_back: Callable[[SftpPlace], object],
    party: str,
    zh: str,
    en: str,
) -> Fault[SftpPlace]:
    return Fault(name, SftpPlace, make, take_back, party, zh, en)


FAULTS = (
    _fault(
        "the server is down",
        lambda p: p.server.stop(),
        lambda p: p.server.start(),
        "network",
        "无法连接",
        "not reachable",
    ),
    _fault(
        "the server stands still", SftpPlace.stands_still, SftpPlace.goes_on, "network", "无法连接", "not reachable"
    ),
    _fault(
        "the server's name is not known",
        lambda p: p.change('host = "127.0.0.1"', 'host = "eport.invalid"'),
        lambda p: p.change('host = "eport.invalid"', 'host = "127.0.0.1"'),
        "network",
        "无法连接",
        "not reachable",
    ),
    _fault(
        "the server has another host key",
        lambda p: p.again(p.another_key),
        lambda p: p.again(p.known_key),
        "administrator",
        "主机密钥与设置不符",
        "host key of the channel sandbox differs",
    ),
    _fault(
        "the server knows our key no more",
        lambda p: p.again(p.nobody_may_enter),
        lambda p: p.we_may_enter(),
        "administrator",
        "无法登录",
        "login to the channel sandbox failed",
    ),
    _fault(
        "our key is gone",
        lambda p: p.again(lambda: p.key.rename(p.key.with_suffix(".away"))),
        lambda p: p.key.with_suffix(".away").rename(p.key),
        "administrator",
        "无法登录",
        "login to the channel sandbox failed",
    ),
    _fault(
        "no way of encryption in common",
        lambda p: p.again(lambda: p.configured(_NO_COMMON_WAY)),
        lambda p: p.again(lambda: p.configured("")),
        "e-port",
        "没有共同的加密方式",
        "no way of encryption in common",
    ),
    _fault(
        "the folder of receipts is gone",
        _taken_away(lambda p: p.receipts),
        _brought_back(lambda p: p.receipts),
        "administrator",
        "out",
        "out",
    ),
    _fault(
        "the folder for messages is gone",
        _then_an_order(_taken_away(lambda p: p.sent_to)),
        _brought_back(lambda p: p.sent_to),
        "administrator",
        "in",
        "in",
    ),
    _fault(
        "messages may not be written",
        _then_an_order(lambda p: p.read_only(p.sent_to)),
        lambda p: p.writable(p.sent_to),
        "administrator",
        "对方拒绝操作",
        "refused the operation",
    ),
    _fault(
        "receipts may not be removed",
        SftpPlace.keeps_receipts,
        lambda p: p.writable(p.receipts),
        "e-port",
        "不允许删除",
        "does not allow their removal",
    ),
    _fault(
        "the disk of the other side is full",
        SftpPlace.full,
        lambda p: p.writable(p.sent_to),
        "administrator",
        "磁盘已满",
        "is full",
    ),
)
