"""The engine's queues are asked when something was put in, often while work goes on, and hardly ever else."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from cebd.station.work.queues import Bell, Queues


class Worker:
    """Looks whenever its bell lets it."""

    def __init__(self, bell: Bell) -> None:
        self.looks: list[float] = []
        self._bell = bell
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._bell.wait(0.01):
            self.looks.append(time.monotonic())

    def end(self) -> None:
        self._bell.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_nobody_asks_a_queue_into_which_nothing_was_put() -> None:
    worker = Worker(Bell())
    time.sleep(0.5)
    worker.end()
    assert worker.looks == []


def test_work_is_found_as_soon_as_it_is_put_in_and_looked_for_until_what_it_makes_room_for_is_seen() -> None:
    bell = Bell()
    worker = Worker(bell)
    time.sleep(0.05)
    began = time.monotonic()
    for _ in range(100):
        bell.ring()
    time.sleep(1.5)
    worker.end()
    assert worker.looks[0] - began < 0.15
    assert 2 <= len(worker.looks) <= 5


def test_the_end_is_not_waited_for() -> None:
    bell = Bell()
    bell.set()
    began = time.monotonic()
    assert bell.wait(5.0)
    assert bell.wait(5.0), "whoever was told asks again, before it ends"
    assert bell.is_set()
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(("name", "rings"), [("sign.a", ["sign.a"]), ("sign.", ["sign.a", "sign.b"])])
def test_a_ring_is_heard_by_the_queues_that_it_names(name: str, rings: list[str]) -> None:
    heard = []

    class Heard(Bell):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def ring(self) -> None:
            heard.append(self.name)

    queues = Queues()
    queues._bells = {name: Heard(name) for name in ("sign.a", "sign.b", "send.a")}
    queues.ring(name)
    assert heard == rings


def test_a_worker_that_breaks_or_ends_by_itself_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def breaks(bell: Bell, _dbos: object, queue: SimpleNamespace) -> None:
        begun.append(queue.name)
        bell.ring()  # work goes on: nobody waits long
        if len(begun) == 1:
            raise MemoryError
        if len(begun) == 3:
            bell.set()

    monkeypatch.setattr("dbos._queue.queue_worker_thread", breaks)
    dbos = SimpleNamespace(
        background_thread_stop_events=[],
        _background_threads=[],
        _registry=SimpleNamespace(get_internal_queue=lambda: SimpleNamespace(name="internal")),
    )
    Queues().serve(dbos, [])  # type: ignore[arg-type]  # what is asked of it
    dbos._background_threads[0].join(10)
    assert begun == ["internal"] * 3
