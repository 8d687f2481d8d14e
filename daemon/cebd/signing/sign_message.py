"""Signing a stored message: the signature is verified before the message may leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cebd.clock import Clock
from cebd.messages.schema import flaws, parse_xml
from cebd.records.ids import MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer, TokenError, require_valid
from cebd.signing.verification import BadSignature, Readers, verify, verify_apart
from cebd.signing.xmldsig import signature_over
from cebd.store.messages import Signed, StoredMessage, load_message, mark_signed, set_waiting
from cebd.store.store import Store


def sign_stored(
    store: Store,
    signer: Signer | TokenError,
    message_id: MessageId,
    clock: Clock,
    on_refused: Callable[[TokenError], None] = lambda _error: None,
) -> bool:
    """Sign the message. False: the token is not usable now; the message notes the reason and waits, and `on_refused` is called."""
    with store.read() as transaction:
        message = load_message(transaction, message_id)
    if message.state is not MessageState.READY:
        return True
    try:
        if isinstance(signer, TokenError):
            raise signer
        made = signed(message, signer, clock.now())
    except TokenError as error:
        with store.write() as transaction:
            set_waiting(transaction, message_id, error.said(message.cop_msg_id))
        on_refused(error)
        return False
    with store.write() as transaction:
        mark_signed(transaction, message_id, made)
    return True


def signed(message: StoredMessage, signer: Signer, now: datetime) -> Signed:
    """The message's signature, verified; the message valid with it. Raises TokenError."""
    if message.signature_mode not in (SignatureMode.DETACHED, SignatureMode.EMBEDDED):
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
            signature = signature_over(message.body, signer)
            made = Signed(signature=signature)
            by = verify_apart(signature, message.body, own).certificate
    except BadSignature as error:
        raise TokenError(
            f"the token made a signature that does not hold: {error}", f"介质所作的签名无效：{error.zh}"
        ) from None
    if by.x509 != certificate.x509:
        raise TokenError("the token signed with another key", "介质用了另一个密钥签名")
    return made
