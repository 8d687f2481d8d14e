"""A large receipt is made in a process of its own: the same files, and whatever becomes of that process, nothing else waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from structlog.testing import capture_logs

from builders.clocks import StillClock
from builders.declared import a_drop, a_receipt, a_return, an_open_store, changed_drops, declare, settle
from builders.waiting import until
from cebd.child.failures import ChildBroke, ChildEnded
from cebd.disk.entering import open_folder
from cebd.disk.folder import temporary_name
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.receipts.publishing import outgoing
from cebd.receipts.publishing.apart.making import MakingApart
from cebd.receipts.publishing.making import Task
from cebd.receipts.publishing.outbox import Folders
from cebd.receipts.publishing.outgoing import Outgoing
from cebd.receipts.publishing.places import place_of
from cebd.receipts.publishing.publish import publish
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions
from cebd.store.drops import load_drop
from cebd.store.store import Store
from cebd.trial.rows import order_rows, write_workbook

LARGE = 3
linux = pytest.mark.skipif(sys.platform != "linux", reason="what other processes do is told by /proc")


class Share:
    """An enterprise's folder with a drop of three orders, which counts as large, and one of a single order."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.outbox = store, folder, folder / "outbox"
        self.clock = StillClock()
        self.conditions = Conditions(store, self.clock)
        self.original = folder / "done" / "2026-03-04" / "orders.xlsx"
        self.original.parent.mkdir(parents=True)
        write_workbook(self.original, "order", list(order_rows(3)))
        declare(store, "A1", "A2", "A3", drop=a_drop(store, records=3))
        settle(store, a_receipt(a_return("A1", "120", "100000"), a_return("A2", "-301008", "100000", "退单 & <x>")))
        declare(store, "B1", drop=a_drop(store, "small.xlsx", stem="small"))
        self.folders = {"甲": folder}
        self.outgoing = Outgoing(
            store, self.clock, self.conditions, self.folders.get, sheets_to_copy, lambda *_: {"cebd": "甲"}, LARGE
        )

    def publish_until(self, done: Callable[[], object]) -> None:
        def is_done() -> object:
            self.outgoing.publish_changes(at_once=True)
            return done()

        until(is_done, "the receipts as they are wanted")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir())

    def hang_the_original(self) -> None:
        """Whoever reads it waits."""
        self.original.unlink()
        os.mkfifo(self.original)

    @contextmanager
    def making(self, seconds: float, **changes: Any) -> Iterator[MakingApart]:
        """The making of the large receipt; `changes` to its drop."""
        with self.store.read() as transaction:
            drop = replace(load_drop(transaction, DropId(1)), **changes)
        with open_folder(self.outbox, self.folder) as outbox:
            names = temporary_name(), temporary_name()
            task = Task(drop, self.original, "2026-03-04T05:06:07+08:00", (), *names, place_of(drop.stem).name)
            making = MakingApart(self.store, Folders(outbox, outbox), task, seconds)
            try:
                yield making
            finally:
                making.close()


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Share]:
    with an_open_store(tmp_path) as store:
        yield Share(store, tmp_path / "share")


