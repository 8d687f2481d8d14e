"""`./dev soak release [--only PART]`: what a release promises, tried on machines that know nothing of cebd.

    debian    the .deb in a container: installed, started, upgraded, gone back, removed (`./dev soak debian`)
    windows   the installer under Wine: the demonstration, the service, upgrades that can and cannot be done, removing it
              (`./dev soak windows`)
    newcomer  the README's first steps on a clean Debian of each suite, by a person who is not root; then unit tests, on its Python
    pythons   the unit tests on each other Python that is here, 3.11 to 3.13 (on the PATH, or pyenv's)

Prints what each step took; ends with 1 where one is not as it should be.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired

from builders.clean_debian import CleanDebian, why_not
from builders.container import TREE
from soak import debian, windows

# Debian 12 has Python 3.11, Debian 13 has 3.13. No Debian has 3.12.
SUITES = {"bookworm": "tests/unit/records tests/unit/rules", "trixie": "tests/unit"}

_OWN_FOLDERS = """\
cd cebd
./dev cebd init ~/station
./dev cebd sandbox ~/station/sandbox >~/sandbox.log 2>&1 &
./dev cebd run -c ~/station/cebd.toml >~/run.log 2>&1 &
./.venv/bin/python - <<'END'
import json, time
from pathlib import Path
from cebd.trial.rows import order_rows, write_workbook

share = Path.home() / "station/share"
outbox = share / "outbox"
end = time.monotonic() + 90
while not (share / "inbox").is_dir() and time.monotonic() < end:
    time.sleep(0.1)
write_workbook(share / "inbox/mine.xlsx", "order", list(order_rows(3)))
counts = {}
while counts != {"acknowledged": 3} and time.monotonic() < end:
    time.sleep(0.2)
    answer = next(outbox.rglob("mine.receipt.json"), None)  # in the folder of the day
    counts = json.loads(answer.read_bytes())["counts"] if answer else {}
print(counts, (Path.home() / "run.log").read_text()[-2000:] if counts != {"acknowledged": 3} else "")
raise SystemExit(counts != {"acknowledged": 3})
END
kill %1 %2
"""


@contextmanager
def _step(said: str, failed: list[str]) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    except (CalledProcessError, TimeoutExpired) as error:
        failed.append(said)
        print(f"BAD {said}\n{(error.stdout or '')[-6000:]}", flush=True)
    else:
        print(f"ok  {said} ({time.monotonic() - began:.0f} s)", flush=True)


def _pythons() -> dict[str, str]:
    """By its version (3.12), each Python but ours that can make an environment."""
    found = {}
    for minor in (11, 12, 13):
        places = [
            shutil.which(f"python3.{minor}"),
            *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3.{minor}"),
        ]
        for place in filter(None, map(str, places)):
            words = [place, "-c", "import venv, ensurepip"]
            if (
                minor != sys.version_info.minor
                and not subprocess.run(words, capture_output=True, check=False).returncode
            ):
                found[f"3.{minor}"] = place
    return found


def pythons() -> int:
    failed: list[str] = []
    for version, python in _pythons().items():
        with (
            tempfile.TemporaryDirectory(prefix=f"cebd-python{version}-") as place,
            _step(f"Python {version}: unit tests", failed),
        ):
            _run(python, "-m", "venv", place)
            own = f"{place}/bin/python"
            _run(own, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f"{TREE}[test]")
            print(_run(own, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "tests/unit").splitlines()[-1])
    return 1 if failed else 0


def _run(*words: str) -> str:
    """What it printed. Raises CalledProcessError with that."""
    ended = subprocess.run(
        words,
        cwd=TREE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return ended.stdout


def newcomer(suites: dict[str, str]) -> int:
    reason = why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 1
    failed: list[str] = []
    for suite, tests in suites.items():
        with tempfile.TemporaryDirectory(prefix=f"cebd-{suite}-") as place:
            before = len(failed)
            with _step(f"{suite}: Debian", failed):
                machine = CleanDebian(Path(place) / "root", suite, ("python3", "python3-venv"))
            if len(failed) > before:
                continue
            print(f"    {machine.run('python3 --version').strip()}")
            for said, script, network in (
                ("./dev demo", "cd cebd\n./dev demo", True),
                ("./dev demo once more, without a network", "cd cebd\n./dev demo", False),
                ("your own folders", _OWN_FOLDERS, False),
                (f"./dev test {tests}", f"cd cebd\n./dev test -q -n 2 {tests} | tail -30", True),
            ):
                with _step(f"{suite}: {said}", failed):
                    printed = machine.run(script, network=network)
                    print("".join(f"    {line}\n" for line in printed.splitlines()[-3:]), end="")
    return 1 if failed else 0


def main() -> int:
    parts: dict[str, Callable[[], int]] = {"debian": debian.main, "windows": windows.main}
    words = argparse.ArgumentParser(prog="./dev soak release", description=__doc__)
    words.add_argument("--only", choices=[*parts, "newcomer", "pythons"])
    words.add_argument("--suite", choices=SUITES)
    given = words.parse_args()
    suites = {given.suite: SUITES[given.suite]} if given.suite else SUITES
    parts |= {"newcomer": lambda: newcomer(suites), "pythons": pythons}
    ended = [_whole(name, part) for name, part in parts.items() if given.only in (None, name)]
    return max(ended)


def _whole(name: str, part: Callable[[], int]) -> int:
    """A part to its end; one that breaks keeps none from the others."""
    began = time.monotonic()
    try:
        code = part()
    except Exception:
        traceback.print_exc()
        code = 1
    print(f"{'BAD' if code else 'ok '} {name} ({time.monotonic() - began:.0f} s)", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
