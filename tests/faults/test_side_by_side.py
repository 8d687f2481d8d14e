"""Two enterprises in one station: each has its own folders, and what one drops is declared for that one."""

from __future__ import annotations

from pathlib import Path

from builders.stations import TryStation


def test_two_enterprises_declare_side_by_side(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        folder = station.add_enterprise()
        station.start()
        station.other_enterprise_goes_on()
        assert not list(station.outbox.rglob("*.json"))
        assert [path.name for path in (folder / "done").rglob("*.xlsx")] == ["beside-1.xlsx"]
