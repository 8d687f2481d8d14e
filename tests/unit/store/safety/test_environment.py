"""A store belongs to one environment: what was tried never counts as declared."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from builders.new_station import new_station
from builders.new_store import open_store
from cebd.cli.main import app
from cebd.operations.environment import in_environment_of
from cebd.settings import Settings, load_settings
from cebd.station.run import run_station
from cebd.store.safety.environment import OtherEnvironment, environment_of, keep_environment
from cebd.store.store import StoreError


def settings_that_say(folder: Path, environment: str | None) -> Settings:
    settings = load_settings(folder / "cebd.toml")
    return settings.model_copy(
        update={"station": settings.station.model_copy(update={"environment": environment})},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_station(tmp_path / "station", port=2222)
    return tmp_path / "station"


def test_what_init_makes_is_a_trial_in_chinese(folder: Path) -> None:
    station = load_settings(folder / "cebd.toml").station
    assert (station.environment, station.language) == ("trial", "zh")


def test_a_store_of_the_trial_is_never_used_for_the_real_thing(folder: Path) -> None:
    store = open_store(folder / "store")
    keep_environment(store, "trial")
    with pytest.raises(StoreError, match=r"belongs to the environment trial, .*production.*new, empty folders"):
        in_environment_of(settings_that_say(folder, "production"), store)
    keep_environment(store, "production")
    assert environment_of(store) == "trial"
    store.close()


def test_settings_that_say_nothing_go_by_their_store(folder: Path) -> None:
    store = open_store(folder / "store")
    silent = settings_that_say(folder, None)
    keep_environment(store, silent.station.environment)
    assert in_environment_of(silent, store).station.environment is None
    keep_environment(store, "test")  # a store made before: what they first say
    assert in_environment_of(silent, store).station.environment == "test"
    store.close()


def test_config_check_knows_the_environment_of_the_store(folder: Path) -> None:
    store = open_store(folder / "store")
    keep_environment(store, "trial")
    store.close()
    path = folder / "cebd.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"trial"   ', '"test"   ', 1), encoding="utf-8")
    assert load_settings(path).station.environment == "test"
    checked = CliRunner().invoke(app, ["config", "check", "-c", str(path)])
    assert checked.exit_code == 2
    assert "belongs to the environment trial" in checked.output


def test_another_environment_is_said_before_what_its_settings_do_not_allow(folder: Path) -> None:
    """A trial whose settings were made those of production: its key in a file is a mistake too, and the smaller one."""
    store = open_store(folder / "store")
    keep_environment(store, "trial")
    store.close()
    path = folder / "cebd.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"trial"   ', '"production"   ', 1), encoding="utf-8")
    with pytest.raises(OtherEnvironment, match="belongs to the environment trial") as refused:
        run_station(load_settings(path), threading.Event(), once=True)
    assert "此数据库属于环境 trial" in refused.value.zh
    checked = CliRunner().invoke(app, ["config", "check", "-c", str(path)])
    assert checked.exit_code == 2
    assert "belongs to the environment trial" in checked.output
    assert "in production a token signs" in checked.output
