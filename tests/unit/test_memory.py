"""After large work the process gives back what is free, and not before it has grown by much."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cebd.memory import FreeMemory, resident, trim

MIB = 1024**2


class Process:
    """A process of so many MiB, of which trimming frees a part; and its clock."""

    def __init__(self) -> None:
        self.mebibytes, self.seconds, self.frees = 100, 0.0, 40
        self.did: list[str] = []
        self.memory = FreeMemory(
            lambda: self.did.append("let go"),
            resident=lambda: self.mebibytes * MIB,
            trim=self.trim,
            clock=lambda: self.seconds,
        )

    def trim(self) -> None:
        self.did.append("trim")
        self.mebibytes -= self.frees

    def look_after(self, seconds: float) -> None:
        self.seconds += seconds
        self.memory.look()


def test_what_the_start_left_behind_is_given_back_at_the_first_look() -> None:
    process = Process()
    for _ in range(3):
        process.look_after(10)
    assert (process.did, process.mebibytes) == (["let go", "trim"], 60)


def test_a_process_that_has_grown_by_much_lets_go_of_its_caches_and_gives_back_what_is_free() -> None:
    process = Process()
    process.mebibytes = 150
    process.look_after(10)
    assert (process.did, process.mebibytes) == (["let go", "trim"], 110)


def test_one_that_has_hardly_grown_since_does_nothing() -> None:
    process = Process()
    process.mebibytes = 150
    for _ in range(3):
        process.look_after(10)
    process.mebibytes = 126
    process.look_after(10)
    assert process.did == ["let go", "trim"]


def test_what_was_in_use_when_it_gave_memory_back_is_given_back_once_the_work_is_done() -> None:
    process = Process()
    process.mebibytes = 150
    process.look_after(10)
    process.mebibytes, process.frees = 400, 0  # in the midst of the work
    process.look_after(10)
    process.frees = 280  # it is done: all is free, and nothing grows any more
    for _ in range(5):
        process.look_after(10)
    assert (process.did, process.mebibytes) == (["let go", "trim"] * 3, 120)


def test_one_that_needs_more_since_its_large_work_asks_less_and_less_often() -> None:
    process = Process()
    process.look_after(10)  # 60 MiB: it never comes so low again
    process.mebibytes, process.frees = 400, 280
    process.look_after(10)
    process.frees, process.did = 0, []
    asked = []
    for seconds in range(10, 24 * 3600, 10):
        process.look_after(10)
        if "trim" in process.did:
            asked.append(seconds)
            process.did = []
    assert asked[:4] == [30, 90, 210, 450]
    assert len(asked) < 13  # in a day


def test_what_work_of_an_hour_left_behind_has_lain_for_an_hour_at_most() -> None:
    process = Process()
    process.look_after(10)
    process.mebibytes, process.frees = 400, 0
    for _ in range(360):
        process.look_after(10)
    process.frees = 280
    for _ in range(360):
        process.look_after(10)
        process.frees = 280 if process.mebibytes == 400 else 0
    assert process.mebibytes == 120


@pytest.mark.parametrize("low", [200, 400], ids=["it fell in between", "it did not"])
def test_the_next_large_work_is_followed_as_closely_as_the_first(low: int) -> None:
    process = Process()
    process.look_after(10)
    process.mebibytes, process.frees = 400, 0
    for _ in range(360):
        process.look_after(10)
    process.mebibytes = low  # the C library gave back some by itself
    process.look_after(10)
    process.mebibytes = low + 17
    process.did = []
    process.look_after(10)
    for _ in range(3):
        process.look_after(10)
    assert process.did == ["let go", "trim"] * 2


def test_it_looks_each_ten_seconds_however_often_it_is_called() -> None:
    process = Process()
    process.mebibytes = 150
    for _ in range(9):
        process.look_after(1)
    assert process.did == []


def test_where_the_system_does_not_tell_nothing_is_done() -> None:
    process = Process()
    process.mebibytes = 0
    process.look_after(10)
    assert process.did == []


def test_this_process_tells_and_may_be_trimmed() -> None:
    kept = [b"x" * 100_000 for _ in range(100)]
    assert resident() > sum(map(len, kept))
    trim()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="how much a process holds is told by /proc")
@pytest.mark.parametrize(("asked", "holds_much"), [("", True), ("keep_little()", False)], ids=["by itself", "asked"])
def test_what_threads_have_used_and_freed_goes_back_once_the_c_library_is_asked_to_keep_little(
    asked: str, holds_much: bool
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _THREADS.format(asked=asked)], capture_output=True, text=True, check=True, timeout=60
    )
    assert (int(run.stdout) > 50 * MIB) == holds_much


_THREADS = """
import threading
from cebd.memory import keep_little, resident, trim
{asked}
before, freed, over = resident(), threading.Semaphore(0), threading.Event()

def work():
    large = bytearray(30 << 20)
    del large
    small = [bytes(2000) for _ in range(25_000)]
    del small
    freed.release()
    over.wait()

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
    freed.acquire()
trim()
print(resident() - before)
"""


def test_what_is_loaded_for_good_is_searched_for_cycles_neither_now_nor_later() -> None:
    program = """
import gc
from cebd.memory import loaded_for_good
seen = []
gc.callbacks.append(lambda phase, about: seen.append(phase))
with loaded_for_good():
    made = [[] for _ in range(5000)]
print(len(seen), gc.isenabled(), gc.get_freeze_count() > 5000)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "0 True True"
