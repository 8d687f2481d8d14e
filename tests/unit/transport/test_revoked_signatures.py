"""A token is revoked while its messages are on their way: what has not left is signed anew, what may have arrived keeps its bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.certificates import DAY, Authority, rsa_key
from builders.signed_message import DOUBT, TwoSignedMessages
from cebd.clock import SystemClock, iso
from cebd.records.states import SignatureMode
from cebd.signing.certificate_watch import watch_certificates
from cebd.signing.known_token import KnownToken, identity_of
from cebd.signing.signer import Certificate
from cebd.store.across.intervening.revoking import TakenBack, take_back_signatures
from cebd.store.conditions import Conditions
from cebd.store.packing import pack
from cebd.store.tables import messages
from cebd.store.tokens import Identity, record, revoke
from cebd.transport.channel import InDoubt, Sent


class Desk(TwoSignedMessages):
    def revoke(self) -> TakenBack:
        with self.store.write() as transaction:
            revoke(transaction, "s", Identity("0001", "a model"), "lost", self.now)
            return take_back_signatures(transaction, "s", self.now)

    def let_the_next_in(self) -> None:
        with self.store.write() as transaction:
            record(transaction, "s", Identity("0002", "a model"), "accepted", self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_what_has_not_left_is_to_be_signed_anew_and_does_not_leave(desk: Desk) -> None:
    assert desk.revoke() == (2, 0)
    assert desk.states == ["ready", "ready"]
    desk.submit()
    assert desk.other_side.taken == []


def test_revoked_while_a_message_is_being_written_it_is_not_shown_and_neither_is_the_next(desk: Desk) -> None:
    desk.other_side.before = desk.revoke
    desk.submit()
    assert desk.other_side.taken == []
    assert desk.states == ["ready", "ready"]
    assert {attempt[1] for message in desk.messages for attempt in message.attempts} <= {"failed"}


def test_what_may_have_arrived_keeps_its_bytes_and_waits_for_the_next_token(desk: Desk) -> None:
    desk.other_side.outcome = InDoubt("the line broke")
    desk.submit()
    assert desk.revoke() == (0, 2)
    assert desk.states == ["in_doubt", "in_doubt"]
    desk.messages[0].later(2 * DOUBT)
    desk.other_side.taken.clear()
    assert desk.submit() == [InDoubt, InDoubt]
    assert desk.other_side.taken == []
    assert "CEBD-1527" in (desk.messages[0].waiting or "")
    desk.other_side.outcome = Sent()
    desk.let_the_next_in()
    assert desk.submit() == [Sent, Sent]
    assert desk.states == ["sent", "sent"]


def test_what_has_arrived_stays_sent(desk: Desk) -> None:
    desk.submit()
    assert desk.revoke() == (0, 0)
    assert desk.states == ["sent", "sent"]


@pytest.mark.parametrize("signers", [["s"], []], ids=["in the settings", "no longer"])
def test_what_has_not_left_when_the_certificate_ends_is_signed_anew_and_what_may_have_arrived_keeps_its_bytes(
    desk: Desk, signers: list[str]
) -> None:
    """Customs look at the certificate when a message arrives."""
    clock = desk.messages[0].clock
    ends = clock.now() + timedelta(hours=5)
    with desk.store.write() as transaction:
        record(transaction, "s", Identity("0001", "a model", "a1", "00", valid_until=iso(ends)), "first use", desk.now)
    desk.other_side.outcome = InDoubt("the line broke")
    desk.batch.submit(desk.messages[0].message_id)
    desk.batch.store()
    for moment, states in ((ends - timedelta(seconds=1), "signed"), (ends, "ready")):
        clock.moment = moment
        watch_certificates(desk.store, clock, Conditions(desk.store, clock), signers)
        assert desk.states == ["in_doubt", states]


def test_what_has_not_left_is_signed_anew_where_the_renewed_certificate_is_seen_after_the_end(desk: Desk) -> None:
    key = rsa_key("the enterprise's")
    with desk.store.write() as transaction:
        old = identity_of("0001", "a model", Certificate(Authority().issue(key.public_key(), 0xA1, -400 * DAY, -DAY)))
        record(transaction, "s", old, "first use", desk.now)
    assert desk.states == ["signed", "signed"]
    renewed = Certificate(Authority().issue(key.public_key(), 0xA1))
    KnownToken(desk.store, SystemClock(), "s").before_use("0001", "a model", renewed)
    assert desk.states == ["ready", "ready"]


def test_the_messages_of_another_signer_go_on(desk: Desk) -> None:
    with desk.store.write() as transaction:
        assert take_back_signatures(transaction, "another", desk.now) == (0, 0)
    assert desk.submit() == [Sent, Sent]


def test_a_message_that_came_signed_by_a_revoked_card_waits_with_a_word_until_the_card_is_let_in_again(
    desk: Desk,
) -> None:
    """Converted before, not sent yet."""
    lost = Identity("0001", "a model", "a1", hashlib.sha256(b"its certificate").hexdigest())
    certificate = base64.b64encode(b"its certificate").decode()
    key = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    body = f'<m><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{key}</ds:Signature></m>'.encode()
    kept = update(messages).where(messages.c.id == desk.messages[0].message_id)
    with desk.store.write() as transaction:
        transaction.execute(kept.values(sign=SignatureMode.KEPT, body=pack(body)))
        revoke(transaction, "another", lost, "lost", desk.now)
    assert desk.submit() == [InDoubt, Sent]
    assert desk.other_side.taken == ["DXPENT0001-2"]
    assert "CEBD-1535" in (desk.messages[0].waiting or "")
    with desk.store.write() as transaction:
        record(transaction, "another", lost, "accepted", desk.now)
    assert desk.submit() == [Sent, Sent]
    assert desk.states == ["sent", "sent"]
