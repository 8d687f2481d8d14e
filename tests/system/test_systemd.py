"""The unit for systemd: as systemd reads it, and as a real one starts it, watches over it and stops it in a container."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from builders.container import PYTHON, TREE, Container, container, why_not
from builders.exposure import exposure
from builders.once import once_for_all_workers
from builders.softhsm import MODULE, PIN, SoftHsm, needs_softhsm
from cebd.trial.keys import make_trial_key
from cebd.trial.rows import order_rows, write_workbook

UNIT = TREE / "systemd/cebd@.service"
MOST_EXPOSED = 2.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_container = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

SETTINGS = """\
[station]
name = "{name}"
environment = "trial"
language = "en"
stable_seconds = 0.2
rescan_seconds = 0.5
[store]
path = "/var/lib/cebd/{name}/store"
[[enterprise]]
name = "one"
copCode = "4407961999"
copName = "示例跨境电子商务有限公司"
dxpId = "DXPENT0000010001"
folder = "/srv/cebd/{name}"
signer = "token"
channel = "folder"
[signer.token]
type = "pkcs11"
module = "{module}"
token = "EPORT"
pin = {{ credential = "token.pin" }}
[channel.folder]
type = "folder"
send_dir = "/srv/cebd/{name}-side/send"
receive_dir = "/srv/cebd/{name}-side/receive"
"""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit of a station named `one`, with a program that is there on every machine."""
    text = UNIT.read_text(encoding="utf-8")
    assert text.count("/usr/bin/cebd") == 1
    (tmp_path / "cebd@.service").write_text(text, encoding="utf-8")
    path = tmp_path / "cebd@one.service"
    path.write_text(text.replace("/usr/bin/cebd", "/bin/true"), encoding="utf-8")
    return path


