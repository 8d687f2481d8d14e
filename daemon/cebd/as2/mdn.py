"""A message's receipt in AS2, the MDN: read and judged by those who sent, written by those who received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from uuid import uuid4

from cryptography import x509

from cebd.as2.cms import BadSignature, Own
from cebd.as2.message import Refused, signed_entity, verified
from cebd.as2.mime import BadMime, Entity, of_http, read_entity, with_headers


class BadMdn(Exception):
    """There is no receipt that could be believed; the message says why."""


@dataclass(frozen=True, slots=True)
class Mdn:
    """`original`: the id of the message that it is of. `disposition`: after `;`, in small letters: `processed`,
    `processed/error: authentication-failed`, `failed/failure: ...`. `mic`: its digest, without the name of the method."""

    original: str
    disposition: str
    mic: str

    @property
    def is_processed(self) -> bool:
        """Whether the message was taken, with or without a warning."""
        return self.disposition == "processed" or self.disposition.startswith("processed/warning")

    @property
    def is_duplicate(self) -> bool:
        """Whether it was there before."""
        return "duplicate" in self.disposition


def is_mdn(content_type: str, body: bytes) -> bool:
    """Whether that is an MDN, signed or not, and not a message."""
    try:
        entity = of_http(content_type, body)
        if entity.content_type == "multipart/signed":
            entity = entity.parts()[0]
        return entity.content_type == "multipart/report"
    except (BadMime, IndexError):
        return False


def read_mdn(content_type: str, body: bytes, known: Sequence[x509.Certificate]) -> Mdn:
    """A signed MDN of one of those known. Raises BadMdn."""
    try:
        report, _ = verified(of_http(content_type, body), known)
        fields = _fields(report)
    except BadSignature as why:
        raise BadMdn(f"its signature is not valid: {why}") from None
    except Refused as why:
        raise BadMdn(str(why)) from None
    except BadMime as why:
        raise BadMdn(str(why)) from None
    disposition = " ".join(fields.get("Disposition", "").partition(";")[2].lower().split())
    if not disposition:
        raise BadMdn("it has no disposition")
    return Mdn(
        fields.get("Original-Message-ID", "").strip(),
        disposition,
        fields.get("Received-Content-MIC", "").partition(",")[0].strip(),
    )


def compose_mdn(
    original: str, reporter: str, own: Own, *, error: str = "", mic: str = "", micalg: str = "sha256"
) -> tuple[str, bytes]:
    """A signed MDN: Content-Type and body. `error`: AS2's word for why the message was not taken."""
    disposition = "automatic-action/MDN-sent-automatically; processed" + (f"/error: {error}" if error else "")
    fields = {
        "Reporting-UA": "cebd",
        "Original-Recipient": f"rfc822; {reporter}",
        "Final-Recipient": f"rfc822; {reporter}",
        "Original-Message-ID": original,
        "Disposition": disposition,
    }
    if mic:
        fields["Received-Content-MIC"] = f"{mic}, {micalg.replace('sha', 'sha-')}"
    boundary = f"cebd-{uuid4().hex}"
    text = "The message was received.\r\n" if not error else f"The message was not taken: {error}\r\n"
    told = with_headers("text/plain; charset=us-ascii", "7bit", text.encode())
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    report = with_headers("message/disposition-notification", "7bit", lines)
    line = b"--" + boundary.encode()
    body = line + b"\r\n" + told + b"\r\n" + line + b"\r\n" + report + b"\r\n" + line + b"--\r\n"
    part = with_headers(f'multipart/report; report-type=disposition-notification; boundary="{boundary}"', "", body)
    return signed_entity(part, own)


def _fields(report: Entity) -> Message:
    """Raises BadMime."""
    if report.content_type != "multipart/report":
        raise BadMime(f"{report.content_type} is no report")
    for part in report.parts():
        if part.content_type == "message/disposition-notification":
            return read_entity(part.decoded().strip() + b"\r\n\r\n").headers
    raise BadMime("a report without a disposition")
