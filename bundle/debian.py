"""`./dev bundle debian`: a .deb with cebd, what it stands on and the unit, for a machine without a network.

Everything lies in a virtual environment, /opt/cebd, of the machine's own Python: the package wants the one it was built with. It is built
by Debian's own dpkg-deb; dh-virtualenv would add debhelper and little else.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

TREE = Path(__file__).parents[1]
_HOME = Path("/opt/cebd")

_CONTROL = """\
Package: cebd
Version: {version}
Architecture: {architecture}
Maintainer: cebd
Section: net
Priority: optional
Installed-Size: {size}
Depends: python3 (>= {python}), python3 (<< {next}), libc6, passwd
Recommends: pcscd, softhsm2
Description: declares goods to China Customs' cross-border e-commerce import system
 Operators drop workbooks into a shared folder; cebd checks, signs, sends and
 writes the answers of customs back beside them.
 .
 /usr/share/doc/cebd/service-debian.md says how a station becomes a service.
"""
_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    getent passwd cebd >/dev/null ||
        useradd --system --user-group --home-dir /var/lib/cebd --shell /usr/sbin/nologin cebd
    mkdir -p /etc/cebd
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        # Those that ran before: back up, bring up to date, start, audit. Where one could not be started this fails, the list stays,
        # and the earlier package, installed again, starts it.
        if [ -s /run/cebd-stopped ]; then /usr/bin/cebd service upgrade --list /run/cebd-stopped; fi
    fi
fi
# A newer package could not be unpacked (no room, say): this version is there as before, and goes on.
if [ "$1" = abort-upgrade ] && [ -s /run/cebd-stopped ] && [ -d /run/systemd/system ]; then
    /usr/bin/cebd service start --list /run/cebd-stopped
fi
"""
_PRERM = """\
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
    systemctl list-units --plain --no-legend --state=active,activating 'cebd@*.service' | cut -d' ' -f1 >>/run/cebd-stopped
    systemctl stop 'cebd@*.service' || true
    if [ "$1" = remove ]; then
        rm -f /run/cebd-stopped
        systemctl stop 'cebd-backup@*.timer' || true
    fi
fi
"""
_POSTRM = """\
#!/bin/sh
set -e
# Settings (/etc/cebd), stores (/var/lib/cebd) and the user stay, at a purge too: what was declared is kept for three years.
# At an upgrade this is the old version's, and the new one lies there already.
case "$1" in
remove | purge) rm -rf /run/cebd-stopped /opt/cebd ;;
esac
[ ! -d /run/systemd/system ] || systemctl daemon-reload || true
"""


def build(into: Path) -> Path:
    """The package's file. Raises CalledProcessError."""
    version = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    architecture = _said("dpkg", "--print-architecture")
    into.mkdir(parents=True, exist_ok=True)
    root = into / "deb"
    shutil.rmtree(root, ignore_errors=True)
    home = root / _HOME.relative_to("/")
    python = "/usr/bin/python3"
    _run(python, "-m", "venv", "--without-pip", str(home))
    wheel = _wheel(into)
    site = next((home / "lib").glob("python3.*")) / "site-packages"
    _run(_pip_python(), "-m", "pip", "install", "-q", "--target", str(site), "--no-compile", "--python-version",
         site.parent.name.removeprefix("python"), "--only-binary=:all:", f"{wheel}[amqp,control]")  # fmt: skip
    shutil.rmtree(site / "bin", ignore_errors=True)
    command = home / "bin/cebd"
    command.write_text(f"#!{_HOME}/bin/python\nfrom cebd.cli.main import main\n\nmain()\n", encoding="ascii")
    command.chmod(0o755)
    _point_to_home(home)
    # As pip does: what does not compile stays as it is (olefile carries a module for Python 2).
    words = [python, "-m", "compileall", "-q", "-q", "-s", str(root), "-p", "/", str(site)]
    subprocess.run(words, check=False, stdin=subprocess.DEVNULL)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/cebd").symlink_to(_HOME / "bin/cebd")
    for unit in (TREE / "systemd").iterdir():
        _copy(unit, root / "lib/systemd/system" / unit.name)
    for name in (
        "README.md",
        "CHANGELOG.md",
        "config.example.toml",
        "LICENSE",
        "NOTICE",
        "docs/service-debian.md",
        "docs/service-debian.zh.md",
    ):
        _copy(TREE / name, root / "usr/share/doc/cebd" / Path(name).name)
    major, minor = re.fullmatch(r"python(\d+)\.(\d+)", site.parent.name).groups()  # type: ignore[union-attr]
    size = sum(path.lstat().st_size for path in root.rglob("*")) // 1024
    control = _CONTROL.format(
        version=version,
        architecture=architecture,
        size=size,
        python=f"{major}.{minor}",
        next=f"{major}.{int(minor) + 1}",
    )
    meta = root / "DEBIAN"
    meta.mkdir()
    (meta / "control").write_text(control, encoding="utf-8")
    for name, text in (("postinst", _POSTINST), ("prerm", _PRERM), ("postrm", _POSTRM)):
        (meta / name).write_text(text, encoding="utf-8")
        (meta / name).chmod(0o755)
    file = into / f"cebd_{version}_{architecture}.deb"
    _run("dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(root), str(file))
    shutil.rmtree(root)
    return file


def _wheel(into: Path) -> Path:
    _run(_pip_python(), "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(into), str(TREE))
    return max(into.glob("cebd-*.whl"), key=lambda path: path.stat().st_mtime)


def _pip_python() -> str:
    return sys.executable


def _point_to_home(home: Path) -> None:
    """A virtual environment knows where it was made: here it is said where it will be."""
    for script in (home / "bin").glob("[Aa]ctivate*"):
        script.unlink()
    settings = home / "pyvenv.cfg"
    settings.write_text(settings.read_text(encoding="utf-8").replace(str(home), str(_HOME)), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _said(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve()))
