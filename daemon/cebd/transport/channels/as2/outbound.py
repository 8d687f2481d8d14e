"""Handing over by AS2: a message is sent when the partner's signed MDN says that it has taken these very bytes.

| what comes | means |
| --- | --- |
| trouble before the last byte of the request left | failed |
| 400 to 499 but 408, 409 and 425 | failed: it was not taken |
| an MDN of the partner: `processed`, with our MIC | sent; a warning is noted |
| an MDN: `processed/error`, `failed/failure` | failed, for the reason that it names |
| an MDN that says duplicate, as a warning or an error | sent where an earlier attempt of the same bytes is in doubt, else failed |
| an MDN: `processed`, with another MIC | in doubt: it has other bytes than ours, a person must ask |
| no MDN, one that is not signed, not by the partner or of another message; other answers | in doubt |
| no whole answer, 500 to 599 | in doubt; the other messages wait, too |

The Message-ID is made of the CopMsgId and the bytes: a repeated message has the same, by which the partner knows it.
"""

from __future__ import annotations

from email.utils import formatdate
from hashlib import sha256

from cebd.as2.mdn import BadMdn, Mdn, read_mdn
from cebd.as2.message import Composed, compose
from cebd.transport.channel import NO_ANSWER, ChannelError, Failed, Found, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.as2.partner import Partner
from cebd.transport.channels.as2.verdicts import Verdicts
from cebd.transport.channels.http.line import Answer, Broken, Line, Request

NEGATIVE = "CEBD-1671"
NOT_BELIEVED = "CEBD-1672"
OTHER_BYTES = "CEBD-1673"
_SIGNED_MDN = "signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg=required, sha-256"
_NOT_LET_IN = (401, 403, 407)
_MAY_BE_TAKEN = (408, 409, 425)
_THEIR_OWN_ERROR = 500


class As2Outbound:
    """Sends to the partner's `url`.

    `later`: where asynchronous MDNs arrive, the address to bring them to, and for how many seconds one is waited for.
    """

    def __init__(
        self,
        partner: Partner,
        url: str,
        line: Line,
        *,
        encrypts: bool = True,
        later: tuple[Verdicts, str, float] | None = None,
    ) -> None:
        self._partner = partner
        self._url = url
        self._line = line
        self._encrypts = encrypts
        self._later = later
        self._mics: dict[str, str] = {}  # of messages whose MDN has not come, by Message-ID

    def deliver(self, handover: Handover) -> Outcome:
        message_id = self._message_id(handover)
        try:
            to = self._partner.to_encrypt_for() if self._encrypts else None
            composed = compose(handover.content, handover.name, self._partner.own, to)
            if self._later is not None:
                self._later[0].forget(message_id)
                self._mics[message_id] = composed.mic
            answer = self._line.exchange(self._request(composed, message_id), handover.before_visible)
        except ChannelError as error:
            return Failed(error.problem, error.reason, error.zh)
        except Broken as broken:
            return InDoubt(broken.reason, NO_ANSWER) if broken.left else Failed("CEBD-1601", broken.reason)
        outcome = self._refusal(answer)
        if outcome is not None:
            return outcome
        try:
            mdn = self._mdn(answer, message_id)
        except BadMdn as why:
            return InDoubt(str(why), NO_ANSWER if answer.status >= _THEIR_OWN_ERROR else NOT_BELIEVED)
        return self._judge(mdn, composed.mic, message_id, may_be_there=handover.may_be_there)

    def find(self, handover: Handover) -> Found:
        """Whether an MDN has come since."""
        if self._later is None:
            return "unknown"
        message_id = self._message_id(handover)
        mdn, mic = self._later[0].get(message_id), self._mics.get(message_id)
        if mdn is None or mic is None:
            return "unknown"
        match self._judge(mdn, mic, message_id, may_be_there=handover.may_be_there):
            case Sent():
                return "arrived"
            case Failed():
                return "not-arrived"
            case InDoubt():
                return "unknown"

    def close(self) -> None:
        self._line.close()

    def _message_id(self, handover: Handover) -> str:
        digest = sha256(handover.content).hexdigest()[:16]
        return f"<{handover.message_id or handover.name}-{digest}@{self._partner.names.ours.replace(' ', '_')}>"

    def _request(self, composed: Composed, message_id: str) -> Request:
        names = self._partner.names
        headers = {
            "AS2-Version": "1.1",
            "AS2-From": _quoted(names.ours),
            "AS2-To": _quoted(names.theirs),
            "Message-ID": message_id,
            "Date": formatdate(usegmt=True),
            "Subject": "CEB message",
            "MIME-Version": "1.0",
            "Disposition-Notification-To": names.ours,
            "Disposition-Notification-Options": _SIGNED_MDN,
            **({"Receipt-Delivery-Option": self._later[1]} if self._later is not None else {}),
            **composed.headers,
        }
        return Request("POST", self._url, composed.body, tuple(headers.items()))

    def _mdn(self, answer: Answer, message_id: str) -> Mdn:
        """Raises BadMdn."""
        if answer.status not in (200, 202, 204):
            raise BadMdn(answer.shown())
        if self._later is not None:
            verdicts, _, seconds = self._later
            mdn = verdicts.get(message_id, seconds)
            if mdn is None:
                raise BadMdn("no MDN has come yet")
            return mdn
        if not answer.body.strip():
            raise BadMdn("the answer has no MDN")
        mdn = read_mdn(answer.headers.get("content-type", ""), answer.body, self._partner.known)
        if mdn.original != message_id:
            raise BadMdn(f"the MDN is of another message: {mdn.original[:100]}")
        return mdn

    def _judge(self, mdn: Mdn, mic: str, message_id: str, *, may_be_there: bool) -> Outcome:
        if mdn.is_duplicate:
            self._mics.pop(message_id, None)
            return (
                Sent(f"it was there already: {mdn.disposition}") if may_be_there else Failed(NEGATIVE, mdn.disposition)
            )
        if mdn.is_processed and mdn.mic != mic:
            return InDoubt(f"{message_id}: {mdn.mic or 'no MIC'}", OTHER_BYTES)
        self._mics.pop(message_id, None)
        if mdn.is_processed:
            return Sent(None if mdn.disposition == "processed" else mdn.disposition)
        return Failed(NEGATIVE, mdn.disposition)

    def _refusal(self, answer: Answer) -> Failed | None:
        """What a status says that no server gives for a message that it has taken."""
        if 400 <= answer.status < 500 and answer.status not in _MAY_BE_TAKEN:
            problem = "CEBD-1603" if answer.status in _NOT_LET_IN else "CEBD-1674"
            return Failed(problem, f"{self._url}: {answer.shown()}")
        return None


def _quoted(name: str) -> str:
    """As RFC 4130 (6.2) has it."""
    return f'"{name}"' if " " in name else name
