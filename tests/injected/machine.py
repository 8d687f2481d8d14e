"""A station of an ordinary user with two enterprises and folders for a channel: what happens to settings, store, keys, folders, ports."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from builders.certificates import DAY, Authority, write_pem
from builders.openssh import free_port
from builders.ordinary_user import give_to_the_user
from builders.stations import TryStation
from builders.waiting import until
from injected.fault import Fault, Place


class MachinePlace(Place):
    def begin(self) -> None:
        self.station = TryStation(self.folder / "s", by_folder=True, audited=False, as_user=True)
        self.ending.enter_context(self.station)
        self.station.add_enterprise()
        give_to_the_user(self.base)
        self.good = self.station.settings_path.read_text(encoding="utf-8")
        self.start()
        self.station.final_receipt(self.order())

    # Settings

    def with_settings(self, old: str, new: str) -> None:
        """The daemon is started with settings that differ in this."""
        assert old in self.good
        self.restart(lambda: self._write(self.good.replace(old, new, 1)))

    def with_more(self, more: str) -> None:
        self.restart(lambda: self._write(self.good + more))

    def with_good_settings(self) -> None:
        self.restart(lambda: self._write(self.good))

    def reloads(self, old: str, new: str) -> None:
        """The daemon goes on, and is told to read them."""
        self._write(self.good.replace(old, new, 1))
        self.reload()

    def reloads_good_settings(self) -> None:
        self._write(self.good)
        self.reload()

    def settings_are(self, text: str) -> None:
        """Nobody tells the daemon."""
        self._write(text)

    def starts_in_vain_with(self, old: str, new: str) -> None:
        self.station.stop()
        self._write(self.good.replace(old, new))
        self.starts_in_vain()

    def starts_with_good_settings(self) -> None:
        self._write(self.good)
        self.start()

    def has_no_codes(self) -> None:
        """A table of the enterprise's own has headings alone."""
        (self.base / "codes").mkdir()
        (self.base / "codes" / "units.csv").write_text("# 2026\ncode,name_zh\n", encoding="utf-8")
        self.starts_in_vain_with("[store]", '[codes]\nfolder = "codes"\n\n[store]')

    def _write(self, text: str) -> None:
        self.station.settings_path.write_text(text, encoding="utf-8")

    # Work that lost its name

    def loses(self, kind: str, old: str) -> None:
        """That signer, channel or enterprise has another name while an order waits for it."""
        self.key_is_gone()
        stem = self.order()
        until(lambda: (self.station.receipt(stem) or {}).get("counts") == {"ready": 1}, "the order to wait")
        self.station.stop()
        self.key_is_back(restarts=False)
        text = self.good.replace(f'{kind} = "{old}"', f'{kind} = "renamed"').replace(
            f"[{kind}.{old}]", f"[{kind}.renamed]"
        )
        if kind == "enterprise":
            text = self.good.replace(f'name = "{old}"', 'name = "renamed"')
        self._write(text)
        self.start()

    # Keys and certificates

    @property
    def key(self) -> Path:
        return self.base / "keys" / "trial.key.pem"

    def key_is_gone(self) -> None:
        self.restart(lambda: self.key.rename(self.key.with_suffix(".away")))

    def key_is_back(self, *, restarts: bool = True) -> None:
        self.key.with_suffix(".away").rename(self.key)
        if restarts:
            self.restart()

    def certificate_is(self, begins: timedelta, ends: timedelta) -> None:
        """Of the same key, for another time."""
        path = self.base / "keys" / "trial.cert.pem"
        shutil.copy(path, path.with_suffix(".good"))
        key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        public = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
        assert key.public_key() == public
        issued = Authority().issue(public, 0xC0FFEE, begins, ends)  # type: ignore[arg-type]  # a key that signs
        self.restart(lambda: write_pem(path, issued))
        self.accepts()

    def certificate_is_good(self) -> None:
        path = self.base / "keys" / "trial.cert.pem"
        self.restart(lambda: path.with_suffix(".good").replace(path))
        self.accepts()

    def accepts(self) -> None:
        """A person lets the other certificate in."""
        self.station.condition("signer:trial", "CEBD-1522")
        self.cebd("token", "accept", "trial", "--yes")

    # The store

    @property
    def store(self) -> Path:
        return self.station.store / "cebd.sqlite"

    def keep(self) -> None:
        """The whole store is copied, and the evidence beside it of how far it had come: each start takes it further."""
        shutil.copytree(self.station.store, self.folder / "store kept")
        users = self.station.log_path.parent
        self.evidence = {path: path.read_bytes() for path in users.rglob(".cebd-progress*") if path.is_file()}

    def at_rest(self, act: Callable[[], None]) -> None:
        """The daemon is stopped, the whole store is copied, that is done to it, and the daemon started."""
        self.station.stop()
        self.keep()
        act()
        self.starts_in_vain()

    def at_work(self, act: Callable[[], None]) -> None:
        """That is done to the store of a daemon at work. Nobody gives it anything meanwhile: what is kept would be older."""
        self.station.stop()
        self.keep()
        self.start()
        act()

    def store_is_kept(self) -> None:
        """As it was before."""
        daemon = self.station.daemon
        assert daemon is not None
        if daemon.poll() is None:
            self.station.kill()
        shutil.rmtree(self.station.store)
        (self.folder / "store kept").rename(self.station.store)
        for path, content in self.evidence.items():
            path.write_bytes(content)
        give_to_the_user(self.station.store)
        self.start()

    def damage(self) -> None:
        with self.store.open("r+b") as content:
            content.seek(self.store.stat().st_size // 3 // 4096 * 4096)
            content.write(b"\xa5" * 4096 * 8)

    def destroy(self) -> None:
        with self.store.open("r+b") as content:
            content.write(b"not a database" * 5000)
        with suppress(FileNotFoundError):
            self.store.with_name("cebd.sqlite-wal").write_bytes(b"")

    def remove(self) -> None:
        for path in self.station.store.glob("cebd.sqlite*"):
            path.unlink()

    def put_back_in_time(self) -> None:
        with closing(sqlite3.connect(self.store)) as connection, connection:
            connection.execute("UPDATE about SET value = '1' WHERE name = 'step'")

    # Folders

    def closes(self, folder: Path, mode: int = 0o000) -> None:
        folder.chmod(mode)
        self.order_or_not()

    def opens(self, folder: Path) -> None:
        folder.chmod(0o755)

    def order_or_not(self) -> None:
        with suppress(OSError):
            self.order()

    def takes_away(self, folder: Path) -> None:
        folder.rename(folder.with_name(f"{folder.name} away"))

    def brings_back(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)
        folder.with_name(f"{folder.name} away").rename(folder)

    # Ports

    def takes_port(self, table: str) -> None:
        self.stranger = socket.create_server(("127.0.0.1", 0))
        self._write(self.good + f'\n[{table}]\nlisten = "127.0.0.1:{self.stranger.getsockname()[1]}"\n')
        self.reload()

    def gives_port(self) -> None:
        self.stranger.close()

    def alarm_to_nobody(self) -> None:
        """There is something to tell: somebody holds back an order."""
        self.holds()
        (self.base / "hook").write_text(f"http://127.0.0.1:{free_port()}/", encoding="utf-8")
        self._write(self.good + '\n[alarm.hook]\ntype = "webhook"\nurl = { file = "hook" }\nafter_minutes = 0\n')
        self.reload()

    # Receipts

    def receives(self, content: bytes) -> None:
        part = self.station.customs_folder / "out" / "odd.part"
        part.write_bytes(content)
        give_to_the_user(part.parent)
        part.rename(part.with_name("odd.xml"))

    # A person

    def holds(self) -> None:
        """Somebody holds back an order that has not left."""
        with self.put_aside(self.station.customs_folder / "in"):
            stem = self.order()
            until(lambda: (self.station.receipt(stem) or {}).get("counts") == {"signed": 1}, "the order to be signed")
            self.cebd("queue", "hold", f"{stem}.xlsx", "--reason", "the price", "--yes")

    def releases(self) -> None:
        self.cebd("queue", "release", f"order-{self._orders}.xlsx", "--reason", "it is right", "--yes")

    def cebd(self, *words: str) -> None:
        ended = self.station.cebd(*words, "-c", str(self.station.settings_path))
        assert ended.returncode == 0, ended.stderr


class DiskPlace(Place):
    """A station on a disk of its own."""

    def begin(self) -> None:
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", str(disk)], check=True)
        self.ending.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
        self.disk = disk
        self.station = self.ending.enter_context(TryStation(disk / "s", by_folder=True, audited=False))
        self.start()
        self.station.final_receipt(self.order())

    def leaves(self, bytes_free: int) -> None:
        """A file takes all the room but so much."""
        free = shutil.disk_usage(self.disk).free
        subprocess.run(["fallocate", "-l", str(free - bytes_free), str(self.disk / "filler")], check=True)

    def leaves_nothing(self) -> None:
        self.leaves(1 << 20)
        with (self.disk / "rest").open("wb", buffering=0) as out, suppress(OSError):
            while True:
                out.write(b"x" * 4096)
        (done,) = (self.station.share / "done").glob("*/order-1.xlsx")
        done.rename(self.station.inbox / "again.xlsx")

    def frees(self) -> None:
        for name in ("filler", "rest"):
            (self.disk / name).unlink(missing_ok=True)


M = MachinePlace


def _fault(
    name: str, make: Callable[[M], object], take_back: Callable[[M], object], party: str, zh: str, en: str
) -> Fault[M]:
    return Fault(name, M, make, take_back, party, zh, en)


_ADMIN = "administrator"
SETTINGS = (
    _fault(
        "a mistake in one enterprise",
        lambda p: p.with_settings("ebpName =", "ebpNaem ="),
        M.with_good_settings,
        _ADMIN,
        "企业 trial 的设置有误，已停用",
        "The enterprise trial is switched off by a mistake",
    ),
    _fault(
        "a mistake in every enterprise",
        lambda p: p.starts_in_vain_with("ebpName =", "ebpNaem ="),
        M.starts_with_good_settings,
        _ADMIN,
        "ebpNaem",
        "ebpNaem",
    ),
    _fault(
        "a mistake in a signer",
        lambda p: p.with_more('\n[signer.card]\ntype = "pkcs12"\n'),
        M.with_good_settings,
        _ADMIN,
        "签名设置 signer.card 有误",
        "The signer card is switched off",
    ),
    _fault(
        "a mistake in a channel",
        lambda p: p.with_more('\n[channel.line]\ntype = "sftp"\nhots = "h"\n'),
        M.with_good_settings,
        _ADMIN,
        "通道设置 channel.line 有误",
        "The channel line is switched off",
    ),
    _fault(
        "a mistake in a mapping",
        lambda p: p.with_settings('"OrderHead/currency"', '"OrderHead/curency"'),
        M.with_good_settings,
        _ADMIN,
        "orders-as-found 有误",
        "The mapping orders-as-found is switched off",
    ),
    _fault(
        "a rule that there is not",
        lambda p: p.with_more('\n[rules]\n"CEBD-9999" = "off"\n'),
        M.with_good_settings,
        _ADMIN,
        "CEBD-9999",
        "CEBD-9999",
    ),
    _fault(
        "a mistake in an alarm",
        lambda p: p.with_more('\n[alarm.mail]\ntype = "mail"\n'),
        M.with_good_settings,
        _ADMIN,
        "报警设置 alarm.mail 有误",
        "The alarm mail is switched off",
    ),
    _fault(
        "new settings with a mistake",
        lambda p: p.reloads('signer = "trial"', 'signer = "nobody"'),
        M.reloads_good_settings,
        _ADMIN,
        "新的设置没有采用",
        "The new settings were not taken over",
    ),
    _fault(
        "a settings file that is no TOML",
        lambda p: p.settings_are("[station\n"),
        lambda p: p.settings_are(p.good),
        _ADMIN,
        "不是有效的 TOML",
        "not valid TOML",
    ),
    _fault(
        "a code table without codes",
        M.has_no_codes,
        M.starts_with_good_settings,
        _ADMIN,
        "units.csv",
        "units.csv",
    ),
    _fault(
        "the signer of waiting work has another name",
        lambda p: p.loses("signer", "trial"),
        M.with_good_settings,
        _ADMIN,
        "等待 signer.trial 签名",
        "waits for the signer trial",
    ),
    _fault(
        "the enterprise of waiting work has another name",
        lambda p: p.loses("enterprise", "trial"),
        M.with_good_settings,
        _ADMIN,
        "属于企业 trial",
        "belongs to the enterprise trial",
    ),
)
KEYS = (
    _fault(
        "the key's file is gone",
        M.key_is_gone,
        M.key_is_back,
        "administrator",
        "trial.key.pem 不存在",
        "trial.key.pem does not exist",
    ),
    _fault(
        "the certificate has expired",
        lambda p: p.certificate_is(-9 * DAY, -1 * DAY),
        M.certificate_is_good,
        _ADMIN,
        "过期",
        "expired on",
    ),
    _fault(
        "the certificate is not valid yet",
        lambda p: p.certificate_is(1 * DAY, 9 * DAY),
        M.certificate_is_good,
        _ADMIN,
        "起才有效",
        "is not valid before",
    ),
    _fault(
        "the certificate ends this week",
        lambda p: p.certificate_is(-9 * DAY, 5 * DAY),
        M.certificate_is_good,
        _ADMIN,
        "剩余不足",
        "within 7 days",
    ),
)
STORE = (
    _fault("the daemon was killed", lambda p: p.station.kill(), M.start, _ADMIN, "cebd 没有运行", "cebd does not run"),
    _fault("the store has a torn page", lambda p: p.at_rest(p.damage), M.store_is_kept, _ADMIN, "已损坏", "is damaged"),
    _fault(
        "the store is gone", lambda p: p.at_rest(p.remove), M.store_is_kept, _ADMIN, "没有数据库", "There is no store"
    ),
    _fault(
        "the store is an older one",
        lambda p: p.at_rest(p.put_back_in_time),
        M.store_is_kept,
        _ADMIN,
        "比本站已完成的工作旧",
        "is older than the work of this station",
    ),
    _fault(
        "the store is damaged while cebd works",
        lambda p: p.at_work(p.destroy),
        M.store_is_kept,
        _ADMIN,
        "已损坏",
        "is damaged",
    ),
    _fault(
        "the store is removed while cebd works",
        lambda p: p.at_work(p.remove),
        M.store_is_kept,
        _ADMIN,
        "没有数据库",
        "There is no store",
    ),
)
FOLDERS = (
    _fault(
        "the enterprise's folder is gone",
        lambda p: p.takes_away(p.station.share),
        lambda p: p.brings_back(p.station.share),
        _ADMIN,
        "企业的文件夹",
        "The enterprise's folder",
    ),
    _fault(
        "the inbox may not be looked into",
        lambda p: p.closes(p.station.inbox),
        lambda p: p.opens(p.station.inbox),
        _ADMIN,
        "企业的文件夹 share/inbox 无法使用",
        "The enterprise's folder share/inbox cannot be used",
    ),
    _fault(
        "the outbox may not be written",
        lambda p: p.closes(p.station.outbox),
        lambda p: p.opens(p.station.outbox),
        _ADMIN,
        "企业的文件夹 share/outbox 无法使用",
        "The enterprise's folder share/outbox cannot be used",
    ),
    _fault(
        "files may not be put away",
        lambda p: p.closes(next((p.station.share / "done").glob("2*")), 0o555),
        lambda p: p.opens(next((p.station.share / "done").glob("2*"))),
        _ADMIN,
        "无法移出 working/",
        "cannot be moved out of working/",
    ),
    Fault(
        "the folder of the channel is gone",
        M,
        lambda p: p.takes_away(p.station.customs_folder),
        lambda p: p.brings_back(p.station.customs_folder),
        "network",
        "无法连接",
        "not reachable",
        or_else=(
            (_ADMIN, "sandbox/out 不存在", "sandbox/out does not exist"),
            (_ADMIN, "sandbox/in 不存在", "sandbox/in does not exist"),
        ),
    ),
    _fault(
        "a sign of life that cannot be given",
        lambda p: p.reloads("[store]", '[metrics]\nheartbeat = "/proc/nowhere/alive"\n\n[store]'),
        M.reloads_good_settings,
        _ADMIN,
        "heartbeat",
        "heartbeat",
    ),
    _fault(
        "another program has the port for figures",
        lambda p: p.takes_port("metrics"),
        M.gives_port,
        _ADMIN,
        "已被别的程序占用",
        "another program has this port",
    ),
    _fault(
        "another program has the console's port",
        lambda p: p.takes_port("console"),
        M.gives_port,
        _ADMIN,
        "已被别的程序占用",
        "another program has this port",
    ),
    _fault(
        "an alarm that reaches nobody",
        M.alarm_to_nobody,
        lambda p: (p.reloads_good_settings(), p.releases()),
        _ADMIN,
        "发不出去",
        "cannot be delivered",
    ),
    _fault("an order that a person holds back", M.holds, M.releases, _ADMIN, "扣下", "has held the message back"),
)
DISK = (
    Fault(
        "the disk of the store is nearly full",
        DiskPlace,
        lambda p: p.leaves(300_000_000),
        DiskPlace.frees,
        _ADMIN,
        "磁盘只剩",
        "are left on the disk of the store",
    ),
    Fault(
        "the disk of the store is full", DiskPlace, DiskPlace.leaves_nothing, DiskPlace.frees, _ADMIN, "磁盘", "disk"
    ),
)
FAULTS = (*SETTINGS, *KEYS, *STORE, *FOLDERS)
