"""A container with a real systemd as its first process: this machine's own files, in which everything may be changed and nothing lasts.

Needs root, systemd-nspawn, and a kernel with overlays; `why_not` says what is missing. Inside, cebd runs as /usr/bin/cebd from this tree.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[2]
_BASE, _PACKAGES, _TREE = "/opt/base", "/opt/packages", "/opt/tree"  # Python, what it has installed, and this tree
PYTHON = f"{_BASE}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
_SECONDS = 120

_PROBE = """\
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart={python} {script}
Environment=PYTHONPATH={path} LD_LIBRARY_PATH={base}/lib PYTHONDONTWRITEBYTECODE=1
StandardOutput=file:/out/printed
StandardError=file:/out/printed
ExecStopPost=systemctl --force --force poweroff
"""
_TARGET = "[Unit]\nDefaultDependencies=no\nWants=probe.service\n"
_CEBD = """\
#!/bin/sh
export PYTHONPATH={path} LD_LIBRARY_PATH={base}/lib PYTHONDONTWRITEBYTECODE=1
exec {python} -m cebd "$@"
"""


def why_not() -> str | None:
    """Why no container can be had here; None where it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "a container needs root"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is not installed (apt-get install systemd-container)"
    if "\toverlay\n" not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return "this kernel has no overlays"
    return None


class Container:
    """Put things below `root`, then `run` a script in it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._folder = folder
        self.out = folder / "out"  # /out inside
        for name in ("root", "upper", "work", "out", "units"):
            (folder / name).mkdir()

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """Write a file inside, with the folders above it."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)
        return place

    def install_cebd(self) -> None:
        """The command, from this tree; the user cebd; the units."""
        self.write("/usr/bin/cebd", _CEBD.format(python=PYTHON, base=_BASE, path=f"{_TREE}/daemon:{_PACKAGES}"), 0o755)
        self.command("useradd", "--system", "--home-dir", "/var/lib/cebd", "--shell", "/usr/sbin/nologin", "cebd")
        for unit in (TREE / "systemd").iterdir():
            self.write(f"/usr/local/lib/systemd/system/{unit.name}", unit.read_text(encoding="utf-8"))

    def command(self, *words: str) -> None:
        """Run a program of the container, without its systemd."""
        subprocess.run(["chroot", str(self.root), *words], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def run(self, script: Path, seconds: float = _SECONDS) -> dict[str, Any]:
        """Boot, run the Python script as root, power off. What it wrote to /out/found.json."""
        units = self._folder / "units"
        (units / "test.target").write_text(_TARGET, encoding="ascii")
        path = f"{_TREE}/daemon:{_PACKAGES}"
        inside = f"{_TREE}/{script.relative_to(TREE)}"
        (units / "probe.service").write_text(
            _PROBE.format(python=PYTHON, script=inside, path=path, base=_BASE), encoding="ascii"
        )
        looked_up = (
            "/opt/units:/etc/systemd/system:/usr/local/lib/systemd/system:/run/systemd/system:/lib/systemd/system"
        )
        binds = {
            sys.base_prefix: _BASE,
            sysconfig.get_path("purelib"): _PACKAGES,
            str(TREE): _TREE,
            str(units): "/opt/units",
        }
        words = [
            *("systemd-nspawn", "-q", "-M", f"cebd{os.getpid()}", "-D", str(self.root)),
            *("--register=no", "--keep-unit", "--console=pipe", f"--bind={self.out}:/out"),
            *(f"--bind-ro={outside}:{inside}" for outside, inside in binds.items()),
            f"--setenv=SYSTEMD_UNIT_PATH={looked_up}",
            *("-b", "--", "--unit=test.target"),
        ]
        ended = subprocess.run(
            ["sh", "-c", f"{own_cgroup()}exec {shlex.join(words)}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        found = self.out / "found.json"
        printed = self.out / "printed"
        said = (printed.read_text(encoding="utf-8", errors="replace") if printed.exists() else "") + str(ended)
        assert found.exists(), said
        answers: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        assert "broke" not in answers, answers["broke"] + said
        return answers


@contextmanager
def container(folder: Path) -> Iterator[Container]:
    """A container in that folder, which is new and not on an overlay itself."""
    made = Container(folder)
    options = f"lowerdir=/,upperdir={folder / 'upper'},workdir={folder / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(made.root)], check=True)
    try:
        yield made
    finally:
        subprocess.run(["umount", str(made.root)], check=True)


def own_cgroup() -> str:
    """Where control groups are of the first kind, too, the container's systemd wants one of its own to begin in."""
    places = [place for place in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified") if Path(place).is_dir()]
    name = f"cebd-test-{os.getpid()}"
    return "".join(f"mkdir -p {place}/{name} && echo $$ >{place}/{name}/cgroup.procs && " for place in places)
