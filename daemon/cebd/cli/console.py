"""`cebd console`: open it in a browser; its accounts; keys of programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop, usable
from cebd.cli.frame.language import Commands
from cebd.cli.frame.options import AsJson, OfEnterprise, SettingsFile, enterprise_of, settings_from

if TYPE_CHECKING:
    from cebd.settings import Settings
    from cebd.store.store import Store

app = Commands(
    help="The console in a browser: open it, its accounts, keys of programs.\n\nExample: cebd console",
    invoke_without_command=True,
)
user_app = Commands(help="Accounts of the console.", no_args_is_help=True)
key_app = Commands(help="Keys with which programs give documents (POST /api/drops).", no_args_is_help=True)
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")

Name = Annotated[str, typer.Argument(help="The account's name.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="A file with the password; without it the terminal asks.")
]


@app.callback()
def console(context: typer.Context, config: SettingsFile = None) -> None:
    """Open the console in a browser.

    Example: cebd console
    """
    if context.invoked_subcommand is not None:
        return
    import webbrowser

    address = settings_from(config).console.address
    if address is None:
        stop(
            Exit.SETTINGS,
            '控制台没有打开：请在设置中加上 [console] listen = "127.0.0.1:8621"，然后重新启动。',
            'The console is off: put [console] listen = "127.0.0.1:8621" into the settings and start again',
        )
    print(address)
    webbrowser.open(address)


@user_app.command("add")
def user_add(
    name: Name,
    role: Annotated[
        list[str], typer.Option("--role", help="view, enter, declare, administer; may be given several times.")
    ],
    password_file: PasswordFile = None,
    config: SettingsFile = None,
) -> None:
    """Add an account, or give the one of that name these roles and a new password.

    Example: cebd console user add wang --role view
    """
    import re

    from cebd.clock import SystemClock
    from cebd.operations.console.accounts import put_account
    from cebd.settings_table import NAME
    from cebd.store.console.accounts import Role

    if unknown := set(role) - set(Role):
        roles = ", ".join(Role)
        stop(
            Exit.SETTINGS,
            f"没有权限 {min(unknown)}；可用的有：{roles}。",
            f"There is no role {min(unknown)}; there are: {roles}",
        )
    if not re.fullmatch(NAME, name):
        stop(
            Exit.SETTINGS,
            "帐号只能有字母、数字、点、横线和下划线。",
            "A name has letters, digits, dots, dashes and underscores only",
        )
    password = _password(password_file)
    with _store(settings_from(config)) as store, refusal_ends(Exit.SETTINGS):
        put_account(store, name, map(Role, role), password, SystemClock().now())
    say(f"帐号 {name} 可以登录了。", f"The account {name} can log in.")


@user_app.command("password")
def user_password(name: Name, password_file: PasswordFile = None, config: SettingsFile = None) -> None:
    """Give an account another password; it is logged out everywhere.

    Example: cebd console user password wang
    """
    from cebd.operations.console.accounts import set_password

    password = _password(password_file)
    with _store(settings_from(config)) as store, refusal_ends(Exit.SETTINGS):
        set_password(store, name, password)
    say(f"帐号 {name} 的密码已更改。", f"The password of {name} is changed.")


@user_app.command("remove")
def user_remove(name: Name, config: SettingsFile = None) -> None:
    """Take an account away; it is logged out everywhere.

    Example: cebd console user remove wang
    """
    from cebd.operations.console.accounts import remove_account

    with _store(settings_from(config)) as store, refusal_ends(Exit.SETTINGS):
        remove_account(store, name)
    say(f"帐号 {name} 已删除。", f"The account {name} is gone.")


@user_app.command("list")
def user_list(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The accounts and what they may do.

    Example: cebd console user list
    """
    from cebd.operations.console.accounts import list_accounts

    with _store(settings_from(config)) as store:
        accounts = list_accounts(store)
    if as_json:
        print_json(
            {"accounts": [{"name": one.name, "roles": sorted(one.roles), "since": one.since} for one in accounts]}
        )
        return
    for one in accounts:
        print(f"{one.name}  {' '.join(sorted(one.roles))}  {one.since}")


@key_app.command("add")
def key_add(
    program: Annotated[str, typer.Argument(help="What has the key, as the journal is to call it.")],
    enterprise: OfEnterprise = None,
    config: SettingsFile = None,
) -> None:
    """Make a key for an enterprise. It is shown this once.

    Example: cebd console key add erp --enterprise trial
    """
    from cebd.clock import SystemClock
    from cebd.operations.console.accounts import add_key

    settings = settings_from(config)
    owner = enterprise_of(settings, enterprise)
    with _store(settings) as store:
        number, key = add_key(store, owner.name, program, SystemClock().now())
    say(f"密钥 {number}（只显示这一次）：", f"Key {number}, shown this once:")
    print(key)


@key_app.command("list")
def key_list(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The keys there were, and which count.

    Example: cebd console key list
    """
    from dataclasses import asdict

    from cebd.operations.console.accounts import list_keys

    with _store(settings_from(config)) as store:
        keys = list_keys(store)
    if as_json:
        print_json({"keys": [asdict(one) for one in keys]})
        return
    for one in keys:
        print(
            f"{one.id}  {one.enterprise}  {one.name}  {one.since}  {'已停用 revoked ' + one.revoked if one.revoked else ''}"
        )


@key_app.command("revoke")
def key_revoke(number: Annotated[int, typer.Argument(help="The key's number.")], config: SettingsFile = None) -> None:
    """From now on the key counts for nothing.

    Example: cebd console key revoke 1
    """
    from cebd.clock import SystemClock
    from cebd.operations.console.accounts import revoke_key

    with _store(settings_from(config)) as store, refusal_ends(Exit.SETTINGS):
        revoke_key(store, number, SystemClock().now())
    say(f"密钥 {number} 已停用。", f"The key {number} is revoked.")


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    from cebd.store.store import Store

    with closing(Store.open(settings.store_dir, create=False, change=True)) as store:
        yield store


def _password(file: Path | None) -> str:
    if file is not None:
        from cebd.secret_file import read_secret

        with usable(file):
            return read_secret(file)
    if not sys.stdin.isatty():
        stop(
            Exit.SETTINGS,
            "请在终端运行，或用 --password-file 指明文件。",
            "Run it at a terminal, or name a file with --password-file",
        )
    return str(typer.prompt("密码 Password", hide_input=True, confirmation_prompt=True))
