"""The clock is set, a channel hangs, the daemon is told to stop: nothing is held up, and stopping is quick and clean."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows

TESTS = Path(__file__).parents[1]


@pytest.fixture
def clock_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file: the seconds in it are added to the wall clock of what is started from here on."""
    made = subprocess.run(
        [
            "cc",
            "-shared",
            "-fPIC",
            "-o",
            str(tmp_path / "fast_clock.so"),
            str(TESTS / "builders" / "fast_clock.c"),
            "-ldl",
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("a clock to set needs a C compiler and Linux")
    step = tmp_path / "step"
    step.write_text("0", encoding="ascii")
    monkeypatch.setenv("LD_PRELOAD", str(tmp_path / "fast_clock.so"))
    monkeypatch.setenv("CEBD_CLOCK_STEP", str(step))
    return step


def test_neither_a_clock_set_back_by_an_hour_nor_a_channel_that_hangs_holds_anything_up(
    tmp_path: Path, clock_step: Path
) -> None:
    with TryStation(tmp_path) as station, socket.create_server(("127.0.0.1", 0)) as silent:
        station.add_enterprise()
        text = station.settings_path.read_text(encoding="utf-8")
        channel = text[text.index("[channel.sandbox]") :].partition("\n\n")[0]
        station.add_settings(
            "\n"
            + channel.replace("sandbox]", "silent]").replace(str(station.customs.port), str(silent.getsockname()[1]))
        )
        station.start()
        station.other_enterprise_goes_on()
        clock_step.write_text("-3600", encoding="ascii")
        station.other_enterprise_goes_on()
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        assert station.final_receipt("orders")["counts"] == {"succeeded": 1}
        clock_step.write_text("7200", encoding="ascii")
        station.other_enterprise_goes_on()


@pytest.mark.parametrize("what", ["convert", "publish"])
def test_a_stop_does_not_wait_for_a_large_file_and_the_next_start_takes_it_up(tmp_path: Path, what: str) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        station.start(script=TESTS / "daemons" / "dying.py", how=("--slow", what), changes_cebd=False)
        until(lambda: f"slow {what}" in station.log(), "the slow work to begin")
        began = time.monotonic()
        assert station.stop() == 0
        assert time.monotonic() - began < 30, "the work takes five minutes; a machine under load gets its time"
        assert "Traceback" not in station.log()
        assert station.receipt("orders") is None
        station.start()
        assert station.final_receipt("orders")["counts"] == {"succeeded": 1}
