"""`./dev soak debian`: builds the .deb and installs, starts, upgrades and removes it under a real systemd, in a container; one station's
store is as the first version of cebd left it, one of the packages cannot bring a store up to date, another one cannot be unpacked.

Prints what each step took; ends with 1 where one is not as it should be.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from builders.container import TREE, container, why_not
from builders.exposure import exposure
from builders.old_station import BROKEN, old_station
from cebd.store.databases import migrations
from cebd.trial.keys import make_trial_key
from cebd.trial.rows import order_rows, write_workbook

_SETTINGS = """\
[station]
name = "one"
environment = "trial"
language = "en"
stable_seconds = 0.2
rescan_seconds = 0.5
[store]
path = "/var/lib/cebd/one/store"
[[enterprise]]
name = "one"
copCode = "4407961999"
copName = "示例跨境电子商务有限公司"
dxpId = "DXPENT0000010001"
folder = "/srv/one"
signer = "trial"
channel = "folder"
[signer.trial]
type = "software"
key = "/srv/keys/trial.key.pem"
cert = "/srv/keys/trial.cert.pem"
[channel.folder]
type = "folder"
send_dir = "/srv/side/send"
receive_dir = "/srv/side/receive"
"""

_MIGRATIONS = Path(migrations.__file__).relative_to(TREE / "daemon")
_LATER = """
VERSION = 3
STEPS[3] = complete_tables
"""


def _changed(package: Path, version: str, added: str, into: Path, *, unpacks: bool = True) -> None:
    """The package as a later version, with `added` at the end of its migrations."""
    with tempfile.TemporaryDirectory(prefix="cebd-deb-") as place:
        root = Path(place) / "root"
        subprocess.run(["dpkg-deb", "-R", str(package), str(root)], check=True)
        control = root / "DEBIAN/control"
        control.write_text(
            control.read_text(encoding="utf-8").replace("Version: 0.1.0", f"Version: {version}"), encoding="utf-8"
        )
        module = next(root.glob(f"opt/cebd/lib/python3.*/site-packages/{_MIGRATIONS}"))
        module.write_text(module.read_text(encoding="utf-8") + added, encoding="utf-8")
        if not unpacks:
            (root / "DEBIAN/preinst").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
            (root / "DEBIAN/preinst").chmod(0o755)
        for compiled in module.parent.glob("__pycache__/migrations.*.pyc"):
            compiled.unlink()
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(root), str(into)],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def main() -> int:
    reason = why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="cebd-deb-") as place:
        folder = Path(place)
        built = subprocess.run(
            [sys.executable, str(TREE / "bundle/debian.py"), place], check=True, stdout=subprocess.PIPE, text=True
        )
        unit = shutil.copyfile(TREE / "systemd/cebd@.service", folder / "cebd@one.service")
        print(f"exposure of the service: {exposure(unit)[0]} (0 to 10, less is better)")
        package = Path(built.stdout.splitlines()[-1])
        print(f"{package.name}: {package.stat().st_size / 1e6:.1f} MB")
        with container(folder) as box:
            box.write("/etc/cebd/one/cebd.toml", _SETTINGS)
            log = "[Service]\nStandardOutput=append:/srv/one.log\nStandardError=append:/srv/one.log\n"
            box.write("/etc/systemd/system/cebd@.service.d/log.conf", log)
            shutil.copy(package, box.root / "srv/cebd.deb")
            _changed(package, "0.2.0", _LATER, box.root / "srv/later.deb")
            _changed(package, "0.3.0", BROKEN.format(version=4), box.root / "srv/broken.deb")
            _changed(package, "0.4.0", "", box.root / "srv/not-unpacked.deb", unpacks=False)
            (box.root / "srv/cebd").mkdir()
            old_station(box.root / "srv/cebd/old")
            make_trial_key(box.root / "srv/keys")
            (box.root / "srv/keys").chmod(0o755)
            for name in ("one", "side/send", "side/receive"):
                (box.root / "srv" / name).mkdir(parents=True)
            for number, name in ((1, "first"), (4, "second"), (7, "third"), (10, "fourth")):
                write_workbook(box.root / f"srv/{name}.xlsx", "order", list(order_rows(3, first=number)))
            found = box.run(TREE / "tests/daemons/deb_probe.py", seconds=400)
    print(json.dumps(found["times"], indent=1))
    both = {"one": "running", "old": "running"}
    upgraded, broken, back = found["upgraded"], found["broken"], found["gone back"]
    wanted = {
        "installed": found["install"]["code"] == 0,
        "a service": found["service install one"]["code"] == 0,
        "started": found["start"]["code"] == 0 and found["running"] == {"one": "running", "old": "stopped"},
        "declared": found["declared"],
        "upgraded: backed up, brought up to date, started, audited": upgraded["code"] == 0
        and (upgraded["states"], upgraded["versions"]) == (both, {"one": "3", "old": "3"})
        and upgraded["said"].count("Its books balance") == 2,
        "works after the upgrade": found["declared again"],
        "a migration that breaks is said, and leaves the stores": broken["code"] != 0
        and "its store is as it was: install the earlier version again" in broken["said"]
        and (broken["states"], broken["versions"]) == ({"one": "stopped", "old": "stopped"}, {"one": "3", "old": "3"}),
        "the earlier version goes on": back["code"] == 0 and back["states"] == both and found["declared at last"],
        "a package that cannot be unpacked: the version that is there goes on": found["not unpacked"]["code"] != 0
        and (found["not unpacked"]["states"], found["not unpacked"]["versions"]) == (both, back["versions"])
        and found["declared after it"],
        "the books balance": found["audits"] == {"one": 0, "old": 0},
        "removed, with all that was declared left": found["remove"]["code"] == 0
        and found["removed"] == {"active": "inactive", "program": False, "stores": True, "settings": True},
    }
    for step, holds in wanted.items():
        print(f"{'ok ' if holds else 'BAD'} {step}")
    if not all(wanted.values()):
        print(json.dumps(found, indent=1, ensure_ascii=False), file=sys.stderr)
    return 0 if all(wanted.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
