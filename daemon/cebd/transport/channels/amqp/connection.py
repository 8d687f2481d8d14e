"""One AMQP connection with one AMQP channel. One question is asked at a time; heartbeats are answered also while nothing is asked, and
while whoever asks is busy elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import pika

from cebd.transport.channel import ChannelError
from cebd.transport.channels.amqp.faults import fault_of
from cebd.transport.channels.http.trust import Trust

_GOODBYE_SECONDS = 2.0
_HEARD_SECONDS = 0.02  # what was said until then is known: to listen once more costs a twentieth of handing over
_NONE_YET = object()


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where to connect and as whom. `read_password` may raise ChannelError; `trust`: None without TLS; times are in seconds."""

    host: str
    port: int
    virtual_host: str
    user: str
    read_password: Callable[[], str]
    trust: Trust | None
    heartbeat: int
    timeout: float


class Waiting(NamedTuple):
    """A message of a queue. `tag` acknowledges it, on this connection alone; `behind` it so many were waiting."""

    tag: int
    content: bytes
    behind: int


class Confirmed(NamedTuple):
    """The broker's word on a published message. `returned`: why no queue has it (reply code and text), None where one has it."""

    taken: bool
    returned: str | None


class Lost(Exception):
    """The connection ended, or gave no answer in time, before a question was answered.

    `began`: whether something of the question may have reached the broker. `closed_with`: the reply code of AMQP by which the broker closed
    the channel instead of doing what it was asked; None otherwise.
    """

    def __init__(self, reason: BaseException, *, began: bool) -> None:
        self.reason = reason
        self.began = began
        self.closed_with: int | None = (
            reason.reply_code if isinstance(reason, pika.exceptions.ChannelClosedByBroker) else None
        )
        super().__init__(str(reason) or type(reason).__name__)

    def fault(self, login: Login) -> ChannelError:
        """What it means for the channel."""
        return fault_of(login.host, self.reason, login.trust)


