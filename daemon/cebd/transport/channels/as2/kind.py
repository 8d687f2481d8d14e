"""The channel kind "as2"; what it stands on is imported when a channel is opened."""

from __future__ import annotations

from pathlib import Path

from cebd.transport.channel import Channel
from cebd.transport.channels.as2.settings import As2Settings
from cebd.transport.channels.kind import ChannelKind


def _open(wanted: As2Settings, base: Path) -> Channel:
    from cebd.transport.channels.as2.opening import open_as2

    return open_as2(wanted, base)


AS2 = ChannelKind("as2", As2Settings, _open, finds=False)
