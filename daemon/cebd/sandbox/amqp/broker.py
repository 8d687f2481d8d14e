"""A RabbitMQ of one's own: the installed one, as an ordinary node in a folder, on free loopback ports; nothing of the system is touched."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from cebd.sandbox.side import CannotListen

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # that of /usr/sbin would become another user and go to /var/lib
_PATIENCE_SECONDS = 60.0
_GREETING = b"AMQP\x00\x00\x09\x01"


class NoBroker(CannotListen):
    """RabbitMQ is not installed, or does not start; the message says which."""


class Broker:
    """A broker at `port`, started and stopped once. `user` and `password` may do all. Use as a context manager."""

    user, password = "guest", "guest"

    def __init__(self, folder: Path, port: int = 0, settings: Mapping[str, object] | None = None) -> None:
        """`port` 0 takes a free one; `settings`: more lines of rabbitmq.conf."""
        self.folder = folder
        self.port = port or free_port()
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"r{self.port}@localhost",
            "RABBITMQ_BASE": str(folder),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
        }

    def start(self) -> None:
        """Returns when the broker speaks AMQP. Raises NoBroker."""
        if not SERVER.exists():
            raise NoBroker("RabbitMQ is not installed (apt-get install rabbitmq-server)")
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "listeners.tcp.local": f"127.0.0.1:{self.port}",
            "vm_memory_high_watermark.absolute": "512MB",
            "disk_free_limit.absolute": "50MB",
            "log.console": "false",
            **self._settings,
        }
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self.folder / "rabbitmq.conf").write_text(lines, encoding="utf-8")
        (self.folder / "plugins").write_text("[].\n", encoding="utf-8")
        with (self.folder / "out.txt").open("ab") as out:
            # A session of its own: ended as a whole.
            self._process = subprocess.Popen(  # noqa: S603
                [SERVER], env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._speaks():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise NoBroker(f"RabbitMQ does not start, see {self.folder / 'out.txt'}")
            time.sleep(0.1)

    def control(self, *arguments: str) -> str:
        """`rabbitmqctl`: what an administrator does at the other side."""
        command = [str(SERVER.with_name("rabbitmqctl")), *arguments]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout  # noqa: S603

    def stop(self) -> None:
        """End it, and the name server that it has started. What is in durable queues is there at the next start."""
        if self._process is None or sys.platform == "win32":  # SERVER is Debian's
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=30)
        self._process = None
        subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, check=False)  # noqa: S607

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _speaks(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.settimeout(5)
                probe.sendall(_GREETING)
                return probe.recv(1) == b"\x01"
        except OSError:
            return False


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