class Connection:
    """An open connection. Raises ChannelError when it cannot be made.

    Whoever asks drives pika's loop until the answer is there; in between a thread of its own drives it now and then, for heartbeats.
    """

    def __init__(self, login: Login, *, confirms: bool) -> None:
        """`confirms`: the broker confirms every message that is published."""
        self._login = login
        self._confirms = confirms
        self._lock = threading.RLock()  # pika and its loop are used by one thread at a time
        self._blocked: str | None = None
        self._ended: BaseException | None = None
        self._answer: object = _NONE_YET
        self._published = 0
        self._heard = 0.0  # when, by the monotonic clock
        self._returned: str | None = None
        self._channel: Any = None  # pika has no types
        parameters = pika.ConnectionParameters(
            host=login.host,
            port=login.port,
            virtual_host=login.virtual_host,
            credentials=pika.PlainCredentials(login.user, login.read_password(), erase_on_connect=True),
            heartbeat=login.heartbeat,
            ssl_options=pika.SSLOptions(login.trust.context(), login.host) if login.trust is not None else None,
            connection_attempts=1,
            socket_timeout=login.timeout,
            stack_timeout=login.timeout,
            client_properties={"product": "cebd"},
        )
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_end,
            on_close_callback=self._on_end,
        )
        self._loop = self._connection.ioloop
        self._loop.activate_poller()
        self._closed = threading.Event()
        try:
            self._drive(lambda: self._answer is not _NONE_YET, 2 * login.timeout)
        except Lost as lost:
            self.close()
            raise lost.fault(login) from None
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._keep_alive, name="amqp", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether anything can still be asked, as far as the other side has said."""
        if time.monotonic() - self._heard > _HEARD_SECONDS:
            self._hear()
        return self._ended is None

    @property
    def blocked(self) -> str | None:
        """Why the broker takes no messages now, as far as it was heard: by `is_alive`, or by what was asked last."""
        return self._blocked

    def publish(self, exchange: str, routing_key: str, content: bytes, message_id: str) -> Confirmed:
        """Publish a message, persistent and mandatory; returns when the broker has confirmed it. Raises Lost."""
        properties = pika.BasicProperties(
            content_type="text/xml", delivery_mode=pika.DeliveryMode.Persistent.value, message_id=message_id or None
        )

        def begin(channel: Any) -> None:
            self._returned = None
            channel.basic_publish(exchange, routing_key, content, properties, mandatory=True)
            self._published += 1

        confirmed = self._ask(begin)
        assert isinstance(confirmed, Confirmed)  # noqa: S101
        return confirmed

    def get(self, queue: str) -> Waiting | None:
        """The queue's next message, to be acknowledged; None when it has no more. Raises Lost."""

        def begin(channel: Any) -> None:
            channel.basic_get(queue, self._on_message, auto_ack=False)

        waiting = self._ask(begin)
        assert waiting is None or isinstance(waiting, Waiting)  # noqa: S101
        return waiting

    def acknowledge(self, tag: int) -> None:
        """Let the queue forget a message. Nothing confirms it: if it is lost, the message comes again."""
        self._tell(lambda channel: channel.basic_ack(tag))

    def put_back(self, tag: int) -> None:
        """Let the queue have a message back, at its place."""
        self._tell(lambda channel: channel.basic_nack(tag, requeue=True))

    def close(self) -> None:
        """Close the connection in any state; what was not acknowledged is in the queue again."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            with suppress(Lost):
                self._say_goodbye()
                self._drive(lambda: self._connection.is_closed, _GOODBYE_SECONDS)
            self._ended = self._ended or ConnectionError("closed")
            self._loop.deactivate_poller()
            self._loop.close()

    # The loop

    def _ask(self, begin: Callable[[Any], None]) -> object:
        with self._lock:
            if self._ended is not None:
                raise Lost(self._ended, began=False)
            self._answer = _NONE_YET
            try:
                begin(self._channel)
            except pika.exceptions.AMQPError as error:
                raise Lost(error, began=not isinstance(error, pika.exceptions.ChannelWrongStateError)) from None
            self._drive(lambda: self._answer is not _NONE_YET, self._login.timeout)
            return self._answer

    def _tell(self, what: Callable[[Any], None]) -> None:
        with self._lock, suppress(pika.exceptions.AMQPError):  # the connection has just ended
            if self._ended is None:
                what(self._channel)
                self._hear()

    def _hear(self) -> None:
        """Take in what the other side has said, and send what is due."""
        with self._lock, suppress(Lost):
            if not self._closed.is_set():
                self._drive(lambda: False, 0)

    def _drive(self, is_done: Callable[[], bool], seconds: float) -> None:
        """Drive the loop until that is done, for at most so long (0: for one look). Raises Lost where the connection or the time ends."""
        over: list[bool] = []
        timer = self._loop.call_later(seconds, lambda: over.append(True))
        try:
            while not is_done():
                if self._ended is not None and not self._closed.is_set():
                    raise Lost(self._ended, began=True)
                if over:
                    raise Lost(TimeoutError("no answer in time"), began=True)
                self._loop.poll()
                self._loop.process_timeouts()
        finally:
            self._loop.remove_timeout(timer)
            self._heard = time.monotonic()

    def _keep_alive(self) -> None:
        while not self._closed.wait(self._login.heartbeat / 4):
            self._hear()

    # What pika calls

    def _on_open(self, connection: Any) -> None:
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        if self._confirms:
            channel.add_on_return_callback(self._on_return)
            channel.confirm_delivery(self._on_confirm, callback=self._on_none)
        else:
            channel.add_callback(self._on_none, [pika.spec.Basic.GetEmpty], one_shot=False)
            self._answer = None

    def _on_none(self, _frame: Any) -> None:
        self._answer = None

    def _on_return(self, _channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        self._returned = f"{method.reply_code} {method.reply_text}"

    def _on_confirm(self, frame: Any) -> None:
        if frame.method.delivery_tag == self._published:
            self._answer = Confirmed(isinstance(frame.method, pika.spec.Basic.Ack), self._returned)
        self._returned = None  # else it was of a message whose confirmation nobody waits for any more

    def _on_message(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        self._answer = Waiting(method.delivery_tag, body, method.message_count)

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        self._blocked = str(frame.method.reason) or "blocked"

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:
        self._blocked = None

    def _on_channel_closed(self, _channel: Any, reason: BaseException) -> None:
        self._ended = self._ended or reason
        self._say_goodbye()

    def _on_end(self, _connection: Any, reason: BaseException) -> None:
        self._ended = self._ended or reason

    def _say_goodbye(self) -> None:
        if not (self._connection.is_closed or self._connection.is_closing):
            self._connection.close()


class Line:
    """A connection that is made when it is needed, and made anew when it has ended."""

    def __init__(self, login: Login, *, confirms: bool) -> None:
        self._login = login
        self._confirms = confirms
        self._connection: Connection | None = None

    def open(self) -> Connection:
        """The open connection. Raises ChannelError."""
        if self._connection is not None and self._connection.is_alive:
            return self._connection
        self.close()
        self._connection = Connection(self._login, confirms=self._confirms)
        return self._connection

    def fault_of(self, lost: Lost) -> ChannelError:
        """What a lost connection means for the channel."""
        return lost.fault(self._login)

    def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
