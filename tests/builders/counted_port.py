"""A port at which nobody is expected: it counts who comes, and answers nothing."""

from __future__ import annotations

import socket
import threading
from typing import Self


class CountedPort:
    """A port of this machine. Use as a context manager."""

    def __init__(self) -> None:
        self.callers = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.number: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._count, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.callers += 1
            connection.close()

    def alarms(self, hook: str) -> str:
        """Settings of alarms by mail and webhook that come here. `hook`: the file in which their address is to stand."""
        return (
            f'\n[alarm.hook]\ntype = "webhook"\nurl = {{ file = "{hook}" }}\nafter_minutes = 1\n'
            f'\n[alarm.mail]\ntype = "mail"\nhost = "127.0.0.1"\nport = {self.number}\nsecurity = "none"\n'
            'sender = "cebd@example.org"\nto = ["admin@example.org"]\nafter_minutes = 1\n'
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.number}/"
