"""A PIN that failed is never shown to its token again, whatever was killed, restored or lied about; a person alone may let it be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders.clocks import StillClock
from cebd.signing.signer import Certificate, PinNotKept, PinRefused, PinUnusable, TokenAway, TokenError
from cebd.signing.tokens.driver import Device, DeviceFault, LoginUnclear, PinWrong
from cebd.signing.tokens.pin_guard import PinGuard
from cebd.signing.tokens.pin_memory import Cost, PinMemory
from cebd.signing.tokens.usage import Logins

PIN, WRONG, OTHER, THIRD = "649273", "918273", "100200", "300400"
CLOCK = StillClock(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
CHEAP = Cost(n=2, r=1, p=1)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class CountingToken:
    """A token that locks, and tells of it as far as `tells` says: by flags, by the number of tries (which may be made up: all are
    left, always), or not at all."""

    right: str = PIN
    most: int = 3
    tells: str = "flags"
    answer: Callable[[], None] = lambda: None  # behind the login, in the place of its own answer
    serial: str = "0001"
    shown: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left: int = 3

    def open(self) -> Device:
        return self.device()

    def device(self) -> Device:
        told = Device(self.serial, "a model", "EPORT")
        if self.tells == "tries":
            return replace(told, tries_left=self.left, is_low=self.left < self.most)
        if self.tells == "made up":
            return replace(told, tries_left=self.most)
        if self.tells == "always low":
            return replace(told, is_low=True)
        if self.tells != "flags":
            return told
        return replace(told, is_low=self.left < self.most, is_last_try=self.left == 1, is_locked=self.left == 0)

    def login(self, pin: str) -> None:
        self.shown[pin] += 1
        right = self.left > 0 and pin == self.right
        self.left = self.most if right else max(0, self.left - 1)
        if not right:
            self.failed[pin] += 1
        self.answer()
        if not right:
            raise PinWrong("PinIncorrect")

    def certificates(self) -> Sequence[Certificate]:
        return []

    def can_sign(self, certificate: Certificate) -> bool:
        return False

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        return b""

    def close(self) -> None:
        return


@dataclass
class Desk:
    """Each login is by a new guard, as after a restart."""

    folder: Path
    token: CountingToken = field(default_factory=CountingToken)

    def login(self, pin: str = PIN, by: Logins = Logins.BY_ITSELF) -> None:
        PinGuard(PinMemory(self.folder, CLOCK, CHEAP)).login(self.token, pin, by)

    def refuses(self, pin: str = PIN) -> str:
        with pytest.raises(PinRefused) as refused:
            self.login(pin)
        assert pin not in str(refused.value) + refused.value.zh
        return str(refused.value)

    def answers(self, error: BaseException | None) -> None:
        """What a login ends with, the PIN having been looked at."""

        def answer() -> None:
            if error is not None:
                raise error

        self.token.answer = answer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_right_pin_is_shown_at_each_login(desk: Desk) -> None:
    for _ in range(5):
        desk.login()
    assert desk.token.shown == {PIN: 5}


def test_a_wrong_pin_is_shown_once_and_never_again_and_the_right_one_after_it_is(desk: Desk) -> None:
    assert "PinIncorrect" in desk.refuses(WRONG)
    for _ in range(3):
        assert "this PIN was refused on 2026-03-04T13:06:07+08:00" in desk.refuses(WRONG)
    desk.login()
    assert "refused on" in desk.refuses(WRONG)
    assert desk.token.failed == {WRONG: 1}


def test_the_same_pin_may_be_right_for_another_token(desk: Desk) -> None:
    desk.refuses(WRONG)
    desk.token = CountingToken(right=WRONG, serial="0002")
    desk.login(WRONG)


@pytest.mark.parametrize("tells", ["flags", "tries", "made up", "nothing", "always low"])
def test_of_three_tries_one_is_left_however_many_pins_are_written_and_whatever_the_token_tells(
    desk: Desk, tells: str
) -> None:
    desk.token.tells = tells
    for pin in (WRONG, OTHER, THIRD, "4", "5", "6"):
        with pytest.raises(PinRefused):
            desk.login(pin)
    assert desk.token.left >= 1
    assert max(desk.token.failed.values()) == 1


def test_a_pin_that_somebody_else_got_wrong_counts_too(desk: Desk) -> None:
    """A token of three tries that tells of a wrong PIN and not of the last try."""
    desk.token.left = 2
    desk.token.tells = "always low"
    desk.refuses(WRONG)
    desk.refuses(OTHER)
    assert desk.token.left == 1


@pytest.mark.parametrize(("left", "said"), [(1, "one try is left"), (0, "the token is locked")])
@pytest.mark.parametrize("tells", ["flags", "tries"])
def test_the_last_try_is_left_to_a_person_even_for_a_pin_that_was_right(
    desk: Desk, left: int, said: str, tells: str
) -> None:
    desk.login()
    desk.token.tells, desk.token.left = tells, left
    assert said in desk.refuses()
    with pytest.raises(PinRefused, match=said):
        desk.login(by=Logins.A_PERSON)
    assert desk.token.shown == {PIN: 1}


@pytest.mark.parametrize("pin", ["", "  ", "1\n2", " 649273"])
def test_what_can_be_no_pin_is_not_shown(desk: Desk, pin: str) -> None:
    with pytest.raises(PinUnusable):
        desk.login(pin)
    assert not desk.token.shown


# No answer


@pytest.mark.parametrize("tells", ["flags", "tries", "made up", "nothing"])
@pytest.mark.parametrize(
    "end", [Killed(), LoginUnclear("GeneralError")], ids=["killed", "an answer that tells nothing"]
)
def test_a_wrong_pin_whose_login_had_no_answer_is_not_shown_again(desk: Desk, tells: str, end: BaseException) -> None:
    desk.token.tells = tells
    desk.answers(end)
    with pytest.raises((Killed, PinRefused)):
        desk.login(WRONG)
    desk.answers(None)
    for _ in range(3):
        desk.refuses(WRONG)
    assert desk.token.failed == {WRONG: 1}
    desk.login()


def test_a_pin_that_was_right_before_is_shown_again_after_logins_without_an_answer(desk: Desk) -> None:
    desk.login()
    desk.answers(Killed())
    for _ in range(2):
        with pytest.raises(Killed):
            desk.login()
    desk.answers(None)
    desk.login()
    assert not desk.token.failed


@pytest.mark.parametrize("tells", ["flags", "tries", "made up", "nothing"])
def test_a_pin_that_was_changed_meanwhile_is_not_shown_on_and_on(desk: Desk, tells: str) -> None:
    """Somebody changes the PIN on the token, and the driver crashes at each login: only where the token tells nothing it is tried again."""
    desk.token.most = desk.token.left = 6
    desk.token.tells = tells
    desk.login()
    desk.token.right = OTHER
    desk.answers(Killed())
    for _ in range(6):
        with pytest.raises((Killed, PinRefused)):
            desk.login()
    assert desk.token.failed[PIN] <= (3 if tells in ("nothing", "made up") else 1)


def test_a_changed_pin_is_shown_once_where_the_token_told_of_another_wrong_one_before(desk: Desk) -> None:
    """The flag stands already: it cannot say that this PIN was counted, too."""
    desk.token.most = desk.token.left = 6
    desk.login()
    desk.token.right = OTHER
    desk.refuses(WRONG)
    desk.answers(Killed())
    with pytest.raises(Killed):
        desk.login()
    desk.answers(None)
    desk.refuses()
    assert desk.token.failed == {WRONG: 1, PIN: 1}


def test_a_token_that_counts_its_tries_aloud_and_lost_none_is_shown_the_pin_again(desk: Desk) -> None:
    """That it counts is seen by a try that somebody has lost."""
    desk.token.tells, desk.token.left = "tries", 2
    desk.answers(Killed())
    for _ in range(5):
        with pytest.raises(Killed):
            desk.login()
    desk.answers(None)
    desk.login()


def test_a_token_that_was_pulled_out_at_the_login_is_shown_the_pin_when_it_is_back(desk: Desk) -> None:
    desk.answers(TokenAway("DeviceRemoved"))
    for _ in range(5):
        with pytest.raises(TokenAway):
            desk.login()
    desk.answers(None)
    desk.login()


@pytest.mark.parametrize("tells", ["flags", "tries"])
def test_a_token_that_counted_the_pin_although_it_says_it_was_away_is_not_shown_it_again(
    desk: Desk, tells: str
) -> None:
    desk.token.tells = tells
    desk.answers(TokenAway("DeviceRemoved"))
    with pytest.raises(TokenAway):
        desk.login(WRONG)
    assert "refused on" in desk.refuses(WRONG)
    assert desk.token.failed == {WRONG: 1}


def test_a_token_that_is_busy_costs_nothing(desk: Desk) -> None:
    desk.answers(DeviceFault("SessionCount"))
    for _ in range(4):
        with pytest.raises(DeviceFault):
            desk.login()
    desk.answers(None)
    desk.login()


# A person


def test_a_person_may_have_a_refused_pin_shown_once_more(desk: Desk) -> None:
    """A card that was unlocked at the counter has its old PIN again."""
    desk.token.right = OTHER
    desk.refuses(PIN)
    desk.token.right = PIN
    desk.refuses(PIN)
    desk.login(PIN, Logins.A_PERSON)
    desk.login(PIN)


def test_a_pin_that_a_person_had_shown_in_vain_is_refused_as_before(desk: Desk) -> None:
    desk.token.most = desk.token.left = 8
    desk.refuses(WRONG)
    with pytest.raises(PinRefused, match="PinIncorrect"):
        desk.login(WRONG, Logins.A_PERSON)
    desk.refuses(WRONG)
    assert desk.token.failed == {WRONG: 2}


# What is kept


def test_what_is_kept_shows_neither_pin_nor_token_and_is_this_users_alone(desk: Desk) -> None:
    desk.token.serial = "SERIAL-77"
    desk.refuses(WRONG)
    desk.login()
    kept = [path for path in desk.folder.rglob("*") if path.is_file()]
    told = "".join(f"{path} {path.read_text()}" for path in kept)
    for secret in (PIN, WRONG, "SERIAL-77"):
        assert secret not in told
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert (desk.folder / "pins").stat().st_mode & 0o777 == 0o700


def test_a_digest_costs_what_scrypt_makes_it_cost() -> None:
    """Six digits would else be found in a moment."""
    assert Cost()[:2] == (1 << 14, 8)
    assert Cost().p >= 2


def test_where_nothing_can_be_kept_no_pin_is_shown(desk: Desk) -> None:
    desk.folder.joinpath("pins").write_text("a file in the place of the folder")
    with pytest.raises(PinNotKept) as refused:
        desk.login()
    assert (refused.value.said().id, refused.value.party) == ("CEBD-1525", "administrator")
    assert not desk.token.shown


def test_what_an_earlier_version_kept_is_remembered(desk: Desk) -> None:
    """It did not write down whether a token counts its tries."""
    desk.refuses(WRONG)
    [kept] = desk.folder.glob("pins/*.json")
    content = json.loads(kept.read_text())
    del content["counts"]
    kept.write_text(json.dumps(content))
    assert "refused on" in desk.refuses(WRONG)
    desk.login()
    assert desk.token.failed == {WRONG: 1}


@pytest.mark.parametrize(
    "content", ["", "{}", '{"salt": "zz"}', '{"salt": "00", "failures": 0, "pins": {"a": {"odd": 1}}}']
)
def test_where_what_is_kept_is_damaged_no_pin_is_shown(desk: Desk, content: str) -> None:
    desk.login()
    [kept] = desk.folder.glob("pins/*.json")
    kept.write_text(content)
    with pytest.raises(PinNotKept, match="damaged"):
        desk.login()
    assert desk.token.shown == {PIN: 1}


def test_before_the_pin_is_shown_it_is_written_that_it_may_have_failed(desk: Desk) -> None:
    """Killed behind the login, the file says so already."""
    seen = []

    def look() -> None:
        [kept] = desk.folder.glob("pins/*.json")
        content = json.loads(kept.read_text())
        seen.append((content["failures"], [shown["state"] for shown in content["pins"].values()]))

    desk.token.answer = look
    desk.login()
    assert seen == [(1, ["shown"])]


def test_while_another_process_logs_in_a_login_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cebd.signing.tokens.pin_memory._WAIT_SECONDS", 0.1)
    memory = PinMemory(desk.folder, CLOCK, CHEAP)
    with memory.of("0001", OTHER), pytest.raises(TokenError, match="another program of cebd is logging in"):
        desk.login()
    desk.login()
