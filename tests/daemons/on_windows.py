"""Runs under Windows' own Python in Wine: lives through a service's life and writes what it saw as JSON.

    python on_windows.py first|after FOLDER FOUND.json
    python on_windows.py upgrade FOLDER FOUND.json SETUP.exe BROKEN.exe INSTALLED

`first`: until the service is killed. `after`: when the machine was off and is on again. `upgrade`: the installer runs over what it
installed, and cannot do so; BROKEN is one whose migration of stores fails. Each is one process: Wine's service manager goes with the last
program that knows it.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

found: dict[str, Any] = {"times": {}}
program = [sys.executable, "-m", "cebd"]


def cebd(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*program, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


def said(*words: str, **environment: str) -> dict[str, Any]:
    began = time.monotonic()
    ended = cebd(*words, **environment)
    found["times"][" ".join(words[:2])] = round(time.monotonic() - began, 1)
    text = (ended.stdout + ended.stderr).decode("utf-8", "replace")
    return {"code": ended.returncode, "said": text}


def called(*words: str) -> dict[str, Any]:
    """As `said`, in this process: to start another one takes Wine seconds."""
    from typer.testing import CliRunner

    from cebd.cli.main import app

    with timed(" ".join(words[:2])):
        ended = CliRunner().invoke(app, list(words))
    return {"code": ended.exit_code, "said": ended.output}


def until(holds: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


@contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    found["times"][name] = round(time.monotonic() - began, 1)


def _counts(folder: Path, name: str) -> dict[str, int]:
    """The counts of a receipt; none while it is not there, or is being replaced, which Windows answers by "denied"."""
    try:
        text = (folder / f"share/outbox/{name}.receipt.json").read_text(encoding="utf-8")
        counts: dict[str, int] = json.loads(text)["counts"]
    except (FileNotFoundError, PermissionError):
        return {}
    return counts


def service_life(folder: Path) -> None:
    import win32api
    import win32con
    import win32service

    from cebd.service.windows.manager import WindowsManager, _opened

    settings = folder / "cebd.toml"
    manager = WindowsManager()
    status = manager.status
    found["install"] = said("service", "install", "-c", str(settings), "--name", "try")
    with _opened("cebd-try") as handle:
        found["program"] = win32service.QueryServiceConfig(handle)[3]
    found["not started"] = status("try").as_json()
    found["start"] = called("service", "start", "--name", "try")
    found["running"] = status("try").as_json()
    found["installed"] = [(one.name, str(one.settings_path)) for one in manager.installed()]

    with timed("declared"):
        found["declared"] = declare(folder, "first")
    with timed("receipt"):
        until(lambda: _counts(folder, "first"))
    with timed("backup"):
        found["backups"] = until(lambda: [path.name for path in folder.glob("backups/cebd-try-*.sqlite")])
    events = [json.loads(line)["event"] for line in (folder / "log/cebd.json").read_text(encoding="utf-8").splitlines()]
    found["log as JSON"] = sorted(set(events))
    pid = status("try").pid
    children = until(lambda: _children_of(pid))
    found["children"] = len(children)
    handle = win32api.OpenProcess(win32con.PROCESS_TERMINATE, False, pid)
    win32api.TerminateProcess(handle, 1)
    with timed("children gone"):
        until(lambda: not _alive(children))
    found["children after the kill"] = _alive(children)


def service_after_a_boot(folder: Path) -> None:
    """The machine is on again: its manager starts the service by itself."""
    from cebd.service.windows.manager import WindowsManager

    status = WindowsManager().status
    with timed("running after the boot"):
        until(lambda: status("try").state == "running")
    found["after the boot"] = status("try").as_json()
    with timed("declared again"):
        found["declared again"] = declare(folder, "second")
    with timed("receipt again"):
        until(lambda: _counts(folder, "second"))
    found["stop"] = called("service", "stop", "--name", "try")
    found["stopped"] = status("try").as_json()
    found["receipts"] = {name: _counts(folder, name) for name in ("first", "second")}  # up to date once it has stopped
    found["uninstall"] = called("service", "uninstall", "--name", "try")
    found["missing"] = status("try").as_json()
    found["store stays"] = (folder / "store/cebd.sqlite").exists()


def upgrade(folder: Path, setup: str, broken: str, installed: Path) -> None:
    """One station works meanwhile; the other one's store is as the first version of cebd left it."""
    from cebd.service.windows.manager import WindowsManager

    program[:] = [str(installed / "cebd.exe")]
    manager = WindowsManager()
    shared = Path(os.environ["PROGRAMDATA"]) / "cebd"
    old = folder.with_name("old")
    stores = {"try": folder / "store/cebd.sqlite", "old": old / "store/cebd.sqlite"}

    def installed_by(name: str, setup: str, workbook: str) -> None:
        """Run the setup, and another one beside it; how the stations stand afterwards, and whether one still declares."""
        before = manager.status("try").pid
        words = [setup, "/S", f"/D={installed}"]
        with timed(name), subprocess.Popen(words, stdin=subprocess.DEVNULL) as first:
            until(lambda: (installed / "new").exists() or first.poll() is not None)
            second = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=280, check=False)
            code = first.wait(280)
        found[name] = {
            "code": code,
            "beside it": second.returncode,
            "log": (shared / "upgrade.log").read_text(encoding="utf-8", errors="replace"),
            "states": {station: manager.status(station).state for station in stores},
            "same process": manager.status("try").pid == before,
            "versions": {station: _version(store) for station, store in stores.items()},
            "left over": [one for one in ("new", "before") if (installed / one).exists()],
            "broken": "a mistake in this version" in _migrations(installed),
            "shown": _shown_version(),
            "declared": declare(folder, workbook),
        }

    for name, settings in (("try", folder / "cebd.toml"), ("old", old / "cebd.toml")):
        found[f"install {name}"] = said("service", "install", "-c", str(settings), "--name", name)
    found["start"] = said("service", "start", "--name", "try")
    found["declared"] = declare(folder, "first")

    (shared / "stopped").write_text("old\n", encoding="utf-8")  # it worked when an earlier setup stopped it
    _do(stores["old"], "INSERT INTO about (name, value) VALUES ('version', '99')")
    installed_by("one store of the future", setup, "second")
    _do(stores["old"], "DELETE FROM about WHERE name = 'version'")
    installed_by("upgraded", setup, "third")
    installed_by("a migration that breaks", broken, "fourth")
    filler = installed / "filler"
    _fill(filler, but=30_000_000)
    installed_by("no room for the program", setup, "fifth")
    filler.unlink()

    with timed("uninstall.exe"):
        ended = subprocess.run([str(installed / "uninstall.exe"), "/S", f"_?={installed}"], timeout=120, check=False)
    found["uninstall"] = ended.returncode
    found["missing"] = {name: manager.status(name).state for name in stores}
    found["left"] = {
        "program": (installed / "python").exists(),
        "stores": [store.exists() for store in stores.values()],
    }


