"""`cebd sandbox`: the simulated customs side, to try cebd against."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from cebd.cli.exits import Exit, stop


def sandbox(
    folder: Annotated[Path, typer.Argument(help="Its folder, made when it is not there.")] = Path("sandbox"),
    port: Annotated[int, typer.Option("--port", help="The port to listen at; 0 takes a free one.")] = 2222,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A TOML file with delays, duplicates, rejections.")
    ] = None,
) -> None:
    """Run a simulated customs side: an SFTP server that checks, keeps a ledger and answers."""
    from cebd.sandbox.scenario import BadScenario, Scenario, load_scenario
    from cebd.sandbox.server import SandboxServer

    try:
        play = load_scenario(scenario) if scenario is not None else Scenario()
    except BadScenario as error:
        stop(Exit.SETTINGS, f"The scenario cannot be used: {error}")
    customs = SandboxServer(folder, port=port, scenario=play, say=lambda text: print(text, flush=True))
    try:
        customs.start()
    except OSError as error:
        stop(Exit.SETTINGS, f"Port {port} cannot be used ({error.strerror}); name another with --port")
    home = customs.home
    print(
        f"Customs side on 127.0.0.1:{customs.port}, user {home.user}, key {home.client_key}, "
        f"host key {home.host_key_fingerprint}; files in {folder}, ledger in {folder / 'ledger.jsonl'}",
        flush=True,
    )
    ended = threading.Event()

    def on_signal(_number: int, _frame: Any) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    ended.wait()
    customs.stop()
