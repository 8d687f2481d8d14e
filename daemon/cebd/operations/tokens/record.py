"""The token on record for each signer: replacing it by another, and revoking it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import SystemClock, iso
from cebd.machine_folder import machine_folder
from cebd.operations.text import Refused
from cebd.signing.revoked_cards import RevokedCard, RevokedCards
from cebd.store import tokens
from cebd.store.across.intervening.revoking import ENDED, TakenBack, take_back_signatures
from cebd.store.beside.signatures_given import SignatureGiven, latest_given
from cebd.store.databases.migrations import note
from cebd.store.store import Store
from cebd.store.tokens import Identity, TokenInUse


@dataclass(frozen=True)
class Offer:
    """Another token under a signer's name, and the token on record; None: no token was used yet. `revoked`: the found one, when and why."""

    signer: str
    on_record: Identity | None
    found: Identity
    revoked: RevokedCard | None = None


def tokens_of(store_dir: Path) -> list[TokenInUse]:
    """The tokens in use, and other tokens seen in their place; none where there is no store yet. Raises StoreError."""
    if not store_dir.exists():
        return []
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return tokens.tokens_in_use(transaction)


def signatures_given(store_dir: Path, most: int) -> list[SignatureGiven]:
    """The latest signatures that the signing endpoint gave to others, newest first. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return latest_given(transaction, most)


def offer_of(store_dir: Path, signer: str) -> Offer:
    """The token that a person may accept. Raises StoreError, and Refused when no other token was seen."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        recorded, found = tokens.known(transaction, signer), tokens.offered(transaction, signer)
    on_record = recorded.identity if recorded is not None else None
    if found is None:
        known_zh = f"登记的是：{on_record}。" if on_record is not None else "首次使用的介质会被登记。"
        known_en = f"On record: {on_record}." if on_record is not None else "The first one used is recorded."
        raise Refused(
            f"没有找到 {signer} 的其他介质：请在程序运行时插上，然后再执行本命令。{known_zh}",
            f"No other token was found for {signer}: plug it in while the station runs, then come back. {known_en}",
        )
    with _revoked_here() as cards:
        return Offer(signer, on_record, found.identity, cards.find(found.identity.token, found.identity.sha256))


def accept(store_dir: Path, offer: Offer) -> None:
    """Record the offered token for the signer, also one that was revoked. The daemon may run. What the token before it signed and has
    not left is signed anew where its certificate has ended.

    Raises StoreError, and Refused when the token is gone again.
    """
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        now = SystemClock().now()
        if offer.on_record is not None and offer.on_record.has_ended(now):
            take_back_signatures(transaction, offer.signer, iso(now), ENDED)
        if not tokens.accept(transaction, offer.signer, offer.found, iso(now)):
            raise Refused(
                "其间找到了另一个介质，或介质已拔出：未作任何更改，请重新查看。",
                "Meanwhile another token was found, or none: nothing was changed. Look again.",
            )
        note(transaction, "token accepted", f"{offer.signer}: {offer.found}; before: {offer.on_record}")
    with _revoked_here() as cards:
        cards.remove(offer.found.token, offer.found.sha256)


def token_on_record(store_dir: Path, signer: str) -> Identity:
    """The token that a person may revoke. Raises StoreError, and Refused when the signer has none."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        recorded = tokens.known(transaction, signer)
    if recorded is None:
        raise Refused(
            f"{signer} 还没有使用过任何介质，没有可停用的。如不应再使用，请从设置中删去。",
            f"No token was used for {signer} yet: there is nothing to revoke. If it is not to be used, take it out of the settings.",
        )
    return recorded.identity


def revoke(store_dir: Path, signer: str, identity: Identity, reason: str) -> TakenBack:
    """From now on nothing is signed with this token, and nothing that it signed is sent: under no name, where several signers have the same
    card. The daemon may run. A second time does no harm.

    Durable on the machine first: killed behind it, the next start says so to the store. Raises StoreError, Refused.
    """
    card = RevokedCard(identity.token, identity.sha256, iso(SystemClock().now()), reason)
    with _revoked_here() as cards:
        cards.add(card)
    with closing(Store.open(store_dir, create=False, change=True)) as store:
        with store.read() as transaction:
            others = [token for token in tokens.tokens_in_use(transaction) if token.state == "known"]
        same = {other.signer: other.recorded.identity for other in others if _has_its_certificate(other, identity)}
        taken_back = [_revoke_in(store, name, its, card) for name, its in {**same, signer: identity}.items()]
        return TakenBack(sum(one.anew for one in taken_back), sum(one.in_doubt for one in taken_back))


def _has_its_certificate(token: TokenInUse, identity: Identity) -> bool:
    return bool(identity.sha256) and token.recorded.identity.sha256 == identity.sha256


def take_over_revocations(store: Store, signers: Collection[str]) -> None:
    """Say to a store that was restored, or that nobody could tell, what was revoked on this machine."""
    for signer in signers:
        with store.read() as transaction:
            recorded, revoked = tokens.known(transaction, signer), tokens.revocation(transaction, signer)
        if recorded is None or revoked is not None:
            continue
        identity = recorded.identity
        card = RevokedCards(machine_folder()).find(identity.token, identity.sha256)
        if card is not None:
            _revoke_in(store, signer, identity, card)


def _revoke_in(store: Store, signer: str, identity: Identity, card: RevokedCard) -> TakenBack:
    with store.write() as transaction:
        tokens.revoke(transaction, signer, identity, card.reason, card.at)
        taken_back = take_back_signatures(transaction, signer, iso(SystemClock().now()))
        told = f"{signer}: {identity}; {card.reason}; signed anew: {taken_back.anew}, in doubt: {taken_back.in_doubt}"
        note(transaction, "token revoked", told)
    return taken_back


@contextmanager
def _revoked_here() -> Iterator[RevokedCards]:
    """Raises Refused where what is remembered on this machine cannot be read or written."""
    try:
        yield RevokedCards(machine_folder())
    except (OSError, ValueError) as error:
        raise Refused(
            f"无法读写本机的停用记录，未作任何更改：{error}",
            f"What was revoked cannot be read or written down on this machine, and nothing was changed: {error}",
        ) from None
