"""Every kind of alarm. A new one needs a module of its own and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cebd.alarms.kind import AlarmSettings, Sender
from cebd.alarms.settings import MailAlarm, WebhookAlarm

SettingsClass = type[AlarmSettings]


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """A kind: the name of its type, its settings, and what makes its sender, which imports its library only then."""

    type: str
    settings: SettingsClass
    open: Callable[[Any, Path], Sender]  # Any: the settings of this kind


def _mail(settings: MailAlarm, base: Path) -> Sender:
    from cebd.alarms.mail import MailSender

    return MailSender(settings, base)


def _webhook(settings: WebhookAlarm, base: Path) -> Sender:
    from cebd.alarms.webhook import WebhookSender

    return WebhookSender(settings, base)


ALARMS: tuple[AlarmKind, ...] = (
    AlarmKind("mail", MailAlarm, _mail),
    AlarmKind("webhook", WebhookAlarm, _webhook),
)


def alarm_kind(type_: str) -> AlarmKind:
    """The kind of that type. Raises KeyError."""
    for kind in ALARMS:
        if kind.type == type_:
            return kind
    raise KeyError(type_)


def open_alarm(settings: AlarmSettings, base: Path) -> Sender:
    """The sender of these settings; nothing is connected yet."""
    return alarm_kind(settings.type).open(settings, base)
