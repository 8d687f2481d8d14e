"""Signing a message file by hand, and saying of a signed one what is signed, by whom, in which way, and whether it holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from lxml import etree

from cebd.clock import CST
from cebd.disk.files import write_file
from cebd.messages.description import CEB, DXP, MessageType, message_types
from cebd.messages.envelope import message_of
from cebd.messages.schema import NotXml, parse_xml
from cebd.operations.text import Refused, Text
from cebd.signing.holder import holder_of
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, Signer
from cebd.signing.verification import BadSignature, Claim, Verified, claim_of, readers, verify


@dataclass(frozen=True)
class SignedFile:
    """A message file that was signed, and where the signed message is."""

    file: Path
    out: Path
    certificate: str
    profile: str

    def as_json(self) -> dict[str, object]:
        """For `sign --json`."""
        return {
            "file": str(self.file),
            "signed": str(self.out),
            "certificate": self.certificate,
            "profile": self.profile,
        }


@dataclass(frozen=True)
class Content:
    """What a file carries: the message's type (None: none that is known), its guid, how many records, and whose envelope it is in."""

    type: MessageType | None
    root: str
    guid: str
    records: int
    sender: str | None

    def as_json(self) -> dict[str, object]:
        """As in `verify --json`."""
        kind = {"type": self.type.code, "zh": self.type.zh, "en": self.type.en} if self.type is not None else {}
        return {"root": self.root, **kind, "guid": self.guid, "records": self.records, "envelope_sender": self.sender}


@dataclass(frozen=True)
class Judgement:
    """What is said of a file's signature. `claim`: what it says of itself. `reason`: why it does not hold, or not for the given
    authority; None: it holds."""

    file: Path
    content: Content | None
    claim: Claim | None
    verified: Verified | None
    reason: Text | None
    now: datetime

    @property
    def certificate(self) -> Certificate | None:
        return self.claim.certificate if self.claim is not None else None

    def as_json(self) -> dict[str, object]:
        """For `verify --json`."""
        return {
            "file": str(self.file),
            "valid": self.reason is None,
            "reason": self.reason.en if self.reason is not None else None,
            "reason_zh": self.reason.zh if self.reason is not None else None,
            "message": self.content.as_json() if self.content is not None else None,
            **_certificate_json(self.certificate, self.now),
            "trusted": self.verified.trusted if self.verified is not None else None,
            "profile": self.verified.profile.methods if self.verified is not None else None,
            "method": self.claim.method if self.claim is not None else None,
            "other_forms": [form.value[0] for form in self.verified.other_forms] if self.verified is not None else [],
        }

    def lines(self) -> list[Text]:
        """For people: what, whether it holds, by whom, in which way."""
        lines = [Text(f"{self.file}：{self._content.zh}", f"{self.file}: {self._content.en}"), self._verdict]
        if self.certificate is not None:
            lines.append(_whose(self.certificate, self.now))
        if self.verified is None:
            return lines
        lines.append(
            Text(f"签名方式：{self.verified.profile.methods}", f"signed in the way of {self.verified.profile.methods}")
        )
        for form in self.verified.other_forms:
            en, zh = form.value
            lines.append(
                Text(
                    f"形式与现行规范不同：{zh}；投放此文件时 cebd 会重新签名",
                    f"not in the form of today: {en}; dropped, cebd signs it anew",
                )
            )
        return lines

    @property
    def _content(self) -> Text:
        if self.content is None:
            return Text("无法读取的文件", "a file that cannot be read")
        kind = self.content.type
        what = Text(f"{kind.code} {kind.zh}", f"{kind.code} {kind.en}") if kind else Text(*[self.content.root] * 2)
        zh = f"{what.zh}，{self.content.records} 条" if kind else what.zh
        en = f"{what.en}, records: {self.content.records}" if kind else what.en
        if self.content.sender is not None:
            return Text(f"{zh}，在 {self.content.sender} 的信封中", f"{en}, in an envelope of {self.content.sender}")
        return Text(zh, en)

    @property
    def _verdict(self) -> Text:
        if self.reason is not None:
            return Text(f"签名无效：{self.reason.zh}", f"NOT valid: {self.reason.en}")
        if self.verified is not None and self.verified.trusted:
            return Text(
                "签名有效，证书由所指的机构签发", "the signature is valid, and the authority issued its certificate"
            )
        return Text("签名有效", "the signature is valid")


