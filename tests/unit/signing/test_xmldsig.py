"""What a signature covers and what verification lets through: one form, the specification's, and nothing that was changed."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from builders.certificates import Authority, a_signer, rsa_key
from builders.customs_messages import CEB, DS, a_message, an_order, new_guid
from builders.signed_order import AUTHORITY, BODY, SIGNATURE, SIGNED, SIGNER, TRUSTED
from cebd.messages.compose import Sender, compose, element, with_signature
from cebd.messages.description import message_type
from cebd.messages.schema import NotXml, parse_xml
from cebd.records.ids import DropId, MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.signing.profile import RSA_SHA1
from cebd.signing.sign_file import sign_document
from cebd.signing.sign_message import signed as signed_by_stage
from cebd.signing.signer import Certificate, CertificateNotValid, TokenError
from cebd.signing.verification import BadSignature, verify, verify_apart, verify_bytes
from cebd.signing.xmldsig import canonical_unsigned, sign_canonical, signature_over
from cebd.store.messages import Signed, StoredMessage


class Brooding:
    """A signer that answers with what it is told to."""

    profile = RSA_SHA1

    def __init__(self, value: bytes) -> None:
        self.value = value

    def certificate(self) -> Certificate:
        return SIGNER.certificate()

    def sign(self, data: bytes) -> bytes:
        return self.value

    def close(self) -> None:
        return


def changed(old: str, new: str, content: bytes = SIGNED) -> bytes:
    """The signed message with one piece replaced that is there."""
    assert old.encode() in content
    return content.replace(old.encode(), new.encode(), 1)


def signed_again(signed_info: str) -> bytes:
    """The message with another SignedInfo that carries a right signature value: only its form is wrong."""
    value = base64.b64encode(SIGNER.sign(etree.tostring(etree.fromstring(signed_info), method="c14n"))).decode()
    plain = signed_info.replace(f' xmlns:ceb="{CEB}" xmlns:ds="{DS}"', "")
    content = re.sub(rb"<ds:SignedInfo>.*</ds:SignedInfo>", plain.encode(), SIGNED)
    return re.sub(rb"(<ds:SignatureValue>).*(</ds:SignatureValue>)", rf"\g<1>{value}\g<2>".encode(), content)


def the_signed_info() -> str:
    found = re.search(rb"<ds:SignedInfo>.*</ds:SignedInfo>", SIGNED)
    assert found is not None
    return found[0].decode().replace("<ds:SignedInfo>", f'<ds:SignedInfo xmlns:ceb="{CEB}" xmlns:ds="{DS}">')


def test_a_signature_holds_and_names_the_certificate_and_its_authority() -> None:
    assert verify_bytes(SIGNED).trusted is None
    found = verify_bytes(SIGNED, TRUSTED)
    assert (found.certificate.x509, found.trusted) == (SIGNER.certificate().x509, True)
    assert verify_bytes(SIGNED, Certificate(Authority("another").certificate)).trusted is False


def test_the_helper_of_these_tests_signs_rightly_when_the_form_is_right() -> None:
    assert verify_bytes(signed_again(the_signed_info())).certificate.x509 == SIGNER.certificate().x509


def test_a_document_that_was_verified_or_made_canonical_is_as_it_was() -> None:
    root = parse_xml(changed("</ds:Signature>", "</ds:Signature>\n <!-- end -->\n"))
    before = etree.tostring(root.getroottree())
    with pytest.raises(BadSignature):
        verify(root)
    canonical_unsigned(root)
    assert etree.tostring(root.getroottree()) == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2001/REC-xml-c14n-20010315", "2006/12/xml-c14n11", "CanonicalizationMethod"),
        ("xmldsig#rsa-sha1", "xmldsig-more#rsa-sha256", "not of the RSA profile"),
        ("xmldsig#rsa-sha1", "xmldsig#hmac-sha1", "not of the RSA profile"),
        ("http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmlenc#sha256", "not of the RSA profile"),
        ("#enveloped-signature", "#base64", "not of the RSA profile"),
        ('URI=""', 'URI="#part"', "not to the whole document"),
        (' URI=""', "", "not to the whole document"),
        ("</ds:Transform>", '</ds:Transform><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
         "Transform, Transform instead of Transform"),
        ("</ds:Transform>", "<ds:XPath>1=0</ds:XPath></ds:Transform>", "holds XPath instead of nothing"),
        ("</ds:Reference>", '</ds:Reference><ds:Reference URI=""/>', "Reference, Reference"),
        ('<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>'
         "</ds:Transforms>", "", "DigestMethod, DigestValue instead of Transforms"),
    ],
)  # fmt: skip
def test_a_signature_of_another_form_is_refused_even_where_its_value_is_right(old: str, new: str, words: str) -> None:
    with pytest.raises(BadSignature, match=words):
        verify_bytes(signed_again(the_signed_info().replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<ds:KeyInfo>", "<ds:KeyInfo><!--", "comment"),
        ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object>more</ds:Object>", "KeyInfo, Object"),
        ("</ds:X509Certificate>", "</ds:X509Certificate><ds:X509Certificate>AAAA</ds:X509Certificate>", "2 X509Cert"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAAA", "X509Certificate"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>*", "no base64"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AAAA", "does not belong"),
        ('<ds:Signature xmlns:ds="http', '<ds:Signature xml:lang="zh" xmlns:ds="http', "carries xml:lang"),
        ("guid=", 'xml:lang="zh" guid=', "carries xml:lang"),
        ("</ds:Signature>", "</ds:Signature><ceb:ExtendMessage/>", "not the last child"),
        ("</ds:Signature>", "</ds:Signature> ", "digest differs"),
        ("测试甲", "测试乙", "digest differs"),
        ("<ceb:Order>", "<?go on?><ceb:Order>", "digest differs"),
    ],
)
def test_what_was_added_or_changed_afterwards_is_refused(old: str, new: str, words: str) -> None:
    content = changed(old, new)
    if words == "comment":
        content, words = content.replace(b"</ds:KeyInfo>", b"--></ds:KeyInfo>"), "0 X509Certificate"
    with pytest.raises(BadSignature, match=words):
        verify_bytes(content)


def test_an_instruction_before_or_after_the_root_is_part_of_what_is_signed() -> None:
    for content in (b"<?go on?>" + SIGNED, SIGNED + b"<?go on?>"):
        with pytest.raises(BadSignature, match="digest differs"):
            verify_bytes(content)


def test_comments_are_no_part_of_what_is_signed() -> None:
    content = changed("<ceb:Order>", "<!-- 1 --><ceb:Order>", b"<!-- 0 -->\n" + SIGNED + b"<!-- 2 -->\n")
    assert verify_bytes(content, TRUSTED).trusted


def test_a_comment_in_a_digest_does_not_hide_half_of_it() -> None:
    content = re.sub(rb"(<ds:DigestValue>.{8})", rb"\g<1><!-- -->", SIGNED)
    assert verify_bytes(content, TRUSTED).trusted


def test_two_signatures_are_refused_wherever_the_second_is() -> None:
    one = SIGNED[SIGNED.index(b"<ds:Signature ") : SIGNED.index(b"</ds:Signature>") + 15].decode()
    for content in (
        changed("<ds:Signature ", f"{one}<ds:Signature "),
        changed("<ceb:OrderHead>", f"<ceb:OrderHead>{one}"),
    ):
        with pytest.raises(BadSignature, match="2 signatures instead of one"):
            verify_bytes(content)


def test_a_document_without_signature_or_with_nothing_but_one_is_refused() -> None:
    alone = SIGNED[SIGNED.index(b"<ds:Signature ") : SIGNED.index(b"</ds:Signature>") + 15]
    with pytest.raises(BadSignature, match="0 signatures"):
        verify_bytes(BODY)
    with pytest.raises(BadSignature, match="not the last child"):
        verify_bytes(alone)


def test_a_missing_keyinfo_is_named() -> None:
    content = re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"", SIGNED)
    with pytest.raises(BadSignature, match="SignatureValue instead of SignedInfo, SignatureValue, KeyInfo"):
        verify_bytes(content)


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\n\t  "])
def test_base64_in_lines_is_read(eol: bytes) -> None:
    def in_lines(found: re.Match[bytes]) -> bytes:
        return found[1] + eol + eol.join(re.findall(rb".{1,76}", found[2])) + eol + found[3]

    content = SIGNED
    for name in (b"SignatureValue", b"X509Certificate"):
        content = re.sub(rb"(<ds:%s>)(.*)(</ds:%s>)" % (name, name), in_lines, content)
    assert content.count(eol) > 15
    assert verify_bytes(content, TRUSTED).trusted


def test_an_element_inside_a_document_is_not_verified_as_if_it_were_the_whole() -> None:
    outer = etree.fromstring(b"<envelope>" + SIGNED + b"</envelope>")
    with pytest.raises(BadSignature, match="not the root"):
        verify(outer[0])


def test_the_certificate_of_another_key_does_not_make_the_signature_hold() -> None:
    other = Certificate(AUTHORITY.issue(rsa_key("another").public_key()))
    with pytest.raises(BadSignature, match="does not belong"):
        verify_bytes(changed(SIGNER.certificate().base64, other.base64))


def test_a_placeholder_signature_is_replaced_and_the_space_around_it_stays() -> None:
    with_placeholder = changed(
        "</ceb:CEB311Message>", f'\n  <ds:Signature xmlns:ds="{DS}"/>\n</ceb:CEB311Message>', BODY
    )
    signed = sign_document(with_placeholder, SIGNER)
    assert signed.count(b"<ds:Signature ") == 1
    assert b"</ceb:BaseTransfer>\n  \n<ds:Signature " in signed
    assert verify_bytes(signed, TRUSTED).trusted


def test_a_signed_document_is_signed_over_by_the_new_signer() -> None:
    other = a_signer(AUTHORITY, serial=0xBEE)
    assert verify_bytes(sign_document(SIGNED, other)).certificate.number == "0bee"


def test_a_document_signed_anew_is_xml_with_a_declaration_and_not_laid_out_again() -> None:
    signed = sign_document(a_message(an_order("N1"), before_root="<?go on?>\n<!-- x -->\n"), SIGNED_BY := SIGNER)
    assert signed.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<?go on?>\n<ceb:CEB311Message ')
    assert signed.endswith(b"</ds:Signature></ceb:CEB311Message>")
    assert verify_bytes(signed).certificate is not SIGNED_BY.certificate()


@pytest.mark.parametrize("after", ["<?a </ceb:CEB311Message>?>", "<?a?>\n<?b </x>\n<?c ?>", "\n<!-- </x> -->\n"])
def test_the_signature_stands_in_the_root_whatever_follows_it(after: str) -> None:
    signed = sign_document(BODY + after.encode(), SIGNER)
    root = parse_xml(signed)
    assert root[-1].tag == f"{{{DS}}}Signature"
    assert verify_bytes(signed, TRUSTED).trusted


@pytest.mark.parametrize(
    "declared",
    ['xmlns:old="urn:unused"', f'xmlns:ds="{DS}"', 'xmlns:ds="urn:other"', 'xmlns:a="urn:1" xmlns="urn:2"'],
)
def test_the_namespaces_of_the_root_are_in_what_is_signed(declared: str) -> None:
    signed = sign_document(changed("<ceb:CEB311Message ", f"<ceb:CEB311Message {declared} ", BODY), SIGNER)
    assert verify_bytes(signed, TRUSTED).trusted


@pytest.mark.parametrize(
    "content",
    [b'<a xml:lang="zh"/>', b'<a xmlns:b="urn:a&amp;b"/>', b'<a xmlns="relative/name"/>', b"<!DOCTYPE a><a/>", b"<a>"],
)
def test_what_has_no_canonical_form_here_is_refused_before_it_is_signed(content: bytes) -> None:
    with pytest.raises(NotXml):
        sign_document(content, SIGNER)


def test_a_namespace_name_that_libxml2_does_not_escape_is_refused_by_ourselves() -> None:
    """What the parser of what was signed makes of it is another thing in each version of libxml2."""
    for content in (b'<a xmlns:b="urn:a&amp;b"/>', b'<a><c xmlns:b="urn:a&amp;b"/></a>'):
        with pytest.raises(NotXml, match="namespace name"):
            canonical_unsigned(etree.fromstring(content))
    canonical_unsigned(etree.fromstring(b'<a xmlns:b="urn:ab" c="&quot;&#9;&amp;&lt;">&gt;&amp;&#13;</a>'))


@pytest.mark.parametrize("value", [b"", b"\0" * 256, SIGNER.sign(b"something else")])
def test_a_signature_that_does_not_hold_is_not_given_out(value: bytes) -> None:
    with pytest.raises(TokenError, match="does not hold"):
        sign_document(BODY, Brooding(value))
    with pytest.raises(TokenError, match="does not hold"):
        signed_by_stage(stored(SignatureMode.DETACHED), Brooding(value), datetime.now(UTC))


@pytest.mark.parametrize("mode", [SignatureMode.DETACHED, SignatureMode.EMBEDDED])
def test_a_stored_message_is_signed_by_a_valid_certificate_only(mode: SignatureMode) -> None:
    now = datetime.now(UTC)
    made = signed_by_stage(stored(mode), SIGNER, now)
    assert (made.body is None) == (mode is SignatureMode.DETACHED)
    assert verify_bytes(made.body or with_signature(BODY, made.signature or b""), TRUSTED).trusted
    with pytest.raises(CertificateNotValid, match="0a1b2c"):
        signed_by_stage(stored(mode), SIGNER, now + timedelta(days=400))


@pytest.mark.parametrize("mode", [SignatureMode.KEPT, SignatureMode.NONE])
def test_a_message_that_needs_no_signature_of_ours_goes_as_it_is(mode: SignatureMode) -> None:
    assert signed_by_stage(stored(mode), Brooding(b""), datetime.now(UTC)) == Signed()


def stored(mode: SignatureMode) -> StoredMessage:
    """The message as the store has it before signing."""
    return StoredMessage(
        id=MessageId(1),
        drop_id=DropId(1),
        enterprise="e",
        type="CEB311",
        guid=new_guid(),
        cop_msg_id=new_guid(),
        signer="s",
        channel="c",
        signature_mode=mode,
        state=MessageState.READY,
        created="2026-01-02T03:04:05+08:00",
        sender="S",
        receiver="R",
        sent_at=None,
        waiting=None,
        body=BODY,
    )


def test_a_signature_kept_beside_its_message_is_verified_without_reading_the_message_again() -> None:
    assert with_signature(BODY, SIGNATURE) == SIGNED
    assert verify_apart(SIGNATURE, BODY).certificate.x509 == verify_bytes(SIGNED).certificate.x509


def test_the_signature_of_another_message_does_not_hold_here() -> None:
    other = BODY.replace("测试甲".encode(), "测试乙".encode())
    with pytest.raises(BadSignature, match="digest"):
        verify_apart(SIGNATURE, other)
    with pytest.raises(BadSignature, match="digest"):
        verify_apart(signature_over(other, SIGNER), BODY)
    with pytest.raises(BadSignature, match="digest"):
        verify_apart(SIGNATURE, BODY, digested=SIGNER.profile.digest(other))


@pytest.mark.parametrize("beside", [b" ", b"<!-- x -->", b"<?x?>", b"<ceb:Order></ceb:Order>"])
def test_nothing_travels_beside_a_signature(beside: bytes) -> None:
    for more in (beside + SIGNATURE, SIGNATURE + beside):
        with pytest.raises(BadSignature, match="more than the signature"):
            verify_apart(more, BODY)


def test_special_characters_are_signed_as_they_are_read() -> None:
    text = "a<b & \"c\" 'd' > \r\n\t 𠮷🚢"
    body = compose(message_type("order"), new_guid(), [element("note", text)], Sender("99", text, "D"))
    assert parse_xml(sign_canonical(body, SIGNER))[0].text == text
    assert verify_bytes(sign_canonical(body, SIGNER), TRUSTED).trusted
