"""`cebd`: all commands, and a sentence and an exit code for every error."""

from __future__ import annotations

import os
import platform
import sys
from typing import Annotated

import typer

from cebd import __version__
from cebd.cli import (
    alarm,
    backup,
    completion,
    console,
    demo,
    files,
    retention,
    sandbox,
    service,
    signatures,
    station,
    template,
    token,
)
from cebd.cli.frame.errors import explained
from cebd.cli.frame.exits import quiet_without_reader
from cebd.cli.frame.language import Commands, spoken
from cebd.cli.frame.terminal import make_streams_plain
from cebd.cli.questions import doctor, evidence, explain, layouts, queries, receipts, show, status
from cebd.cli.queue import decisions, reassign, resend

app = Commands(
    name="cebd",
    help="Declares goods to China Customs' cross-border e-commerce import system from a shared folder.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"cebd {__version__}, Python {platform.python_version()}, {sys.platform}")
        raise typer.Exit


@app.callback()
def _before_each(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version, and end.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command("demo")(demo.demo)
app.command("init")(station.init)
app.command("run")(station.run)
app.add_typer(sandbox.app, name="sandbox")
app.command("check")(files.check)
app.command("convert")(files.convert)
app.command("template")(template.template)
app.command("sign")(signatures.sign)
app.command("verify")(signatures.verify)
app.command("status")(status.status)
app.command("list")(queries.list_)
app.command("show")(show.show)
app.command("why")(show.why)
app.command("doctor")(doctor.doctor)
app.command("evidence")(evidence.evidence)
app.command("audit")(queries.audit)
app.command("layouts")(layouts.layouts)
app.command("explain", context_settings={"ignore_unknown_options": True})(explain.explain)  # -621004 is no option
alarm_app = Commands(help="Alarms by mail and webhook.", no_args_is_help=True)
alarm_app.command("test")(alarm.test)
app.add_typer(alarm_app, name="alarm")
config_app = Commands(help="The settings file.", no_args_is_help=True)
config_app.command("check")(station.config_check)
config_app.command("example")(station.config_example)
app.add_typer(config_app, name="config")
app.add_typer(receipts.app, name="receipts")
app.add_typer(console.app, name="console")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("retention")(retention.retention)
queue_app = Commands(help="Work in flight: hold, release, give up, try at once, hand over.", no_args_is_help=True)
queue_app.command("reassign")(reassign.reassign)
queue_app.command("hold")(decisions.hold)
queue_app.command("retry")(decisions.retry)
queue_app.command("release")(decisions.release)
queue_app.command("drop")(decisions.drop)
queue_app.command("resend")(resend.resend)
app.add_typer(queue_app, name="queue")
token_app = Commands(help="The tokens that sign.", no_args_is_help=True)
token_app.command("list")(token.list_)
token_app.command("accept")(token.accept)
token_app.command("revoke")(token.revoke)
token_app.command("test")(token.test)
token_app.command("given")(token.given)
app.add_typer(token_app, name="token")
app.command("completion")(completion.completion)
service_app = Commands(help="The station as a service of this machine.", no_args_is_help=True)
service_app.command("install")(service.install)
service_app.command("uninstall")(service.uninstall)
service_app.command("start")(service.start)
service_app.command("stop")(service.stop_)
service_app.command("status")(service.status)
service_app.command("upgrade")(service.upgrade)
service_app.command("prepare", hidden=True)(service.prepare)
app.add_typer(service_app, name="service")


def main() -> None:
    """Run the command line."""
    make_streams_plain()
    out = sys.stdout
    try:
        app(prog_name="cebd")  # shells complete it by that name
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        if os.environ.get("CEBD_DEBUG"):
            raise
        code, text = explained(error)
        print(spoken().word(*text).rstrip(), file=sys.stderr)
        raise SystemExit(int(code)) from None
    finally:
        quiet_without_reader(out)
