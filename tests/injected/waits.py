"""A station whose time runs thirty times as fast, with a customs side of the same time: what is a trouble only when it has lasted."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from builders import processes
from builders.counted_port import CountedPort
from builders.ordinary_user import give_to_the_user
from builders.stations import TryStation
from cebd.trial.rows import order_rows
from injected.fault import Fault, Place

SPEED = 30
_SOURCE = Path(__file__).parents[1] / "builders" / "fast_clock.c"
_CUSTOMS = "answer_seconds = 1.0\nstep_seconds = 1.0\nentered_at_once = true\n"
_REFUSING = _CUSTOMS + '[[reject]]\nkey = "REFUSED*"\nstatus = "-621004"\n'
_A_DOZEN = 13


class _FastStation(TryStation):
    """`more`: the environment of all its processes."""

    more: dict[str, str]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self.more}


class FastPlace(Place):
    """Its channel is two folders; an ordinary user's."""

    speed = SPEED
    channel = ""

    def begin(self) -> None:
        self.station = _FastStation(self.folder / "s", by_folder=True, audited=False, as_user=True)
        users = self.station.log_path.parent
        library, self.step = users / "fast_clock.so", users / "step"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
        self.step.write_text("0", encoding="ascii")
        self.station.more = {
            "LD_PRELOAD": str(library),
            "CEBD_CLOCK_SPEED": str(SPEED),
            "CEBD_CLOCK_FROM": str(int(time.monotonic())),
            "CEBD_CLOCK_STEP": str(self.step),
        }
        self.ending.enter_context(self.station)
        self.station.desk.stop()
        for quick, usual in (
            ("rescan_seconds = 0.5", "rescan_seconds = 5"),
            ("receipts_seconds = 0.2", "receipts_seconds = 5\noverdue_minutes = 2"),
        ):
            self.station.change_settings(quick, usual)
        if self.channel:
            text = self.station.settings_path.read_text(encoding="utf-8")
            self.station.settings_path.write_text(
                text[: text.index("[channel.sandbox]")] + self.channel, encoding="utf-8"
            )
        self.prepare()
        give_to_the_user(users)
        self.customs: processes.Process | None = None
        self.ending.callback(self.customs_go)
        self.customs_come()
        self.start()
        self.station.final_receipt(self.order())

    kind = "folder"

    def prepare(self) -> None:
        """More settings, where a place has any."""

    def customs_come(self, scenario: str = _CUSTOMS) -> None:
        """They work in the station's time: else its clock would be proved wrong."""
        path = self.station.log_path.with_name("scenario.toml")
        path.write_text(scenario, encoding="utf-8")
        words = ("sandbox", "run", self.station.customs_folder, "--channel", self.kind, "--scenario", path)
        environment = {**self.station.environment(), "CEBD_CLOCK_STEP": os.devnull}
        self.customs = processes.start(words, environment=environment, as_user=True)

    def customs_go(self) -> None:
        if self.customs is not None:
            self.customs.terminate()
            self.customs.wait(timeout=30)
            self.customs = None

    def customs_fall_silent(self) -> None:
        self.customs_go()
        self.order()

    def file(self, name: str, content: bytes = b"a,b\n1,2\n") -> Path:
        """A file in the inbox, the user's own."""
        path = self.station.inbox / name
        path.write_bytes(content)
        give_to_the_user(self.station.inbox)
        return path

    def closed_file(self) -> None:
        self.file("closed.csv").chmod(0o000)

    def no_file(self, name: str) -> None:
        (self.station.inbox / name).unlink()

    def open_in_excel(self) -> None:
        self.order()
        self.file("~$open.xlsx", b"owner")
        (self.station.inbox / f"order-{self._orders}.xlsx").rename(self.station.inbox / "open.xlsx")

    def closed_in_excel(self) -> None:
        self.no_file("~$open.xlsx")

    def pipe(self) -> None:
        os.mkfifo(self.station.inbox / "pipe.xlsx")

    def clock_is_off(self, minutes: int) -> None:
        """Earlier receipts say that it was right: those of two messages prove that it is not any more."""
        self.step.write_text(str(60 * minutes), encoding="ascii")
        self.final_after(2)

    def clock_is_right(self) -> None:
        self.step.write_text("0", encoding="ascii")
        self.final_after(2)

    def final_after(self, orders: int) -> None:
        """So many orders, one after the other: each in a message of its own."""
        for _ in range(orders):
            self.station.final_receipt(self.order())

    def refuse_a_dozen(self) -> None:
        self.customs_go()
        self.customs_come(_REFUSING)
        rows = list(order_rows(_A_DOZEN, first=1, prefix="REFUSED"))
        self.station.drop_rows("refused.xlsx", "order", rows)

    def accept_again(self) -> None:
        self.customs_go()
        self.customs_come()


