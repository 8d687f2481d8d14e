"""Killed at any moment, started again: nothing is lost, nothing is declared twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import processes
from builders.softhsm import needs_softhsm
from builders.stations import TryStation
from builders.waiting import PATIENCE, until
from cebd.store.databases.sqlite import EngineFile
from cebd.trial.rows import order_rows
from daemons.dying import BESIDE, MUTANTS, OVERTAKEN, POINTS, SECOND, WATCHED
from soak.kills import DYING, books, campaign, reader_killed


def run_until_it_dies(station: TryStation, tmp_path: Path, *how: str) -> None:
    log = tmp_path / "dying.log"
    with log.open("wb") as out:
        dying = processes.start([station.settings_path, *how], script=DYING, stdout=out, stderr=out, changes_cebd=False)
        ended = dying.wait(PATIENCE)
    assert ended == -9, log.read_text(encoding="utf-8")


def test_five_kills_while_two_hundred_orders_go_through_a_folder(tmp_path: Path) -> None:
    outcome = campaign(tmp_path, seed=20260304, orders=200, workbooks=4, kills=5, real=False, by_folder=True)
    assert outcome.as_promised(200), outcome


@needs_softhsm
def test_kills_with_a_real_sftp_server_and_a_real_token(tmp_path: Path) -> None:
    outcome = campaign(tmp_path, seed=7, orders=200, workbooks=4, kills=6)
    assert outcome.as_promised(200), outcome


@pytest.mark.parametrize("point", [*POINTS, *BESIDE])
def test_killed_between_the_halves_of_a_step(tmp_path: Path, point: str) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        run_until_it_dies(station, tmp_path, point, "1")
        station.start()
        receipt = station.final_receipt("orders")
        until(lambda: station.audit().clean, "a clean audit")
        assert station.stop() == 0
        outcome = books(station, [receipt], 1)
    assert outcome.as_promised(3), outcome


@pytest.mark.parametrize("point", OVERTAKEN)
def test_killed_when_a_file_that_was_overtaken_is_opened_again(tmp_path: Path, point: str) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        run_until_it_dies(station, tmp_path, point, "2")
        station.start()
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        outcome = books(station, [receipt], 1)
    assert outcome.as_promised(3), outcome


@pytest.mark.parametrize("point", SECOND)
def test_killed_between_two_messages_of_a_batch(tmp_path: Path, point: str) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(203)))
        run_until_it_dies(station, tmp_path, point, "2")
        station.start()
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        outcome = books(station, [receipt], 1)
    assert outcome.as_promised(203), outcome


@pytest.mark.parametrize("point", WATCHED)
def test_killed_when_the_token_is_back(tmp_path: Path, point: str) -> None:
    with TryStation(tmp_path) as station:
        key = station.settings_path.parent / "keys" / "trial.key.pem"
        key.rename(tmp_path / "away.pem")
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        station.start()
        until(lambda: (station.receipt("orders") or {}).get("counts") == {"ready": 3}, "the orders converted")
        # Once the engine has let go of them they are the watcher's.
        until(
            lambda: station.standing()["waiting"] and EngineFile(station.store).in_flight() == set(),
            "the orders left to the watcher",
        )
        station.kill()
        (tmp_path / "away.pem").rename(key)
        run_until_it_dies(station, tmp_path, point, "1")
        station.start()
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        outcome = books(station, [receipt], 2)
    assert outcome.as_promised(3), outcome


@pytest.mark.parametrize("point", ["in the midst of a batch on its way", "before the last message"])
def test_the_process_that_reads_is_killed_once(tmp_path: Path, point: str) -> None:
    assert reader_killed(tmp_path, point).as_promised(130)


def test_a_file_whose_reading_is_killed_each_time_is_named_and_refused_at_last(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(130)))
        station.start(script=DYING, how=("--reader", "before opening", "3"), changes_cebd=False)
        waiting = station.condition("reading:1", "CEBD-1037")
        assert "orders.xlsx" in waiting["zh"]
        receipt = until(lambda: station.receipt("orders"), "the receipt of the file that cannot be read")
        assert [found["id"] for found in receipt["problems"]] == ["CEBD-1038"]
        until(lambda: not station.standing()["conditions"], "the condition over")
        station.drop_rows("more.xlsx", "order", list(order_rows(2, prefix="MORE")))
        assert station.final_receipt("more")["counts"] == {"succeeded": 2}
        assert station.stop() == 0


def test_every_step_may_run_twice(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(120)))
        station.drop("page.xml", b"<?xml version='1.0'?><html/>")
        station.start(script=DYING, how=("--twice",), changes_cebd=False)
        receipt = station.final_receipt("orders")
        until(lambda: station.receipt("page"), "the receipt of the file that is no declaration")
        assert station.stop() == 0
        outcome = books(station, [receipt], 0)
    assert outcome.as_promised(120), outcome


def test_work_that_the_engine_gave_up_is_taken_up_again(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        station.start(script=DYING, how=("--failing",), changes_cebd=False)
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        outcome = books(station, [receipt], 0)
    assert outcome.as_promised(3), outcome


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_daemon_broken_on_purpose_is_found_out(tmp_path: Path, mutant: str) -> None:
    with TryStation(tmp_path, audited=False) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        run_until_it_dies(station, tmp_path, "--mutant", mutant)
        station.start()
        for folder in ("in", "pending", "out"):
            place = station.customs_folder / folder
            until(lambda place=place: not list(place.iterdir()), f"{folder} worked off")
        station.stop()
        receipt = station.receipt("orders")
        assert receipt is not None
        outcome = books(station, [receipt], 1)
    assert not outcome.as_promised(3)
