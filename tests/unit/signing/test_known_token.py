"""Another token under a signer's name is not used, and not shown the PIN, until a person says so."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from builders.certificates import DAY, Authority, rsa_key
from builders.clocks import StillClock
from cebd.clock import iso
from cebd.signing.known_token import AnotherToken, KnownToken, OtherHolder, identity_of
from cebd.signing.signer import Certificate
from cebd.store import tokens
from cebd.store.store import Store

AUTHORITY = Authority()
CLOCK = StillClock(AUTHORITY.certificate.not_valid_before_utc + 2 * DAY)
MODEL = "a model"


def certificate(owner: str, key: str | None = None, serial: int | None = None, days: int = 300) -> Certificate:
    """A certificate of that owner (a hex number); the same arguments are the same certificate."""
    number = int(owner, 16)
    issued = AUTHORITY.issue(rsa_key(key or owner).public_key(), number, ends=days * DAY)
    if serial is None:
        return Certificate(issued)
    again = (
        x509.CertificateBuilder()
        .subject_name(issued.subject)
        .issuer_name(issued.issuer)
        .public_key(rsa_key(key or owner).public_key())
        .serial_number(serial)
        .not_valid_before(issued.not_valid_before_utc)
        .not_valid_after(issued.not_valid_after_utc)
    )
    return Certificate(again.sign(AUTHORITY.key, hashes.SHA256()))


OURS, OTHER = certificate("a1"), certificate("b2")
RENEWED = certificate("a1", "a new key", 0xA2)


@pytest.fixture
def gate(store: Store) -> KnownToken:
    """A signer whose token 0001 with our certificate is on record."""
    made = KnownToken(store, CLOCK, "eport")
    made.before_use("0001", MODEL, OURS)
    return made


def on_record(store: Store) -> tuple[str, str, str]:
    with store.read() as connection:
        found = tokens.known(connection, "eport")
    assert found is not None
    return found.identity.token, found.identity.number, found.how


def a_find(store: Store) -> tokens.Identity | None:
    with store.read() as connection:
        found = tokens.offered(connection, "eport")
    return None if found is None else found.identity


def test_the_first_token_that_is_used_is_recorded(store: Store, gate: KnownToken) -> None:
    assert on_record(store) == ("0001", "a1", "first use")
    gate.before_login("0001", MODEL, list)
    gate.before_use("0001", MODEL, OURS)
    with store.read() as connection:
        assert [str(one.recorded.identity) for one in tokens.tokens_in_use(connection)] == [
            f"a model 0001, CN=enterprise a1, a1 ({iso(OURS.x509.not_valid_after_utc)[:10]})"
        ]


@pytest.mark.parametrize("shown", [[OTHER], [], [OTHER, certificate("c3")]], ids=["one", "none", "several"])
def test_another_token_is_refused_before_it_is_shown_a_pin(
    store: Store, gate: KnownToken, shown: list[Certificate]
) -> None:
    with pytest.raises(AnotherToken) as refused:
        gate.before_login("0002", MODEL, lambda: shown)
    said = refused.value.said()
    assert (said.id, refused.value.party) == ("CEBD-1522", "administrator")
    assert "0001" in said.en
    assert "0002" in said.en
    found = a_find(store)
    assert found is not None
    assert (found.token, found.number) == ("0002", "b2" if shown == [OTHER] else "")
    assert on_record(store)[0] == "0001"


def test_the_same_token_with_a_certificate_of_another_enterprise_is_refused(store: Store, gate: KnownToken) -> None:
    gate.before_login("0001", MODEL, list)
    with pytest.raises(AnotherToken, match="b2"):
        gate.before_use("0001", MODEL, OTHER)
    assert on_record(store)[1] == "a1"


def test_a_renewed_certificate_on_the_same_token_needs_nobody(store: Store, gate: KnownToken) -> None:
    gate.before_use("0001", MODEL, RENEWED)
    assert on_record(store) == ("0001", "a2", "renewed")


def test_a_renewed_certificate_on_another_token_needs_a_person(store: Store, gate: KnownToken) -> None:
    with pytest.raises(AnotherToken):
        gate.before_login("0002", MODEL, lambda: [RENEWED])
    with pytest.raises(AnotherToken):
        gate.before_use("0002", MODEL, RENEWED)


def test_the_same_certificate_on_another_token_is_the_same_signatory(store: Store, gate: KnownToken) -> None:
    gate.before_login("0002", MODEL, lambda: [OURS])
    gate.before_use("0002", MODEL, OURS)
    assert on_record(store) == ("0002", "a1", "moved")


def test_the_settings_may_name_the_new_certificate(store: Store, gate: KnownToken) -> None:
    told = KnownToken(store, CLOCK, "eport", "b2")
    told.before_login("0002", MODEL, lambda: [OTHER])
    told.before_use("0002", MODEL, OTHER)
    assert on_record(store) == ("0002", "b2", "settings")


@pytest.mark.parametrize("shown", [[OTHER], []], ids=["its certificate is seen", "it shows nothing before the login"])
def test_once_accepted_it_is_used_and_the_old_one_no_more(
    store: Store, gate: KnownToken, shown: list[Certificate]
) -> None:
    with pytest.raises(AnotherToken):
        gate.before_login("0002", MODEL, lambda: shown)
    found = a_find(store)
    assert found is not None
    with store.write() as connection:
        assert tokens.accept(connection, "eport", found, iso(CLOCK.now()))
    gate.before_login("0002", MODEL, list)
    gate.before_use("0002", MODEL, OTHER)
    assert on_record(store) == ("0002", "b2", "accepted")
    assert a_find(store) is None
    with pytest.raises(AnotherToken):
        gate.before_login("0001", MODEL, lambda: [OURS])


def test_what_was_accepted_is_what_the_person_saw(store: Store, gate: KnownToken) -> None:
    seen = identity_of("0002", MODEL, OTHER)
    with pytest.raises(AnotherToken):
        gate.before_login("0003", MODEL, lambda: [certificate("c3")])
    with store.write() as connection:
        assert not tokens.accept(connection, "eport", seen, iso(CLOCK.now()))
    assert on_record(store)[0] == "0001"


def test_when_the_right_token_is_back_there_is_nothing_to_accept(store: Store, gate: KnownToken) -> None:
    with pytest.raises(AnotherToken):
        gate.before_login("0002", MODEL, lambda: [OTHER])
    gate.before_use("0001", MODEL, OURS)
    assert a_find(store) is None


# Whose card it is: the nine characters at 9 to 17 of the credit code stand on it

CREDIT_CODE, ANOTHERS = "91350200MA01ABCD1X", "91350200MA99ZZZZ9X"


def card(code: str, serial: int, name: str = "示例公司", subject: str = "张三") -> Certificate:
    """A certificate as customs' cards carry it."""
    arc = "1.3.6.1.4.1.5315.100.5"
    own = [
        x509.NameAttribute(x509.ObjectIdentifier(f"{arc}.{number}"), text) for number, text in ((1, name), (11, code))
    ]
    like = OURS.x509
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject), *own]))
        .issuer_name(like.issuer)
        .public_key(rsa_key(f"card {serial}").public_key())
        .serial_number(serial)
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
    )
    return Certificate(built.sign(AUTHORITY.key, hashes.SHA256()))


