"""Leftovers at the other side, reported once in `status` and the log: receipts that are not ours or cannot be removed, folders, messages
that an access client does not take."""

from __future__ import annotations

import structlog

from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party
from cebd.transport.channel import ASLEEP, NOT_REMOVED, Inbound

log = structlog.get_logger("cebd")

_SHOWN = 3


def name_left(conditions: Conditions, channel_name: str, channel: Inbound) -> None:
    """Note a condition for each problem of the channel's last look; end the conditions that are over.

    The problem's texts have `channel`, `count` and `names` (the first few).
    """
    receipts, client = f"receipt:{channel_name}:", f"client:{channel_name}"
    keys = []
    for problem_id, names in channel.left().items():
        keys.append(client if problem_id == ASLEEP else receipts + problem_id)
        shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        left = problem(problem_id, value=names[0], channel=channel_name, count=len(names), names=shown)
        party = Party.E_PORT if problem_id == NOT_REMOVED else Party.ADMINISTRATOR
        if conditions.note(keys[-1], left, party):
            log.warning(left.en, id=left.id, channel=channel_name, names=shown)
    conditions.end_others(receipts, keys)
    if client not in keys:
        conditions.end(client)
