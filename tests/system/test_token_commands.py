"""`cebd token test`: what a token is, whether it signs and how fast; a try for the PIN is spent only where a person says so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import processes
from builders.certificates import Authority, rsa_key
from builders.libraries import needs_compiler
from builders.processes import Ended
from builders.settings_files import GOOD
from builders.softhsm import PIN, FaultyLibrary, SoftHsm, needs_softhsm
from cebd.machine_folder import VARIABLE

pytestmark = [needs_softhsm, needs_compiler]

WRONG = "918273"


class Desk:
    """Settings with a signer `card`, whose token has five tries for its PIN."""

    def __init__(self, folder: Path) -> None:
        self.hsm, self.library = SoftHsm(folder / "hsm"), FaultyLibrary(folder / "library")
        self.hsm.make_token("EPORT")
        self.hsm.import_pair("EPORT", rsa_key("a"), Authority().issue(rsa_key("a").public_key(), 0xA1))
        self.library.fail(tries=5)
        self.pin, self.settings = folder / "pin", folder / "cebd.toml"
        self.pin.write_text(PIN)
        card = f'\n[signer.card]\ntype = "pkcs11"\nmodule = "{self.library.module}"\ntoken = "EPORT"\npin = {{ file = "pin" }}\n'
        self.settings.write_text(GOOD + card, encoding="utf-8")
        self._environment = {**self.hsm.environment, **self.library.environment, VARIABLE: str(folder / "machine")}

    def cebd(self, *words: str, answer: str = "") -> Ended:
        arguments = (*words, "-c", str(self.settings))
        return processes.run(arguments, answer=answer, environment={**os.environ, **self._environment})

    def test(self, *words: str, answer: str = "") -> Ended:
        ended = self.cebd("token", "test", "card", *words, answer=answer)
        assert PIN not in ended.stdout + ended.stderr
        assert WRONG not in ended.stdout + ended.stderr
        return ended


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)


def test_without_login_a_pin_that_the_token_has_not_taken_yet_is_not_shown(desk: Desk) -> None:
    ended = desk.test()
    assert ended.returncode == 4
    assert "certificate a1, enterprise a1, valid until" in ended.stdout
    assert "365 days left" in ended.stdout or "364 days left" in ended.stdout
    assert "cebd token test card --login" in ended.stderr
    assert desk.library.calls("login") == 0


def test_it_signs_verifies_and_says_how_long_a_large_file_takes_and_from_then_on_without_asking(desk: Desk) -> None:
    desk.library.fail(tries=5, hang=200)
    first = desk.test("--login", "--yes")
    assert first.returncode == 0, first.stderr
    assert "certificate a1 signs, and the signatures hold (RSA-SHA1)" in first.stdout
    assert "12,000 rows need 0:00:" in first.stdout
    told = json.loads(desk.test("--json").stdout)
    assert (told["certificate"], told["label"], told["wrong_pin_entered"]) == ("a1", "EPORT", False)
    assert 0.5 < told["signatures_per_second"] < 5
    assert told["seconds_for_12000_rows"] > 24


def test_a_refused_pin_is_shown_again_when_a_person_says_so_and_not_before(desk: Desk) -> None:
    """A card that was unlocked at the counter has its old PIN."""
    desk.pin.write_text(WRONG)
    assert "PinIncorrect" in desk.test("--login", "--yes").stderr
    desk.pin.write_text(PIN)
    assert desk.test().returncode == 4
    asked = desk.test("--login", answer="n\n")
    assert "a wrong one was entered since the last right one" in asked.stdout
    assert asked.returncode != 0
    assert desk.library.calls("login") == 1
    assert desk.test("--login", answer="y\n").returncode == 0
    assert desk.library.failed() == [WRONG]


def test_the_last_try_is_not_spent_even_so(desk: Desk) -> None:
    (desk.library.module.parent / "tries").write_text("1")
    ended = desk.test("--login", "--yes")
    assert ended.returncode == 4
    assert "PIN: one try is left" in ended.stdout
    assert desk.library.calls("login") == 0


def test_a_signer_that_the_settings_do_not_have_is_named_with_those_that_they_have(desk: Desk) -> None:
    ended = desk.cebd("token", "test", "crad")
    assert (ended.returncode, "there are: s, card" in ended.stderr) == (2, True)


def test_what_is_plugged_in_is_listed_with_who_signs_with_it_and_no_pin_is_shown(desk: Desk) -> None:
    """Before anything is on record, and without the PIN's file: whoever writes the settings looks there for the names."""
    desk.pin.unlink()
    desk.hsm.make_token("SPARE")
    ended = desk.cebd("token", "list")
    assert ended.returncode == 0, ended.stderr
    assert "EPORT" in ended.stdout
    assert "certificate a1, enterprise a1, valid until" in ended.stdout
    assert ": signs as card\n" in ended.stdout
    assert "no signer of the settings uses it" in ended.stdout
    assert "not initialised" in ended.stdout
    told = json.loads(desk.cebd("token", "list", "--json").stdout)
    there = {slot.get("label"): slot for slot in told["slots"]}
    eport, spare = there["EPORT"], there["SPARE"]
    assert (eport["signers"], eport["ready"], eport["locked"], eport["wrong_pin_entered"]) == (
        ["card"],
        True,
        False,
        False,
    )
    assert [(one["certificate"], one["holder"]) for one in eport["certificates"]] == [("a1", "enterprise a1")]
    assert eport["certificates"][0]["days_left"] in (364, 365)
    assert (spare["signers"], spare["ready"], spare["certificates"]) == ([], True, [])
    assert [slot["ready"] for slot in told["slots"]].count(False) == 1  # SoftHSM2 always offers one to be made
    assert desk.library.calls("login") == 0


def test_the_flags_of_a_token_are_listed_and_one_that_is_away_by_its_signer(desk: Desk) -> None:
    (desk.library.module.parent / "tries").write_text("1")
    assert "PIN: one try is left" in desk.cebd("token", "list").stdout
    (desk.library.module.parent / "tries").write_text("0")
    assert "PIN: the token is locked" in desk.cebd("token", "list").stdout
    desk.hsm.take_out("EPORT")
    told = json.loads(desk.cebd("token", "list", "--json").stdout)
    assert {
        "signer": "card",
        "reason": "the token of the settings is not there",
        "reason_zh": "设置中的介质不在",
    } in told["unavailable"]
