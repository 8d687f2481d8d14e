"""The table: every fault that `cebd status` has to name."""

from __future__ import annotations

from typing import Any

from injected import amqp, as2, http, machine, sftp, tokens, waits
from injected.fault import Fault

FAULTS: tuple[Fault[Any], ...] = (
    *tokens.FAULTS,
    *sftp.FAULTS,
    *http.FAULTS,
    *amqp.FAULTS,
    *as2.FAULTS,
    *machine.FAULTS,
    *machine.DISK,
    *waits.FAULTS,
)
"""By place; `Any`: each has its own."""
