"""Makes `waiting-COMMIT.tar.gz`: a station of that commit, killed with twenty messages at the token and a file being converted.

    git worktree add OLD COMMIT; python tests/stores/make_waiting.py OLD away|hangs|both TARGET.tar.gz

| archive | commit | the token | what the engine's file has |
| --- | --- | --- | --- |
| waiting-2af15e4.tar.gz | 2af15e4 | away | the signing of each message, put off; and a drop begun |
| waiting-dfebd28.tar.gz | dfebd28 | hangs | the signing of each message, begun; and a drop begun; no pipeline class yet |
| waiting-236d9e3.tar.gz | 236d9e3 | hangs after ten, as the channel does | signing and sending of ten each, begun; and a drop begun |

Its keys are left out (a test makes new ones); the channel is a folder. Beside the token it uses nothing but the commands of that commit.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cebd.trial.rows import order_rows, write_workbook

MESSAGES = 20
# The daemon of that commit, with a token that is away, or hangs, when a message is to be signed.
AWAY = """
from cebd import station
from cebd.signing.signer import TokenError
sign_stored = station.sign_stored
station.sign_stored = lambda store, _signer, *rest: sign_stored(store, TokenError("the token is away"), *rest)
"""
HANGS = """
import time
from cebd.station.ways_out import SignerWay
SignerWay._opened = lambda _self: time.sleep(1e6)
"""
BOTH = """
import time
from cebd.station.ways import SignerWay
from cebd.transport.channels.folder import FolderOutbound
opened, asked = SignerWay._opened, []
def hangs_after_ten(way):
    asked.append(way)
    if len(asked) > 10:
        time.sleep(1e6)
    return opened(way)
SignerWay._opened = hangs_after_ten
SignerWay.try_out = lambda _way: None
FolderOutbound.deliver = lambda _channel, _handover: time.sleep(1e6)
"""
CHANNEL = '[channel.sandbox]\ntype = "folder"\nsend_dir = "client/in"\nreceive_dir = "client/out"\n'


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within 120 s: {what}")
        time.sleep(0.002)


def count(path: Path, query: str) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return int(connection.execute(f"SELECT count(*) FROM {query}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def main(old: Path, how: str, target: Path) -> None:
    folder = Path(tempfile.mkdtemp()) / "station"
    environment = {**os.environ, "PYTHONPATH": str(old / "daemon")}
    cebd = [sys.executable, "-m", "cebd"]
    subprocess.run([*cebd, "init", str(folder)], env=environment, check=True, stdout=subprocess.DEVNULL)
    settings = folder / "cebd.toml"
    text = settings.read_text(encoding="utf-8").replace("stable_seconds = 1.0", "stable_seconds = 0.0")
    settings.write_text(text[: text.index("[channel.sandbox]")] + CHANNEL, encoding="utf-8")
    for name in ("in", "out", "taken"):
        (folder / "client" / name).mkdir(parents=True)
    inbox, store, engine = (
        folder / "share" / "inbox",
        folder / "store" / "cebd.sqlite",
        folder / "store" / "engine.sqlite",
    )
    script = {"away": AWAY, "hangs": HANGS, "both": BOTH}[how] + "from cebd.cli.main import main\nmain()"
    command = [sys.executable, "-c", script, "run", "-c", str(settings)]
    daemon = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    for number in range(1, MESSAGES + 1):
        write_workbook(inbox / f"order-{number}.part", "order", list(order_rows(1, first=number, prefix="WAITING")))
        (inbox / f"order-{number}.part").replace(inbox / f"order-{number}.xlsx")
    until(lambda: count(store, "messages") == MESSAGES, "all messages made")
    until(lambda: count(store, "drops WHERE state = 'filed'") == MESSAGES, "all files put away")
    if how == "away":
        until(lambda: count(store, "messages WHERE waiting IS NOT NULL") == MESSAGES, "all messages waiting")
    begun = "workflow_status WHERE status IN ('PENDING', 'ENQUEUED') AND workflow_uuid LIKE 's%'"
    if how == "both":
        until(lambda: count(store, "messages WHERE state = 'signed'") == 10, "ten messages signed")
    until(lambda: count(engine, begun) == MESSAGES, "all work begun")
    write_workbook(inbox / "large.part", "order", list(order_rows(2000, prefix="LARGE")))
    (inbox / "large.part").replace(inbox / "large.xlsx")
    begun = "workflow_status WHERE status = 'PENDING' AND workflow_uuid LIKE 'drop-%'"
    until(lambda: count(engine, begun) == 1, "the large file begun")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    assert count(store, "drops WHERE state = 'claimed'") == 1
    for path in (folder / "keys").iterdir():
        path.unlink()
    with tarfile.open(target, "w:gz") as packed:
        for name in ("cebd.toml", "store", "share", "client"):
            packed.add(folder / name, name)
    with closing(sqlite3.connect(engine)) as connection:
        query = "SELECT name, status, queue_name, count(*) FROM workflow_status GROUP BY 1, 2, 3"
        print(*connection.execute(query), sep="\n")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
