"""A channel that is made at its first use: an error in making it concerns its users, not the start of the station."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from cebd.transport.channel import (
    Arrival,
    Begins,
    Channel,
    ChannelError,
    Failed,
    Found,
    Handover,
    Inbound,
    Outbound,
    Outcome,
)

Half = TypeVar("Half", bound=Outbound | Inbound)


def lazy_channel(make: Callable[[], Channel]) -> Channel:
    """Stands for the channel that `make` makes. While that fails it is a channel that cannot be used, and is tried again each time."""

    def outbound() -> Outbound:
        return make().outbound

    def inbound() -> Inbound:
        return make().inbound

    return Channel(_LazyOutbound(outbound), _LazyInbound(inbound))


class _Lazy(Generic[Half]):
    def __init__(self, make: Callable[[], Half]) -> None:
        self._make = make
        self._made: Half | None = None

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def _half(self) -> Half:
        if self._made is None:
            try:
                self._made = self._make()
            except ChannelError:
                raise
            except Exception as error:
                raise ChannelError("CEBD-1913", f"{type(error).__name__}: {error}") from error
        return self._made


class _LazyOutbound(_Lazy[Outbound]):
    def deliver(self, handover: Handover) -> Outcome:
        try:
            outbound = self._half()
        except ChannelError as error:
            return Failed(error.problem, error.reason, error.zh)
        return outbound.deliver(handover)

    def find(self, handover: Handover) -> Found:
        return self._half().find(handover)

    def begin(self, following: Callable[[], Handover]) -> None:
        if isinstance(self._made, Begins):
            self._made.begin(following)


class _LazyInbound(_Lazy[Inbound]):
    def receive(self) -> Iterator[Arrival]:
        return self._half().receive()

    def left(self) -> Mapping[str, Sequence[str]]:
        return self._made.left() if self._made is not None else {}
