"""A line to an SFTP server that stands as long as it can: opened when it is needed, and again after it broke."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import TypeVar

from cebd.transport.channel import ChannelError
from cebd.transport.channels.sftp_connection import BROKEN, Connection, Login, reason

T = TypeVar("T")


class Line:
    """One SFTP connection after the other, to the same server; used by one thread at a time."""

    def __init__(self, login: Login) -> None:
        self.lock = RLock()
        self.connection: Connection | None = None
        self._login = login
        self._host_key_kind: str | None = None

    def close(self) -> None:
        with self.lock:
            connection, self.connection = self.connection, None
            if connection is not None:
                connection.close()

    def asking(self, ask: Callable[[Connection], T]) -> T:
        """Ask the server; every network error becomes a ChannelError."""
        with self.lock:
            try:
                return ask(self.open())
            except BROKEN as error:
                self.close()
                raise ChannelError("CEBD-1601", reason(error)) from None
            except ChannelError:
                raise
            except BaseException:
                self.close()  # unread answers may still be in the connection
                raise

    def open(self) -> Connection:
        if self.connection is None or not self.connection.is_alive():
            self.close()
            self.connection = Connection(self._login, self._host_key_kind)
            self._host_key_kind = self.connection.kind
        return self.connection
