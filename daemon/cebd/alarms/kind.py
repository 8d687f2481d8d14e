"""A kind of alarm: the keys that all have, and what a sender of one promises."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import Field

from cebd.alarms.rounds import Notice
from cebd.settings_table import Table

Minutes = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class NotDelivered(Exception):
    """The notice did not go out; the text says why, and names no secret."""


class AlarmSettings(Table):
    """[alarm.NAME], as far as every kind has it. `type` is a Literal in each kind's own class."""

    type: str
    after_minutes: Minutes = Field(5.0, description="a trouble that ends within so long is not told")
    every_minutes: Minutes = Field(
        10.0, description="at most one message in so long; what comes meanwhile is told together"
    )


class Sender(Protocol):
    """Delivers notices of one alarm."""

    def deliver(self, station: str, notice: Notice, language: str) -> None:
        """Returns when the other side has taken it; within half a minute. Raises NotDelivered, SecretError."""
        ...
