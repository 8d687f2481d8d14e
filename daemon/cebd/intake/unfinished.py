"""Claims that broke off, wherever that was: the rows tell. They are brought to their end at the start and at every look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from cebd.intake.claim import finish_claim
from cebd.intake.notices import key_of, reasons, shown
from cebd.intake.waits import Waits
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import UnfinishedClaim, is_being_claimed, unfinished_claims
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed

log = structlog.get_logger("cebd")

_STUCK = 3  # times in a row that a claim could not be finished; once is enough where the system said why


class UnfinishedClaims:
    """The claims of served enterprises; claims of other enterprises are reported as work in flight. Times are seconds of a steady clock."""

    def __init__(self, store: Store, conditions: Conditions, waits: Waits) -> None:
        self._store = store
        self._conditions = conditions
        self._waits = waits
        self._failed: dict[DropId, int] = {}  # by drop: how often in a row it could not be finished
        self._errors: dict[tuple[str, str], Exception] = {}  # by enterprise and source, of claims that are begun still
        self._next_try: dict[str, float] = {}  # by enterprise: pauses after repeated failures

    def fails(self, drop_id: DropId) -> bool:
        """Whether the claim broke so often that nobody need wait for it; it is tried again all the same."""
        return self._failed.get(drop_id, 0) >= _STUCK

    def error_at(self, enterprise: str, source: str) -> Exception | None:
        """Why the claim of the file at that place was not finished when that was tried last; None where no claim is begun there."""
        return self._errors.get((enterprise, source))

    def finish_all(self, enterprise: str, folder: Path) -> None:
        """Finish every claim of the enterprise, whose folder this is. Raises TransactionFailed."""
        for claim in self._claims_of(enterprise):
            self._finish(enterprise, folder, claim)

    def finish_due(self, enterprise: str, folder: Path, now: float) -> Iterator[DropId]:
        """Finish the claims that are due, and return the drops that are ours now; repeated failures wait for a while.

        Raises TransactionFailed.
        """
        claims = self._claims_of(enterprise)
        is_due = now >= self._next_try.get(enterprise, 0.0)
        if is_due:
            self._next_try[enterprise] = now + self._waits.longest_pause
        for claim in claims:
            if (is_due or not self.fails(claim.id)) and self._finish(enterprise, folder, claim):
                yield claim.id

    def _claims_of(self, enterprise: str) -> list[UnfinishedClaim]:
        with self._store.read() as transaction:
            claims = unfinished_claims(transaction, enterprise)
        begun = {(enterprise, claim.source) for claim in claims}
        for place in [one for one in self._errors if one[0] == enterprise and one not in begun]:
            del self._errors[place]  # somebody else has ended it
        return claims

    def _finish(self, enterprise: str, folder: Path, claim: UnfinishedClaim) -> bool:
        """Whether the file is ours now. Raises TransactionFailed: the store's trouble, not the file's."""
        drop_id, source, place = claim
        key = key_of(enterprise, Path(place))
        failed_before = self._failed.get(drop_id, 0)
        self._failed[drop_id] = _STUCK  # for as long as the folder does not answer
        try:
            claimed = finish_claim(self._store, drop_id, folder)
        except TransactionFailed:
            self._failed[drop_id] = failed_before + 1
            raise
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("a claim cannot be finished", drop=drop_id)
            if self._is_being_claimed(drop_id):
                self._errors[enterprise, source] = error
            else:
                self._forget(claim, enterprise)
            stuck = problem("CEBD-1041", value=shown(Path(place)), **reasons(error))
            if self._conditions.note(key, stuck, Party.ADMINISTRATOR, enterprise):
                log.warning(stuck.en, file=shown(Path(place)), id=stuck.id)
            return False
        self._forget(claim, enterprise)
        self._conditions.end(key)
        if claimed is None:
            self._report_stranger(enterprise, folder / place)
        return claimed is not None

    def _forget(self, claim: UnfinishedClaim, enterprise: str) -> None:
        self._failed.pop(claim.id, None)
        self._errors.pop((enterprise, claim.source), None)

    def _is_being_claimed(self, drop_id: DropId) -> bool:
        with self._store.read() as transaction:
            return is_being_claimed(transaction, drop_id)

    def _report_stranger(self, enterprise: str, path: Path) -> None:
        """Another file stands in the place of the claimed file: it is not taken for the claimed file."""
        if os.path.lexists(path):
            stranger = problem("CEBD-1051", value=shown(Path(path.name)))
            key = key_of(enterprise, Path("working") / path.name)
            if self._conditions.note(key, stranger, Party.ADMINISTRATOR, enterprise):
                log.warning(stranger.en, file=shown(Path(path.name)), id=stranger.id)


__all__ = ["UnfinishedClaims"]