def require_new(out: Path) -> None:
    """To be asked before a token is opened. Raises Refused for a file that is there already: what it holds may be the only one."""
    if out.exists() and not out.is_dir():
        raise Refused(
            f"{out} 已存在，没有改动它：请另指一个文件名。",
            f"{out} is there already and was left alone; name another file",
        )


def sign(file: Path, out: Path, signer: Signer) -> SignedFile:
    """Sign the message in the file, bare or in its envelope, and write it to `out`, a new file.

    Raises Refused for a file that no enterprise declares, OSError and TokenError.
    """
    content = file.read_bytes()
    try:
        carried = _content_of(content)
    except NotXml as error:
        raise _not_a_message(file, f"{error}") from None
    if carried.type is None:
        raise _not_a_message(file, carried.root)
    if carried.type.role != "declaration":
        raise Refused(
            f"{file}：这是海关的{carried.type.zh}（{carried.type.code}），不是企业申报的报文，不能签名。",
            f"{file}: this is not a message that enterprises declare but {carried.type.en} ({carried.type.code}); it is not signed",
        )
    try:
        signed = sign_document(content, signer)
    except NotXml as error:
        raise _not_a_message(file, f"{error}") from None
    write_file(out, signed)
    return SignedFile(file, out, signer.certificate().number, signer.profile.methods)


def judge(file: Path, authority: Path | None, sm2_ids: Collection[str]) -> Judgement:
    """Whether the signature in the file holds. `authority`: the certificate (PEM) that must have issued its own.

    Raises Refused for an `authority` that is no certificate, OSError.
    """
    trusted = None
    if authority is not None:
        try:
            trusted = Certificate(x509.load_pem_x509_certificate(authority.read_bytes()))
        except ValueError:
            raise Refused(
                f"{authority}：不是 PEM 格式的证书。", f"{authority}: this is not a PEM certificate"
            ) from None
    now, content, claim, verified, reason = datetime.now(UTC), None, None, None, None
    try:
        whole = file.read_bytes()
        content = _content_of(whole)
        root = message_of(parse_xml(whole, huge=True))
        claim = claim_of(root)
        verified = verify(root, trusted, readers(sm2_ids))
        if verified.trusted is False:
            reason = Text(
                "签名本身有效，但证书不是由所指的机构签发",
                "the signature is valid, but another authority issued the certificate",
            )
    except NotXml as error:
        reason = Text(f"不是完整的 XML（{error}）", str(error))
    except BadSignature as error:
        reason = Text(error.zh, str(error))
    return Judgement(file, content, claim, verified, reason, now)


def _content_of(content: bytes) -> Content:
    """Raises NotXml."""
    outermost = parse_xml(content, huge=True)
    root = message_of(outermost)
    name = etree.QName(root)
    kind = message_types().get(name.localname.removesuffix("Message")) if name.namespace == CEB else None
    records = len(root.findall(f"{{{CEB}}}{kind.record}")) if kind is not None else 0
    sender = None
    if root is not outermost:
        sender = (outermost.findtext(f"{{{DXP}}}TransInfo/{{{DXP}}}SenderId") or "").strip()
    return Content(kind, name.localname, root.get("guid", ""), records, sender)


def _not_a_message(file: Path, reason: str) -> Refused:
    return Refused(
        f"{file}：不是可以签名的报文（{reason}）。", f"{file}: this is not a message that can be signed: {reason}"
    )


def _whose(certificate: Certificate, now: datetime) -> Text:
    name, until = holder_of(certificate.x509).name, certificate.x509.not_valid_after_utc.astimezone(CST)
    zh = f"证书 {certificate.number}，{name}，有效期至 {until:%Y-%m-%d}"
    en = f"certificate {certificate.number}, {name}, valid until {until:%Y-%m-%d}"
    if certificate.valid_at(now):
        return Text(zh, en)
    return Text(f"{zh}（现在不在有效期内）", f"{en} (not valid now)")


def _certificate_json(certificate: Certificate | None, now: datetime) -> dict[str, object]:
    if certificate is None:
        return {"certificate": None}
    return {
        "certificate": certificate.number,
        "holder": holder_of(certificate.x509).name,
        "valid_until": certificate.x509.not_valid_after_utc.astimezone(CST).isoformat(),
        "certificate_valid_now": certificate.valid_at(now),
    }
