"""The other side of each kind of channel, as the promises of all channels ask it: what it has, what it answers, and that it goes away."""

from __future__ import annotations

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pika

from builders.as2_partner import As2Partner
from builders.both_halves import BothHalves
from builders.broken_share import BrokenShare
from builders.http_platform import HttpPlatform
from builders.openssh import OpenSsh, Wire
from builders.rabbitmq import RabbitMq
from builders.waiting import until
from cebd.store.conditions import Party
from cebd.transport.channel import Arrival, Channel, Inbound
from cebd.transport.channels.amqp.settings import AmqpSettings, open_amqp
from cebd.transport.channels.folder import FolderInbound, FolderOutbound
from cebd.transport.channels.kinds import open_channel
from cebd.transport.channels.sftp import SftpInbound, SftpOutbound
from cebd.transport.channels.sftp_connection import Login
from cebd.transport.channels.single_window import ClientInbound, ClientOutbound
from cebd.transport.complete_receipts import StableReceipts


class OtherSide(ABC):
    """`sends_to` and `receives_from`: what a channel calls the places there. `wire`: the line to it, where there is one.

    `answer_wire`: the one by which receipts come, if that is another. `steps_apart`: of the steps of a conversation, that one in so many is
    cut. `steps`: about so many has a greeting with a hand-over; `steps_at_least`: that every conversation has.
    `whose_matter_away`: one of these is told when a place there is away.
    """

    sends_to: str
    receives_from: str
    wire: Wire | BrokenShare | None = None
    steps_apart = 1
    steps, steps_at_least = 12, 4
    answer_wire: Wire | None = None
    whose_matter_away: tuple[Party, ...] = (Party.NETWORK, Party.ADMINISTRATOR)

    def __init__(self) -> None:
        self._made: list[BothHalves] = []

    def make(self) -> BothHalves:
        """The channel to it, as often as a station is started."""
        channel = BothHalves.of(self.open())
        self._made.append(channel)
        return channel

    @abstractmethod
    def open(self) -> Channel:
        """The channel to it."""

    @abstractmethod
    def has(self) -> list[bytes]:
        """The messages that it can have whole."""

    @abstractmethod
    def take(self) -> list[bytes]:
        """As `has`, and they are not there any more."""

    @abstractmethod
    def answers(self, content: bytes) -> None:
        """A receipt waits there."""

    @abstractmethod
    def waiting(self) -> list[bytes]:
        """The receipts that wait there and that no open channel holds, in no order."""

    @abstractmethod
    def take_away(self) -> None:
        """The places of messages and receipts are not there any more; nothing was in them."""

    @abstractmethod
    def bring_back(self) -> None:
        """They are there again."""

    def come_to_rest(self) -> None:
        """Wait until what it does by itself is done, or cut: nothing, unless it says otherwise."""
        return

    def close(self) -> None:
        """Close every channel that was made."""
        for channel in self._made:
            channel.close()
        if self.wire is not None:
            self.wire.__exit__()


class Folders(OtherSide):
    """Two folders."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.send, self.receive = folder / "send", folder / "receive"
        self.sends_to, self.receives_from = str(self.send), str(self.receive)
        self.bring_back()
        self._answers = 0

    def break_on_demand(self) -> Folders:
        """Its calls can be cut from now on."""
        self.wire, self.steps = BrokenShare(), 9
        return self

    def open(self) -> Channel:
        at_the_first_look = StableReceipts(0.0)  # as if a look had been made before
        return Channel(FolderOutbound(self.send), FolderInbound(self.receive, at_the_first_look))

    def has(self) -> list[bytes]:
        return list(self.by_name().values())

    def take(self) -> list[bytes]:
        taken = self.by_name()
        for name in taken:
            (self.send / name).unlink()
        return list(taken.values())

    def by_name(self) -> dict[str, bytes]:
        """What it sees under names that are not temporary."""
        return {path.name: path.read_bytes() for path in sorted(self.send.iterdir()) if path.suffix != ".part"}

    def everything(self) -> list[str]:
        return sorted(path.name for path in self.send.iterdir())

    def answers(self, content: bytes) -> None:
        self._answers += 1
        self.answers_as(f"receipt-{self._answers:04}.xml", content)

    def answers_as(self, name: str | bytes, content: bytes) -> Path:
        path = Path(os.fsdecode(os.fsencode(self.receive) + b"/" + os.fsencode(name)))
        path.write_bytes(content)
        return path

    def waiting(self) -> list[bytes]:
        return [path.read_bytes() for path in self.receive.iterdir()]

    def take_away(self) -> None:
        for folder in (self.send, self.receive):
            folder.rmdir()

    def bring_back(self) -> None:
        for folder in (self.send, self.receive):
            folder.mkdir()


class DxpFolders(Folders):
    """Two folders of an exchange client: messages are written elsewhere first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._parts = folder / "parts"

    def open(self) -> Channel:
        return Channel(FolderOutbound(self.send, self._parts), FolderInbound(self.receive, StableReceipts(0.0)))


