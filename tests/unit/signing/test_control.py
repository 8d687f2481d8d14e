"""The customs' control: each trouble has a sentence of its own, one connection is kept, and no card is shown the PIN of another."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key
from builders.clocks import StillClock
from builders.control import Card, FakeControl
from builders.customs_messages import needs_openssl
from builders.sm2 import openssl_accepts_sm2
from builders.softhsm import PIN
from cebd.signing.signer import PinRefused, TokenAway, TokenError
from cebd.signing.signers.control_settings import ControlSettings
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.control.driver import ControlCard, ControlDriver
from cebd.signing.tokens.driver import DeviceFault, LoginUnclear, PinWrong
from cebd.signing.tokens.pin_guard import PinGuard
from cebd.signing.tokens.pin_memory import Cost, PinMemory
from cebd.signing.tokens.usage import PATIENCE, Patience

pytestmark = needs_openssl
DATA = b"<SignedInfo>\xe5\xb7\xb2\xe7\x94\xb3\xe6\x8a\xa5</SignedInfo>"
KEY, OTHER_KEY = sm2_key("the enterprise's"), sm2_key("another's")
AUTHORITY = Sm2Authority()
CARD, OTHER_CARD = AUTHORITY.issue(KEY), AUTHORITY.issue(OTHER_KEY, 0xBB)
WRONG = "918273"
QUICK = Patience(open=0.5, login=0.5, sign=0.5, quick=0.5, quick_login=0.5)


@pytest.fixture
def control() -> Iterator[FakeControl]:
    control = FakeControl()
    control.insert("one", Card(KEY, CARD))
    with control.running():
        yield control


def driver(control: FakeControl, patience: Patience = PATIENCE) -> ControlDriver:
    return ControlDriver(ControlCard(control.reader("one"), DEFAULT_ID, patience))


@pytest.fixture
def card(control: FakeControl) -> Iterator[ControlDriver]:
    """The only card, open."""
    made = driver(control)
    made.open()
    yield made
    made.close()


def signs(card: ControlDriver) -> None:
    (certificate,) = card.certificates()
    assert card.can_sign(certificate)
    assert openssl_accepts_sm2(certificate.x509, card.sign(certificate, DATA), DATA)


def said(error: TokenError) -> tuple[str, str]:
    """Both sentences, without the address."""
    return str(error).split(": ", 1)[1], error.zh.split("：", 1)[1]


# What it signs


def test_a_card_signs_and_one_connection_is_kept(control: FakeControl, card: ControlDriver) -> None:
    card.login(PIN)
    for _ in range(3):
        signs(card)
    assert control.connections == 1


def test_an_older_card_signs_with_rsa(control: FakeControl) -> None:
    key = rsa_key("the enterprise's")
    control.insert("one", Card(key, Authority().issue(key.public_key())))
    with closing(driver(control)) as card:
        card.open()
        card.login(PIN)
        (certificate,) = card.certificates()
        assert card.can_sign(certificate)
        certificate.profile.verify(certificate.x509, card.sign(certificate, DATA), DATA)


# Trouble, each with its sentence


def test_where_no_control_runs_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = ControlDriver(ControlCard(f"ws://127.0.0.1:{port}", DEFAULT_ID, PATIENCE))
    with pytest.raises(TokenAway) as caught:
        gone.open()
    assert said(caught.value) == ("the control does not run there", "控件没有运行")


@pytest.mark.parametrize("fault", ["gone", "empty"])
def test_a_refused_reader_is_told_with_the_words_of_the_control(control: FakeControl, fault: str) -> None:
    if fault == "gone":
        control.fail(gone=1)
    else:
        control.take_out("one")
    with closing(driver(control)) as card, pytest.raises(TokenAway) as caught:
        card.open()
    en, zh = said(caught.value)
    assert en.startswith("no card in the reader, or no reader (")
    assert zh.startswith("读卡器未接好或无卡（[读卡器底层库]")


def test_silence_is_told_as_silence_and_a_late_answer_is_nobodys(control: FakeControl) -> None:
    with closing(driver(control, QUICK)) as card:
        control.fail(hang_open=60_000)
        with pytest.raises(TokenAway) as caught:
            card.open()
        assert said(caught.value) == ("the control does not answer", "控件没有响应")
        control.fail()
        card.open()
        card.login(PIN)
        signs(card)
    assert control.connections == 2


def test_a_control_that_breaks_off_is_told_as_that(control: FakeControl, card: ControlDriver) -> None:
    card.login(PIN)
    (certificate,) = card.certificates()
    control.fail(crash=1)
    with pytest.raises(TokenAway) as caught:
        card.sign(certificate, DATA)
    assert "the control has broken off" in str(caught.value)


def test_an_error_that_nobody_knows_is_told_as_it_is(control: FakeControl, card: ControlDriver) -> None:
    card.login(PIN)
    (certificate,) = card.certificates()
    control.fail(sign=1)
    with pytest.raises(DeviceFault) as caught:
        card.sign(certificate, DATA)
    assert said(caught.value) == ("会话已失效 Err:Custom50999", "会话已失效 Err:Custom50999")


# The PIN


def test_a_wrong_pin_is_told_as_one(card: ControlDriver) -> None:
    with pytest.raises(PinWrong):
        card.login(WRONG)


def test_a_reader_that_fails_at_the_login_has_not_shown_the_pin_to_the_card(
    control: FakeControl, card: ControlDriver
) -> None:
    control.fail(gone=1)
    with pytest.raises(TokenAway):
        card.login(PIN)


@pytest.mark.parametrize("fault", [{"crash": 1}, {"sign": 1}, {"hang": 60_000}], ids=lambda fault: next(iter(fault)))
def test_a_login_of_which_nobody_knows_the_end_is_told_as_that(control: FakeControl, fault: dict[str, int]) -> None:
    with closing(driver(control, QUICK)) as card:
        card.open()
        control.fail(**fault)
        with pytest.raises(LoginUnclear):
            card.login(PIN)


def test_a_pin_that_was_changed_on_the_card_fails_once_and_is_not_shown_again(
    control: FakeControl, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(PIN)
    settings = ControlSettings.model_validate(
        {"type": "control", "address": control.reader("one"), "pin": {"file": "secret"}}
    )
    with closing(open_signer(settings, SignerContext(tmp_path, memory=tmp_path / "machine"))) as signer:
        assert openssl_accepts_sm2(CARD, signer.sign(DATA), DATA)
        control.cards["one"].pin = "111222"
        for _ in range(3):
            with pytest.raises(PinRefused) as caught:
                signer.sign(DATA)
            assert PIN not in str(caught.value) + caught.value.zh
        assert control.failed == [("0a1b2c", PIN)]
        (tmp_path / "secret").write_text("111222")
        assert openssl_accepts_sm2(CARD, signer.sign(DATA), DATA)


def test_another_card_in_the_reader_is_not_shown_the_pin_of_the_first(
    control: FakeControl, card: ControlDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cebd.signing.tokens.control.driver._JUST_SIGNED", 0.0)
    card.login(PIN)
    (certificate,) = card.certificates()
    control.insert("one", Card(OTHER_KEY, OTHER_CARD, "111222"))
    for _ in range(2):
        with pytest.raises(TokenAway):
            card.sign(certificate, DATA)
    assert not control.failed


def test_a_card_exchanged_between_two_quick_signatures_is_found_out(control: FakeControl, card: ControlDriver) -> None:
    card.login(PIN)
    (certificate,) = card.certificates()
    assert card.can_sign(certificate)
    control.insert("one", Card(OTHER_KEY, OTHER_CARD))
    with pytest.raises(TokenAway) as caught:
        card.sign(certificate, DATA)
    assert said(caught.value) == ("another card is in the reader", "读卡器中换了另一张卡")


def test_the_guard_shows_a_refused_pin_once_whatever_the_control_says(control: FakeControl, tmp_path: Path) -> None:
    guard = PinGuard(PinMemory(tmp_path, StillClock(), Cost(2, 1, 1)))
    with closing(driver(control)) as card:
        card.open()
        for _ in range(3):
            with pytest.raises(PinRefused):
                guard.login(card, WRONG)
        guard.login(card, PIN)
    assert control.failed == [("0a1b2c", WRONG)]


# Its address


@pytest.mark.parametrize("address", ["ws://192.0.2.7:61232", "http://127.0.0.1", "127.0.0.1:61232", "ws://[::1"])
def test_an_address_that_would_send_the_pin_in_the_clear_or_is_none_is_a_mistake(address: str) -> None:
    with pytest.raises(ValidationError):
        ControlSettings.model_validate({"type": "control", "address": address, "pin": {"file": "secret"}})


@pytest.mark.parametrize(
    "address", ["ws://127.0.0.1:61232", "ws://localhost:1", "ws://[::1]:1", "wss://192.0.2.7:61231"]
)
def test_the_machine_itself_or_an_encrypted_line_will_do(address: str) -> None:
    ControlSettings.model_validate({"type": "control", "address": address, "pin": {"file": "secret"}})
