"""The folder of one enterprise cannot be entered, or its share does not answer: the other one, the start and the stop do not notice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from builders.ordinary_user import give_to_the_user
from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows

HUNG = Path(__file__).parents[1] / "daemons" / "hung_share.py"


def stopped_in_time(station: TryStation) -> None:
    assert station.daemon is not None
    began = time.monotonic()
    assert station.stop() == 0
    assert time.monotonic() - began < 18, "ten seconds are promised; a machine under load gets its time"


def test_a_folder_that_may_not_be_entered_is_one_enterprises_matter(tmp_path: Path) -> None:
    with TryStation(tmp_path, as_user=True) as station:
        if not station.as_user:
            pytest.skip("needs root, to run as somebody else")
        other = station.add_enterprise()
        inside = station.settings_path.parent / "mounted"
        inside.mkdir()
        station.change_settings('folder = "share"', 'folder = "mounted/share"')
        station.share.rename(inside / "share")
        give_to_the_user(station.settings_path.parent)
        inside.chmod(0)
        assert station.cebd("config", "check", "-c", str(station.settings_path)).returncode == 0
        station.start()
        station.other_enterprise_goes_on()
        station.condition("file:trial:", "CEBD-1053")
        station.condition("store:evidence:trial", "CEBD-2110")
        assert (other / "状态.txt").exists()
        stopped_in_time(station)
        assert "Traceback" not in station.log()
        audit = station.cebd("audit", "-c", str(station.settings_path))
        assert "CEBD-1053" in audit.stdout
        inside.chmod(0o755)
        station.start()
        station.share, station.inbox, station.outbox = inside / "share", inside / "share/inbox", inside / "share/outbox"
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        station.final_receipt("orders")
        until(lambda: not station.standing()["conditions"], "nothing wrong any more")


def test_a_share_that_does_not_answer_is_one_enterprises_matter(tmp_path: Path) -> None:
    flag = tmp_path / "away"
    with TryStation(tmp_path) as station:
        other = station.add_enterprise()
        how = (str(station.share), str(flag))
        station.drop_rows("late.xlsx", "order", list(order_rows(2)))
        station.start(HUNG, (*how, "late.xlsx"))  # the share goes away when that is to be read
        until(flag.exists, "the share to be away")
        station.condition("file:trial:", "CEBD-1053")
        station.other_enterprise_goes_on()
        assert (other / "状态.txt").exists()
        stopped_in_time(station)
        station.start(HUNG, how)
        station.other_enterprise_goes_on()
        flag.unlink()
        assert station.final_receipt("late")["counts"] == {"succeeded": 2}
        until(lambda: not station.standing()["conditions"], "nothing wrong any more")
        assert "Traceback" not in station.log()
