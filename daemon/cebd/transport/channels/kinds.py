"""Channels from the settings."""

from __future__ import annotations

from cebd.settings import FolderChannel as FolderSettings
from cebd.settings import SecretError, Settings
from cebd.settings import SftpChannel as SftpSettings
from cebd.transport.channel import Channel, ChannelError


def load_channel(settings: Settings, name: str) -> Channel:
    """The channel of that name; nothing is connected yet. Raises KeyError when there is none."""
    match settings.channel[name]:
        case SftpSettings() as wanted:
            return _sftp(settings, wanted)
        case FolderSettings() as folders:
            from cebd.transport.channels.folder import FolderChannel

            return FolderChannel(settings.base / folders.send_dir, settings.base / folders.receive_dir)


def _sftp(settings: Settings, wanted: SftpSettings) -> Channel:
    from cebd.transport.channels.sftp import SftpChannel
    from cebd.transport.channels.sftp_connection import Login

    def read_password() -> str | None:
        try:
            return wanted.password.read(settings.base) if wanted.password else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    key = settings.base / wanted.key if wanted.key else None
    login = Login(wanted.host, wanted.port, wanted.user, wanted.host_key, wanted.timeout_seconds, key, read_password)
    return SftpChannel(login, wanted.send_dir, wanted.receive_dir)
