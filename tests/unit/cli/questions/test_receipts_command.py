"""`cebd receipts export` and `receipts reconcile`, as an administrator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from builders.declared import a_receipt, a_return, declare, settle
from builders.new_store import open_store
from cebd.cli.main import app
from cebd.settings import load_settings

WHEN = ("--from", "2026-03-01", "--to", "2026-03-31")


def cebd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With an order that was answered and one that was not."""
    folder = tmp_path_factory.mktemp("cli") / "station"
    assert cebd("init", folder).exit_code == 0
    settings = load_settings(folder / "cebd.toml")
    store = open_store(settings.store_dir)
    for number in ("A1", "A2"):
        declare(store, number, enterprise=settings.enterprise[0].name, order_no=f"{number}\x1f9900000001")
    settle(store, a_receipt(a_return("A1", "2", "100000")))
    store.close()
    return folder


def test_a_months_receipts_go_into_a_workbook(station: Path, tmp_path: Path) -> None:
    done = cebd("receipts", "export", *WHEN, "-o", tmp_path / "march.xlsx", "-c", station)
    assert done.exit_code == 0, done.stderr
    rows = CalamineWorkbook.from_path(tmp_path / "march.xlsx").get_sheet_by_name("回执 Receipts").to_python()
    assert [row[4] for row in rows[3:]] == ["A1"]


def test_a_script_gets_them_as_one_object(station: Path) -> None:
    told = json.loads(cebd("receipts", "export", *WHEN, "--json", "-c", station).stdout)
    assert [one["status"] for one in told["receipts"]] == ["2"]
    assert (told["v"], told["from"], told["to"]) == (1, "2026-03-01", "2026-03-31")


def test_a_period_that_ends_before_it_begins_and_an_enterprise_that_nobody_knows_are_named(station: Path) -> None:
    wrong = cebd("receipts", "export", "--from", "2026-03-02", "--to", "2026-03-01", "-c", station)
    assert (wrong.exit_code, "早于" in wrong.stderr) == (2, True)
    nobody = cebd("receipts", "export", *WHEN, "--enterprise", "丙", "-c", station)
    assert (nobody.exit_code, "没有企业 丙" in nobody.stderr) == (2, True)


def test_a_day_with_exceptions_is_told_by_the_exit_code(station: Path) -> None:
    done = cebd("receipts", "reconcile", "--day", "2026-03-04", "--json", "-c", station)
    (day,) = json.loads(done.stdout)["days"]
    assert Path(day["file"]).name == "对账.xlsx"
    assert Path(day["file"]).exists()
    assert [one["number"] for one in day["exceptions"]] == ["A2"]
    assert done.exit_code == 3
    nothing = cebd("receipts", "reconcile", "--day", "2026-03-05", "-c", station)
    assert (nothing.exit_code, "对账一致" in nothing.stdout) == (0, True)
