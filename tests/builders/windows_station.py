"""A station on the Windows machine of the tests, and the life of its service there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from builders import wine
from cebd.trial.keys import make_trial_key
from cebd.trial.rows import order_rows, write_workbook

# A maker's library that never answers: the process that waits for it has to end with the service.
HANGS = """\
#include <windows.h>
__declspec(dllexport) unsigned long C_GetFunctionList(void **list) { Sleep(INFINITE); return 0; }
"""
SETTINGS = """\
[station]
name = "try"
environment = "trial"
language = "en"
stable_seconds = 0.2
rescan_seconds = 0.5
[[enterprise]]
name = "one"
copCode = "4407961999"
copName = "示例跨境电子商务有限公司"
dxpId = "DXPENT0000010001"
folder = "share"
signer = "trial"
channel = "folder"
[log]
file = "log/cebd.json"
[signer.trial]
type = "software"
key = "keys/trial.key.pem"
cert = "keys/trial.cert.pem"
[channel.folder]
type = "folder"
send_dir = "side/send"
receive_dir = "side/receive"
"""
# A stop waits for it as long as it may.
_HANGS = """\
[[enterprise]]
name = "two"
copCode = "4407961998"
copName = "示例"
dxpId = "DXPENT0000010002"
folder = "share-2"
signer = "hangs"
channel = "folder"
[signer.hangs]
type = "pkcs11"
module = "hangs.dll"
token = "EPORT"
pin = { file = "pin.txt" }
"""


def live(python: Path | None = None) -> dict[str, Any]:
    """What is seen of a service through its life, and of other things that are different on Windows; or `why not`.

    `python`: one in which cebd is installed, in place of the machine's.
    """
    reason = wine.why_not()
    if reason is not None:
        return {"why not": reason}
    folder = station(SETTINGS + _HANGS)
    first = answered("first", folder, python=python)
    _write_settings(folder, SETTINGS)
    after = answered("after", folder, python=python)
    shutil.rmtree(folder, ignore_errors=True)
    return {**first, **after, "times": first["times"] | after["times"]}


def _write_settings(folder: Path, text: str) -> None:
    (folder / "cebd.toml").write_bytes(text.replace("\n", "\r\n").encode())


def station(settings: str = SETTINGS) -> Path:
    """A new station on C:, five workbooks of three orders each beside it."""
    folder = wine.drive_c() / "station"
    shutil.rmtree(folder, ignore_errors=True)
    make_trial_key(folder / "keys")
    for name in ("send", "receive"):
        (folder / "side" / name).mkdir(parents=True)
    _write_settings(folder, settings)
    (folder / "pin.txt").write_bytes("\ufeff649273\r\n".encode())
    wine.compile_dll(HANGS, folder / "hangs.dll")
    for number, name in enumerate(("first", "second", "third", "fourth", "fifth")):
        write_workbook(folder / f"{name}.xlsx", "order", list(order_rows(3, first=3 * number + 1)))
    return folder


def answered(part: str, folder: Path, *more: str, python: Path | None = None, seconds: float = 400.0) -> dict[str, Any]:
    """What `on_windows.py` found of that part of a life."""
    script, found = wine.TREE / "tests/daemons/on_windows.py", folder / f"{part}.json"
    words = (wine.on_windows(script), part, wine.on_windows(folder), wine.on_windows(found), *more)
    code, printed = wine.run(*words, python=python, seconds=seconds)
    assert found.exists(), (code, printed)
    answers: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    assert "broke" not in answers, (answers["broke"], answers["log"], printed)
    print(answers["times"])
    return answers
