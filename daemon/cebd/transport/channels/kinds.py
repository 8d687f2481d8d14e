"""Every kind of channel. A new kind needs a module of its own and a line here: settings, checks and hints use this list."""

from __future__ import annotations

from pathlib import Path

from cebd.transport.channel import Channel, Memory
from cebd.transport.channels.amqp.settings import AMQP
from cebd.transport.channels.as2.kind import AS2
from cebd.transport.channels.folder_settings import FOLDER
from cebd.transport.channels.http.kind import HTTP
from cebd.transport.channels.kind import ChannelKind, ChannelSettings
from cebd.transport.channels.sftp_settings import SFTP

CHANNELS: tuple[ChannelKind, ...] = (SFTP, FOLDER, AMQP, HTTP, AS2)


def channel_kind(type_: str) -> ChannelKind:
    """The kind of that type. Raises KeyError."""
    for kind in CHANNELS:
        if kind.type == type_:
            return kind
    raise KeyError(type_)


def open_channel(settings: ChannelSettings, base: Path, memory: Memory | None = None) -> Channel:
    """A channel with these settings; nothing is connected yet. `base`: the folder where relative paths start.

    `memory`: what the channel kept before, for kinds that need it; without it they begin anew.
    """
    channel = channel_kind(settings.type).open(settings, base)
    if memory is not None and channel.remember is not None:
        channel.remember(memory)
    return channel
