"""The station's signing endpoint: where it listens, which signers it offers, and the journal of what they sign for others."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import structlog

from cebd.clock import Clock, iso
from cebd.listening.listener import Listener
from cebd.settings import Settings
from cebd.station.listening.listening import Listening
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.beside.signatures_given import SignatureGiven, note_given
from cebd.store.conditions import Conditions
from cebd.store.store import Store

if TYPE_CHECKING:  # its library is loaded where something listens
    from cebd.signing.endpoint.app import Given

log = structlog.get_logger("cebd")


class StationEndpoint:
    """The endpoint, as `Listening` has it."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, conditions: Conditions, ways_out: WaysOut
    ) -> None:
        self._store, self._clock = store, clock
        wanted = settings.signing_endpoint
        offered = {name: ways_out.signer_for_others(name) for name in wanted.signers if name in settings.signer}
        door = wanted.door(settings.base)
        listener = None
        if door is not None:
            from cebd.signing.endpoint.app import SigningEndpoint
            from cebd.signing.endpoint.rate import Rate

            endpoint = SigningEndpoint(offered, self._note, Rate(wanted.per_minute), clock)
            listener = Listener(endpoint.app, door)
        self._listening = Listening("signing_endpoint", listener, conditions)

    def look(self) -> None:
        """Listen, unless it does."""
        self._listening.look()

    def stop(self) -> None:
        """Nothing more is signed for others."""
        self._listening.stop()

    def _note(self, given: Given) -> None:
        row = SignatureGiven(
            time=iso(self._clock.now()),
            caller=given.caller,
            signer=given.signer,
            number=given.certificate.number,
            kind=given.what.kind,
            names=given.what.names,
            sha256=sha256(given.text).hexdigest(),
        )
        with self._store.write() as transaction:
            note_given(transaction, row)
        log.info("signed for another", caller=row.caller, signer=row.signer, kind=row.kind, names=row.names)
