"""One order as it is signed: its message, its signature, both together, and whose it is."""

from __future__ import annotations

from builders.certificates import Authority, a_signer
from builders.customs_messages import an_order, new_guid
from cebd.messages.compose import Sender, compose
from cebd.messages.description import message_type
from cebd.signing.signer import Certificate
from cebd.signing.xmldsig import sign_canonical, signature_over

AUTHORITY = Authority()
SIGNER = a_signer(AUTHORITY)
TRUSTED = Certificate(AUTHORITY.certificate)
BODY = compose(
    message_type("order"),
    new_guid(),
    [an_order("N1", buyerName="测试甲")],
    Sender("99", "试验电商", "DXPTEST000000001"),
)
SIGNED = sign_canonical(BODY, SIGNER)
SIGNATURE = signature_over(BODY, SIGNER)
