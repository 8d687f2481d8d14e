"""How often the other side may be asked: its own word (429, `Retry-After`), and the settings' number of requests a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cebd.transport.channel import ChannelError
from cebd.transport.channels.http.line import Answer

_WITHOUT_A_WORD = 30.0  # seconds, where the other side says 429 and not for how long
_LONGEST = 3600.0
_WAITED_FOR = 2.0  # a turn that comes so soon is waited for; whoever waits longer could not be stopped
_BURST_SECONDS = 10.0  # what was saved up in so long may go at once


class Budget:
    """For one thread. `now`: seconds that never go back."""

    def __init__(
        self,
        per_minute: int | None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._most = max(1.0, self._rate * _BURST_SECONDS) if self._rate else 0.0
        self._saved = self._most
        self._since = now()
        self._shut_until = 0.0
        self._now = now
        self._wait = wait

    def take_turn(self) -> None:
        """Wait for the next turn, if it is near. Raises ChannelError (CEBD-1663) if it is not."""
        shut = self._shut_until - self._now()
        if shut > 0:
            raise _not_before(shut)
        if self._rate is None:
            return
        now = self._now()
        self._saved = min(self._most, self._saved + (now - self._since) * self._rate)
        self._since = now
        if self._saved < 1:
            pause = (1 - self._saved) / self._rate
            if pause > _WAITED_FOR:
                raise _not_before(pause)
            self._wait(pause)
        self._saved -= 1

    def heed(self, answer: Answer) -> None:
        """Take the other side's word for when to come back: after 429 in any case, after others where they say."""
        said = answer.headers.get("retry-after", "").strip()
        if answer.status != 429 and not (answer.status == 503 and said):
            return
        self._shut_until = self._now() + min(_seconds(said), _LONGEST)

    def refusal(self) -> ChannelError:
        """What 429 means."""
        return _not_before(max(self._shut_until - self._now(), 0.0))


def _not_before(seconds: float) -> ChannelError:
    whole = int(seconds) + 1
    return ChannelError("CEBD-1663", f"again in {whole} s", f"{whole} 秒后再试")


def _seconds(said: str) -> float:
    """`Retry-After` in either form (RFC 9110 section 10.2.3)."""
    if said.isdigit():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return _WITHOUT_A_WORD
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
