"""`cebd sandbox`: the simulated customs side, to try cebd against."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, stop


def sandbox(
    folder: Annotated[Path, typer.Argument(help="Its folder, made when it is not there.")] = Path("sandbox"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen at; 0 takes a free one.")
    ] = 2222,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A TOML file with delays, duplicates, rejections.")
    ] = None,
) -> None:
    """Run a simulated customs side: an SFTP server that checks, keeps a ledger and answers."""
    import logging

    from cebd.sandbox.scenario import BadScenario, Scenario, load_scenario
    from cebd.sandbox.server import FolderInUse, SandboxServer

    # A client that hangs up is an ordinary event here, not an error to be shown.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    try:
        play = load_scenario(scenario) if scenario is not None else Scenario()
    except BadScenario as error:
        stop(Exit.SETTINGS, f"场景文件不可用：{error}。", f"The scenario cannot be used: {error}")
    ended = threading.Event()

    def on_signal(_number: int, _frame: Any) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        customs = SandboxServer(folder, port=port, scenario=play, say=lambda text: print(text, flush=True))
    except (OSError, ValueError) as error:
        stop(
            Exit.SETTINGS,
            f"文件夹 {folder} 不可用，请另取一个或改正它。",
            f"The folder {folder} cannot be used ({error}); name another or correct it",
        )
    try:
        customs.start()
    except FolderInUse:
        stop(
            Exit.SETTINGS,
            f"另一个模拟海关正在使用 {folder}：请先结束它，或另取文件夹。",
            f"Another simulated customs side uses {folder}; end it first or name another folder",
        )
    except OSError as error:
        stop(
            Exit.SETTINGS,
            f"端口 {port} 不可用，请用 --port 另指一个。",
            f"Port {port} cannot be used ({error.strerror}); name another with --port",
        )
    home = customs.home
    print(
        f"模拟海关 Customs side on 127.0.0.1:{customs.port}, 用户 user {home.user}, 密钥 key {home.client_key}, "
        f"主机密钥 host key {home.host_key_fingerprint}; 发送到 send to in/, 接收自 receive from out/ ({folder}), "
        f"账簿 ledger {folder / 'ledger.jsonl'}",
        flush=True,
    )
    ended.wait()
    customs.stop()