def test_a_card_of_the_enterprise_in_the_settings_signs(store: Store) -> None:
    for code in ("MA01ABCD1", "MA01ABCD-1"):
        gate = KnownToken(store, CLOCK, f"signer {code}", credit_code=CREDIT_CODE)
        gate.before_login("0001", MODEL, lambda code=code: [card(code, 7)])  # type: ignore[misc]
        gate.before_use("0001", MODEL, card(code, 7))


def test_a_card_of_another_enterprise_is_not_shown_the_pin_and_signs_nothing(store: Store) -> None:
    """At its first use already, when nothing is on record that it could differ from."""
    gate = KnownToken(store, CLOCK, "eport", credit_code=ANOTHERS)
    for ask in (
        lambda: gate.before_login("0001", MODEL, lambda: [card("MA01ABCD1", 7)]),
        lambda: gate.before_use("0001", MODEL, card("MA01ABCD1", 7)),
    ):
        with pytest.raises(OtherHolder) as refused:
            ask()
        said = refused.value.said()
        assert (said.id, refused.value.party) == ("CEBD-1526", "administrator")
        assert "示例公司" in said.zh
        assert ANOTHERS in said.zh
        assert "张三" not in str(said.as_json()) + str(refused.value)
    assert a_find(store) is None


def test_a_card_that_does_not_say_whose_it_is_is_judged_as_without_a_credit_code(store: Store) -> None:
    gate = KnownToken(store, CLOCK, "eport", credit_code=CREDIT_CODE)
    gate.before_login("0001", MODEL, lambda: [OURS])
    gate.before_use("0001", MODEL, OURS)
    assert on_record(store) == ("0001", "a1", "first use")


def test_a_renewed_certificate_of_the_same_enterprise_under_another_subject_needs_nobody(store: Store) -> None:
    """As when a card's RSA certificate is followed by one for SM2, which names the holder in another way."""
    gate = KnownToken(store, CLOCK, "eport", credit_code=CREDIT_CODE)
    gate.before_use("0001", MODEL, card("MA01ABCD1", 0xA7))
    gate.before_use("0001", MODEL, card("MA01ABCD1", 0xA8, subject="张三-2026"))
    assert on_record(store) == ("0001", "a8", "renewed")
    with pytest.raises(AnotherToken):
        gate.before_use("0002", MODEL, card("MA01ABCD1", 0xA9))


def test_each_signer_has_its_own(store: Store, gate: KnownToken) -> None:
    KnownToken(store, CLOCK, "second").before_use("0002", MODEL, OTHER)
    assert on_record(store)[0] == "0001"
