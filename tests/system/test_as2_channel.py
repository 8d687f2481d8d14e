"""AS2 against pyas2lib as the partner, its bytes against OpenSSL: what each MDN means, and whose signature counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders.as2_partner import OURS, THEIRS, Answer, As2Partner, Party, Request
from builders.certificates import DAY
from builders.settings_files import GOOD, mistakes_of
from builders.waiting import until
from cebd.as2.cms import Own
from cebd.as2.mdn import compose_mdn
from cebd.sandbox.ledger import read_ledger
from cebd.transport.channel import ChannelError, Failed, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.as2.partner import Names
from cebd.transport.channels.as2.partner import Partner as Keys

MESSAGE = "<DxpMsg>海关\n\r\n  declared</DxpMsg>\n".encode()
HANDOVER = Handover("CEB311Message_0001.xml", MESSAGE, message_id="DXPENT0001-1")
RECEIPT = "<CEB312Message>回执\n</CEB312Message>".encode()


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[As2Partner]:
    with As2Partner(tmp_path) as one:
        yield one


def delivered(partner: As2Partner, handover: Handover = HANDOVER, **settings: object) -> Outcome:
    outbound = partner.open(**settings).outbound
    try:
        return outbound.deliver(handover)
    finally:
        outbound.close()


def keys_of(party: Party, folder: Path) -> Own:
    other = Party.made(folder, "nobody")
    return Keys.load(Names("a", "b"), party.cert, party.key, lambda: None, [other.cert]).own


def mdn_of(request: Request, own: Own, *, error: str = "", mic: str = "") -> Answer:
    kind, body = compose_mdn(request.headers["message-id"], THEIRS, own, error=error, mic=mic)
    return 200, {"Content-Type": kind}, body


def test_a_message_is_sent_when_the_partner_says_that_it_has_these_bytes(partner: As2Partner) -> None:
    assert delivered(partner) == Sent()
    assert partner.order == [MESSAGE]
    (request,) = partner.requests
    assert request.headers["as2-from"] == OURS
    assert request.headers["content-type"].startswith("application/pkcs7-mime; smime-type=enveloped-data")
    assert b"declared" not in request.body


def test_signed_alone_where_the_line_is_encrypted_its_bytes_are_readable(partner: As2Partner) -> None:
    partner.wants_encryption = False
    assert delivered(partner, encrypt=False) == Sent()
    assert partner.order == [MESSAGE]
    assert MESSAGE in partner.requests[0].body


def test_what_leaves_is_decrypted_and_verified_by_openssl(partner: As2Partner, tmp_path: Path) -> None:
    """An independent program takes it apart: the part that is signed has the message's very bytes."""
    delivered(partner)
    sealed, opened = tmp_path / "sealed.der", tmp_path / "opened"
    sealed.write_bytes(partner.requests[0].body)
    decrypt = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", sealed, "-out", opened]
    subprocess.run([*decrypt, "-recip", partner.theirs.cert, "-inkey", partner.theirs.key], check=True)
    told = subprocess.run(
        ["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", sealed],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "aes-256-cbc" in told
    entity = opened.read_bytes()
    boundary = b"\r\n--" + entity.split(b'boundary="')[1].split(b'"')[0]
    _, part, signature, _ = entity.split(boundary)
    (tmp_path / "part").write_bytes(part.removeprefix(b"\r\n"))
    base64 = signature.split(b"\r\n\r\n", 1)[1]
    (tmp_path / "p7s").write_bytes(b"-----BEGIN CMS-----\n" + base64.replace(b"\r", b"") + b"-----END CMS-----\n")
    verify = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "PEM",
        "-in",
        tmp_path / "p7s",
        "-content",
        tmp_path / "part",
    ]
    trusting = ["-CAfile", partner.ours.cert, "-purpose", "any", "-out", tmp_path / "verified"]
    subprocess.run([*verify, *trusting], check=True, capture_output=True)
    assert (tmp_path / "verified").read_bytes().endswith(b"\r\n\r\n" + MESSAGE)


@pytest.mark.parametrize("error", ["authentication-failed", "decryption-failed", "unexpected-processing-error"])
def test_a_negative_mdn_is_a_certain_failure_with_its_reason(partner: As2Partner, error: str) -> None:
    own = keys_of(partner.theirs, partner.folder)
    partner.distort = lambda request, _answer: mdn_of(request, own, error=error)
    assert delivered(partner) == Failed("CEBD-1671", f"processed/error: {error}")


