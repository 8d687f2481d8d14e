"""What the settings name on this machine: files, secrets, keys and libraries. Nothing is switched off for what is missing: it may come."""

from __future__ import annotations

from collections.abc import Iterator

from cebd.settings import Fault, Part, SecretError, Settings, SettingsError
from cebd.settings.faults import LACKING, Location, fault
from cebd.settings_table import Table
from cebd.signing.signers.kinds import signer_kind
from cebd.transport.channels.kinds import channel_kind


def machine_faults(settings: Settings, *, load_libraries: bool = False) -> list[Fault]:
    """A fault for each named file or secret that cannot be read, each key that does not fit its certificate, each code table that is
    wrong. `load_libraries`: also load each token's library into this process, to see whether it is one. Token and network are not asked.
    """
    faults: list[Fault] = []
    for name, signer in settings.signer.items():
        at = settings.location("signer", name)
        absent = list(_lacking(settings, at, signer))
        if not absent:
            presence = signer_kind(signer.type).presence
            lacks = presence(signer, settings.base, load_libraries)
            absent = [_is_lacking(settings, (*at, lack.key), lack.en, lack.zh) for lack in lacks]
        faults += absent
    for name, channel in settings.channel.items():
        at = settings.location("channel", name)
        absent = list(_lacking(settings, at, channel))
        if not absent:
            lacking = channel_kind(channel.type).presence(channel, settings.base)
            absent = [_is_lacking(settings, (*at, lack.key), lack.en, lack.zh) for lack in lacking]
        faults += absent
    for name, alarm in settings.alarm.items():
        faults += _lacking(settings, settings.location("alarm", name), alarm)
    try:
        _ = settings.code_tables
    except SettingsError as error:
        faults += [_is_lacking(settings, ("codes", "folder"), line, line) for line in str(error).splitlines()]
    return faults


def _lacking(settings: Settings, at: Location, entry: Table) -> Iterator[Fault]:
    for key, value in entry.paths().items():
        path = settings.base / value
        try:
            path.stat()
        except FileNotFoundError:
            yield _is_lacking(settings, (*at, key), f"{path} does not exist", f"{path} 不存在")
        except (OSError, ValueError) as error:
            yield _is_lacking(settings, (*at, key), f"{path}: {error}", f"{path} 打不开：{error}")
    for key, secret in entry.secrets().items():
        try:
            empty = not secret.is_there(settings.base)
        except SecretError as error:
            yield _is_lacking(settings, (*at, key), str(error), f"读不到：{error}")
        else:
            if empty:
                yield _is_lacking(settings, (*at, key), "the secret is empty", "口令为空")


def _is_lacking(settings: Settings, location: Location, en: str, zh: str) -> Fault:
    return fault(location, (en, zh), settings.lines, Part.NOTHING, id=LACKING)
