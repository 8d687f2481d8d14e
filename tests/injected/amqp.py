"""A station whose channel is a RabbitMQ."""

from __future__ import annotations

from collections.abc import Callable

import pika

from builders.rabbitmq import RabbitMq
from builders.stations import TryStation
from injected.fault import Fault, Place

_CHANNEL = """\
[channel.sandbox]
type = "amqp"
host = "127.0.0.1"
port = {port}
user = "guest"
password = {{ file = "amqp.password" }}
tls = false
send_queue = "ENT_TO_DXP"
receive_queue = "DXP_TO_ENT"
timeout_seconds = 3
retry_seconds = 1
in_doubt_seconds = 1
"""
_QUEUES = ("ENT_TO_DXP", "DXP_TO_ENT")


class AmqpPlace(Place):
    def begin(self) -> None:
        self.broker = self.ending.enter_context(RabbitMq(self.folder / "rabbitmq"))
        self.own = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.broker.port, heartbeat=0))
        self.ending.callback(self.own.close)
        self.channel = self.own.channel()
        for queue in _QUEUES:
            self.channel.queue_declare(queue, durable=True)
        self.station = self.ending.enter_context(TryStation(self.folder / "s", by_folder=True, audited=False))
        text = self.station.settings_path.read_text(encoding="utf-8")
        channel = _CHANNEL.format(port=self.broker.port)
        self.station.settings_path.write_text(text[: text.index("[channel.sandbox]")] + channel, encoding="utf-8")
        self.password = self.base / "amqp.password"
        self.password.write_text("guest\n", encoding="ascii")
        self.start()

    def without(self, queue: str) -> None:
        self.channel.queue_delete(queue)
        self.order()

    def with_it(self, queue: str, **arguments: object) -> None:
        self.channel.queue_delete(queue)
        self.channel.queue_declare(queue, durable=True, arguments=arguments)

    def full(self) -> None:
        self.with_it(_QUEUES[0], **{"x-max-length": 0, "x-overflow": "reject-publish"})
        self.order()

    def without_memory(self) -> None:
        self.broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
        self.order()

    def with_memory(self) -> None:
        self.broker.control("set_vm_memory_high_watermark", "absolute", "512MB")

    def knows(self, password: str) -> None:
        self.password.write_text(f"{password}\n", encoding="ascii")
        self.reload()


def _fault(
    name: str,
    make: Callable[[AmqpPlace], object],
    take_back: Callable[[AmqpPlace], object],
    party: str,
    zh: str,
    en: str,
) -> Fault[AmqpPlace]:
    return Fault(name, AmqpPlace, make, take_back, party, zh, en)


FAULTS = (
    _fault(
        "the queue of messages is gone",
        lambda p: p.without(_QUEUES[0]),
        lambda p: p.with_it(_QUEUES[0]),
        "administrator",
        "ENT_TO_DXP",
        "ENT_TO_DXP",
    ),
    _fault(
        "the queue of receipts is gone",
        lambda p: p.without(_QUEUES[1]),
        lambda p: p.with_it(_QUEUES[1]),
        "administrator",
        "DXP_TO_ENT",
        "DXP_TO_ENT",
    ),
    _fault(
        "the queue of messages is full",
        AmqpPlace.full,
        lambda p: p.with_it(_QUEUES[0]),
        "e-port",
        "拒收报文",
        "refused a message",
    ),
    _fault(
        "the broker lacks memory",
        AmqpPlace.without_memory,
        AmqpPlace.with_memory,
        "e-port",
        "暂停接收",
        "takes no messages at the moment",
    ),
    _fault(
        "the broker's password is another",
        lambda p: p.knows("wrong"),
        lambda p: p.knows("guest"),
        "administrator",
        "无法登录",
        "login to the channel sandbox failed",
    ),
)
