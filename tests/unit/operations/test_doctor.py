"""`cebd doctor` looks at everything, says of each thing what is found and what mends it, and touches nothing."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from builders.new_station import new_station
from builders.new_store import open_store
from cebd.operations.doctor.examine import examine, going_live, worst
from cebd.operations.doctor.finding import Finding, Level, guarded
from cebd.operations.doctor.remedies import of_channel, of_token
from cebd.problems.problem import problem
from cebd.settings import Settings, load_settings
from cebd.store.safety.lock import StoreLock
from cebd.store.store import STORE
from cebd.store.tokens import Identity, record


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A station that has run: its channel's side does not listen."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    made = new_station(tmp_path / "station", port=port)
    settings = load_settings(made.settings)
    for name in ("working", "outbox"):
        (made.inbox.parent / name).mkdir(exist_ok=True)
    open_store(settings.store_dir).close()
    return settings


def found(settings: Settings, about: str) -> list[Finding]:
    return [finding for finding in examine(settings) if finding.about == about]


def test_each_thing_has_a_line_and_whatever_is_not_well_a_command(settings: Settings) -> None:
    findings = list(examine(settings))
    about = {finding.about.partition(":")[0] for finding in findings}
    assert about == {"settings", "store", "daemon", "folder", "schemas", "code tables", "signer", "clock", "channel"}
    assert all(finding.text.zh and finding.text.en for finding in findings)
    assert all(finding.command for finding in findings if finding.level is not Level.OK)
    assert worst(findings) is Level.FAIL  # the channel


def test_a_channel_that_does_not_answer_fails(settings: Settings) -> None:
    (channel,) = found(settings, "channel:sandbox")
    assert (channel.level, channel.text.en[:9]) == (Level.FAIL, "CEBD-1601")


def test_a_store_with_a_torn_page_fails(settings: Settings) -> None:
    path = settings.store_dir / STORE
    content = bytearray(path.read_bytes())
    content[4096 * 6 : 4096 * 7] = os.urandom(4096)
    path.write_bytes(bytes(content))
    assert next(finding.level for finding in found(settings, "store")) is Level.FAIL


def test_a_daemon_that_runs_is_seen(settings: Settings) -> None:
    assert [finding.level for finding in found(settings, "daemon")] == [Level.WARN]
    lock = StoreLock.take(settings.store_dir)
    try:
        assert [finding.level for finding in found(settings, "daemon")] == [Level.OK]
    finally:
        lock.release()


@pytest.mark.parametrize(("until", "level"), [("2020-01-01", Level.FAIL), ("2099-01-01", Level.OK)])
def test_a_certificate_is_named_with_whose_it_is_and_how_long_it_holds(
    settings: Settings, until: str, level: Level
) -> None:
    (name,) = settings.signer
    identity = Identity("0001", "a model", number="0A", organisation="试验电商", valid_until=f"{until}T00:00:00+08:00")
    store = open_store(settings.store_dir)
    with store.write() as transaction:
        record(transaction, name, identity, "first use", "2026-03-04T10:00:00+08:00")
    store.close()
    (signer,) = found(settings, f"signer:{name}")
    assert signer.level is level
    assert "试验电商" in signer.text.zh


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_an_inbox_that_anybody_may_write_to_is_warned_of(settings: Settings) -> None:
    inbox = settings.folder(settings.enterprise[0]) / "inbox"
    inbox.chmod(0o777)
    warned = [finding for finding in found(settings, f"folder:{settings.enterprise[0].name}") if finding.command]
    assert [finding.command for finding in warned] == [f"chmod o-w {inbox}"]


def test_trying_the_folders_leaves_nothing_behind(settings: Settings) -> None:
    folder = settings.folder(settings.enterprise[0])
    before = sorted(folder.rglob("*"))
    assert [one.level for one in found(settings, f"folder:{settings.enterprise[0].name}")][1] is Level.OK
    assert sorted(folder.rglob("*")) == before


def test_a_folder_that_is_away_fails_and_keeps_nothing_else_from_being_looked_at(settings: Settings) -> None:
    folder = settings.folder(settings.enterprise[0])
    folder.rename(folder.with_name("away"))
    (finding,) = found(settings, f"folder:{settings.enterprise[0].name}")
    assert finding.level is Level.FAIL
    assert found(settings, "clock")


def test_what_breaks_while_it_is_looked_at_is_a_finding() -> None:
    def breaks() -> list[Finding]:
        raise ValueError("no such thing")

    (finding,) = guarded("clock", breaks, "tail log")
    assert (finding.about, finding.level) == ("clock", Level.FAIL)
    assert "no such thing" in finding.text.en
    assert finding.command == "tail log"


@pytest.mark.skipif(os.name != "posix", reason="commands as Debian has them")
def test_each_finding_names_the_command_that_mends_it(settings: Settings) -> None:
    (name,) = settings.signer
    by_about = {one.about: one.command for one in examine(settings) if one.level is not Level.OK}
    assert by_about["daemon"] == "cebd service start"
    assert by_about[f"signer:{name}"] == f"cebd token test {name}"
    port = getattr(settings.channel["sandbox"], "port", 0)
    assert by_about["channel:sandbox"] == f"nc -vz 127.0.0.1 {port}"
    changed = settings.path.read_text(encoding="utf-8").replace('type = "software"', 'type = "softwear"')
    settings.path.write_text(changed, encoding="utf-8")
    line = changed[: changed.index("softwear")].count("\n") + 1
    (mistake, *_) = [one for one in found(load_settings(settings.path), "settings") if one.level is Level.FAIL]
    assert mistake.command == f"editor +{line} {settings.path}"


@pytest.mark.parametrize(
    ("trouble", "command"),
    [
        ("CEBD-1501", "cebd token list"),
        ("CEBD-1502", "cebd token test trial --login"),
        ("CEBD-1522", "cebd token accept trial"),
        ("CEBD-1503", "cebd token test trial"),
    ],
)
def test_a_signers_trouble_has_a_command_of_its_own(settings: Settings, trouble: str, command: str) -> None:
    said = problem(trouble, value="trial", signer="trial", reason="-", known="-", found="-", number="-", date="-")
    assert of_token(settings, "trial", said) == command


def test_a_changed_host_key_is_looked_at_and_what_is_the_other_sides_is_tried_again(settings: Settings) -> None:
    address = ("eport.example.org", 2222)
    shown = of_channel(settings, "sandbox", "CEBD-1602", address)
    assert shown == "ssh-keyscan -p 2222 eport.example.org | ssh-keygen -lf -"
    assert of_channel(settings, "sandbox", "CEBD-1606", address) == "cebd queue retry --channel sandbox"


def test_a_trial_station_does_not_go_live_and_is_told_what_to_declare_first(settings: Settings) -> None:
    findings = list(going_live(settings))
    by_about = {finding.about: finding for finding in findings}
    assert by_about["environment"].level is Level.FAIL
    (name,) = settings.signer
    assert by_about[f"signer:{name}"].level is Level.FAIL  # a key in a file
    assert findings[-1].about == "first"
    assert "120" in findings[-1].text.zh