def _do(store: Path, statement: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(statement)


def _fill(filler: Path, but: int) -> None:
    with filler.open("wb", buffering=0) as out:
        with suppress(OSError):
            while True:
                out.write(b"x" * 1_000_000)
        out.truncate(out.tell() - but)


def _migrations(installed: Path) -> str:
    return (installed / "python/Lib/site-packages/cebd/store/databases/migrations.py").read_text(encoding="utf-8")


def _shown_version() -> str:
    """What stands under installed programs."""
    import winreg

    words = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\cebd"
    for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, words, 0, winreg.KEY_READ | view) as key:
            return str(winreg.QueryValueEx(key, "DisplayVersion")[0])
    return ""


def _version(store: Path) -> str:
    with closing(sqlite3.connect(store)) as connection:
        return str(dict(connection.execute("SELECT name, value FROM about")).get("version", "1"))


def other_things(folder: Path) -> None:
    from datetime import datetime

    from cebd.clock import CST
    from cebd.disk.entering import open_folder
    from cebd.disk.files import write_file
    from cebd.disk.folder import temporary_name
    from cebd.receipts.publishing.outbox import Books, InUse, MadeBook
    from cebd.store.published import PublishedBooks

    outbox = folder / "open"
    outbox.mkdir()
    book = outbox / "a.receipt.xlsx"
    book.write_bytes(b"old")
    with open_folder(outbox) as place, book.open("rb") as held:
        old = "e1f6b5b5c8c1c5d8"  # not its digest: the store does not know it, so it would be kept under another name
        books = Books(place, "a", PublishedBooks((old,)), None, datetime.now(CST))
        name = temporary_name()
        place.prepare(name, book.name, b"new", for_people=False)
        try:
            books.place(MadeBook(name, "x"), aside=False, announced=None)
            kept = False
        except InUse:
            kept = True
        name = temporary_name()
        place.prepare(name, book.name, b"new", for_people=False)
        books.place(MadeBook(name, "x"), aside=True, announced=None)
        held.read()
    beside = outbox / books.aside
    found["open receipt"] = {"kept": kept and book.read_bytes() == b"old", "beside": beside.read_bytes() == b"new"}

    found["console"] = said("explain", "120", PYTHONIOENCODING="cp936")

    text = (folder / "cebd.toml").read_text(encoding="utf-8")
    (folder / "drive.toml").write_text(text.replace('folder = "share"', 'folder = "q:/share"'), encoding="utf-8")
    found["drive"] = called("service", "install", "-c", str(folder / "drive.toml"), "--name", "drive")

    deep = folder / "/".join(["这是一个很长的文件夹名" * 4] * 8)
    write_file(deep / "a.txt", b"deep")
    found["long path"] = len(str(deep)) > 300 and (deep / "a.txt").read_bytes() == b"deep"


