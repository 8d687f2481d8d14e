"""A fault as data; the place where it is made; what `cebd status` says meanwhile, and once it is taken back."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

from builders import processes
from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows

PATIENCE_SECONDS = 60.0
_BETWEEN_LOOKS = 0.5
_OF_OUR_TIME = 5.0  # seconds
PARTIES = {
    "operator": "操作员",
    "administrator": "管理员",
    "cebd": "cebd（程序自身）",
    "token": "UKey",
    "network": "网络",
    "e-port": "电子口岸",
    "customs": "海关",
}


@dataclass(frozen=True)
class FirstLines:
    """The first three lines of `cebd status`, in Chinese and in English."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    @classmethod
    def of(cls, ended: processes.Ended) -> FirstLines:
        """Of `cebd status --lang both`, which says each line in Chinese, then in English."""
        lines = (ended.stdout or ended.stderr).splitlines()[:6]
        return cls(tuple(lines[0::2]), tuple(lines[1::2]))

    @property
    def is_well(self) -> bool:
        """Nothing is wrong, and cebd runs."""
        return self.zh[:1] == ("一切正常，没有要处理的事。",) and self.en[:1] == (
            "All is well; nothing needs to be done.",
        )

    def name(self, fault: Fault[P]) -> bool:
        """Whether they say what the fault is and whose matter it is, in both languages."""
        if len(self.zh) < 3 or len(self.en) < 3:
            return False
        return any(self._say(*said) for said in ((fault.party, fault.zh, fault.en), *fault.or_else))

    def _say(self, party: str, zh: str, en: str) -> bool:
        whose = f"由谁处理：{PARTIES[party]}　" in self.zh[1] and f"Handled by: {party}  " in self.en[1]
        return whose and zh in "\n".join(self.zh) and en in "\n".join(self.en)


class Place(ABC):
    """A station that runs well, and what belongs to it, until something is done to it. Use as a context manager."""

    station: TryStation
    speed = 1  # so many times as fast as ours its time runs

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ending = ExitStack()
        self._orders = 0

    @abstractmethod
    def begin(self) -> None:
        """Make the station, and whatever it needs, and start it."""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        try:
            self.begin()
            self.status_until(lambda lines: lines.is_well, "a station that is well")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.close()

    @property
    def base(self) -> Path:
        """The folder of the settings."""
        return self.station.settings_path.parent

    def status(self) -> FirstLines:
        """What an administrator reads now."""
        return FirstLines.of(self.station.cebd("status", "--lang", "both", "-c", str(self.station.settings_path)))

    def status_until(
        self, holds: Callable[[FirstLines], bool], what: str, seconds: float = PATIENCE_SECONDS
    ) -> tuple[FirstLines, float]:
        """The first lines once they are so, and after how many seconds of the station's time. Fails naming the last ones.

        Where its time runs faster, what a command and a look at a folder take of ours is granted besides.
        """
        began, granted = time.monotonic(), (self.speed - 1) * _OF_OUR_TIME
        while True:
            lines = self.status()
            took = (time.monotonic() - began) * self.speed
            if holds(lines):
                return lines, took
            assert took < seconds + granted, f"not within {seconds:.0f} s: {what}; the last was said: {lines}"
            time.sleep(_BETWEEN_LOOKS)

    def order(self) -> str:
        """An operator drops an order; its file's stem."""
        self._orders += 1
        stem = f"order-{self._orders}"
        self.station.drop_rows(f"{stem}.xlsx", "order", list(order_rows(1, first=self._orders)))
        return stem

    def runs(self) -> None:
        """Wait until the daemon that was started works."""
        station = self.station
        until(lambda: "station runs" in station.log()[station._log_before :], "the daemon to run")

    def start(self) -> None:
        self.station.start()
        self.runs()

    def starts_in_vain(self) -> None:
        """The start is refused."""
        self.station.start()
        assert self.station.daemon is not None
        assert self.station.daemon.wait(timeout=60) != 0

    def restart(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Stop the daemon, do that, start it."""
        self.station.stop()
        meanwhile()
        self.start()

    def change(self, old: str, new: str) -> None:
        """Change the settings and have the daemon read them, as `systemctl reload` does."""
        self.station.change_settings(old, new)
        self.reload()

    def reload(self) -> None:
        daemon = self.station.daemon
        assert daemon is not None
        daemon.send_signal(signal.SIGHUP)

    @contextmanager
    def put_aside(self, path: Path) -> Iterator[Path]:
        """Meanwhile it stands elsewhere."""
        aside = path.with_name(f"{path.name} aside")
        path.rename(aside)
        yield aside
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        aside.rename(path)


P = TypeVar("P", bound=Place)


@dataclass(frozen=True)
class Fault(Generic[P]):
    """`make` makes it at a place that is well, `take_back` ends it; `party`, `zh` and `en` must stand in the three lines meanwhile.

    `seconds`: so long the station waits by design before it is a trouble at all; `over`: before it counts as over. `or_else`: a party with
    its texts, where another part of the station may notice the same first.
    """

    name: str
    at: type[P]
    make: Callable[[P], object]
    take_back: Callable[[P], object]
    party: str
    zh: str
    en: str
    seconds: float = 0.0
    over: float = 0.0
    or_else: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Outcome:
    """What was seen of a fault. `named`, `gone`: after how many seconds; None: not in time."""

    name: str
    named: float | None = None
    gone: float | None = None
    said: str = ""

    @property
    def is_as_promised(self) -> bool:
        return self.named is not None and self.gone is not None


def tried(place: P, fault: Fault[P]) -> Outcome:
    """Make the fault, look until it is named, take it back, look until nothing of it is left."""
    outcome = Outcome(fault.name)
    try:
        fault.make(place)
        lines, outcome.named = place.status_until(
            lambda lines: lines.name(fault), "it to be named", PATIENCE_SECONDS + fault.seconds
        )
        outcome.said = " | ".join((*lines.zh[:2], *lines.en[:2]))
        fault.take_back(place)
        _, outcome.gone = place.status_until(
            lambda lines: lines.is_well, "nothing of it to be left", PATIENCE_SECONDS + fault.over
        )
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        outcome.said = f"{type(error).__name__}: {error}"
    return outcome
