"""One odd file: the others go on, the odd one is named, the station can always start."""

from __future__ import annotations

import json
from pathlib import Path

from stations import TryStation


def test_the_daemon_runs_as_an_ordinary_user_for_whom_rights_count(tmp_path: Path) -> None:
    with TryStation(tmp_path, as_user=True) as station:
        station.add_enterprise()
        station.start()
        station.other_enterprise_goes_on()
        assert station.daemon is not None
        if Path("/proc/self").exists():
            assert Path(f"/proc/{station.daemon.pid}").stat().st_uid != 0
        status = station.cebd("status", "--json", "-c", str(station.settings_path))
        assert json.loads(status.stdout)["drops"] == {"filed": 1}
