"""The process that reads a large file: what becomes of it, and of the file, when it is killed, crashes, hangs or wants too much."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.hostile_files import an_xls
from builders.waiting import until
from builders.workbooks import some_settings
from cebd.child import process
from cebd.child.failures import ChildBroke, ChildEnded
from cebd.documents.convert import OpenedAhead
from cebd.documents.drafting import Task
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker import choice
from cebd.documents.worker import drafting as remote
from cebd.documents.worker.drafting import RemoteDrafting
from cebd.messages.schema_files import schema_dir
from cebd.trial.rows import order_rows, write_workbook


def orders(path: Path) -> Path:
    write_workbook(path, "order", list(order_rows(3)))
    return path


def task(path: Path) -> Task:
    settings = some_settings()
    return Task(
        path, path.name, None, settings.enterprise[0], settings.reading_options, StillClock().now(), schema_dir()
    )


def run_instead(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(process, "command", lambda _module: [sys.executable, "-c", script])


def test_a_killed_process_is_no_fault_of_the_file(tmp_path: Path) -> None:
    with closing(RemoteDrafting(task(orders(tmp_path / "o.xlsx")))) as reading:
        os.kill(reading._process._process.pid, signal.SIGKILL)
        with pytest.raises(ChildEnded) as ended:
            while reading.batch():
                reading.accept([])
            list(reading.drafts(rest=True))
    assert not ended.value.crashed


def test_a_process_that_says_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(remote, "_FIRST_SECONDS", 0.3)
    with pytest.raises(ChildEnded) as ended:
        RemoteDrafting(task(orders(tmp_path / "o.xlsx")))
    assert ended.value.crashed


def test_a_crash_over_a_workbook_is_tried_again_and_over_an_old_one_it_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, "import os; os.read(0, 1); os.abort()")  # with its task in hand
    with pytest.raises(ChildEnded):
        RemoteDrafting(task(orders(tmp_path / "o.xlsx")))
    with pytest.raises(Unreadable, match="contradicts itself"):
        RemoteDrafting(task(an_xls(tmp_path / "o.xls")))


def test_what_ends_a_file_as_it_opens_is_told_when_it_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, "import os; os.read(0, 1); os.abort()")  # with its task in hand
    with closing(OpenedAhead(task(orders(tmp_path / "o.xlsx")))) as ahead, pytest.raises(ChildEnded):
        ahead.drafting()


def test_a_file_that_is_gone_and_an_error_that_nobody_foresaw_are_told_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = orders(tmp_path / "o.xlsx")
    gone = task(path)
    monkeypatch.setattr(remote, "laid_out_bytes", lambda _path: 0)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        RemoteDrafting(gone)
    path.write_bytes(b"")
    broken = replace(gone, now=None)  # type: ignore[arg-type]
    orders(path)
    with pytest.raises(ChildBroke) as broke:
        RemoteDrafting(broken)
    assert broke.value.kind == "AttributeError"
    assert "Traceback" in str(broke.value)


def test_more_memory_than_any_file_needs_is_refused_plainly() -> None:
    script = (
        "from cebd.child import limits\n"
        "from cebd.documents.worker import failures\n"
        "limits.limit_memory(64 << 20)\n"
        "try:\n    bytearray(80 << 20)\n"
        "except MemoryError as error:\n    limits.without_limit()\n    print(failures.plain_failure(error)[1][0][0])\n"
        "bytearray(80 << 20)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["CEBD-1022"], "")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_process_has_no_secret_of_the_station_and_ends_with_it(tmp_path: Path) -> None:
    path = orders(tmp_path / "o.xlsx")
    script = (
        "import sys, time\nsys.path[:0] = sys.argv[2:]\nfrom pathlib import Path\n"
        "from integration.test_the_process_that_reads import task\n"
        "from cebd.documents.worker.drafting import RemoteDrafting\n"
        "reading = RemoteDrafting(task(Path(sys.argv[1])))\nprint(reading._process._process.pid, flush=True)\ntime.sleep(600)\n"
    )
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "TOKEN_PIN": "88888888"}
    station = subprocess.Popen(
        [sys.executable, "-c", script, path, tests], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert station.stdout is not None
    with station, station.stdout:
        reader = Path("/proc") / station.stdout.readline().strip()
        assert b"worker" in (reader / "cmdline").read_bytes()
        assert b"88888888" not in (reader / "environ").read_bytes()
        opened = {str(one.readlink()) for one in (reader / "fd").iterdir()}
        assert not [one for one in opened if one.endswith((".sqlite", ".pem"))]
        station.kill()
        station.wait()
        until(lambda: not reader.exists() or b"worker" not in (reader / "cmdline").read_bytes(), "the reader gone")


def test_large_files_and_old_ones_are_read_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, old = orders(tmp_path / "o.xlsx"), an_xls(tmp_path / "o.xls")
    large = tmp_path / "l.csv"
    large.write_bytes(b"a" * choice.LARGE_BYTES)
    monkeypatch.setattr(choice, "cores", lambda: 2)
    assert [choice.goes_apart(path) for path in (small, old, large)] == [False, True, True]
    monkeypatch.setattr(choice, "cores", lambda: 1)
    assert [choice.goes_apart(path) for path in (small, old, large)] == [False, True, False]
