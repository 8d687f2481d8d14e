"""`cebd run --once` ends, whatever breaks, and says by its exit code whether anything is left."""

from __future__ import annotations

from pathlib import Path

from builders.stations import TryStation
from cebd.trial.rows import order_rows
from daemons.dying import __file__ as DYING


def runs_once(station: TryStation, step: str, times: int) -> int:
    station.start(script=Path(DYING), how=("--breaking", step, str(times)), changes_cebd=False)
    assert station.daemon is not None
    return station.daemon.wait(timeout=60)


def test_a_file_whose_work_breaks_each_time_is_named_and_ends_the_run_and_one_that_broke_once_is_declared(
    tmp_path: Path,
) -> None:
    with TryStation(tmp_path, audited=False) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(2)))
        assert runs_once(station, "put_away", 1000) == 1
        told = station.standing()
        assert told["messages"] == {"ready": 1}
        assert [(one["key"], one["id"]) for one in told["conditions"]] == [("work:drop 1", "CEBD-1914")]
        assert runs_once(station, "put_away", 1) == 0
        told = station.standing()
        assert (told["messages"], told["conditions"]) == ({"sent": 1}, [])
