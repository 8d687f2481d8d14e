"""Receipts as files that the platform lists: each is fetched, and removed once it is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import quote, unquote_to_bytes

from cebd.transport.channel import NOT_REMOVED, ChannelError
from cebd.transport.channels.http.budget import Budget
from cebd.transport.channels.http.filling import Facts, fill
from cebd.transport.channels.http.line import Answer, Line, Request
from cebd.transport.channels.http.outbound import NOT_UNDERSTOOD, REFUSED, ask
from cebd.transport.channels.http.profile import Listing
from cebd.transport.channels.http.wrapping import in_url
from cebd.transport.channels.polled import PolledInbound
from cebd.transport.complete_receipts import ReceiptStamp, StableReceipts, is_left_alone, readable_names

_GONE = (404, 410)
_NOT_ALLOWED = (403, 405, 423, 501)


class ListedInbound(PolledInbound):
    """Takes receipts from the platform's list. `values` reads those of the settings; raises ChannelError."""

    def __init__(
        self,
        listing: Listing,
        line: Line,
        budget: Budget,
        values: Callable[[], dict[str, str]],
        interval_seconds: float = 0.0,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(StableReceipts(0.0))
        self._listing = listing
        self._line = line
        self._budget = budget
        self._values = values
        self._interval = interval_seconds
        self._steady = steady
        self._next = 0.0
        self._names: dict[str, str] = {}  # by the name shown, the name as it was listed

    def waiting(self) -> list[str]:
        if self._steady() < self._next:
            return []
        facts = in_url(self._values())
        answer = self._ask("GET", fill(self._listing.url, facts))
        if answer.status != 200:
            raise ChannelError(REFUSED, answer.shown())
        listed = files_listed(answer, self._listing)
        shown = {raw: name for raw, name in readable_names(listed).items() if not is_left_alone(name.rstrip("/"))}
        folders = [name.rstrip("/") for name in shown.values() if name.endswith("/")]
        self._names = {name: listed[raw][0] for raw, name in shown.items() if not name.endswith("/")}
        present = {name: listed[raw][1] for raw, name in shown.items() if name in self._names}
        self._next = self._steady() + self._interval
        return self._receipts.ready(present, folders)

    def fetch(self, name: str) -> bytes:
        size, _ = self._receipts.stamp(name)
        self._receipts.check_size(name, size)
        answer = self._ask("GET", self._url(name))
        if answer.status != 200:
            raise self._receipts.cannot_fetch(name, answer.shown())
        if size is not None and len(answer.body) != size:
            raise self._receipts.cannot_fetch(name, f"{len(answer.body)} of {size} bytes read")
        self._receipts.check_whole(name, answer.body)
        return answer.body

    def remove(self, name: str) -> None:
        size, changed = self._receipts.stamp(name)
        headers = (("If-Match", f'"{size}-{int(changed)}"'),) if size is not None and changed is not None else ()
        answer = self._ask("DELETE", self._url(name), headers)
        if answer.status in (412, *_GONE):
            return  # written anew since it was read: it will be fetched again; or gone already
        if answer.status in _NOT_ALLOWED:
            self.leave(name, NOT_REMOVED)
        elif answer.status >= 300:
            raise ChannelError("CEBD-1604", f"{name}: {answer.shown()}")

    def close(self) -> None:
        self._line.close()

    def _url(self, name: str) -> str:
        facts: Facts = {**in_url(self._values()), "href": self._names.get(name) or quote(name, safe="")}
        return fill(self._listing.item_url, facts)

    def _ask(self, method: str, url: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        return ask(self._line, self._budget, Request(method, url, headers=headers))


def files_listed(answer: Answer, listing: Listing) -> dict[bytes, tuple[str, ReceiptStamp]]:
    """By the name's bytes: the name as listed (percent-encoded), and size and time as far as they are told. Raises ChannelError."""
    try:
        value = json.loads(answer.text)
        for step in listing.items.split(".") if listing.items else ():
            value = value[step]
        return {
            unquote_to_bytes(item[listing.name]): (
                str(item[listing.name]),
                (_number(item.get(listing.size)), _number(item.get(listing.changed))),
            )
            for item in value
        }
    except (ValueError, OverflowError, RecursionError, KeyError, TypeError, AttributeError):
        raise ChannelError(NOT_UNDERSTOOD, answer.shown()) from None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
