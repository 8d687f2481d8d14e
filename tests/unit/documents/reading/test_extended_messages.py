"""A dropped export message may carry an ExtendMessage, as the official schema has it: after the signature, not before it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from builders.export_rows import export_rows
from builders.papers import needs_official, official_schema
from builders.trial_messages import unsigned_of_rows
from builders.workbooks import Opened
from cebd.messages.description import DS
from cebd.messages.schema import flaws, parse_xml
from cebd.sandbox.judging.signature_check import judge_signature
from cebd.signing.sign_file import sign_document
from cebd.signing.signers.software.signer import SoftwareSigner
from cebd.signing.verification import BadSignature, verify_bytes
from cebd.trial.keys import make_trial_key

INNER = b"<own:Item xmlns:own='urn:own'><own:ExtendMessage>A</own:ExtendMessage></own:Item>"
EXTENSION = (
    b"<ceb:ExtendMessage><ceb:name>own</ceb:name><ceb:version>1.0</ceb:version><ceb:Message>%b</ceb:Message>"
    b"</ceb:ExtendMessage>" % INNER
)


def extended(code: str) -> bytes:
    message = unsigned_of_rows(code, export_rows(code, "X1"))
    end = message.rindex(b"</")
    return message[:end] + EXTENSION + message[end:]


@pytest.mark.parametrize("code", ["CEB303", "CEB603", "CEB701"])
def test_an_export_message_with_an_extension_is_read(code: str, tmp_path: Path) -> None:
    drop = tmp_path / "e.xml"
    drop.write_bytes(extended(code))
    opened = Opened(drop)
    assert (opened.said(), [one.ready for one in opened.records]) == (["CEBD-1036"], [True])


def test_an_extension_that_is_not_as_its_schema_says_is_refused(tmp_path: Path) -> None:
    drop = tmp_path / "e.xml"
    drop.write_bytes(extended("CEB303").replace(b"<ceb:version>1.0</ceb:version>", b""))
    assert [one.id for one in Opened(drop).problems] == ["CEBD-1008", "CEBD-1036"]


@needs_official
def test_its_signature_stands_before_the_extension_and_holds(signer: SoftwareSigner) -> None:
    signed = sign_document(extended("CEB603"), signer)
    root = parse_xml(signed)
    assert [etree.QName(one).localname for one in root][-2:] == ["Signature", "ExtendMessage"]
    assert official_schema("export-business-202205.xsd").validate(root), official_schema(
        "export-business-202205.xsd"
    ).error_log
    assert flaws(root) == []
    assert verify_bytes(signed).certificate == signer.certificate()
    assert judge_signature(signed, None, datetime.now(UTC)) == "valid"
    again = sign_document(signed, signer)
    assert again == signed


@needs_official
def test_what_was_changed_in_the_extension_breaks_the_signature(signer: SoftwareSigner) -> None:
    signed = sign_document(extended("CEB603"), signer)
    with pytest.raises(BadSignature, match="digest differs"):
        verify_bytes(signed.replace(b">A</own:", b">B</own:"))


@needs_official
def test_a_signature_behind_the_extension_is_refused_by_the_schema(signer: SoftwareSigner) -> None:
    root = parse_xml(sign_document(extended("CEB603"), signer))
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    root.append(signature)
    assert not official_schema("export-business-202205.xsd").validate(root)
    assert flaws(root)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SoftwareSigner:
    folder = tmp_path_factory.mktemp("keys")
    make_trial_key(folder)
    return SoftwareSigner.load(folder / "trial.key.pem", folder / "trial.cert.pem", None)
