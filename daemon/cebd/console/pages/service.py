"""Signing for the program of announcement 179 and others: what the registration at the portal asks for, and what was signed of late."""

from __future__ import annotations

from starlette.responses import Response

from cebd.console.visit import Visit
from cebd.store.beside.signatures_given import latest_given
from cebd.store.tokens import tokens_in_use

_LATEST = 50


def service(visit: Visit) -> Response:
    """Whether it listens, for whom, with which certificates; the latest signatures."""
    settings = visit.desk.settings
    wanted = settings.signing_endpoint
    with visit.desk.store.read() as transaction:
        given = latest_given(transaction, _LATEST)
        tokens = [one for one in tokens_in_use(transaction) if one.signer in wanted.signers]
    return visit.page("service.html", wanted=wanted, tokens=tokens, given=given)
