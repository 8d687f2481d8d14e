"""What a command says of an error that it ends with, in both languages, and the exit code."""

from __future__ import annotations

import shlex
import sqlite3
import sys

from cebd.cli.frame.exits import Exit
from cebd.operations.text import Text


def explained(error: Exception) -> tuple[Exit, Text]:
    """The exit code, and what is wrong and what to do."""
    from cebd.settings import SecretError, SettingsError
    from cebd.signing.signer import PinRefused, TokenError
    from cebd.store.store import StoreClosed, StoreError
    from cebd.transport.channel import ChannelError

    refused = getattr(error, "orig", None)
    if isinstance(refused, sqlite3.Error):
        error = refused  # without the SQL statement
    match error:
        case SettingsError():
            code, text = Exit.SETTINGS, Text(*error.text)
        case SecretError():
            code, text = (
                Exit.SETTINGS,
                Text(f"设置中的口令无法读取：{error}。", f"A secret of the settings cannot be read: {error}"),
            )
        case PinRefused() if error.problem == PinRefused.problem:
            code, text = (
                Exit.TOKEN,
                Text(
                    f"PIN 被拒绝，不会再试（{error.zh}）：请在设置所指的地方改正。",
                    f"The PIN was refused and is not tried again: {error}. Correct it at the place that the settings name.",
                ),
            )
        case TokenError() if error.problem != TokenError.problem:
            said = error.said()
            code, text = Exit.TOKEN, Text(f"{said.zh}。{said.fix_zh}", f"{said.en}. {said.fix_en}")
        case TokenError():
            code, text = (
                Exit.TOKEN,
                Text(
                    f"签名不可用：{error.zh}。请插上介质，或改正设置中的 [signer]。",
                    f"The signer cannot be used: {error}. Plug in the token, or correct [signer] in the settings.",
                ),
            )
        case ChannelError():
            code, text = (
                Exit.NETWORK,
                Text(
                    f"通道不可用：{error.zh}。请询问对方，然后改正 [channel]。",
                    f"The channel cannot be used: {error}. Ask the customs side, then correct [channel].",
                ),
            )
        case StoreClosed() if error.owner is not None:
            command = shlex.join(["sudo", "-u", error.owner, "cebd", *sys.argv[1:]])
            zh, en = error.text
            code, text = (
                Exit.STORE,
                Text(f"{zh}请以该用户运行命令：{command}", f"{en}. Run the command as that user: {command}"),
            )
        case StoreError():
            code, text = Exit.STORE, Text(*error.text)
        case sqlite3.Error():
            code, text = (
                Exit.STORE,
                Text(
                    f"数据库不可用：{error}。请检查磁盘，以及是否有其他程序在使用它。",
                    f"The store cannot be used: {error}. Check the disk, and whether another program uses the store.",
                ),
            )
        case _:
            kind = type(error).__name__
            code, text = (
                Exit.INTERNAL,
                Text(
                    f"内部错误：{kind}: {error}（CEBD_DEBUG=1 显示全部经过）",
                    f"internal error: {kind}: {error} (CEBD_DEBUG=1 shows the traceback)",
                ),
            )
    return code, text
