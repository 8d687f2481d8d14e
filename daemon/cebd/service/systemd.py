"""A station as a service of systemd: an instance of the unit `cebd@.service`, and a drop-in with what its settings need."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import cebd
from cebd.disk.files import write_file
from cebd.operations.text import Refused, Text
from cebd.service.manager import Installed, ServiceStatus, Wanted

UNITS = ("cebd@.service", "cebd-backup@.service", "cebd-backup@.timer")
_PACKAGED = (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"), Path("/usr/local/lib/systemd/system"))
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108  by ProtectHome, PrivateTmp
_STATES = {"active": "running", "activating": "starting", "reloading": "running", "deactivating": "stopping"}


class Systemd:
    """`etc`: where administrators' units and cebd's settings are."""

    def __init__(self, etc: Path = Path("/etc")) -> None:
        self._units = etc / "systemd/system"
        self._settings = etc / "cebd"

    def install(self, wanted: Wanted) -> list[Text]:
        _require_root()
        folders = sorted(set(_folders(wanted)))
        for folder in (wanted.settings_path.parent, *folders):
            _require_visible(folder)
        done = list(self._user())
        for unit in UNITS:
            if not any((place / unit).exists() for place in _PACKAGED):
                write_file(self._units / unit, _unit(unit).encode())
                done.append(Text(f"已写入 {self._units / unit}。", f"Wrote {self._units / unit}."))
        secrets = self._settings / wanted.name / "secrets"
        secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid == 0:
                shutil.chown(folder, "cebd", "cebd")
        drop_in, for_backups = (self._units / f"{name}.service.d/10-settings.conf" for name in _services(wanted.name))
        write_file(drop_in, _drop_in(wanted, folders).encode())
        write_file(for_backups, _drop_in(wanted, [wanted.settings.store_dir.resolve().parent]).encode())
        done += [
            Text(f"已写入 {drop_in}。", f"Wrote {drop_in}."),
            Text(
                f'PIN 和口令各存一个文件于 {secrets}，设置中写作 {{ credential = "文件名" }}。',
                f'PIN and passwords: a file each in {secrets}, named in the settings as {{ credential = "FILE" }}.',
            ),
        ]
        _systemctl("daemon-reload")
        _systemctl("enable", f"cebd@{wanted.name}.service")
        _systemctl("enable", "--now", f"cebd-backup@{wanted.name}.timer")
        backups = f"/var/lib/cebd/backups/{wanted.name}"
        done += [
            Text(f"服务 cebd@{wanted.name} 将随机器启动。", f"The service cebd@{wanted.name} starts with the machine."),
            Text(
                f"每天备份到 {backups}，保留最近 14 份；请再复制到另一台机器。",
                f"It is backed up every day into {backups}, the latest 14 are kept: have them copied to another machine.",
            ),
        ]
        return done

    def uninstall(self, name: str) -> list[Text]:
        _require_root()
        _systemctl("disable", "--now", f"cebd@{name}.service", f"cebd-backup@{name}.timer")
        for service in _services(name):
            shutil.rmtree(self._units / f"{service}.service.d", ignore_errors=True)
        _systemctl("daemon-reload")
        return [
            Text(
                f"服务 cebd@{name} 已移除；设置、数据、文件夹和备份原样保留。",
                f"The service cebd@{name} is removed; settings, store, folders and backups stay.",
            )
        ]

    def start(self, name: str) -> None:
        _systemctl("start", f"cebd@{name}.service")

    def stop(self, name: str) -> None:
        _systemctl("stop", f"cebd@{name}.service")

    def status(self, name: str) -> ServiceStatus:
        unit = f"cebd@{name}.service"
        shown = _systemctl("show", "-p", "LoadState,ActiveState,StatusText,MainPID,UnitFileState", unit)
        values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        is_there = values.get("LoadState") == "loaded" and (
            values.get("UnitFileState") == "enabled" or values.get("ActiveState") != "inactive"
        )
        active = values.get("ActiveState", "")
        state = _STATES.get(active, "failed" if active == "failed" else "stopped") if is_there else "missing"
        return ServiceStatus(unit, state, int(values.get("MainPID") or 0) or None, values.get("StatusText", ""))

    def installed(self) -> list[Installed]:
        enabled = {path.name for path in self._units.glob("*.wants/cebd@*.service")}
        listed = _systemctl("list-units", "--plain", "--no-legend", "cebd@*.service").splitlines()
        units = sorted(enabled | {line.split()[0] for line in listed if line.strip()})
        return [self._installed(unit.removeprefix("cebd@").removesuffix(".service"), unit) for unit in units]

    def _installed(self, name: str, unit: str) -> Installed:
        shown = _systemctl("show", "-p", "Environment,User", unit)
        values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        environment = dict(one.split("=", 1) for one in shlex.split(values.get("Environment", "")) if "=" in one)
        settings = environment.get("CEBD_CONFIG", str(self._settings / name / "cebd.toml"))
        return Installed(name, Path(settings), values.get("User") or None)

    def _user(self) -> Iterator[Text]:
        if sys.platform == "win32":
            return
        import pwd

        try:
            pwd.getpwnam("cebd")
        except KeyError:
            words = [
                "useradd",
                "--system",
                "--user-group",
                "--home-dir",
                "/var/lib/cebd",
                "--shell",
                "/usr/sbin/nologin",
            ]
            _run([*words, "cebd"])
            yield Text("已建立系统用户 cebd。", "Made the system user cebd.")


def _services(name: str) -> tuple[str, str]:
    """The station's own, and the one that backs it up."""
    return f"cebd@{name}", f"cebd-backup@{name}"