class ClientPlace(FastPlace):
    """Its channel is the Single Window's client."""

    kind = "single-window"
    channel = """\
[channel.sandbox]
type = "folder"
preset = "single-window"
send_dir = "sandbox/client/OutBox"
receive_dir = "sandbox/client/InBox"
"""

    def falls_asleep(self) -> None:
        (self.station.customs_folder / "client" / "asleep").touch()
        self.order()

    def awakes(self) -> None:
        (self.station.customs_folder / "client" / "asleep").unlink()


class CleanPlace(FastPlace):
    """Where everything is as it should be: alarms by mail and to a robot would come to a port at which nobody is expected."""

    def prepare(self) -> None:
        self.alarms = self.ending.enter_context(CountedPort())
        (self.base / "hook").write_text(self.alarms.address, encoding="ascii")
        self.station.add_settings(self.alarms.alarms("hook"))


def clean_hour(folder: Path, seconds: float = 3600.0) -> list[str]:
    """What an hour of the station's time brought that it should not have; an order is declared each two or three minutes."""
    wrong: list[str] = []
    with CleanPlace(folder) as place:
        began = time.monotonic()
        while (time.monotonic() - began) * place.speed < seconds:
            stem = place.order()
            counts = place.station.final_receipt(stem)["counts"]
            if counts != {"succeeded": 1}:
                wrong.append(f"{stem}: {counts}")
            lines = place.status()
            if not lines.is_well:
                wrong.append(" | ".join(lines.en))
            time.sleep(2.0)
        if place.alarms.callers:
            wrong.append(f"{place.alarms.callers} alarms")
        wrong += [line for line in place.station.log().splitlines() if "[error" in line]
        place.station.cebd("alarm", "test", "hook", "-c", str(place.station.settings_path))
        if not place.alarms.callers:
            wrong.append("an alarm would not have come")
    return wrong


def _fault(
    name: str,
    make: Callable[[FastPlace], object],
    take_back: Callable[[FastPlace], object],
    party: str,
    zh: str,
    en: str,
    seconds: float = 0.0,
    over: float = 0.0,
) -> Fault[FastPlace]:
    return Fault(name, FastPlace, make, take_back, party, zh, en, seconds, over)


FAULTS = (
    _fault(
        "customs do not answer",
        FastPlace.customs_fall_silent,
        FastPlace.customs_come,
        "customs",
        "仍无回执",
        "has no receipt yet",
        180,
    ),
    _fault(
        "a file that may not be read",
        FastPlace.closed_file,
        lambda p: p.no_file("closed.csv"),
        "administrator",
        "closed.csv 无法读取",
        "closed.csv cannot be read",
        120,
    ),
    _fault(
        "a workbook that stays open in Excel",
        FastPlace.open_in_excel,
        FastPlace.closed_in_excel,
        "operator",
        "open.xlsx 正在 Excel",
        "open.xlsx is open in Excel",
        1800,
    ),
    _fault(
        "a pipe in the place of a file",
        FastPlace.pipe,
        lambda p: p.no_file("pipe.xlsx"),
        "operator",
        "pipe.xlsx 不是文件",
        "pipe.xlsx is not a file",
    ),
    _fault(
        "the clock is ten minutes fast",
        lambda p: p.clock_is_off(10),
        FastPlace.clock_is_right,
        "administrator",
        "本机时钟比海关至少快",
        "clock is at least",
        240,
    ),
    _fault(
        "customs refuse a dozen",
        FastPlace.refuse_a_dozen,
        FastPlace.accept_again,
        "operator",
        "单被退单",
        "were refused within an hour",
        240,
        3600,
    ),
    Fault(
        "the client is asleep",
        ClientPlace,
        ClientPlace.falls_asleep,
        ClientPlace.awakes,
        "administrator",
        "没有取走任何报文",
        "has taken nothing for 5 minutes",
        300,
    ),
)
