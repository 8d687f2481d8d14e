"""The demonstration ends with whatever it has started."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from cebd.cli.demo import end_like_ctrl_c

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = [signal.getsignal(one) for one in SIGNALS]
    yield
    for one, handler in zip(SIGNALS, before, strict=True):
        signal.signal(one, handler)


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("by", SIGNALS)
def test_a_demonstration_that_is_killed_or_whose_terminal_is_closed_ends_as_by_ctrl_c(by: signal.Signals) -> None:
    end_like_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(by)