def makers(parent: int | None = None) -> list[int]:
    """The processes that make receipts for that process, or this one."""
    parent = parent or os.getpid()
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            of_parent = int(status.read_text(errors="replace").rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if of_parent == parent and b"publishing.apart" in command:
            found.append(int(status.parent.name))
    return found


def kill_makers() -> None:
    """Kill what makes receipts for this process, and wait until the system shows none of it."""
    killed = makers()
    for maker in killed:
        os.kill(maker, signal.SIGKILL)
    until(lambda: not set(killed) & set(makers()), "their end")


def parts(book: Path) -> dict[str, bytes]:
    """All of a workbook but the time when it was made."""
    with ZipFile(book) as opened:
        return {name: opened.read(name) for name in opened.namelist() if name != "docProps/core.xml"}


def test_the_files_are_the_same_as_those_of_a_small_receipt(share: Share) -> None:
    made: list[tuple[bytes, dict[str, bytes]]] = []
    for is_large in (False, True):
        marks: Callable[..., dict[str, str]] = lambda *_: {"cebd inbox folder": "店铺 & 甲"}  # noqa: E731
        publish(share.store, DropId(1), share.folder, sheets_to_copy, share.clock, marks, is_large)
        assert share.names() == ["orders.receipt.json", "orders.receipt.xlsx"]
        made.append(((share.outbox / "orders.receipt.json").read_bytes(), parts(share.outbox / "orders.receipt.xlsx")))
        for path in share.outbox.iterdir():
            path.unlink()
    assert made[0] == made[1]


def test_it_is_published_beside_the_small_ones_and_is_not_behind_then(share: Share) -> None:
    share.publish_until(lambda: not changed_drops(share.store))
    names = ["orders.receipt.json", "orders.receipt.xlsx", "small.receipt.json", "small.receipt.xlsx"]
    assert (share.names(), share.conditions.current()) == (names, [])


@linux
def test_a_process_that_is_killed_is_told_and_another_one_makes_the_receipt(share: Share) -> None:
    share.hang_the_original()
    share.publish_until(lambda: (share.outbox / "orders.receipt.json").exists() and makers())
    assert os.getpriority(os.PRIO_PROCESS, makers()[0]) > os.getpriority(os.PRIO_PROCESS, 0)
    assert (share.outbox / "small.receipt.xlsx").exists()
    os.kill(makers()[0], signal.SIGKILL)
    share.publish_until(share.conditions.current)
    (said,) = share.conditions.current()
    assert (said.key, said.problem.id, said.problem.value) == ("outbox:甲", "CEBD-1743", "orders.xlsx")
    assert "制作它的进程中断" in said.problem.zh
    assert changed_drops(share.store) == [1]
    share.original.unlink()
    kill_makers()
    share.publish_until(lambda: not changed_drops(share.store) and not share.conditions.current())
    assert [name for name in share.names() if name.startswith(".")] == []


@linux
def test_an_original_that_does_not_answer_keeps_no_other_enterprise_waiting(
    share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "HUNG", 0.5)
    share.hang_the_original()
    share.publish_until((share.outbox / "orders.receipt.json").exists)
    other = share.folders["乙"] = tmp_path / "other"
    other.mkdir()
    large = a_drop(share.store, "many.xlsx", enterprise="乙", records=3, stem="many")
    declare(share.store, "C1", "C2", "C3", drop=large, enterprise="乙")
    share.publish_until((other / "outbox" / "many.receipt.xlsx").exists)
    assert not (share.outbox / "orders.receipt.xlsx").exists()
    kill_makers()


@linux
def test_a_process_that_says_nothing_any_more_is_given_up(share: Share) -> None:
    share.hang_the_original()
    of_others = set(makers())
    with share.making(seconds=3.0) as making:
        (maker,) = set(makers()) - of_others
        with pytest.raises(ChildEnded, match="no answer"):
            making.json()
            making.book({})
        until(lambda: not Path(f"/proc/{maker}").exists(), "its end")


def test_what_the_system_refuses_there_is_the_same_error_here(share: Share) -> None:
    with share.making(seconds=60.0) as making:
        (share.outbox / making.task.json).write_bytes(b"in the way")
        with pytest.raises(FileExistsError) as refused:
            making.json()
    assert refused.value.filename == str(share.outbox / "orders.receipt.json")


def test_an_error_that_nobody_foresaw_is_told_with_its_kind(share: Share) -> None:
    with share.making(seconds=60.0, repeat_of=99) as making, pytest.raises(ChildBroke, match="NoResultFound") as broke:
        making.json()
    assert broke.value.kind == "NoResultFound"


def test_an_original_that_defies_copying_is_told_in_the_log_and_its_records_are_a_table(share: Share) -> None:
    with share.making(seconds=60.0) as making, capture_logs() as logs:
        making.json()
        made = making.book({"cebd": 1})  # type: ignore[dict-item]  which breaks the copy
        with (share.outbox / made.temporary).open("rb") as written:
            book = load_workbook(written)
    assert book.sheetnames == ["cebd 单证", "cebd 文件"]
    (said,) = [event for event in logs if event["log_level"] == "error"]
    assert said["file"] == "orders.xlsx"
    assert "TypeError" in said["trace"]


@linux
def test_it_ends_with_the_process_that_started_it(share: Share, tmp_path: Path) -> None:
    share.hang_the_original()
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from builders.clocks import StillClock\n"
        "from cebd.documents.workbooks.sheets import sheets_to_copy\n"
        "from cebd.receipts.publishing.publish import publish\n"
        "from cebd.store.store import Store\n"
        "store = Store.open(Path(sys.argv[1]), create=False)\n"
        "publish(store, 1, Path(sys.argv[2]), sheets_to_copy, StillClock(), None, True)\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(script), str(share.store.folder), str(share.folder)]
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment) as parent:
        until(lambda: makers(parent.pid), "the process")
        (maker,) = makers(parent.pid)
        parent.kill()
    until(lambda: not Path(f"/proc/{maker}").exists(), "its end")
