"""`./dev bench amqp`: messages a second that a channel hands over to a broker, beside a bare client loop that does no more than that.

Both publish persistent messages one by one over TLS and wait for each confirmation. Of the station nothing is in it.
"""

from __future__ import annotations

import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pika

from benchmark import Figure, Options, Result

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.channel_sides import Queues
from builders.rabbitmq import RabbitMq
from cebd.transport.channel import Handover, Sent

LIMIT = 0.8  # of a bare client
SIZE = 4000  # bytes


def measure(options: Options) -> Result:
    count = options.size(500, 5)
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder, RabbitMq(Path(folder)) as broker:
        side = Queues(broker, tls=True)
        outbound = side.open_with(port=broker.tls_port).outbound
        content = b"x" * SIZE

        def ours(number: int) -> None:
            handed = outbound.deliver(Handover("CEB311Message_1.xml", content, message_id=f"DXPENT0001-{number}"))
            assert handed == Sent()

        context = ssl.create_default_context(cafile=broker.ca)
        context.load_cert_chain(broker.cert, broker.key)
        options_of_tls = pika.SSLOptions(context, "127.0.0.1")
        bare = pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", broker.tls_port, ssl_options=options_of_tls)
        )
        channel = bare.channel()
        channel.confirm_delivery()

        def plainly(number: int) -> None:
            properties = pika.BasicProperties(delivery_mode=2, message_id=f"DXPENT0001-{number}")
            channel.basic_publish("", side.sends_to, content, properties, mandatory=True)

        turns = [(_a_second(ours, count), _a_second(plainly, count)) for _ in range(2 * options.runs)]
        outbound.close()
        bare.close()
        side.close()
    figures = (
        Figure("cebd", median(mine for mine, _ in turns), "messages/s"),
        Figure("a bare client", median(plain for _, plain in turns), "messages/s"),
        Figure("ratio", median(mine / plain for mine, plain in turns), "", LIMIT, at_least=True),
    )
    return Result("amqp", f"{count} messages of {SIZE} bytes, confirmed one by one over TLS", figures)


def _a_second(publish: Callable[[int], None], count: int) -> float:
    publish(0)  # connected
    began = time.perf_counter()
    for number in range(count):
        publish(number)
    return count / (time.perf_counter() - began)