def test_a_partner_who_has_not_our_certificate_says_so(tmp_path: Path) -> None:
    """pyas2lib's own negative MDN."""
    with As2Partner(tmp_path, ours=Party.made(tmp_path, "another")) as partner:
        stranger = Party.made(tmp_path, "stranger")
        outcome = delivered(partner, cert=stranger.cert, key=stranger.key)
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1671"
        assert partner.order == []


def test_an_answer_without_an_mdn_leaves_the_message_in_doubt(partner: As2Partner) -> None:
    partner.distort = lambda _request, _answer: (200, {}, b"")
    assert delivered(partner) == InDoubt("the answer has no MDN", "CEBD-1672")


def test_an_error_of_the_server_leaves_the_message_in_doubt(partner: As2Partner) -> None:
    partner.distort = lambda _request, _answer: (502, {}, b"bad gateway")
    outcome = delivered(partner)
    assert isinstance(outcome, InDoubt)
    assert "502" in outcome.reason


@pytest.mark.parametrize(("status", "problem"), [(401, "CEBD-1603"), (403, "CEBD-1603"), (413, "CEBD-1674")])
def test_a_server_that_does_not_take_it_is_a_certain_failure(partner: As2Partner, status: int, problem: str) -> None:
    partner.distort = lambda _request, _answer: (status, {}, b"")
    outcome = delivered(partner)
    assert isinstance(outcome, Failed)
    assert outcome.problem == problem
    assert str(status) in outcome.reason


def test_an_mdn_that_somebody_else_has_signed_counts_for_nothing(partner: As2Partner, tmp_path: Path) -> None:
    stranger = keys_of(Party.made(tmp_path, "stranger"), tmp_path)
    partner.distort = lambda request, _answer: mdn_of(request, stranger, error="authentication-failed")
    outcome = delivered(partner)
    assert isinstance(outcome, InDoubt)
    assert outcome.problem == "CEBD-1672"
    assert "not known" in outcome.reason


def test_an_mdn_that_was_changed_on_its_way_counts_for_nothing(partner: As2Partner) -> None:
    partner.distort = lambda _request, answer: (answer[0], answer[1], answer[2].replace(b"processed", b"Processed"))
    outcome = delivered(partner)
    assert isinstance(outcome, InDoubt)
    assert outcome.problem == "CEBD-1672"
    assert "not what was signed" in outcome.reason


def test_an_mdn_of_another_message_counts_for_nothing(partner: As2Partner) -> None:
    own = keys_of(partner.theirs, partner.folder)
    partner.distort = lambda request, _answer: mdn_of(
        replace(request, headers={"message-id": "<other@example.org>"}), own
    )
    outcome = delivered(partner)
    assert isinstance(outcome, InDoubt)
    assert "another message" in outcome.reason


def test_a_partner_who_has_other_bytes_than_ours_is_a_matter_for_people(partner: As2Partner) -> None:
    own = keys_of(partner.theirs, partner.folder)
    partner.distort = lambda request, _answer: mdn_of(request, own, mic="AAAA")
    outcome = delivered(partner)
    assert isinstance(outcome, InDoubt)
    assert outcome.problem == "CEBD-1673"


def test_a_message_sent_again_has_its_number_and_one_that_is_there_already_counts_where_it_was_in_doubt(
    partner: As2Partner,
) -> None:
    partner.accepts_repeats = False
    assert delivered(partner) == Sent()
    assert isinstance(delivered(partner), Failed)
    again = delivered(partner, replace(HANDOVER, attempt=2, may_be_there=True))
    assert isinstance(again, Sent)
    assert "already" in str(again.note)
    assert partner.order == [MESSAGE]
    assert len({request.headers["message-id"] for request in partner.requests}) == 1


def test_at_a_change_of_certificates_both_count_and_the_valid_one_is_encrypted_for(tmp_path: Path) -> None:
    ended = Party.made(tmp_path, "ended", -10 * DAY, timedelta(seconds=-1))
    coming = Party.made(tmp_path, "coming")
    with As2Partner(tmp_path, theirs=coming) as partner:
        both = [ended.cert, coming.cert]
        assert delivered(partner, partner_certs=both) == Sent()
        own = keys_of(ended, tmp_path)
        partner.distort = lambda request, _answer: mdn_of(request, own, error="decryption-failed")
        assert delivered(partner, partner_certs=both) == Failed("CEBD-1671", "processed/error: decryption-failed")


def test_certificates_that_have_all_ended_are_said_and_nothing_leaves(tmp_path: Path) -> None:
    ended = Party.made(tmp_path, "ended", -10 * DAY, timedelta(seconds=-1))
    with As2Partner(tmp_path) as partner:
        outcome = delivered(partner, partner_certs=[ended.cert])
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1670"
        assert partner.requests == []


