"""A Debian as it is right after its installation, with a person on it who has this tree: made by debootstrap, run by systemd-nspawn.

Packages of Debian and of Python come from where apt and pip of this machine have theirs. Needs root and a way to those.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from builders.container import TREE, own_cgroup

PERSON, HOME = "newcomer", "/home/newcomer"
_MIRROR = "http://deb.debian.org/debian"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def why_not() -> str | None:
    """Why none can be had here; None where it can."""
    if os.geteuid() != 0:
        return "debootstrap needs root"
    missing = [program for program in ("debootstrap", "systemd-nspawn") if shutil.which(program) is None]
    return f"not installed: {', '.join(missing)} (apt-get install debootstrap systemd-container)" if missing else None


class CleanDebian:
    """`folder`: a new one. Raises CalledProcessError."""

    def __init__(self, folder: Path, suite: str, packages: tuple[str, ...]) -> None:
        self.root = folder
        include = f"--include={','.join(('ca-certificates', *packages))}"
        words = ["debootstrap", "--variant=minbase", include, suite, str(folder), _mirror()]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if Path(_CERTIFICATES).exists():
            shutil.copyfile(_CERTIFICATES, folder / _CERTIFICATES.lstrip("/"))
        self._pip = _pip_settings()
        self.run(f"useradd --create-home --shell /bin/bash {PERSON}", user="root")
        self._copy_tree(folder / HOME.lstrip("/") / "cebd")
        self.run(f"chown -R {PERSON}: {HOME}/cebd", user="root")

    def run(self, script: str, *, user: str = PERSON, network: bool = True, seconds: float = 900) -> str:
        """Run a script of bash; what it printed. Raises CalledProcessError with that. Without `network` there is this machine alone."""
        shared = sorted(filter(None, map(_shared, re.findall(r"(?:file://)?(/[^\s]+)", " ".join(self._pip.values())))))
        words = [
            *("systemd-nspawn", "-q", "-M", f"cebd{os.getpid()}", "-D", str(self.root), "--as-pid2"),
            *("--register=no", "--keep-unit", "--console=pipe", "--resolv-conf=copy-host"),
            *(() if network else ("--private-network",)),
            *(f"--bind-ro={path}" for path in shared),
            *(f"--setenv={name}={value}" for name, value in {**self._pip, **_proxies()}.items()),
            *("--", "su", user, "-c", f"cd {HOME if user == PERSON else '/'}\nset -eu -o pipefail\n{script}"),
        ]
        ended = subprocess.run(
            ["sh", "-c", f"{own_cgroup()}exec {shlex.join(words)}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
        own = ("Attempted to remove disk file system",)  # nspawn's, where control groups are of both kinds
        printed = "".join(line for line in ended.stdout.splitlines(keepends=True) if not line.startswith(own))
        if ended.returncode != 0:
            raise subprocess.CalledProcessError(ended.returncode, script, printed)
        return printed

    def _copy_tree(self, into: Path) -> None:
        """What git would clone, as it is now."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=TREE,
            check=True,
            capture_output=True,
        ).stdout
        for name in listed.decode().split("\0"):
            if name and (TREE / name).is_file():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(TREE / name, into / name)


def _mirror() -> str:
    for source in sorted(Path("/etc/apt").glob("sources.list*/*.sources")):
        found = re.search(r"^URIs: (\S+/debian)/?$", source.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return _MIRROR


def _pip_settings() -> dict[str, str]:
    """What pip has in its settings here, as variables."""
    words = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    values = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        values["PIP_" + name.rpartition(".")[2].upper().replace("-", "_")] = " ".join(
            value.strip("'").split("\\n")
        ).strip()
    return values


def _proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def _shared(path: str) -> str | None:
    """The folder of this machine that such a value needs; an index stands beside its files."""
    if path == _CERTIFICATES or not Path(path).exists():
        return None
    return str(Path(path).parent) if Path(path).name == "simple" else path
