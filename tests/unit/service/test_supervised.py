"""What systemd hears of a station: that it is ready, how it stands, and whether its work goes round."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builders.waiting import until
from cebd.clock import SystemClock
from cebd.service.notify import Notify
from cebd.service.supervised import HUNG_SECONDS, UnderSystemd
from cebd.settings import Settings
from cebd.station.failures import Failures
from cebd.station.run import LOOK_FOR_FILES, RESUME_WORK
from cebd.station.supervisor import Pulse
from cebd.station.timers import Timers
from cebd.store.conditions import Conditions
from cebd.store.store import Store


class Manager:
    """systemd's end of the socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "120000000"}

    def heard(self) -> list[str]:
        datagrams = []
        while True:
            try:
                datagrams.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return datagrams


class Busy(Timers):
    """Timers of which a test says how long they are at it."""

    def __init__(self, **seconds: float) -> None:
        self._seconds = seconds

    def busy_for(self, name: str) -> float:
        return self._seconds.get(name, 0.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    return Manager(tmp_path / "notify")


def _pulse(store: Store, busy: Timers | None = None) -> Pulse:
    settings = Settings.model_construct(None, base=store.folder.parent, enterprise=())
    return Pulse(settings, store, Conditions(store, SystemClock()), busy or Busy())


def test_what_is_said_goes_to_the_socket_that_the_manager_named(manager: Manager) -> None:
    notify = Notify(manager.environment)
    notify.ready("all\nwell")
    notify.stopping()
    assert manager.heard() == ["READY=1\nSTATUS=all well", "STOPPING=1"]
    assert notify.watchdog_seconds == 120
    assert manager.environment == {}, "children say nothing to systemd"


def test_a_socket_in_the_abstract_namespace_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0cebd-test-notify")
        Notify({"NOTIFY_SOCKET": "@cebd-test-notify"}).stopping()
        assert manager.recv(100) == b"STOPPING=1"


def test_without_a_manager_nothing_is_said() -> None:
    notify = Notify({})
    notify.ready("")
    assert not notify.is_heard
    assert notify.watchdog_seconds is None


def test_the_watchdog_is_fed_four_times_in_its_interval_or_more_often(manager: Manager, store: Store) -> None:
    clock = Clock()
    supervisor = UnderSystemd(Notify(manager.environment), clock)
    supervisor.ready(_pulse(store))
    manager.heard()
    for _ in range(60):
        clock.now += 1
        supervisor.beat(_pulse(store))
    assert [said.partition("\n")[0] for said in manager.heard()] == ["WATCHDOG=1"] * 2


@pytest.mark.parametrize("task", [LOOK_FOR_FILES, RESUME_WORK])
def test_the_watchdog_starves_while_the_work_does_not_come_back(manager: Manager, store: Store, task: str) -> None:
    supervisor = UnderSystemd(Notify(manager.environment), Clock())
    supervisor.beat(_pulse(store, Busy(**{task: HUNG_SECONDS + 1})))
    assert manager.heard() == []


def test_a_folder_that_hangs_for_a_while_is_no_hang(manager: Manager, store: Store) -> None:
    supervisor = UnderSystemd(Notify(manager.environment), Clock())
    supervisor.beat(_pulse(store, Busy(**{LOOK_FOR_FILES: HUNG_SECONDS - 1, "publish": 10 * HUNG_SECONDS})))
    assert manager.heard()[0].startswith("WATCHDOG=1")


class Full(Store):
    """A store whose every transaction fails."""

    @contextmanager
    def read(self) -> Iterator[None]:  # type: ignore[override]
        raise OSError(28, "No space left on device")
        yield


def test_an_error_of_the_store_is_an_answer(manager: Manager, store: Store) -> None:
    store.__class__ = Full
    supervisor = UnderSystemd(Notify(manager.environment), Clock())
    supervisor.beat(_pulse(store))
    assert manager.heard() == ["WATCHDOG=1\nSTATUS=station: OSError"]


def test_a_task_is_busy_while_it_runs(store: Store) -> None:
    goes_on, stop = threading.Event(), threading.Event()
    timers = Timers(stop, Failures(Conditions(store, SystemClock())))
    timers.every(60.0, "task", lambda: goes_on.wait(30))
    until(lambda: timers.busy_for("task") > 0, "busy")
    goes_on.set()
    until(lambda: timers.busy_for("task") == 0, "over")
    timers.end()
    assert timers.join(5) == []
