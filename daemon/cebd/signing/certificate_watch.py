"""A certificate that is about to end is named in time, for renewing it takes a person days: in `status` and in the log, once at each stage.

What is watched is the certificate that each signer signed with last, as the store has it: the token need not be there. One that has ended
signs nothing; that is the signer's own condition then. What it signed before and has certainly not left is signed anew by the next
one: customs look at the certificate when a message arrives.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from cebd.clock import CST, Clock, iso
from cebd.problems.problem import problem
from cebd.store.across.intervening.revoking import ENDED, take_back_signatures
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.tokens import tokens_in_use

log = structlog.get_logger("cebd")

STAGES = (60, 30, 15, 7, 1)  # days before the end
_ALARM = 7  # from here on it is no notice any more: within days nothing would be signed
_PREFIX = "certificate:"


def watch_certificates(store: Store, clock: Clock, conditions: Conditions, signers: Collection[str]) -> None:
    """Note a condition for each of these signers whose certificate ends soon, another at each stage; end it when it was renewed.

    Whoever's certificate has ended, also of a signer that signs no more: what it signed is looked after.
    """
    with store.read() as transaction:
        certificates = [
            (token.signer, token.recorded.identity)
            for token in tokens_in_use(transaction)
            if token.state == "known" and token.recorded.identity.valid_until
        ]
    noted = set()
    for signer, identity in certificates:
        if identity.has_ended(clock.now()):
            _take_back(store, clock, signer)
        ends = datetime.fromisoformat(identity.valid_until)
        days = _stage(ends - clock.now())
        if days is None or signer not in signers:
            continue
        key, day = _PREFIX + signer, f"{ends.astimezone(CST):%Y-%m-%d %H:%M}"
        which = "CEBD-1524" if days <= _ALARM else "CEBD-1523"
        soon = problem(which, value=signer, signer=signer, number=identity.number, date=day, days=days)
        if conditions.note(key, soon, Party.ADMINISTRATOR):
            log.warning("certificate ends soon", signer=signer, number=identity.number, ends=day, within_days=days)
        noted.add(key)
    conditions.end_others(_PREFIX, noted)


def _take_back(store: Store, clock: Clock, signer: str) -> None:
    with store.write() as transaction:
        taken_back = take_back_signatures(transaction, signer, iso(clock.now()), ENDED)
    if taken_back.anew:
        log.warning("certificate ended before its messages left", signer=signer, signed_anew=taken_back.anew)


def _stage(left: timedelta) -> int | None:
    """The latest stage that has begun; None before the first, and when the certificate has ended."""
    if left <= timedelta():
        return None
    return min((days for days in STAGES if left <= timedelta(days=days)), default=None)
