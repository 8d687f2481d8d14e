"""Publishing messages: persistent, mandatory, and sent only when the broker has confirmed them.

| the broker ... | it means |
| --- | --- |
| confirms | sent |
| returns it: no queue takes it | failed |
| confirms negatively: it refuses the responsibility (AMQP 0-9-1 extension, publisher confirms) | failed |
| closes the channel: no such exchange, no permission, too large | failed |
| says beforehand that it takes no messages now (connection.blocked) | failed; not even tried |
| is lost, or silent, after the message was begun | in doubt: nobody can be asked, receipts settle it, or the same bytes again |
"""

from __future__ import annotations

import threading

from cebd.transport.channel import NO_ANSWER, ChannelError, Failed, Found, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.amqp.connection import Connection, Line, Login, Lost

NO_ROUTE = "CEBD-1630"
REFUSED = "CEBD-1631"
BLOCKED = "CEBD-1632"
_CLOSED_INSTEAD = (
    311,
    313,
    403,
    404,
    406,
)  # content too large, no consumers, access refused, not found, precondition failed


class AmqpOutbound:
    """Publishes messages to an exchange (empty: straight to the queue)."""

    def __init__(self, login: Login, exchange: str, queue: str) -> None:
        self._line = Line(login, confirms=True)
        self._lock = threading.Lock()
        self._exchange = exchange
        self._queue = queue

    def deliver(self, handover: Handover) -> Outcome:
        with self._lock:
            try:
                connection = self._line.open()
            except ChannelError as error:
                return Failed(error.problem, error.reason, error.zh)
            if connection.blocked is not None:
                return Failed(BLOCKED, connection.blocked)
            handover.before_visible()
            try:
                return self._publish(connection, handover)
            except Lost as lost:
                return self._outcome_of(lost, connection)

    def _publish(self, connection: Connection, handover: Handover) -> Outcome:
        """Raises Lost."""
        confirmed = connection.publish(self._exchange, self._queue, handover.content, handover.message_id)
        if confirmed.returned is not None:
            return Failed(NO_ROUTE, f"{self._where}: {confirmed.returned}")
        if not confirmed.taken:
            return Failed(REFUSED, self._where)
        return Sent()

    def _outcome_of(self, lost: Lost, connection: Connection) -> Outcome:
        fault, blocked = self._line.fault_of(lost), connection.blocked
        if blocked is None:
            self._line.close()  # where it is blocked it stays open: it will be told when that is over
        if not lost.began or lost.closed_with in _CLOSED_INSTEAD:
            return Failed(fault.problem, fault.reason, fault.zh)
        if blocked is not None:
            return InDoubt(blocked, BLOCKED)
        return InDoubt(fault.reason, NO_ANSWER, fault.zh)

    @property
    def _where(self) -> str:
        return f"{self._exchange} -> {self._queue}" if self._exchange else self._queue

    def find(self, handover: Handover) -> Found:  # noqa: ARG002  a broker keeps no list of what it had
        return "unknown"

    def close(self) -> None:
        with self._lock:
            self._line.close()
