"""A dropped message that carries the signature of a revoked card is held back with a word, and not sent as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from builders.customs_messages import an_order
from builders.desk import Desk
from builders.new_store import open_store
from cebd.clock import CST
from cebd.machine_folder import VARIABLE
from cebd.operations.tokens.record import accept, offer_of, revoke, token_on_record
from cebd.signing.known_token import KnownToken, identity_of
from cebd.signing.signer import Signer
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.store.tokens import offer


class OwnSystem(Desk):
    """The enterprise's own system signs with its card, which cebd uses as `trial`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.now = datetime.now(CST) + timedelta(minutes=1)
        with capture_logs():  # it warns that a key file is for trials only
            self.card: Signer = open_signer(self.settings.signer["trial"], SignerContext(self.settings.base))
        KnownToken(self.store, self.clock, "trial").before_use("", "", self.card.certificate())

    def revoke(self) -> None:
        place = self.settings.store_dir
        revoke(place, "trial", token_on_record(place, "trial"), "left on the train")

    def find_again(self) -> None:
        with self.store.write() as transaction:
            offer(transaction, "trial", identity_of("", "", self.card.certificate()), "2026")
        accept(self.settings.store_dir, offer_of(self.settings.store_dir, "trial"))

    def declared(self, number: str) -> tuple[str, list[str]]:
        """A signed message of an order is dropped: what becomes of the order, and what is said of the file."""
        [order] = self.drop_message(an_order(number), signer=self.card)
        return order["state"], [one.id for one in self.converted.problems]


@pytest.fixture
def own_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnSystem]:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "machine"))
    made = OwnSystem(tmp_path)
    yield made
    made.store.close()


def test_it_is_held_once_the_card_is_revoked_and_goes_when_the_card_was_found(own_system: OwnSystem) -> None:
    assert own_system.declared("A1") == ("ready", ["CEBD-1512"])
    own_system.revoke()
    assert own_system.declared("A2") == ("held", ["CEBD-1535"])
    [said] = own_system.converted.problems
    assert own_system.card.certificate().number in said.en
    assert "left on the train" in said.zh
    assert own_system.converted.message_ids == []
    own_system.find_again()
    assert own_system.declared("A2") == ("ready", ["CEBD-1512"])


def test_a_new_store_on_the_same_machine_holds_it_too(own_system: OwnSystem, tmp_path: Path) -> None:
    own_system.revoke()
    own_system.store.close()
    own_system.store = open_store(tmp_path / "new")
    assert own_system.declared("A1") == ("held", ["CEBD-1535"])


def test_a_store_that_came_from_another_machine_holds_it_too(
    own_system: OwnSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_system.revoke()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "another machine"))
    assert own_system.declared("A1") == ("held", ["CEBD-1535"])


def test_an_unsigned_message_is_signed_as_ever(own_system: OwnSystem) -> None:
    own_system.revoke()
    [order] = own_system.drop_message(an_order("A1"))
    assert order["state"] == "ready"
