"""Settings that change under work in flight, and mistakes in them: what is concerned waits and is named, everything else goes on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from builders.stations import TryStation
from builders.waiting import until
from cebd.cli.main import app
from cebd.clock import SystemClock
from cebd.intake.claim import claim
from cebd.settings import load_settings
from cebd.store.safety.environment import keep_environment
from cebd.store.store import Store
from cebd.trial.rows import order_rows


def cebd(station: TryStation, *arguments: str) -> Result:
    """A command beside the daemon, in this process: it costs a tenth of one of its own."""
    return CliRunner().invoke(app, [*arguments, "-c", str(station.settings_path)])


def ids_in_status(station: TryStation) -> set[str]:
    facts: dict[str, Any] = json.loads(cebd(station, "status", "--json").stdout)
    return {one["id"] for one in (*facts["conditions"], *facts["waiting"])}


def test_enterprise_signer_channel_and_station_get_other_names_while_an_order_waits(tmp_path: Path) -> None:
    """Receipts of all enterprises stopped, the order waited for ever behind a false reason, the audit was clean."""
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        key = station.settings_path.parent / "keys" / "trial.key.pem"
        key.rename(key.with_suffix(".away"))
        station.start()
        station.drop_rows("waits.xlsx", "order", list(order_rows(1)))
        until(lambda: (station.receipt("waits") or {}).get("counts") == {"ready": 1}, "the order ready")
        assert station.stop() == 0
        key.with_suffix(".away").rename(key)
        for old, new in (
            ('name = "station"', 'name = "renamed"'),
            ('name = "trial"', 'name = "first"'),
            ('signer = "trial"', 'signer = "card"'),
            ("[signer.trial]", "[signer.card]"),
            ('channel = "sandbox"', 'channel = "line"'),
            ("[channel.sandbox]", "[channel.line]"),
        ):
            station.change_settings(old, new)

        station.start()
        station.other_enterprise_goes_on()
        assert ids_in_status(station) == {"CEBD-2011", "CEBD-2012", "CEBD-2013", "CEBD-2014"}
        assert "cebd queue reassign --enterprise trial" in cebd(station, "status").stdout
        audited = cebd(station, "audit")
        assert audited.exit_code == 6
        assert {line.split()[0] for line in audited.stdout.splitlines() if line.startswith("CEBD-")} == {
            "CEBD-2011",
            "CEBD-2012",
            "CEBD-2013",
        }
        refused = cebd(station, "queue", "reassign", "--signer", "trial", "card", "--yes")
        assert refused.exit_code == 6
        assert "stop it" in refused.stderr
        assert station.stop() == 0

        for kind, old, new in (
            ("enterprise", "trial", "first"),
            ("signer", "trial", "card"),
            ("channel", "sandbox", "line"),
        ):
            handed = cebd(station, "queue", "reassign", f"--{kind}", old, new, "--yes")
            assert handed.exit_code == 0, handed.stderr
        with sqlite3.connect(station.store / "cebd.sqlite") as store:
            journal = store.execute("SELECT detail FROM journal WHERE event = 'reassigned'").fetchall()
        assert [(one["before"], one["after"]) for one in (json.loads(text) for (text,) in journal)] == [
            ("trial", "first"),
            ("trial", "card"),
            ("sandbox", "line"),
        ]
        station.start()
        assert station.final_receipt("waits")["counts"] == {"succeeded": 1}
        assert not ids_in_status(station)
        assert len(list((station.customs_folder / "taken").iterdir())) == 2  # its own and the other's, each once
        assert station.stop() == 0


def test_a_mistake_of_one_enterprise_leaves_its_files_alone_and_the_other_goes_on(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        text = station.settings_path.read_text(encoding="utf-8")
        station.settings_path.write_text(text.replace("ebpName =", "ebpNaem =", 1), encoding="utf-8")
        line = text[: text.index("ebpName =")].count("\n") + 1
        station.drop_rows("stays.xlsx", "order", list(order_rows(1)))
        station.start()
        station.other_enterprise_goes_on()
        assert (station.inbox / "stays.xlsx").exists()
        told = cebd(station, "status").stdout
        assert "CEBD-2002" in told
        assert f"第 {line} 行" in told
        checked = cebd(station, "config", "check")
        assert checked.exit_code == 2
        assert f"line {line}: enterprise.0.defaults.order.ebpNaem" in checked.stderr
        assert "did you mean ebpName?" in checked.stderr
        assert station.stop() == 0
        station.settings_path.write_text(text, encoding="utf-8")
        assert station.run_once().returncode == 0
        assert not (station.inbox / "stays.xlsx").exists()


def test_what_was_tried_does_not_become_the_real_thing_in_the_same_folder(tmp_path: Path) -> None:
    with TryStation(tmp_path, audited=False) as station:
        store = Store.open(station.store)
        keep_environment(store, load_settings(station.settings_path).station.environment)
        store.close()
        station.change_settings('environment = "trial"', 'environment = "test"')
        refused = station.run_once()
        assert refused.returncode == 6
        assert "belongs to the environment trial" in refused.stderr
        assert "new, empty folders" in refused.stderr


def test_a_file_taken_in_before_its_enterprise_got_another_folder_waits_for_it(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("moved.xlsx", "order", list(order_rows(1)))
        settings = load_settings(station.settings_path)
        store = Store.open(station.store)
        keep_environment(store, settings.station.environment)
        assert (
            claim(store, "trial", station.share, station.inbox / "moved.xlsx", SystemClock()) is not None
        )  # a kill came then
        store.close()
        station.change_settings('folder = "share"', 'folder = "elsewhere"')
        assert station.run_once().returncode == 2
        assert ids_in_status(station) == {"CEBD-2015"}
        elsewhere = station.settings_path.parent / "elsewhere"
        for path in (station.share / "working").iterdir():
            path.rename(elsewhere / "working" / path.name)
        assert station.run_once().returncode == 0
        assert not ids_in_status(station)
        [moved] = (elsewhere / "outbox").glob("**/moved.receipt.json")
        assert json.loads(moved.read_text(encoding="utf-8"))["counts"]
