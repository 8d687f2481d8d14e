"""`cebd demo`: the main job end to end, offline: two workbooks dropped, declared to a simulated customs side, receipts back."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.sandbox import trial_channel
from cebd.cli.station import station_made_in
from cebd.operations.text import Text

if TYPE_CHECKING:
    from cebd.receipts.publishing.receipt import Receipt

_PATIENCE_SECONDS = 50.0


def demo(
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder to work in (default: a new temporary folder).")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep the folder, to look at every file in it.")
    ] = True,
    sm2: Annotated[bool, typer.Option("--sm2", help="Sign with SM2, as cards issued since 2022-07-01 do.")] = False,
    channel: Annotated[
        str, typer.Option("--channel", help="The kind of channel to send by and to receive from.")
    ] = "sftp",
    console: Annotated[
        bool, typer.Option("--console", help="Then leave the station running with its console open, until Ctrl-C.")
    ] = False,
) -> None:
    """The main job end to end, without a network: drop, check, sign, send, receipts.

    Example: cebd demo
    """
    from cebd.sandbox.side import CannotListen

    trial_channel(channel)
    end_like_ctrl_c()
    place = folder or Path(tempfile.mkdtemp(prefix="cebd-demo-"))
    try:
        _play(place, channel, sm2=sm2, console=console)
    except CannotListen as error:
        stop(Exit.SETTINGS, f"模拟海关无法启动：{error}。", f"The simulated customs side cannot start: {error}")
    if not keep:
        shutil.rmtree(place)
        say("文件夹已删除。", "The folder was deleted.")


def end_like_ctrl_c() -> None:
    """Whoever ends it otherwise (`kill`, a terminal that is closed) ends the station that it has started, too."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


def _play(folder: Path, channel: str, *, sm2: bool, console: bool) -> None:
    from cebd.sandbox.scenario import Scenario
    from cebd.trial.channels import TRIAL_CHANNELS

    signs = "SM2" if sm2 else "RSA"
    _step(
        f"正在建立站点、{signs} 试用密钥和模拟海关。",
        f"Making a station, a trial key ({signs}) and a simulated customs side.",
    )
    made = station_made_in(folder, port=0, sm2=sm2, channel=channel)
    scenario = Scenario(answer_seconds=0.2, step_seconds=0.3, trusted=made.authority)
    kind = TRIAL_CHANNELS[channel]
    with kind.customs(made.sandbox, scenario) as customs:
        _set_quick(made.settings, kind.settings(customs.home, 0), kind.settings(customs.home, customs.port))
        _step(
            f"模拟海关已就绪（{channel}，端口 {customs.port}）；放入两个工作簿，其中有几行有错。",
            f"The simulated customs side is ready ({channel}, port {customs.port}); dropping two workbooks with some bad rows.",
        )
        if console:
            with made.settings.open("a", encoding="utf-8") as settings:
                settings.write(f'\n[console]\nlisten = "127.0.0.1:{_free_port()}"\n')
        orders, lists = _drop_workbooks(made.inbox)
        with (folder / "daemon.log").open("wb") as log:
            command = [sys.executable, "-m", "cebd", "run", "-c", str(made.settings)]
            daemon = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                receipts = _await(made.outbox, [orders, lists], daemon)
                if console:
                    _show_console(made.settings, daemon)
            finally:
                daemon.terminate()
                daemon.wait(timeout=30)
    for receipt in receipts:
        _print_receipt(receipt)
    print(f"\n{spoken().word('三种形式的回执', 'Receipts in three forms')}:")
    for path in sorted(made.outbox.rglob("*")):
        if path.is_file():
            print(f"  {path}")