class ClientFolders(DxpFolders):
    """The folders of the Single Window's client, which is not running."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._sent, self._failed = folder / "sent", folder / "failed"
        for made in (self._sent, self._failed):
            made.mkdir()

    def open(self) -> Channel:
        return Channel(
            ClientOutbound(self.send, (self._sent, self._failed), self._parts),
            ClientInbound(self.receive, self.send, self._failed, StableReceipts(0.0)),
        )

    def take(self) -> list[bytes]:
        """The client sends what it takes, and keeps it."""
        taken = self.by_name()
        for name in taken:
            (self.send / name).replace(self._sent / name)
        return list(taken.values())


class SftpFolders(Folders):
    """Two folders behind OpenSSH's own server."""

    steps_apart = 5  # most of them are of the login; `tests/system/test_sftp_channel.py` takes each of the others

    def __init__(self, folder: Path, sshd: OpenSsh) -> None:
        super().__init__(folder)
        self._sshd = sshd
        self.wire = Wire(sshd.port).__enter__()

    def open(self) -> Channel:
        sshd, port = self._sshd, self.wire.port if isinstance(self.wire, Wire) else 0
        login = Login("127.0.0.1", port, sshd.user, sshd.fingerprint, 10.0, sshd.user_key, lambda: None)
        return Channel(SftpOutbound(login, str(self.send)), SftpInbound(login, str(self.receive)))


class HttpFolders(Folders):
    """Two folders behind a platform that speaks HTTP over TLS with a client certificate, in the shape whose receipts are files.

    The other shapes: `tests/contracts/test_http_profiles.py`.
    """

    steps_at_least = 2  # the greeting of TLS, whose parts may come at once, and the request or its answer
    whose_matter_away = (Party.E_PORT,)  # it answers all the same, by an error of its own

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._platform = HttpPlatform(folder / "http", "dxp-xml", self.send, self.receive).__enter__()
        self.wire = Wire(self._platform.door.port).__enter__()

    def open(self) -> Channel:
        base = f"https://127.0.0.1:{self.wire.port if isinstance(self.wire, Wire) else 0}"
        settings = self._platform.settings(send_url=f"{base}/in", receipts_url=f"{base}/out")
        return open_channel(settings, self._platform.folder)

    def close(self) -> None:
        super().close()
        self._platform.__exit__(None, None, None)


