"""A new version takes over the stations of a machine: stop, back up, bring up to date, start, audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cebd.cli.main import app
from cebd.operations.text import Refused, Text
from cebd.service.manager import Installed, ServiceStatus, Wanted
from cebd.service.upgrade import Ended, Step, start_all, stop_all, upgrade


@dataclass
class Machine:
    """A service manager in memory; `did` is all that was done, in order."""

    states: dict[str, str]
    codes: dict[tuple[str, str], int] = field(default_factory=dict)
    cannot_start: str = ""
    did: list[str] = field(default_factory=list)

    def installed(self) -> list[Installed]:
        return [Installed(name, Path(f"/etc/cebd/{name}/cebd.toml"), "cebd") for name in self.states]

    def status(self, name: str) -> ServiceStatus:
        return ServiceStatus(name, self.states[name])

    def stop(self, name: str) -> None:
        self.did.append(f"stop {name}")
        self.states[name] = "stopped"

    def start(self, name: str) -> None:
        self.did.append(f"start {name}")
        if name == self.cannot_start:
            raise Refused(*Text("起不来", "does not come up"))
        self.states[name] = "running"

    def install(self, wanted: Wanted) -> list[Text]:
        raise NotImplementedError

    def uninstall(self, name: str) -> list[Text]:
        raise NotImplementedError

    def cebd(self, station: Installed, words: Sequence[str]) -> Ended:
        assert self.states[station.name] == ("running" if words[-1] == "audit" else "stopped")
        self.did.append(f"{words[-1]} {station.name}")
        return Ended(self.codes.get((station.name, words[-1]), 0), f"said by {words[-1]}")


def upgraded(machine: Machine, listed: Path | None = None) -> dict[str, list[Step]]:
    steps: dict[str, list[Step]] = {}
    for step in upgrade(machine, listed, machine.cebd):
        steps.setdefault(step.station, []).append(step)
    return steps


def test_a_station_that_runs_is_stopped_backed_up_brought_up_to_date_started_and_audited() -> None:
    machine = Machine({"one": "running"})
    steps = upgraded(machine)["one"]
    assert machine.did == ["stop one", "prepare one", "start one", "audit one"]
    assert all(step.is_done for step in steps)


def test_one_that_was_stopped_by_a_person_stays_stopped() -> None:
    machine = Machine({"one": "stopped", "two": "failed"})
    steps = upgraded(machine)
    assert machine.did == []
    assert {name: steps[name][0].said.en for name in steps} == dict.fromkeys(
        ("one", "two"), "It does not run; its next start brings it up to date."
    )


def test_those_that_the_package_stopped_before_it_replaced_the_program_are_started_again(tmp_path: Path) -> None:
    machine = Machine({"one": "running", "two": "stopped", "three": "starting"})
    listed = tmp_path / "stopped"
    assert [step.station for step in stop_all(machine, listed)] == ["one", "three"]
    assert listed.read_text(encoding="utf-8") == "one\nthree\n"
    machine.did.clear()
    upgraded(machine, listed)
    assert machine.states == {"one": "running", "two": "stopped", "three": "running"}
    assert not listed.exists()


def test_units_of_systemd_in_the_list_are_understood(tmp_path: Path) -> None:
    machine = Machine({"one": "stopped"})
    (tmp_path / "stopped").write_text("cebd@one.service\ncebd@gone.service\n\n", encoding="utf-8")
    upgraded(machine, tmp_path / "stopped")
    assert machine.states == {"one": "running"}
    assert not (tmp_path / "stopped").exists()


def test_a_store_that_cannot_be_brought_up_to_date_is_not_started_on_and_the_others_go_on(tmp_path: Path) -> None:
    machine = Machine({"one": "running", "two": "running"}, {("one", "prepare"): 6})
    listed = tmp_path / "stopped"
    steps = upgraded(machine, listed)
    assert machine.states == {"one": "stopped", "two": "running"}
    (step,) = steps["one"]
    assert (step.is_done, step.detail) == (False, "said by prepare")
    assert "its store is as it was: install the earlier version again" in step.said.en
    assert listed.read_text(encoding="utf-8") == "one\n", "the earlier version, installed again, starts it"


@pytest.mark.parametrize(
    ("failing", "code"),
    [((), 0), (("one",), 1), (("one", "two"), 6)],
    ids=["none fails", "one fails", "every one fails"],
)
def test_the_setup_learns_by_the_exit_code_whether_the_earlier_version_can_be_put_back(
    failing: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = Machine(
        {"one": "running", "two": "running", "three": "stopped"}, {(name, "prepare"): 6 for name in failing}
    )
    monkeypatch.setattr("cebd.service.here.manager_here", lambda: machine)
    monkeypatch.setattr("cebd.service.upgrade.as_its_user", machine.cebd)
    with pytest.raises(SystemExit) as ended:
        app(["service", "upgrade", "--list", str(tmp_path / "stopped")])
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert ("every store is as it was, and the earlier version can go on" in said) == (code == 6)


def test_put_back_the_earlier_version_is_started_for_those_that_ran(tmp_path: Path) -> None:
    machine = Machine({"one": "running", "two": "stopped", "three": "running"}, cannot_start="three")
    listed = tmp_path / "stopped"
    listed.write_text("one\nthree\ngone\n", encoding="utf-8")
    steps = list(start_all(machine, listed))
    assert [(step.station, step.is_done) for step in steps] == [("one", True), ("three", False)]
    assert machine.did == ["start one", "start three"]
    assert listed.read_text(encoding="utf-8") == "three\n", "the next upgrade tries it again"
    machine.cannot_start = ""
    assert [step.is_done for step in start_all(machine, listed)] == [True]
    assert not listed.exists()


def test_killed_between_two_stations_the_next_upgrade_starts_all_that_ran(tmp_path: Path) -> None:
    machine = Machine({"one": "running", "two": "running"})
    listed = tmp_path / "stopped"
    steps = upgrade(machine, listed, machine.cebd)
    next(steps)
    steps.close()  # `one` is stopped and up to date
    assert machine.states == {"one": "stopped", "two": "running"}
    upgraded(machine, listed)
    assert machine.states == {"one": "running", "two": "running"}


def test_one_that_does_not_come_up_is_named_and_tried_by_the_next_upgrade(tmp_path: Path) -> None:
    machine = Machine({"one": "running"}, cannot_start="one")
    steps = upgraded(machine, tmp_path / "stopped")
    assert (steps["one"][-1].is_done, steps["one"][-1].said.en) == (False, "does not come up")
    machine.cannot_start = ""
    upgraded(machine, tmp_path / "stopped")
    assert machine.states == {"one": "running"}


def test_books_that_do_not_balance_are_named_and_the_station_runs(tmp_path: Path) -> None:
    machine = Machine({"one": "running"}, {("one", "audit"): 6})
    steps = upgraded(machine, tmp_path / "stopped")
    assert (steps["one"][-1].said.en, steps["one"][-1].detail) == (
        "It runs, but its books do not balance:",
        "said by audit",
    )
    assert machine.states == {"one": "running"}
    assert not (tmp_path / "stopped").exists()


def test_a_service_manager_that_refuses_to_stop_one_keeps_nobody_else_back(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine({"one": "running", "two": "running"})
    stop = machine.stop

    def stubborn(name: str) -> None:
        if name == "one":
            raise Refused(*Text("不停", "does not stop"))
        stop(name)

    monkeypatch.setattr(machine, "stop", stubborn)
    steps = upgraded(machine)
    assert (steps["one"][0].is_done, machine.did) == (False, ["stop two", "prepare two", "start two", "audit two"])
