"""What is wrong at the start ends in one sentence with the fix, and the exit code that says of what kind it is."""

from __future__ import annotations

from pathlib import Path

from builders.softhsm import PIN, needs_softhsm
from builders.stations import TryStation
from cebd.trial.rows import order_rows


def test_another_host_key_stops_before_anything_is_sent(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.change_settings(station.customs.home.host_key_fingerprint, "SHA256:" + "A" * 43)
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        ended = station.run_once()
        assert ended.returncode == 5
        assert "host key differs" in ended.stderr.splitlines()[-1]
        assert not list((station.customs_folder / "taken").iterdir())
        assert (station.inbox / "orders.xlsx").exists()


def test_a_line_that_is_down_keeps_messages_and_says_so(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.customs.stop()
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        ended = station.run_once()
        told = station.cebd("status", "-c", str(station.settings_path))
        receipt = station.receipt("orders")
    assert ended.returncode == 5
    assert receipt is not None
    assert receipt["counts"] == {"signed": 1}
    assert "CEBD-1601" in told.stdout


@needs_softhsm
def test_a_token_that_is_not_there_stops_with_exit_4(tmp_path: Path) -> None:
    with TryStation(tmp_path, real=True) as station:
        station.change_settings('token = "EPORT"', 'token = "OTHER"')
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        ended = station.run_once()
        assert ended.returncode == 4
        assert "OTHER" in ended.stderr.splitlines()[-1]
        assert (station.inbox / "orders.xlsx").exists()


@needs_softhsm
def test_a_wrong_pin_is_tried_once_and_never_shown(tmp_path: Path) -> None:
    with TryStation(tmp_path, real=True) as station:
        pin = station.settings_path.parent / "keys" / "pin"
        pin.write_text("998877\n", encoding="ascii")
        first, second = station.run_once(), station.run_once()
        assert (first.returncode, second.returncode) == (4, 4)
        assert "PIN was refused" in first.stderr.splitlines()[-1]
        assert "998877" not in first.stderr + first.stdout + second.stderr + second.stdout
        assert "this PIN was refused on" in second.stderr.splitlines()[-1]
        stored = b"".join(path.read_bytes() for path in station.store.rglob("*") if path.is_file())
        assert b"998877" not in stored
        pin.write_text(PIN + "\n", encoding="ascii")
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        assert station.run_once().returncode == 0
