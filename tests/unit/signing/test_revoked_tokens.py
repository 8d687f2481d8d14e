"""A token that a person has revoked signs nothing, whatever the store says of it, until a person lets it in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.certificates import DAY, Authority, rsa_key
from builders.clocks import StillClock
from builders.new_store import open_store
from cebd.machine_folder import VARIABLE
from cebd.operations.tokens.record import accept, offer_of, revoke, take_over_revocations, token_on_record
from cebd.signing.known_token import AnotherToken, KnownToken, TokenRevoked
from cebd.signing.revoked_cards import RevokedCards
from cebd.signing.signer import Certificate, TokenError
from cebd.store.store import Store
from cebd.store.tokens import revocation

AUTHORITY = Authority()
CLOCK = StillClock(AUTHORITY.certificate.not_valid_before_utc + 2 * DAY)
OLD = Certificate(AUTHORITY.issue(rsa_key("a1").public_key(), 0xA1))
NEW = Certificate(AUTHORITY.issue(rsa_key("b2").public_key(), 0xB2))


class Desk:
    """A signer whose token 0001 is on record."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.memory = folder, folder / "machine"
        self.store = open_store(folder / "store")
        self.present("0001", OLD)

    def present(self, serial: str, certificate: Certificate, store: Store | None = None) -> None:
        """That token is plugged in, and wants to sign."""
        gate = KnownToken(store or self.store, CLOCK, "eport", memory=self.memory)
        gate.before_login(serial, "a model", lambda: [certificate])
        gate.before_use(serial, "a model", certificate)

    def revoke(self) -> None:
        place = self.folder / "store"
        revoke(place, "eport", token_on_record(place, "eport"), "lost on the train")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "machine"))
    return Desk(tmp_path)


def test_a_revoked_token_is_not_used_and_not_shown_its_pin_and_says_since_when_and_why(desk: Desk) -> None:
    desk.revoke()
    gate = KnownToken(desk.store, CLOCK, "eport", memory=desk.memory)
    with pytest.raises(TokenRevoked) as caught:
        gate.before_login("0001", "a model", lambda: [OLD])
    said = caught.value.said("eport")
    assert said.id == "CEBD-1527"
    assert "lost on the train" in said.zh
    assert "lost on the train" in said.en


def test_the_next_token_is_used_once_a_person_accepts_it_and_the_old_one_is_not_even_then(desk: Desk) -> None:
    desk.revoke()
    with pytest.raises(AnotherToken):
        desk.present("0002", NEW)
    accept(desk.folder / "store", offer_of(desk.folder / "store", "eport"))
    desk.present("0002", NEW)
    with pytest.raises(TokenRevoked):
        desk.present("0001", OLD)


def test_a_certificate_that_was_revoked_is_revoked_on_another_token_too(desk: Desk) -> None:
    desk.revoke()
    with pytest.raises(TokenError):
        desk.present("0009", OLD)


def test_a_token_that_was_found_again_is_used_when_a_person_accepts_it(desk: Desk) -> None:
    desk.revoke()
    with pytest.raises(TokenRevoked):
        desk.present("0001", OLD)
    offer = offer_of(desk.folder / "store", "eport")
    assert offer.revoked is not None
    assert offer.revoked.reason == "lost on the train"
    accept(desk.folder / "store", offer)
    desk.present("0001", OLD)


def test_a_store_that_was_restored_from_before_is_told(desk: Desk, tmp_path: Path) -> None:
    restored = open_store(tmp_path / "restored")
    desk.present("0001", OLD, restored)
    desk.revoke()
    take_over_revocations(restored, ["eport"])
    with pytest.raises(AnotherToken):
        desk.present("0002", NEW, restored)
    with pytest.raises(TokenRevoked):
        desk.present("0001", OLD, restored)


def test_in_a_new_store_a_revoked_token_is_no_first_one(desk: Desk, tmp_path: Path) -> None:
    desk.revoke()
    with pytest.raises(TokenRevoked):
        desk.present("0001", OLD, open_store(tmp_path / "new"))


def test_where_nobody_can_tell_what_was_revoked_nothing_is_signed(desk: Desk) -> None:
    desk.revoke()
    (desk.memory / "revoked.json").write_text("{", encoding="utf-8")
    with pytest.raises(TokenError) as caught:
        desk.present("0002", NEW)
    assert "revoked" in str(caught.value)


def test_revoking_twice_leaves_one_line_with_the_last_reason(desk: Desk) -> None:
    desk.revoke()
    desk.revoke()
    found = RevokedCards(desk.memory).find("0001")
    assert found is not None
    assert (desk.memory / "revoked.json").read_text(encoding="utf-8").count("0001") == 1


def test_a_card_that_signs_under_two_names_is_revoked_under_both_at_once(desk: Desk) -> None:
    for name, certificate in (("session-2", OLD), ("another", NEW)):
        KnownToken(desk.store, CLOCK, name, memory=desk.memory).before_use("0001", "a model", certificate)
    desk.revoke()
    with desk.store.read() as transaction:
        assert [revocation(transaction, name) is not None for name in ("eport", "session-2", "another")] == [
            True,
            True,
            False,
        ]