def _free_port() -> int:
    """The console's own, or any that is free."""
    for port in (8621, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as free:
            return int(free.getsockname()[1])
    return 8621


def _show_console(file: Path, daemon: subprocess.Popen[bytes]) -> None:
    """Make an account, say where it logs in, and wait until a person has seen enough."""
    from cebd.clock import SystemClock
    from cebd.operations.console.accounts import put_account
    from cebd.settings import load_settings
    from cebd.store.console.accounts import Role
    from cebd.store.store import Store

    settings, password = load_settings(file), secrets.token_urlsafe(12)
    with closing(Store.open(settings.store_dir, create=False, change=True)) as store:
        put_account(store, "trial", Role, password, SystemClock().now())
    word = spoken().word
    print(f"\n{word('控制台', 'Console')}: {settings.console.address}")
    print(f"{word('试用登录', 'Trial login')}: trial / {password}")
    say("按 Ctrl-C 结束。", "Ctrl-C ends it.")
    with suppress(KeyboardInterrupt):
        daemon.wait()


def _set_quick(settings: Path, channel_before: str, channel: str) -> None:
    text = settings.read_text(encoding="utf-8")
    for slow, quick in (
        (channel_before, channel),
        ("stable_seconds = 1.0", "stable_seconds = 0.3"),
        ("rescan_seconds = 5.0", "rescan_seconds = 1.0"),
        ("receipts_seconds = 2.0", "receipts_seconds = 0.3"),
    ):
        if slow not in text:
            raise ValueError(f"{settings}: it has no line {slow}")
        text = text.replace(slow, quick)
    settings.write_text(text, encoding="utf-8")


def _drop_workbooks(inbox: Path) -> tuple[str, str]:
    """Eight orders, three of them with a mistake each, and six lists, one of them with a mistake."""
    from cebd.trial.rows import inventory_rows, order_rows, write_workbook

    orders = list(order_rows(8, lines=2))
    orders[4]["head.buyerIdNumber"] = orders[5]["head.buyerIdNumber"] = orders[4]["head.buyerIdNumber"][:-1] + "?"
    orders[9]["line.totalPrice"] = "1.00"
    orders[12]["line.country"] = "000"
    lists = list(inventory_rows(6, lines=2))
    lists[6]["head.grossWeight"] = lists[7]["head.grossWeight"] = "0.01"
    names = ("orders.xlsx", "lists.xlsx")
    for name, code, rows, title in zip(
        names, ("order", "inventory"), (orders, lists), ("一月订单", "一月清单"), strict=True
    ):
        part = inbox / f"{name}.part"
        write_workbook(part, code, rows, title)
        part.replace(inbox / name)
    return names


def _await(outbox: Path, names: list[str], daemon: subprocess.Popen[bytes]) -> list[Receipt]:
    """The receipts once every record is in a final state. Prints a line whenever the counts change."""
    log = outbox.parents[1] / "daemon.log"
    deadline = time.monotonic() + _PATIENCE_SECONDS
    shown: dict[str, str] = {}
    while time.monotonic() < deadline:
        receipts = [_receipt(outbox, name) for name in names]
        for name, receipt in zip(names, receipts, strict=True):
            counts = ", ".join(f"{count} {state}" for state, count in receipt.counts.items()) if receipt else ""
            if counts and shown.get(name) != counts:
                shown[name] = counts
                deadline = time.monotonic() + _PATIENCE_SECONDS
                _step(f"{name}: {counts}", "")
        final = [receipt for receipt in receipts if receipt is not None and receipt.final]
        if len(final) == len(names):
            return final
        if daemon.poll() is not None:
            stop(
                Exit.INTERNAL,
                f"守护进程自行退出（{daemon.returncode}），见 {log}。",
                f"The daemon ended by itself (exit {daemon.returncode}); see {log}",
            )
        time.sleep(0.1)
    return stop(
        Exit.INTERNAL,
        f"{_PATIENCE_SECONDS:.0f} 秒没有进展，见 {log}。",
        f"No progress for {_PATIENCE_SECONDS:.0f} s; see {log}",
    )


def _receipt(outbox: Path, name: str) -> Receipt | None:
    from cebd.receipts.publishing.receipt import Receipt

    path = next(outbox.glob(f"json/*/{Path(name).stem}.receipt.json"), None)
    return Receipt.from_json(json.loads(path.read_text(encoding="utf-8"))) if path is not None else None


def _print_receipt(receipt: Receipt) -> None:
    print(f"\n{receipt.file}")
    for record in receipt.records:
        number = record.key.get("orderNo") or record.key.get("copNo")
        customs = record.customs
        word = f"{customs.status} {spoken().word(customs.text_zh, customs.text_en)}" if customs is not None else ""
        print(f"  {spoken().word('行', 'row')} {record.place.row:>3}  {number}  {record.state:<12} {word}".rstrip())
        for problem in record.problems:
            first, *rest = spoken().lines(Text(problem.zh, problem.en))
            print(f"           {problem.id} {problem.place.cell or ''} {first}", *rest, sep="\n           ")


_began = time.monotonic()


def _step(zh: str, en: str) -> None:
    """`en` empty: it is the same."""
    print(f"[{time.monotonic() - _began:5.1f} s] {spoken().word(zh, en) if en else zh}", flush=True)