def test_a_key_that_is_not_of_the_certificate_is_said(partner: As2Partner, tmp_path: Path) -> None:
    with pytest.raises(ChannelError) as error:
        partner.open(key=Party.made(tmp_path, "stranger").key)
    assert error.value.problem == "CEBD-1670"


def test_an_mdn_that_comes_later_settles_the_message(partner: As2Partner) -> None:
    channel = partner.open(mdn_url="http://127.0.0.1:1/as2", timeout_seconds=5.0)
    assert list(channel.inbound.receive()) == []  # it listens
    mdns: list[Answer] = []

    def later(_request: Request, answer: Answer) -> Answer:
        mdns.append(answer)
        return 200, {}, b""

    partner.distort = later
    assert channel.outbound.deliver(HANDOVER) == InDoubt("no MDN has come yet", "CEBD-1672")
    assert partner.requests[0].headers["receipt-delivery-option"] == "http://127.0.0.1:1/as2"
    assert channel.outbound.find(HANDOVER) == "unknown"
    assert partner.posted(mdns[0][1], mdns[0][2].replace(b"processed", b"Processed")) == 400  # by nobody that is known
    assert channel.outbound.find(HANDOVER) == "unknown"
    assert partner.posted(mdns[0][1], mdns[0][2]) == 200
    assert channel.outbound.find(HANDOVER) == "arrived"
    channel.outbound.close()
    channel.inbound.close()


# Receipts


def test_a_receipt_is_answered_when_it_is_stored_and_not_before(partner: As2Partner) -> None:
    inbound = partner.open().inbound
    list(inbound.receive())
    partner.bring(RECEIPT)
    (arrival,) = until(lambda: list(inbound.receive()), "the receipt is at the door")
    assert arrival.content() == RECEIPT
    assert partner.open_receipts == [RECEIPT]
    arrival.accept()
    until(lambda: not partner.open_receipts, "pyas2lib has verified our MDN and its MIC")
    assert partner.refused == []
    inbound.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sign": False}, "insufficient-message-security"),
        ({"stranger": True}, "authentication-failed"),
        ({"encrypt_for": "stranger"}, "decryption-failed"),
    ],
    ids=["unsigned", "signed by a stranger", "encrypted for a stranger"],
)
def test_a_receipt_that_is_not_the_partners_or_not_for_us_is_refused_with_the_reason(
    partner: As2Partner, tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    inbound = partner.open().inbound
    list(inbound.receive())
    stranger = Party.made(tmp_path, "stranger")
    if "stranger" in wrong:
        genuine, partner.theirs = partner.theirs, stranger
        told = partner.brought_once(RECEIPT)
        partner.theirs = genuine
    elif "encrypt_for" in wrong:
        told = partner.brought_once(RECEIPT, encrypt_cert=stranger.cert.read_bytes())
    else:
        told = partner.brought_once(RECEIPT, **wrong)
    assert told == (200, "processed/error", said)
    assert list(inbound.receive()) == []
    inbound.close()


def test_who_is_not_the_partner_by_name_is_told_nothing(partner: As2Partner) -> None:
    inbound = partner.open(as2_to="SOMEBODY").inbound
    list(inbound.receive())
    assert partner.brought_once(RECEIPT)[0] == 403
    inbound.close()


def test_the_demo_declares_by_as2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cebd", "demo", "--channel", "as2", "--dir", tmp_path / "demo"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    receipts = [
        json.loads(path.read_bytes()) for path in (tmp_path / "demo" / "share" / "outbox").glob("json/*/*.json")
    ]
    taken = sum(receipt["counts"].get(state, 0) for receipt in receipts for state in ("acknowledged", "succeeded"))
    assert len(receipts) == 2
    assert Counter(entry["verdict"] for entry in read_ledger(tmp_path / "demo" / "sandbox")) == {"accepted": taken}
    assert taken > 5


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", "listen is needed"),
        ('listen = "127.0.0.1:1"\nmdn_url = "as2.example.org"', "must be an address that begins with"),
    ],
)
def test_settings_that_cannot_be_meant_are_told(tmp_path: Path, keys: str, told: str) -> None:
    table = (
        'type = "as2"\nurl = "https://as2.example.org"\nas2_from = "A"\nas2_to = "B"\ncert = "c"\nkey = "k"\n'
        f'partner_certs = ["p"]\n{keys}\n'
    )
    path = tmp_path / "cebd.toml"
    path.write_text(GOOD[: GOOD.index("[channel.c]")] + f"[channel.c]\n{table}", encoding="utf-8")
    assert any(told in one for one in mistakes_of(path)), mistakes_of(path)