def _folders(wanted: Wanted) -> Iterator[Path]:
    """What the service has to write to."""
    settings = wanted.settings
    yield settings.store_dir.resolve().parent
    for enterprise in settings.enterprise:
        yield settings.folder(enterprise).resolve()
    for channel in settings.channel.values():
        for folder in channel.own_folders().values():
            yield (settings.base / folder).resolve()


def _drop_in(wanted: Wanted, folders: list[Path]) -> str:
    lines = [
        "# Written by `cebd service install` from the settings; written anew by the next one.",
        "[Service]",
        f'Environment="CEBD_CONFIG={_escaped(str(wanted.settings_path.resolve()))}"',
        *(f'ReadWritePaths="{_escaped(str(folder))}"' for folder in folders),
    ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """As unit files want it: a percent sign begins a specifier."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _unit(unit: str) -> str:
    """The unit as it comes with cebd, with the program that is running."""
    beside = Path(cebd.__file__).parents[2] / "systemd" / unit  # in the source tree
    text = (beside if beside.exists() else files("cebd") / "systemd" / unit).read_text(encoding="utf-8")
    program = Path(sys.executable).with_name("cebd")
    command = str(program) if program.exists() else f"{sys.executable} -m cebd"
    return text.replace("ExecStart=/usr/bin/cebd", f"ExecStart={command}")


def _require_root() -> None:
    if sys.platform == "win32" or os.geteuid() != 0:
        raise Refused(*Text("安装服务需要 root：请用 sudo 运行。", "Services are root's matter: run it with sudo."))


def _require_visible(folder: Path) -> None:
    real = folder.resolve()
    if any(real == hidden or hidden in real.parents for hidden in _HIDDEN):
        raise Refused(
            *Text(
                f"{real} 对服务不可见（/home、/root、/tmp）：请移到 /etc/cebd（设置）、/srv 或 /var/lib/cebd（数据）。",
                f"{real} is hidden from services (/home, /root, /tmp): move it to /etc/cebd (settings), /srv or /var/lib/cebd (data).",
            )
        )


def _systemctl(*words: str) -> str:
    return _run(["systemctl", *words])


def _run(words: list[str]) -> str:
    program = shutil.which(words[0])
    if program is None:
        raise Refused(*Text(f"此机没有 {words[0]}。", f"This machine has no {words[0]}."))
    ended = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode != 0:
        said = ended.stderr.strip() or f"{words[0]} ended with {ended.returncode}"
        raise Refused(*Text(f"{' '.join(words)} 失败：{said}", f"{' '.join(words)} failed: {said}"))
    return ended.stdout
