"""The token on record for a signer: another token under the same name is not used, and not even shown the PIN, until a person accepts it.

| token found | compared with the token on record | result |
| --- | --- | --- |
| any token | nothing is on record | recorded, and logged once |
| the certificate that `cert_serial` of the settings names | another | recorded: the settings say so |
| the same certificate | on another token | recorded: customs see no difference |
| another certificate of the same subject or enterprise | on the same token | recorded: it was renewed |
| a token that was revoked | | not used, until a person accepts it again |
| any other token | | not used; `cebd token accept` shows both and records the new token |

Whichever it is, its certificate must be that of the enterprise whose `credit_code` stands in the settings, if one does.

A key in a file is a token without a serial number: its certificate decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from cryptography.hazmat.primitives import hashes

from cebd.clock import Clock, iso
from cebd.machine_folder import machine_folder
from cebd.problems.problem import Problem, problem
from cebd.signing.holder import enterprise_of, holder_of, is_of, subject_without_person
from cebd.signing.revoked_cards import RevokedCards
from cebd.signing.signer import Certificate, PinNotKept, TokenError
from cebd.store.across.intervening.revoking import ENDED, take_back_signatures, why_revoked
from cebd.store.store import Store
from cebd.store.tokens import How, Identity, Recorded, forget_offer, known, offer, offered, record, revocation
from cebd.store.transaction import Transaction

log = structlog.get_logger("cebd")


class AnotherToken(TokenError):
    """A token under the right name that differs from the token on record. Nothing is signed with it."""

    problem = "CEBD-1522"
    party = "administrator"

    def __init__(self, signer: str, on_record: Identity, present: Identity) -> None:
        super().__init__(f"found {present}; on record {on_record}")
        self._signer, self._on_record, self._present = signer, on_record, present

    def said(self, value: object = None) -> Problem:
        """See TokenError; names both tokens."""
        return problem(self.problem, value=value, signer=self._signer, known=self._on_record, found=self._present)


class OtherHolder(TokenError):
    """The card is another enterprise's than the settings say. Nothing is signed with it."""

    problem = "CEBD-1526"
    party = "administrator"

    def __init__(self, signer: str, credit_code: str, certificate: Certificate) -> None:
        super().__init__(f"{certificate} of {holder_of(certificate.x509).name}; the settings want {credit_code}")
        self._signer, self._credit_code, self._certificate = signer, credit_code, certificate

    def said(self, value: object = None) -> Problem:
        """See TokenError; names the card's holder and the enterprise of the settings."""
        holder = holder_of(self._certificate.x509)
        return problem(
            self.problem,
            value=value,
            signer=self._signer,
            credit_code=self._credit_code,
            holder=holder.name,
            code=holder.organisation_code,
            number=self._certificate.number,
        )


class TokenRevoked(TokenError):
    """A person has revoked the signer's token: nothing is signed with it any more."""

    problem = "CEBD-1527"
    party = "administrator"

    def __init__(self, signer: str, recorded: Recorded) -> None:
        super().__init__(f"revoked on {recorded.since[:10]}: {recorded.reason}")
        self._signer, self.recorded = signer, recorded

    def said(self, value: object = None) -> Problem:
        """See TokenError; says when and why."""
        return why_revoked(self._signer, self.recorded, str(value))


def require_not_revoked(transaction: Transaction, signer: str) -> None:
    """Raises TokenRevoked, until another token is let in."""
    revoked = revocation(transaction, signer)
    if revoked is not None:
        raise TokenRevoked(signer, revoked)


