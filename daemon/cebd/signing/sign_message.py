"""Signing a stored message: the signature is verified before the message may leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from math import inf

from cebd.clock import Clock
from cebd.messages.schema import flaws, parse_xml
from cebd.records.ids import MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.signing.known_token import require_not_revoked
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer, TokenError, require_valid
from cebd.signing.verification import BadSignature, Readers, verify, verify_apart
from cebd.signing.xmldsig import signature_over
from cebd.store.messages import Signed, StoredMessage, load_message, mark_signed
from cebd.store.store import Store
from cebd.store.transaction import Transaction

_ASKED_AGAIN_SECONDS = 0.1  # whether the token was revoked meanwhile


class SignatureBatch:
    """Signatures that a signer makes one after the other, stored together, with its name: a message may have several signers."""

    def __init__(self, store: Store, clock: Clock, name: str, open_signer: Callable[[], Signer]) -> None:
        """`name`: the signer's. `open_signer` may raise TokenError; it is asked for each message."""
        self._store = store
        self._clock = clock
        self._name = name
        self._open_signer = open_signer
        self._made: dict[MessageId, Signed] = {}
        self._asked_at = -inf

    def sign(self, message_id: MessageId) -> None:
        """Sign the message, unless it is signed already. Raises TokenError: the token cannot be used now; NoSuchMessage."""
        with self._store.read() as transaction:
            self._ask_for_revocation(transaction)
            message = load_message(transaction, message_id)
        if message.state is MessageState.READY:
            self._made[message_id] = signed(message, self._open_signer(), self._clock.now())

    def store(self) -> None:
        """Store what was made since the last time, in one transaction.

        Killed before it, the messages are signed anew: a signature that nobody has seen declares nothing. So are they where the token was
        revoked meanwhile; TokenRevoked is raised then.
        """
        made, self._made = self._made, {}
        if made:
            with self._store.write() as transaction:
                require_not_revoked(transaction, self._name)
                mark_signed(transaction, made, self._name)

    def _ask_for_revocation(self, transaction: Transaction) -> None:
        """Before each signature of a token; key files sign many in that time. Raises TokenRevoked."""
        now = time.monotonic()
        if now - self._asked_at >= _ASKED_AGAIN_SECONDS:
            require_not_revoked(transaction, self._name)
            self._asked_at = now


def signed(message: StoredMessage, signer: Signer, now: datetime) -> Signed:
    """The message's signature, verified; the message valid with it. Raises TokenError."""
    if not message.is_signed_here:
        return Signed()
    certificate = signer.certificate()
    require_valid(certificate, now)
    own = Readers((signer.profile,))
    try:
        if message.signature_mode is SignatureMode.EMBEDDED:
            body = sign_document(message.body, signer, now)
            made = Signed(body=body)
            root = parse_xml(body, huge=True)
            violations = flaws(root)
            if violations:
                raise ValueError(f"message {message.guid} does not fit its schema once signed: {violations[0].reason}")
            by = verify(root, by=own).certificate
        else:
            # Composed messages were checked against their schema with a signature of just this shape, and are canonical.
            digest = signer.profile.digest(message.body)
            signature = signature_over(message.body, signer, digested=digest)
            made = Signed(signature=signature)
            by = verify_apart(signature, message.body, own, digested=digest).certificate
    except BadSignature as error:
        raise TokenError(
            f"the token made a signature that does not hold: {error}", f"介质所作的签名无效：{error.zh}"
        ) from None
    if by.x509 != certificate.x509:
        raise TokenError("the token signed with another key", "介质用了另一个密钥签名")
    return made
