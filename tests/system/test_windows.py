"""cebd on Windows: its own CPython under Wine, a service under a real service manager."""

from __future__ import annotations

from typing import Any

import pytest

from builders.once import once_for_all_workers
from builders.windows_station import live

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lived() -> dict[str, Any]:
    """What was seen of a service through its life, and of other things that are different on Windows."""
    seen = once_for_all_workers("windows", live)
    if "why not" in seen:
        pytest.skip(seen["why not"])
    return seen


def test_the_service_is_installed_and_starts(lived: dict[str, Any]) -> None:
    assert (lived["install"]["code"], lived["start"]["code"]) == (0, 0), lived
    assert lived["not started"]["state"] == "stopped", "it has not failed: nobody started it yet"
    assert lived["running"]["state"] == "running"
    assert "python.exe" in lived["program"] and "pythonservice" not in lived["program"]


def test_a_workbook_dropped_is_signed_and_handed_over(lived: dict[str, Any]) -> None:
    assert lived["declared"], lived["log"]
    assert lived["receipts"] == {"first": {"sent": 3}, "second": {"sent": 3}}


def test_the_machine_knows_which_stations_it_has(lived: dict[str, Any]) -> None:
    assert lived["installed"] == [["try", r"C:\station\cebd.toml"]]


def test_it_backs_itself_up_and_writes_its_log_as_json_too(lived: dict[str, Any]) -> None:
    assert len(lived["backups"]) == 1, lived["log"]
    assert {"station runs", "file converted"} <= set(lived["log as JSON"])


def test_killed_its_children_are_gone_with_it(lived: dict[str, Any]) -> None:
    assert lived["children"] >= 1, "the process that waits for the library"
    assert lived["children after the kill"] == []


def test_it_starts_with_the_machine_and_goes_on(lived: dict[str, Any]) -> None:
    assert lived["after the boot"]["state"] == "running", lived["log"]
    assert lived["declared again"], lived["log"]


def test_it_stops_and_is_removed_and_leaves_everything_else(lived: dict[str, Any]) -> None:
    assert (lived["stop"]["code"], lived["stopped"]["state"]) == (0, "stopped")
    assert (lived["uninstall"]["code"], lived["missing"]["state"]) == (0, "missing")
    assert lived["store stays"]


def test_a_receipt_that_is_open_in_a_program_is_written_beside_it(lived: dict[str, Any]) -> None:
    assert lived["open receipt"] == {"kept": True, "beside": True}


def test_what_a_console_in_gbk_cannot_show_is_escaped(lived: dict[str, Any]) -> None:
    assert lived["console"]["code"] == 0
    assert lived["console"]["said"].startswith("120")


def test_a_network_drive_is_refused_with_the_path_to_write_instead(lived: dict[str, Any]) -> None:
    assert lived["drive"]["code"] == 2
    assert r"\\SERVER\SHARE" in lived["drive"]["said"]
    assert "--account" in lived["drive"]["said"]


def test_folders_deeper_than_windows_usually_goes_are_used(lived: dict[str, Any]) -> None:
    assert lived["long path"]