class Queues(OtherSide):
    """Two queues of a RabbitMQ; `tls`: reached with TLS and a client certificate."""

    def __init__(self, broker: RabbitMq, *, tls: bool) -> None:
        super().__init__()
        self._broker = broker
        self._tls = tls
        self.sends_to, self.receives_from = f"to-{uuid4()}", f"from-{uuid4()}"
        self.wire = Wire(broker.tls_port if tls else broker.port).__enter__()
        self._own = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", broker.port, heartbeat=0))
        self._channel = self._own.channel()
        self._channel.confirm_delivery()
        self.bring_back()

    def settings(self, **others: object) -> AmqpSettings:
        """Those of the channel to it; `others` in place of some of them."""
        assert isinstance(self.wire, Wire)
        password = self._broker.folder / "password"
        password.write_text(self._broker.password, encoding="utf-8")
        table = {
            "type": "amqp",
            "host": "127.0.0.1",
            "port": self.wire.port,
            "user": self._broker.user,
            "password": {"file": password},
            "send_queue": self.sends_to,
            "receive_queue": self.receives_from,
            "timeout_seconds": 20.0,
            "tls": self._tls,
        }
        if self._tls:
            table |= {"ca": self._broker.ca, "client_cert": self._broker.cert, "client_key": self._broker.key}
        return AmqpSettings.model_validate(table | others)

    def open(self) -> Channel:
        return self.open_with()

    def open_with(self, **others: object) -> Channel:
        """The channel with these settings in place of some."""
        return open_amqp(self.settings(**others), self._broker.folder)

    def has(self) -> list[bytes]:
        return self._look_into(self.sends_to)

    def take(self) -> list[bytes]:
        taken = []
        while (got := self._channel.basic_get(self.sends_to, auto_ack=True))[0] is not None:
            taken.append(bytes(got[2]))
        return taken

    def answers(self, content: bytes) -> None:
        durable = pika.BasicProperties(delivery_mode=2)
        self._channel.basic_publish("", self.receives_from, content, durable, mandatory=True)

    def waiting(self) -> list[bytes]:
        return self._look_into(self.receives_from)

    def take_away(self) -> None:
        for queue in (self.sends_to, self.receives_from):
            self._channel.queue_delete(queue)

    def bring_back(self) -> None:
        for queue in (self.sends_to, self.receives_from):
            self._channel.queue_declare(queue, durable=True)

    def close(self) -> None:
        super().close()
        self.take_away()
        self._own.close()

    def properties(self) -> pika.BasicProperties:
        """Those of the next message."""
        method, properties, _ = self._channel.basic_get(self.sends_to)
        self._channel.basic_nack(method.delivery_tag, requeue=True)
        return properties

    def declare_anew(self, **arguments: object) -> None:
        """The queue of messages, with these arguments."""
        self._channel.queue_delete(self.sends_to)
        self._channel.queue_declare(self.sends_to, durable=True, arguments=arguments)

    def _look_into(self, queue: str) -> list[bytes]:
        """All of its messages; they stay in it."""
        found, last = [], 0
        while (got := self._channel.basic_get(queue))[0] is not None:
            last = got[0].delivery_tag
            found.append(bytes(got[2]))
        if last:
            self._channel.basic_nack(last, multiple=True, requeue=True)
        return found


class Partner(OtherSide):
    """An AS2 partner, who brings receipts to the station's door."""

    steps, steps_at_least = 4, 1

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._partner = As2Partner(folder).__enter__()
        self.wire, self.answer_wire = self._partner.wire, self._partner.answer_wire
        self.sends_to, self.receives_from = str(self._partner.settings().url), f"127.0.0.1:{self._partner.door_port}"
        self._is_away, self._at_the_door = False, socket.socket()
        self._partner.distort = lambda _request, answer: (404, {}, b"") if self._is_away else answer

    def open(self) -> Channel:
        self._partner.bring_refused_again()
        channel = self._partner.open()
        return Channel(channel.outbound, _AllAtTheDoor(channel.inbound, self._partner))

    def has(self) -> list[bytes]:
        return list(self._partner.order)

    def take(self) -> list[bytes]:
        taken = self.has()
        del self._partner.order[: len(taken)]
        return taken

    def answers(self, content: bytes) -> None:
        self._partner.bring(content)

    def waiting(self) -> list[bytes]:
        return [*self._partner.open_receipts, *(content for content, _ in self._partner.refused)]

    def come_to_rest(self) -> None:
        wire = self._partner.answer_wire
        until(lambda: not (wire.cut_is_pending and self._partner.open_receipts), "the partner has its MDNs")

    def take_away(self) -> None:
        """Nobody is at the partner's address, and somebody else at the station's."""
        self._is_away = True
        self._at_the_door = socket.create_server(("127.0.0.1", self._partner.door_port))

    def bring_back(self) -> None:
        self._is_away = False
        self._at_the_door.close()

    def close(self) -> None:
        for channel in self._made:
            channel.close()
        self._partner.__exit__()


class _AllAtTheDoor:
    """An inbound half that is looked at when all that is brought has come so far."""

    def __init__(self, inbound: Inbound, partner: As2Partner) -> None:
        self._inbound = inbound
        self._partner = partner
        self.left, self.close = inbound.left, inbound.close

    def receive(self) -> Iterator[Arrival]:
        list(self._inbound.receive())  # it listens from now on
        waiting = until(self._all, "what the partner brings is at the door")
        return iter(waiting[1])

    def _all(self) -> tuple[bool, list[Arrival]] | None:
        arrived = list(self._inbound.receive())
        return (True, arrived) if len(arrived) >= len(self._partner.open_receipts) else None
