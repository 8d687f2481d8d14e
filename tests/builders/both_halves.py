"""A channel's two halves asked through their contract, by the names of messages and receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cebd.transport.channel import Arrival, Channel, Found, Handover, Inbound, Outbound, Outcome


class BothHalves:
    """What one station does with one channel; a receipt is named by the look that it arrived at."""

    def __init__(self, outbound: Outbound, inbound: Inbound) -> None:
        self.outbound = outbound
        self.inbound = inbound
        self._arrivals: dict[str, Arrival] = {}

    @classmethod
    def of(cls, channel: Channel) -> BothHalves:
        return cls(channel.outbound, channel.inbound)

    def connect(self) -> None:
        """The sending half has its connection."""
        assert self.find("nobody.xml", b"nothing") != "arrived"

    def deliver(
        self,
        name: str,
        content: bytes,
        before_visible: Callable[[], None],
        attempt: int = 1,
        *,
        may_be_there: bool = False,
    ) -> Outcome:
        handover = Handover(name, content, attempt, "DXPENT0001-1", before_visible, may_be_there=may_be_there)
        return self.outbound.deliver(handover)

    def find(self, name: str, content: bytes, attempt: int = 1) -> Found:
        return self.outbound.find(Handover(name, content, attempt, "DXPENT0001-1"))

    def waiting(self) -> list[str]:
        arrived = list(self.inbound.receive())
        self._arrivals |= {one.name: one for one in arrived}
        return [one.name for one in arrived]

    def fetch(self, name: str) -> bytes:
        return self._arrivals[name].content()

    def remove(self, name: str) -> None:
        self._arrivals[name].accept()

    def leave(self, name: str, problem: str) -> None:
        self._arrivals[name].leave(problem)

    def left(self) -> Mapping[str, Sequence[str]]:
        return self.inbound.left()

    def close(self) -> None:
        self.outbound.close()
        self.inbound.close()
