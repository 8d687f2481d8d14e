"""The channel kind "http"; what it stands on is imported when a channel is opened or proved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cebd.transport.channel import Channel
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.kind import ChannelKind, Lack


def _open(wanted: HttpSettings, base: Path) -> Channel:
    from cebd.transport.channels.http.opening import open_http

    return open_http(wanted, base)


def _presence(wanted: HttpSettings, base: Path) -> Iterable[Lack]:
    from cebd.transport.channels.http.proving import lacks

    return lacks(wanted, base)


HTTP = ChannelKind("http", HttpSettings, _open, finds=True, presence=_presence)  # where the profile has a query
