"""What channels keep beyond the life of the process: how far each has fetched receipts."""

from __future__ import annotations

from sqlalchemy import select

from cebd.store.safety.progress import put
from cebd.store.store import Store
from cebd.store.tables import about


class ChannelMemory:
    """The memory of the channel of that name (`cebd.transport.channel.Memory`)."""

    def __init__(self, store: Store, channel: str) -> None:
        self._store = store
        self._channel = channel

    def read(self, name: str) -> str | None:
        with self._store.read() as transaction:
            return transaction.execute(select(about.c.value).where(about.c.name == self._key(name))).scalar()

    def write(self, name: str, text: str) -> None:
        with self._store.write() as transaction:
            put(transaction, self._key(name), text)

    def _key(self, name: str) -> str:
        return f"channel {self._channel}: {name}"
