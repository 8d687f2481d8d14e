"""After large work the process gives back what is free, and not before it has grown by much."""

from __future__ import annotations

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
