"""The campaign of programs: schemathesis gives `/api` whatever its description allows, and what it forbids, for ten minutes.

./dev soak console [--seconds N] [--seed N]

No answer is a fault of ours (5xx), every answer is one that the description names, and whatever was written into the inbox is a document
that the reader of drops takes: nothing that was answered with a refusal is there.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from builders.consoles import TryConsole
from cebd.documents.workbooks.entered import entered
from cebd.listening.listener import Listener
from cebd.operations.console import accounts

_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_NAME = re.compile(r"api-[0-9a-f]{16}\.json")


def main() -> int:
    asked = argparse.ArgumentParser(prog="./dev soak console", allow_abbrev=False)
    asked.add_argument("--seconds", type=int, default=600)
    asked.add_argument("--seed", type=int, default=None)
    asked.add_argument("--schemathesis", default=shutil.which("schemathesis", path=str(Path(sys.executable).parent)))
    options = asked.parse_args()
    if options.schemathesis is None:
        print("schemathesis is missing: pip install cebd[test]")
        return 2
    with tempfile.TemporaryDirectory(prefix="cebd-soak-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        here = TryConsole.at(Path(folder))
        _, key = accounts.add_key(here.store, "trial", "soak", here.clock.now())
        door = here.settings.console.model_copy(update={"listen": f"127.0.0.1:{port}"}).door(here.settings.base)
        assert door is not None
        with Listener(here.console.app, door):
            code = _run(options, port, key)
        wrong = [file.name for file in here.made.inbox.rglob("*") if file.is_file() and not _is_sound(file)]
        count = sum(1 for file in here.made.inbox.rglob("*") if file.is_file())
    print(f"{count} drops were taken; {len(wrong)} of them are none: {wrong[:5]}")
    return code or int(bool(wrong))


def _run(options: argparse.Namespace, port: int, key: str) -> int:
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    command = [
        options.schemathesis,
        "run",
        f"http://127.0.0.1:{port}/api/openapi.json",
        "--header",
        f"Authorization: Bearer {key}",
        "--checks",
        _CHECKS,
        "--max-examples",
        "100000",
        "--max-time",
        str(options.seconds),
        *seed,
    ]
    return subprocess.run(command, check=False).returncode


def _is_sound(file: Path) -> bool:
    try:
        return bool(_NAME.fullmatch(file.name)) and bool(entered(file.read_bytes()).documents)
    except Exception:
        return False


if __name__ == "__main__":
    sys.exit(main())
