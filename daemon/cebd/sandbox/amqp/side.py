"""A customs side that takes messages from one queue of a broker and puts its answers into another.

| killed ... | what follows |
| --- | --- |
| with a message in `in/`, not yet acknowledged | it comes again, and is judged as a repeat |
| with an answer published, its file still in `out/` | it is published twice |
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

from cebd.sandbox.amqp.broker import Broker
from cebd.sandbox.desk import Say
from cebd.sandbox.home import Home
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.side import CannotListen, CustomsSide

try:
    import pika
except ModuleNotFoundError:
    raise CannotListen("pika is not installed: pip install cebd[amqp]") from None

TO_CUSTOMS, FROM_CUSTOMS = "ENT_TO_DXP", "DXP_TO_ENT"
_LOOK_SECONDS = 0.03
_BETWEEN_TRIES = 0.2


class BrokerSide(CustomsSide):
    """See `CustomsSide`. It starts a broker of its own, or works at one that is there."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        scenario: Scenario | None = None,
        say: Say = lambda _text: None,
        broker: Broker | None = None,
    ) -> None:
        """`broker`: one that runs; it is not stopped."""
        super().__init__(folder, port=port, scenario=scenario, say=say)
        self._own = Broker(folder / "rabbitmq", port) if broker is None else None
        self._broker = broker or self._own
        self._say = say
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="customs-amqp", daemon=True)

    @property
    def port(self) -> int:
        assert self._broker is not None  # noqa: S101
        return self._broker.port

    def _listen(self) -> None:
        """Raises NoBroker."""
        password_of(self.home).write_text(Broker.password, encoding="utf-8")
        if self._own is not None:
            self._own.start()
        self._connect().close()  # the queues are there

    def _serve(self) -> None:
        self._thread.start()

    def _hang_up(self) -> None:
        self._stopping.set()
        self._thread.join()
        if self._own is not None:
            self._own.stop()

    def _connect(self) -> Any:  # pika has no types
        credentials = pika.PlainCredentials(Broker.user, Broker.password)
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, credentials=credentials))
        channel = connection.channel()
        for queue in (TO_CUSTOMS, FROM_CUSTOMS):
            channel.queue_declare(queue, durable=True)
        channel.close()
        return connection

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._connect()
                try:
                    self._serve_at(connection)
                finally:
                    if connection.is_open:
                        connection.close()
            except pika.exceptions.AMQPError as error:
                self._say(f"the broker is away: {type(error).__name__}")
                self._stopping.wait(_BETWEEN_TRIES)

    def _serve_at(self, connection: Any) -> None:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=20)
        channel.basic_consume(TO_CUSTOMS, self._take)
        while not self._stopping.is_set():
            connection.process_data_events(time_limit=_LOOK_SECONDS)
            for path in sorted((self.home.folder / "out").glob("*.xml")):
                durable = pika.BasicProperties(content_type="text/xml", delivery_mode=2, message_id=path.stem)
                channel.basic_publish("", FROM_CUSTOMS, path.read_bytes(), durable, mandatory=True)
                path.unlink()

    def _take(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        """Each delivery is an arrival of its own, under its number as far as that can be a name."""
        number = "".join(sign for sign in str(properties.message_id) if sign.isalnum() or sign in "-_")
        path = self.home.folder / "in" / f"{number}.{uuid4().hex[:8]}.xml"
        temporary = path.with_suffix(".part")
        temporary.write_bytes(body)
        temporary.replace(path)
        channel.basic_ack(method.delivery_tag)


def password_of(home: Home) -> Path:
    """The file with the broker's password."""
    return home.folder / "amqp.password"
