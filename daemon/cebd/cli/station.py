"""`init`, `run`, `config check`, `config example`: make a station, run it, check its settings, print an example."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, end_process, say, stop, usable
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import SettingsFile, settings_from, settings_path
from cebd.operations.text import Text

if TYPE_CHECKING:
    from cebd.service.serving import Wishes
    from cebd.trial.station import MadeStation


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    port: Annotated[
        int, typer.Option("--port", help="The port at which the simulated customs side will listen.")
    ] = 2222,
) -> None:
    """Make a station to try cebd with: settings, folders, a trial key, and keys for the simulated customs side.

    Example: cebd init station
    """
    made = station_made_in(folder, port)
    sandbox, run = f"cebd sandbox {made.sandbox} --port {port}", f"cebd run -c {made.settings}"
    for zh, en, what in (
        ("设置文件", "Settings", made.settings),
        ("放入文件", "Drop files into", made.inbox),
        ("取回回执", "Receipts come into", made.outbox),
        ("启动模拟海关", "Start the simulated customs side", sandbox),
        ("启动本站", "Start the station", run),
    ):
        print(f"{spoken().word(zh, en)}: {what}")


def station_made_in(folder: Path, port: int, *, sm2: bool = False, channel: str = "sftp") -> MadeStation:
    """Make a station there to try cebd with. Ends the command when the folder cannot be used or is not empty."""
    from cebd.trial.station import NotEmpty, make_station

    try:
        with usable(folder):
            return make_station(folder, port, sm2=sm2, channel=channel)
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
    """Run the station.

    Example: cebd run
    """
    from cebd.memory import loaded_for_good

    with loaded_for_good():
        from cebd.cli.frame.logs import log_to_file, set_up_logs
        from cebd.service.notify import Notify
        from cebd.service.serving import Wishes, serve
        from cebd.service.supervised import UnderSystemd
        from cebd.settings import load_settings
        from cebd.station.run import RunResult, run_station

    settings = settings_from(config, print_mistakes=False)
    set_up_logs()
    if settings.log_file is not None:
        log_to_file(*settings.log_file)
    settings.ask_for_typed_secrets()  # an interruption still ends the command here
    wishes = Wishes()
    _hear_signals(wishes)
    if once:
        ending = run_station(settings, wishes.end, once=True, new_store=new_store)
    else:
        manager = UnderSystemd(Notify())
        ending = serve(
            settings,
            partial(load_settings, settings_path(config) or Path("cebd.toml")),
            wishes,
            manager,
            new_store=new_store,
        )
    codes = {
        RunResult.DONE: Exit.DONE,
        RunResult.UNDER_WAY: Exit.DONE,
        RunResult.REJECTED: Exit.REJECTED,
        RunResult.SETTINGS: Exit.SETTINGS,
        RunResult.BROKEN: Exit.INTERNAL,
        RunResult.TOKEN: Exit.TOKEN,
        RunResult.NETWORK: Exit.NETWORK,
        RunResult.IN_DOUBT: Exit.IN_DOUBT,
    }
    end_process(codes[ending])


def _hear_signals(wishes: Wishes) -> None:
    """SIGTERM, SIGINT and what Windows has in their place end the station. SIGHUP asks for new settings where nobody sits at a terminal:
    there it says that the terminal is gone, and ends the station as well."""

    def end(_number: int, _frame: Any) -> None:
        wishes.ask_end()

    def reload(_number: int, _frame: Any) -> None:
        wishes.ask_reload()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored: by nohup
        signal.signal(signal.SIGHUP, end if sys.stdin is not None and sys.stdin.isatty() else reload)


def config_example() -> None:
    """Print a settings file with every setting and its meaning.

    Example: cebd config example
    """
    from cebd.settings.example import example

    print(example(), end="")


def config_check(config: SettingsFile = None) -> None:
    """Check the settings: name every mistake with its key and line, and the parts that it switches off.

    Example: cebd config check
    """
    from cebd.operations.settings.report import report_on
    from cebd.operations.settings.told import receipt_folders, roles, table_ages, who_signs

    report = report_on(settings_from(config, in_full=True, print_mistakes=False))
    if report.other_environment is not None:
        print(spoken().word(*report.other_environment), file=sys.stderr)
    for mistake in report.mistakes:
        warning = "warning: " if mistake.severity == "warning" else ""
        *rest, first = spoken().lines(Text(f"{mistake.id} {mistake.zh}", str(mistake)))
        print("\n    ".join((f"{warning}{first}", *rest)), file=sys.stderr)
    if report.switched_off:
        names = ", ".join(report.switched_off)
        print(f"{spoken().word('改正之前停用', 'Switched off until then')}: {names}", file=sys.stderr)
    if not report.is_clean:
        raise SystemExit(int(Exit.SETTINGS))
    settings = report.settings
    enterprises = ", ".join(enterprise.name for enterprise in settings.enterprise)
    signers, channels = len(settings.signer), len(settings.channel)
    say(
        f"设置无误：{enterprises}；签名 {signers} 个，通道 {channels} 个。",
        f"The settings are in order: {enterprises}; {signers} signers, {channels} channels",
    )
    for line in (roles(settings), receipt_folders(settings), who_signs(settings), table_ages(settings)):
        say(*line)
