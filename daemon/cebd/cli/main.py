"""`cebd`: all commands, and a sentence and an exit code for every error."""

from __future__ import annotations

import os
import shlex
import sys

import typer

from cebd.cli import (
    backup,
    demo,
    explain,
    files,
    queries,
    sandbox,
    signatures,
    station,
    status,
    template,
    token,
)
from cebd.cli.frame.exits import Exit, quiet_without_reader
from cebd.cli.frame.terminal import make_streams_plain
from cebd.cli.queue import decisions, reassign

app = typer.Typer(
    name="cebd",
    help="Declares goods to China Customs' cross-border e-commerce import system from a shared folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("init")(station.init)
app.command("run")(station.run)
app.command("sandbox")(sandbox.sandbox)
app.command("check")(files.check)
app.command("convert")(files.convert)
app.command("template")(template.template)
app.command("sign")(signatures.sign)
app.command("verify")(signatures.verify)
app.command("status")(status.status)
app.command("list")(queries.list_)
app.command("show")(queries.show)
app.command("audit")(queries.audit)
app.command("explain", context_settings={"ignore_unknown_options": True})(explain.explain)  # -621004 is no option
config_app = typer.Typer(help="The settings file.", no_args_is_help=True)
config_app.command("check")(station.config_check)
config_app.command("example")(station.config_example)
app.add_typer(config_app, name="config")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
queue_app = typer.Typer(help="Work in flight, and rows that wait for a person's decision.", no_args_is_help=True)
queue_app.command("reassign")(reassign.reassign)
queue_app.command("release")(decisions.release)
queue_app.command("drop")(decisions.drop)
app.add_typer(queue_app, name="queue")
token_app = typer.Typer(help="The tokens that sign.", no_args_is_help=True)
token_app.command("list")(token.list_)
token_app.command("accept")(token.accept)
token_app.command("revoke")(token.revoke)
token_app.command("test")(token.test)
app.add_typer(token_app, name="token")


def main() -> None:
    """Run the command line."""
    make_streams_plain()
    out = sys.stdout
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        if os.environ.get("CEBD_DEBUG"):
            raise
        code, sentence = _explain(error)
        print(sentence, file=sys.stderr)
        raise SystemExit(int(code)) from None
    finally:
        quiet_without_reader(out)


def _explain(error: Exception) -> tuple[Exit, str]:
    import sqlite3

    from cebd.settings import SecretError, SettingsError
    from cebd.signing.signer import PinRefused, TokenError
    from cebd.store.store import StoreClosed, StoreError
    from cebd.transport.channel import ChannelError

    sentences = (
        (SettingsError, Exit.SETTINGS, "{error}"),
        (
            SecretError,
            Exit.SETTINGS,
            "设置中的口令无法读取：{error}。 A secret of the settings cannot be read: {error}",
        ),
        (
            PinRefused,
            Exit.TOKEN,
            "PIN 被拒绝，不会再试（{error.zh}）：请在设置所指的地方改正。 "
            "The PIN was refused and is not tried again: {error}. Correct it at the place that the settings name.",
        ),
        (
            TokenError,
            Exit.TOKEN,
            "签名不可用：{error.zh}。请插上介质，或改正设置中的 [signer]。 "
            "The signer cannot be used: {error}. Plug in the token, or correct [signer] in the settings.",
        ),
        (
            ChannelError,
            Exit.NETWORK,
            "通道不可用：{error.zh}。请询问对方，然后改正 [channel]。 "
            "The channel cannot be used: {error}. Ask the customs side, then correct [channel].",
        ),
        (StoreError, Exit.STORE, "{error.sentence}"),
        (
            sqlite3.Error,
            Exit.STORE,
            "数据库不可用：{error}。请检查磁盘，以及是否有其他程序在使用它。 "
            "The store cannot be used: {error}. Check the disk, and whether another program uses the store.",
        ),
    )
    refused = getattr(error, "orig", None)
    if isinstance(refused, sqlite3.Error):
        error = refused  # without the SQL statement
    if isinstance(error, TokenError) and error.problem != TokenError.problem and not isinstance(error, PinRefused):
        problem = error.said()
        return Exit.TOKEN, f"{problem.zh}。{problem.fix_zh} {problem.en}. {problem.fix_en}"
    if isinstance(error, StoreClosed) and error.owner is not None:
        command = shlex.join(["sudo", "-u", error.owner, "cebd", *sys.argv[1:]])
        return Exit.STORE, f"{error.sentence}. 请以该用户运行命令 run the command as that user: {command}"
    for kind, code, sentence in sentences:
        if isinstance(error, kind):
            return code, sentence.format(error=error)
    return Exit.INTERNAL, f"内部错误 internal error: {type(error).__name__}: {error} (CEBD_DEBUG=1 shows the traceback)"
