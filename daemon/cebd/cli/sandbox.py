"""`cebd sandbox`: the simulated customs side, to try cebd against."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cebd.cli.frame.exits import Exit, say, stop
from cebd.cli.frame.language import Commands, spoken

if TYPE_CHECKING:
    from cebd.listening.listener import Listener
    from cebd.sandbox.side import CustomsSide
    from cebd.trial.channels import TrialChannel


class _RunUnlessNamed(TyperGroup):
    """`cebd sandbox [FOLDER]` runs it; another command of it is named."""

    def parse_args(
        self, ctx: Any, args: list[str]
    ) -> list[str]:  # Any: typer's own class of contexts has no public name
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = Commands(
    cls=_RunUnlessNamed, help="A simulated customs side, to try cebd against; `cebd sandbox FOLDER` runs it."
)


@app.command("inject")
def inject(
    receipt: Annotated[Path | None, typer.Argument(help="A receipt, put out as it is.")] = None,
    folder: Annotated[Path, typer.Option("--folder", help="The folder of the simulated customs side.")] = Path(
        "sandbox"
    ),
    of: Annotated[str, typer.Option("--of", help="Or answer the declaration of that number ...")] = "",
    status: Annotated[
        str, typer.Option("--status", help="... with that status (800, -621004, tax:1, dxp:1001, CEB900) ...")
    ] = "",
    info: Annotated[str, typer.Option("--info", help="... and that text.")] = "",
) -> None:
    """Put a receipt out by hand: a file, or a status for a declaration that the ledger has.

    Example: cebd sandbox inject receipt.xml
    """
    from cebd.sandbox.inject import NoSuchStatus, NothingToAnswer, inject_file, inject_status

    if (receipt is None) == (not of or not status):
        stop(
            Exit.SETTINGS, "请写明回执文件，或 --of 单号 --status 状态。", "Name a file, or --of NUMBER --status STATUS"
        )
    try:
        name = inject_file(folder, receipt) if receipt is not None else inject_status(folder, of, status, info)
    except NothingToAnswer:
        stop(Exit.REJECTED, f"账簿中没有单号 {of} 的申报。", f"The ledger has no declaration of the number {of}")
    except NoSuchStatus as error:
        stop(
            Exit.SETTINGS,
            f"对这份申报，海关没有状态 {status}；可写：{error}。",
            f"Customs have no status {status} for that declaration; there are: {error}",
        )
    except OSError as error:
        stop(Exit.SETTINGS, f"放不进 {folder}：{error}。", f"It cannot be put into {folder}: {error}")
    say(f"已放出 {name}。", f"Put out {name}")


@app.command("run")
def sandbox(
    folder: Annotated[Path, typer.Argument(help="Its folder, made when it is not there.")] = Path("sandbox"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen at; 0 takes a free one.")
    ] = 2222,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A TOML file with delays, duplicates, rejections.")
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="The kind of channel that leads to it.")] = "sftp",
    page: Annotated[
        int,
        typer.Option("--page", min=0, max=65535, help="The port of its page, on this machine; 0 takes a free one."),
    ] = 0,
) -> None:
    """Run a simulated customs side: a server, of SFTP if nothing else is said, that checks, keeps a ledger and answers.

    Example: cebd sandbox run customs
    """
    import logging

    from cebd.sandbox.scenario import BadScenario, Scenario, load_scenario
    from cebd.sandbox.side import CannotListen, FolderInUse

    kind = trial_channel(channel)
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
        customs = kind.customs(folder, play, port, lambda text: print(text, flush=True))
    except CannotListen as error:
        stop(Exit.SETTINGS, f"模拟海关无法启动：{error}。", f"The simulated customs side cannot start: {error}")
    except (OSError, ValueError) as error:
        stop(
            Exit.SETTINGS,
            f"文件夹 {folder} 不可用，请另取一个或改正它。",
            f"The folder {folder} cannot be used ({error}); name another or correct it",
        )
    try:
        customs.start()
    except CannotListen as error:
        stop(Exit.SETTINGS, f"模拟海关无法启动：{error}。", f"The simulated customs side cannot start: {error}")
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
    print(_where(customs) if channel == "sftp" else kind.settings(customs.home, customs.port), flush=True)
    shown = _show_page(folder, page)
    ended.wait()
    if shown is not None:
        shown.stop()
    customs.stop()


def trial_channel(name: str) -> TrialChannel:
    """The kind of channel of that name. Ends the command where there is none."""
    from cebd.trial.channels import TRIAL_CHANNELS

    if name not in TRIAL_CHANNELS:
        kinds = ", ".join(TRIAL_CHANNELS)
        stop(
            Exit.SETTINGS,
            f"没有 {name} 这种通道，可选 {kinds}。",
            f"There is no channel {name}; there are {kinds}",
        )
    return TRIAL_CHANNELS[name]


def _show_page(folder: Path, port: int) -> Listener | None:
    """Without its page the customs side works all the same."""
    from cebd.listening.door import ListenError
    from cebd.sandbox.page import page_of

    page = page_of(folder, port)
    try:
        page.start()
    except ListenError as error:
        say(f"网页打不开：{error.zh}。", f"The page cannot be shown: {error}")
        return None
    word, address = spoken().word, f"http://127.0.0.1:{page.port}/"
    print(f"{word('网页', 'page')} {address}, {word('账簿', 'ledger')} {address}ledger", flush=True)
    return page


def _where(customs: CustomsSide) -> str:
    home = customs.home
    word = spoken().word
    return (
        f"{word('模拟海关', 'Customs side on')} 127.0.0.1:{customs.port}, {word('用户', 'user')} {home.user}, "
        f"{word('密钥', 'key')} {home.client_key}, {word('主机密钥', 'host key')} {home.host_key_fingerprint}; "
        f"{word('发送到', 'send to')} in/, {word('接收自', 'receive from')} out/ ({home.folder}), "
        f"{word('账簿', 'ledger')} {home.folder / 'ledger.jsonl'}"
    )
