"""Channels from the settings."""

from __future__ import annotations

from cebd.config import SecretError, Settings
from cebd.transport.channel import Channel, ChannelError
from cebd.transport.sftp import SftpChannel


def load_channel(settings: Settings, name: str) -> Channel:
    """The channel of that name; nothing is connected yet. Raises KeyError when there is none."""
    wanted = settings.channel[name]
    secret = wanted.password

    def read_password() -> str | None:
        try:
            return secret.read(settings.base) if secret else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    return SftpChannel(
        name,
        wanted.host,
        wanted.port,
        wanted.user,
        wanted.host_key,
        wanted.send_dir,
        wanted.receive_dir,
        wanted.timeout_seconds,
        settings.base / wanted.key if wanted.key else None,
        read_password,
    )