def declare(folder: Path, name: str) -> bool:
    before = len(list((folder / "side/send").glob("*.xml")))
    shutil.copyfile(folder / f"{name}.xlsx", folder / f"share/inbox/{name}.xlsx")
    return bool(until(lambda: len(list((folder / "side/send").glob("*.xml"))) == before + 1))


def _processes() -> dict[int, int]:
    """By its id, the parent of each process (Toolhelp32, by ctypes)."""
    import ctypes
    from ctypes import wintypes

    class Entry(ctypes.Structure):
        _fields_ = [
            ("size", wintypes.DWORD),
            ("usage", wintypes.DWORD),
            ("pid", wintypes.DWORD),
            ("heap", ctypes.c_void_p),
            ("module", wintypes.DWORD),
            ("threads", wintypes.DWORD),
            ("parent", wintypes.DWORD),
            ("base", ctypes.c_long),
            ("flags", wintypes.DWORD),
            ("name", ctypes.c_wchar * 260),
        ]

    kernel = ctypes.windll.kernel32
    kernel.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
    snapshot = ctypes.c_void_p(kernel.CreateToolhelp32Snapshot(2, 0))
    entry = Entry(size=ctypes.sizeof(Entry))
    parents = {}
    more = kernel.Process32FirstW(snapshot, ctypes.byref(entry))
    while more:
        parents[entry.pid] = entry.parent
        more = kernel.Process32NextW(snapshot, ctypes.byref(entry))
    return parents


def _children_of(pid: int | None) -> list[int]:
    return [child for child, parent in _processes().items() if parent == pid]


def _alive(pids: list[int]) -> list[int]:
    running = _processes()
    return [pid for pid in pids if pid in running]


def main() -> None:
    part, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    began = time.monotonic()
    try:
        if part == "first":
            service_life(folder)
            with timed("other things"):
                other_things(folder)
        elif part == "upgrade":
            upgrade(folder, sys.argv[4], sys.argv[5], Path(sys.argv[6]))
        else:
            service_after_a_boot(folder)
    except Exception:
        found["broke"] = traceback.format_exc()
    found["times"][f"all of {part}"] = round(time.monotonic() - began, 1)
    log = folder / "cebd.log"
    found["log"] = log.read_text(encoding="utf-8") if log.exists() else ""
    out.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


main()
