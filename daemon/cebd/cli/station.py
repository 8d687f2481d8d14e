"""`init`, `run`, `config check`, `config example`: make a station, run it, check its settings, print an example."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, end_process, say, stop, usable
from cebd.cli.frame.options import SettingsFile, settings_from

if TYPE_CHECKING:
    from cebd.trial.station import MadeStation


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    port: Annotated[
        int, typer.Option("--port", help="The port at which the simulated customs side will listen.")
    ] = 2222,
) -> None:
    """Make a station to try cebd with: settings, folders, a trial key, and keys for the simulated customs side."""
    made = station_made_in(folder, port)
    print(f"设置文件 Settings: {made.settings}")
    print(f"放入文件 Drop files into: {made.inbox}")
    print(f"取回回执 Receipts come into: {made.outbox}")
    print(f"启动模拟海关 Start the simulated customs side: cebd sandbox {made.sandbox} --port {port}")
    print(f"启动本站 Start the station: cebd run -c {made.settings}")


def station_made_in(folder: Path, port: int, *, sm2: bool = False) -> MadeStation:
    """Make a station there to try cebd with. Ends the command when the folder cannot be used or is not empty."""
    from cebd.trial.station import NotEmpty, make_station

    try:
        with usable(folder):
            return make_station(folder, port, sm2=sm2)
    except NotEmpty as error:
        stop(Exit.SETTINGS, f"{error} 不是空文件夹，请另取新的。", f"{error} is not empty; name a new folder")


def run(
    config: SettingsFile = None,
    once: Annotated[bool, typer.Option("--once", help="Finish the work that waits now, then stop.")] = False,
    new_store: Annotated[
        str | None,
        typer.Option(
            "--new-store", metavar="REASON", help="Begin with an empty store although a store existed before."
        ),
    ] = None,
) -> None:
    """Run the station."""
    from cebd.cli.frame.logs import set_up_logs
    from cebd.station.run import RunResult, run_station

    settings = settings_from(config, print_mistakes=False)
    set_up_logs()
    ended = threading.Event()

    def on_signal(_number: int, _frame: Any) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    ending = run_station(settings, ended, once=once, new_store=new_store)
    codes = {
        RunResult.DONE: Exit.DONE,
        RunResult.REJECTED: Exit.REJECTED,
        RunResult.SETTINGS: Exit.SETTINGS,
        RunResult.BROKEN: Exit.INTERNAL,
        RunResult.TOKEN: Exit.TOKEN,
        RunResult.NETWORK: Exit.NETWORK,
        RunResult.IN_DOUBT: Exit.IN_DOUBT,
    }
    end_process(codes[ending])


def config_example() -> None:
    """Print a settings file with every setting and its meaning."""
    from cebd.settings.example import example

    print(example(), end="")


def config_check(config: SettingsFile = None) -> None:
    """Check the settings: name every mistake with its key and line, and the parts that it switches off."""
    from cebd.operations.settings_check import roles, table_ages
    from cebd.operations.settings_report import report_on

    report = report_on(settings_from(config, in_full=True, print_mistakes=False))
    if report.other_environment is not None:
        print(report.other_environment, file=sys.stderr)
    for mistake in report.mistakes:
        warning = "warning: " if mistake.severity == "warning" else ""
        print(f"{warning}{mistake}\n    {mistake.id} {mistake.zh}", file=sys.stderr)
    if report.switched_off:
        names = ", ".join(report.switched_off)
        print(f"改正之前停用 Switched off until then: {names}", file=sys.stderr)
    if not report.is_clean:
        raise SystemExit(int(Exit.SETTINGS))
    settings = report.settings
    enterprises = ", ".join(enterprise.name for enterprise in settings.enterprise)
    signers, channels = len(settings.signer), len(settings.channel)
    say(
        f"设置无误：{enterprises}；签名 {signers} 个，通道 {channels} 个。",
        f"The settings are in order: {enterprises}; {signers} signers, {channels} channels",
    )
    print(roles(settings))
    print(table_ages(settings))
