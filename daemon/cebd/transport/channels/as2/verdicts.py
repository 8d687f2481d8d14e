"""What the partner has said of messages, later than it took them (asynchronous MDN): brought to the listener, waited for by the sender.

They are kept for the life of the process: a message whose verdict is lost with it stays in doubt, and receipts settle it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from cebd.as2.mdn import Mdn

_KEPT_AT_MOST = 10_000


class Verdicts:
    """For several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._by_message: OrderedDict[str, Mdn] = OrderedDict()

    def put(self, mdn: Mdn) -> None:
        """Somebody may be waiting for it."""
        with self._changed:
            self._by_message[mdn.original] = mdn
            while len(self._by_message) > _KEPT_AT_MOST:
                self._by_message.popitem(last=False)
            self._changed.notify_all()

    def forget(self, message_id: str) -> None:
        """The message is sent anew: what was said of it before is not meant."""
        with self._changed:
            self._by_message.pop(message_id, None)

    def get(self, message_id: str, seconds: float = 0) -> Mdn | None:
        """None when it has not come within so long."""
        with self._changed:
            self._changed.wait_for(lambda: message_id in self._by_message, seconds)
            return self._by_message.get(message_id)
