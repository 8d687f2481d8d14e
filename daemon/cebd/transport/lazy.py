"""A channel that is made when it is first used: what is wrong with making it concerns those who use it, not the start of the station."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cebd.transport.channel import Channel, ChannelError, Failed, Found, Outcome


class LazyChannel:
    """Stands for the channel that `make` makes. While that fails it is a channel that cannot be used, and is tried again each time."""

    def __init__(self, make: Callable[[], Channel]) -> None:
        self._make = make
        self._made: Channel | None = None

    def deliver(self, name: str, content: bytes, before_visible: Callable[[], None], attempt: int = 1) -> Outcome:
        try:
            channel = self._channel()
        except ChannelError as error:
            return Failed(error.problem, error.reason)
        return channel.deliver(name, content, before_visible, attempt)

    def probe(self, name: str, size: int, attempt: int = 1) -> Found:
        return self._channel().probe(name, size, attempt)

    def waiting(self) -> list[str]:
        return self._channel().waiting()

    def fetch(self, name: str) -> bytes:
        return self._channel().fetch(name)

    def remove(self, name: str) -> None:
        self._channel().remove(name)

    def leave(self, name: str, problem: str) -> None:
        self._channel().leave(name, problem)

    def left(self) -> Mapping[str, Sequence[str]]:
        return self._made.left() if self._made is not None else {}

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def _channel(self) -> Channel:
        if self._made is None:
            try:
                self._made = self._make()
            except ChannelError:
                raise
            except Exception as error:
                raise ChannelError("CEBD-1913", f"{type(error).__name__}: {error}") from error
        return self._made
