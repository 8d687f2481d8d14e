"""The signature that a dropped message carries: whether it holds, and whether its card was revoked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from cryptography.hazmat.primitives import hashes
from lxml import etree

from cebd.machine_folder import machine_folder
from cebd.problems.problem import Problem
from cebd.signing.revoked_cards import RevokedCards
from cebd.signing.verification import BadSignature, readers, verify
from cebd.store.across.intervening.revoking import refused_signature, why_kept_signature_is_refused
from cebd.store.transaction import Transaction

Judge = Callable[[etree._Element, Collection[str]], bool | Problem]


def judge_of(transaction: Transaction | None) -> Judge:
    """Judges signatures by what this store and this machine know of revoked cards. See `judged`."""
    return partial(judged, transaction)


def judged(transaction: Transaction | None, root: etree._Element, sm2_ids: Collection[str]) -> bool | Problem:
    """Whether the signature holds (of anyone), in the form of today; or why the message must not leave with it although it does.

    `sm2_ids`: user ids of SM2 beside the usual one. Raises OSError, ValueError where what was revoked on this machine cannot be read.
    """
    try:
        verified = verify(root, by=readers(sm2_ids))
    except BadSignature:
        return False
    if verified.other_forms:
        return False
    certificate, guid = verified.certificate, root.get("guid", "")
    sha256 = certificate.x509.fingerprint(hashes.SHA256()).hex()
    card = RevokedCards(machine_folder()).find("", sha256)
    if card is not None:
        return refused_signature(certificate.number, card.at, card.reason, guid)
    refused = None
    if transaction is not None:
        refused = why_kept_signature_is_refused(transaction, sha256, guid)
    return refused or True