class KnownToken:
    """The gate of one signer: asked before a PIN is shown, and before a certificate signs."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        signer: str,
        number: str | None = None,
        credit_code: str | None = None,
        memory: Path | None = None,
    ) -> None:
        """`number`: the certificate that the settings name. `credit_code`: of the enterprise that holds the card. `memory`: the folder of
        what is known about this machine.
        """
        self._store = store
        self._clock = clock
        self._signer = signer
        self._number = number
        self._credit_code = credit_code
        self._revoked = RevokedCards(memory or machine_folder())

    def before_login(self, token: str, model: str, certificates: Callable[[], Sequence[Certificate]]) -> None:
        """`certificates`: reads the certificates that the token shows without a login. Raises AnotherToken, OtherHolder, TokenRevoked."""
        self._require_not_revoked(Identity(token, model))
        self._require_holder(certificates)
        with self._store.read() as transaction:
            on_record = known(transaction, self._signer)
        if on_record is None or on_record.identity.token == token:
            return
        there = certificates()
        if any(
            _sha256(certificate) == on_record.identity.sha256 or certificate.number == self._number
            for certificate in there
        ):
            return
        able = [
            certificate for certificate in there if certificate.may_sign() and certificate.valid_at(self._clock.now())
        ]
        present = identity_of(token, model, able[0]) if len(able) == 1 else Identity(token, model)
        raise self._refused(on_record.identity, present)

    def before_use(self, token: str, model: str, certificate: Certificate) -> None:
        """Raises AnotherToken, OtherHolder, TokenRevoked."""
        self._require_holder(lambda: [certificate])
        present = identity_of(token, model, certificate)
        self._require_not_revoked(present)
        with self._store.read() as transaction:
            on_record = known(transaction, self._signer)
            an_offer = offered(transaction, self._signer)
        before = on_record.identity if on_record is not None else None
        how = _how(before, present, self._number)
        if before is not None and how is None and before.sha256 != present.sha256:
            raise self._refused(before, present)
        if how is not None:
            # Killed before this, the token is recorded at the next start; killed behind it, nothing has been signed yet.
            with self._store.write() as transaction:
                now = self._clock.now()
                record(transaction, self._signer, present, how, iso(now))
                if before is not None and before.has_ended(now):
                    take_back_signatures(transaction, self._signer, iso(now), ENDED)
            log.info("token recorded", signer=self._signer, how=how, token=str(present), before=str(before or "-"))
        elif an_offer is not None:
            with self._store.write() as transaction:
                forget_offer(transaction, self._signer)

    def _require_holder(self, certificates: Callable[[], Sequence[Certificate]]) -> None:
        """Raises OtherHolder where every certificate that says whose it is says another enterprise."""
        code = self._credit_code
        if code is None:
            return
        there = [one for one in certificates() if one.may_sign() and is_of(one.x509, code) is not None]
        if there and not any(is_of(one.x509, code) for one in there):
            raise OtherHolder(self._signer, code, there[0])

    def _require_not_revoked(self, present: Identity) -> None:
        """Raises TokenRevoked for a token that was, whatever the store says: it may be older than that, or new."""
        with self._store.read() as transaction:
            revoked = revocation(transaction, self._signer)
            on_record = known(transaction, self._signer)
        if revoked is not None and not is_same(revoked.identity, present):
            revoked = None
        try:
            card = self._revoked.find(present.token, present.sha256)
        except (OSError, ValueError) as error:
            raise PinNotKept(f"what was revoked cannot be read: {error}", f"无法读取停用记录：{error}") from None
        if revoked is None and card is not None:
            revoked = Recorded(present, "revoked", card.at, card.reason)
        if revoked is None:
            return
        if on_record is not None and is_same(on_record.identity, present):
            present = on_record.identity
        self._offer(present)
        raise TokenRevoked(self._signer, revoked)

    def _refused(self, before: Identity, present: Identity) -> AnotherToken:
        self._offer(present)
        return AnotherToken(self._signer, before, present)

    def _offer(self, present: Identity) -> None:
        """A person may let it in."""
        with self._store.read() as transaction:
            an_offer = offered(transaction, self._signer)
        if an_offer is None or an_offer.identity != present:
            with self._store.write() as transaction:
                offer(transaction, self._signer, present, iso(self._clock.now()))


def is_same(one: Identity, other: Identity) -> bool:
    """Whether they are the same token, or have the same certificate."""
    return bool(one.token and one.token == other.token) or bool(one.sha256 and one.sha256 == other.sha256)


def identity_of(token: str, model: str, certificate: Certificate) -> Identity:
    """The token and certificate as they are recorded."""
    x509_ = certificate.x509
    return Identity(
        token=token,
        model=model,
        number=certificate.number,
        sha256=_sha256(certificate),
        subject=subject_without_person(x509_),
        organisation=enterprise_of(x509_),
        issuer=x509_.issuer.rfc4514_string(),
        valid_until=iso(x509_.not_valid_after_utc),
    )


def _how(before: Identity | None, present: Identity, number: str | None) -> How | None:
    """The reason to record the token; None when it is on record already, or must not be recorded."""
    if before is None:
        return "first use"
    if before.sha256 == present.sha256:
        return "moved" if before.token != present.token else None
    if number == present.number:
        return "settings"
    if before.token == present.token and not before.sha256:
        return "accepted"  # accepted by its serial number alone: its certificate is seen now
    same_enterprise = before.organisation and before.organisation == present.organisation
    is_renewed = before.token == present.token and (before.subject == present.subject or same_enterprise)
    return "renewed" if is_renewed else None


def _sha256(certificate: Certificate) -> str:
    return certificate.x509.fingerprint(hashes.SHA256()).hex()