@needs_systemd
def test_systemd_has_not_a_word_to_say_about_the_unit(unit: Path) -> None:
    """What an older systemd does not know it ignores, with a word: Debian 12's knows no notify-reload."""
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")

    unit.write_text(unit.read_text(encoding="utf-8").replace("Type=notify", "Type=notify-later"), encoding="utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "notify-later" in said.stderr


@needs_systemd
def test_systemd_has_not_a_word_to_say_about_the_backups_either(tmp_path: Path) -> None:
    for kind in ("service", "timer"):
        text = (UNIT.parent / f"cebd-backup@.{kind}").read_text(encoding="utf-8")
        for name in (f"cebd-backup@.{kind}", f"cebd-backup@one.{kind}"):
            (tmp_path / name).write_text(text.replace("/usr/bin/cebd backup", "/bin/true backup"), encoding="utf-8")
    units = [str(tmp_path / f"cebd-backup@one.{kind}") for kind in ("service", "timer")]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@needs_systemd
def test_the_service_is_exposed_no_more_than_it_has_to_be(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, said = exposure(unit)
    with capsys.disabled():
        print(f"\n    exposure {found}")
    assert found <= MOST_EXPOSED, said


def test_each_opening_of_the_unit_is_explained() -> None:
    text = UNIT.read_text(encoding="utf-8")
    for opening in ("PrivateDevices", "DeviceAllow", "AF_NETLINK", "PrivateNetwork", "PrivateUsers", "setpriority"):
        assert re.search(rf"^# .*({opening}|USB|step back)", text, re.MULTILINE), opening
    assert "DeviceAllow=char-usb_device rw" in text


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What systemd said of services through their lives, all in one boot."""
    return once_for_all_workers("systemd", lambda: _live(tmp_path_factory.mktemp("container")))


def _live(folder: Path) -> dict[str, Any]:
    with container(folder) as box:
        box.install_cebd()
        for name in ("one", "hangs", "wrong"):
            _put_station(box, name)
        box.write("/etc/cebd/wrong/cebd.toml", "[station]\nname = 1\n")
        log = "[Service]\nStandardOutput=append:/srv/cebd/%i.log\nStandardError=append:/srv/cebd/%i.log\n"
        box.write("/etc/systemd/system/cebd@.service.d/log.conf", log)
        script = "/opt/tree/tests/daemons/hangs_in_its_work.py"
        hangs = f"[Service]\nExecStart=\nExecStart={PYTHON} {script}\nWatchdogSec=2\nTimeoutAbortSec=1\n"
        paths = "Environment=PYTHONPATH=/opt/tree/daemon:/opt/packages LD_LIBRARY_PATH=/opt/base/lib\n"
        box.write("/etc/systemd/system/cebd@hangs.service.d/hangs.conf", hangs + paths)
        _put_token(box, folder)
        for number, name in ((1, "first"), (4, "second"), (7, "third")):
            rows = list(order_rows(3, first=number))
            write_workbook(folder / f"{name}.xlsx", "order", rows)
            shutil.copy(folder / f"{name}.xlsx", box.root / f"srv/cebd/{name}.xlsx")
        box.command("chown", "-R", "cebd:cebd", "/srv/cebd")
        return box.run(TREE / "tests/daemons/service_probe.py")


def _put_station(box: Container, name: str) -> None:
    box.write(f"/etc/cebd/{name}/cebd.toml", SETTINGS.format(name=name, module=MODULE))
    box.write(f"/etc/cebd/{name}/secrets/token.pin", f"{PIN}\n", 0o400)
    for place in (f"{name}", f"{name}-side/send", f"{name}-side/receive"):
        (box.root / "srv/cebd" / place).mkdir(parents=True, exist_ok=True)


def _put_token(box: Container, folder: Path) -> None:
    """A token, in files that the service's user may use."""
    make_trial_key(folder / "keys")
    token = SoftHsm(folder / "token")
    token.make_token("EPORT")
    token.import_key("EPORT", folder / "keys/trial.key.pem")
    certificate = x509.load_pem_x509_certificate((folder / "keys/trial.cert.pem").read_bytes())
    (folder / "trial.der").write_bytes(certificate.public_bytes(Encoding.DER))
    token.import_certificate("EPORT", folder / "trial.der")
    shutil.copytree(folder / "token/tokens", box.root / "srv/cebd/tokens")
    box.write("/srv/cebd/softhsm2.conf", "directories.tokendir = /srv/cebd/tokens\nobjectstore.backend = file\n")
    box.write(
        "/etc/systemd/system/cebd@.service.d/token.conf",
        "[Service]\nEnvironment=SOFTHSM2_CONF=/srv/cebd/softhsm2.conf\n",
    )


pytestmark = pytest.mark.timeout(180)


@needs_container
@needs_softhsm
def test_an_installed_service_starts_with_the_machine_and_is_backed_up_every_day(lived: dict[str, Any]) -> None:
    assert lived["install"]["code"] == 0, lived["install"]
    assert lived["install"]["enabled"] == ["enabled", "enabled"]


@needs_container
@needs_softhsm
def test_the_service_is_ready_once_its_work_is_found_again_and_says_how_it_stands(lived: dict[str, Any]) -> None:
    start = lived["start"]
    assert (start["code"], start["ActiveState"], start["SubState"]) == (0, "active", "running"), lived["logs"]
    assert start["StatusText"] == "All is well; nothing needs to be done."


@needs_container
@needs_softhsm
def test_it_signs_with_a_pin_that_systemd_gave_it_in_all_its_confinement(lived: dict[str, Any]) -> None:
    assert lived["declared"], lived["logs"]
    assert all(PIN not in log for log in lived["logs"].values())


@needs_container
@needs_softhsm
def test_a_folder_of_settings_that_the_service_may_not_change_is_no_trouble(lived: dict[str, Any]) -> None:
    """Evidence of the store's progress lies beside settings that may be written; nothing is missing where it could never be."""
    assert "CEBD-21" not in lived["logs"]["one.log"]


@needs_container
@needs_softhsm
def test_the_timer_has_a_backup_made_while_the_service_runs_and_the_station_knows_of_it(lived: dict[str, Any]) -> None:
    made = lived["backup"]
    assert (made["code"], made["Result"]) == (0, "success"), lived["logs"]
    assert "ActiveState=active" in made["next"]
    assert re.fullmatch(r"cebd-one-\d{8}T\d{6}\.sqlite", made["files"][0])
    assert made["files"][1] == f"{made['files'][0]}.sha256"
    assert (made["mode"], made["owner"], made["known"]) == (["0o600"], ["cebd"], True)


@needs_container
@needs_softhsm
def test_killed_it_is_started_again_and_goes_on(lived: dict[str, Any]) -> None:
    killed = lived["killed"]
    assert killed["other"]
    assert (killed["ActiveState"], killed["NRestarts"]) == ("active", "1")
    assert lived["declared after the kill"], lived["logs"]


@needs_container
@needs_softhsm
def test_an_upgrade_backs_up_starts_and_audits_and_nothing_of_the_store_is_root_s(lived: dict[str, Any]) -> None:
    upgrade = lived["upgrade"]
    assert (upgrade["code"], upgrade["other"], upgrade["ActiveState"]) == (0, True, "active"), upgrade
    assert "one: 账目相符。 Its books balance." in upgrade["said"]
    assert (upgrade["copies"], upgrade["owners"]) == ([["upgrade-", "cebd"]], ["cebd"])


@needs_container
@needs_softhsm
def test_an_uninstalled_service_is_not_backed_up_any_more_and_keeps_what_it_has(lived: dict[str, Any]) -> None:
    gone = lived["uninstall"]
    assert (gone["code"], gone["timer"], gone["left"]) == (0, "inactive", []), gone
    assert (gone["store"], gone["backups"]) == (True, 1)


@needs_container
@needs_softhsm
def test_new_settings_are_taken_over_by_the_same_process(lived: dict[str, Any]) -> None:
    reloaded = lived["reloaded"]
    assert (reloaded["code"], reloaded["same"], reloaded["ActiveState"]) == (0, True, "active"), lived["logs"]
    assert reloaded["StatusText"] == "一切正常，没有要处理的事。"
    assert "count from the next start: station.name" in lived["logs"]["one.log"]
    assert lived["declared after reloads"], lived["logs"]


@needs_container
@needs_softhsm
def test_settings_with_a_mistake_are_named_and_those_in_use_stay(lived: dict[str, Any]) -> None:
    refused = lived["refused"]
    assert (refused["same"], refused["ActiveState"]) == (True, "active")
    assert refused["StatusText"].startswith("有 1 件事不正常")
    assert "CEBD-2017" in lived["logs"]["one.log"]
    assert lived["mended"]["StatusText"] == "All is well; nothing needs to be done."


@needs_container
@needs_softhsm
def test_it_stops_in_a_moment(lived: dict[str, Any]) -> None:
    assert (lived["stop"]["ActiveState"], lived["stop"]["Result"]) == ("inactive", "success")
    assert lived["stop"]["seconds"] < 4, lived["logs"]


@needs_container
@needs_softhsm
def test_work_that_hangs_starves_the_watchdog_and_is_started_again(lived: dict[str, Any]) -> None:
    assert lived["hangs"]["NRestarts"] != "0"
    assert "work does not come back" in lived["logs"]["hangs.log"]


@needs_container
@needs_softhsm
def test_settings_that_cannot_be_used_are_not_tried_again(lived: dict[str, Any]) -> None:
    wrong = lived["wrong"]
    assert (wrong["ActiveState"], wrong["ExecMainStatus"], wrong["NRestarts"]) == ("failed", "2", "0")
