"""Signing on a PKCS#11 token (SoftHSM2): the right key, one try for a PIN, and going on after the token was away."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pkcs11.types
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from pkcs11.attributes import AttributeMapper

from builders.certificates import DAY, Authority, rsa_key, usage
from builders.customs_messages import a_message, an_order
from builders.libraries import needs_compiler
from builders.new_store import open_store
from builders.softhsm import MODULE, PIN, FaultyLibrary, SoftHsm, needs_softhsm
from cebd.clock import SystemClock
from cebd.settings import load_settings
from cebd.signing.known_token import AnotherToken, KnownToken
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, CertificateNotValid, PinRefused, PinUnusable, Signer, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.pkcs11.driver import Pkcs11Token
from cebd.signing.tokens.pkcs11.keys import Wanted
from cebd.signing.tokens.task import TokenTask
from cebd.signing.tokens.usage import PATIENCE, Patience
from cebd.signing.verification import verify_bytes
from cebd.store import tokens

pytestmark = needs_softhsm

AUTHORITY = Authority()
TRUSTED = Certificate(AUTHORITY.certificate)
MESSAGE = a_message(an_order("N1"))
OTHER_PIN = "918273"
CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID, CKR_FUNCTION_FAILED = 0x30, 0x32, 0xB3, 0x06
CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED, CKF_USER_PIN_COUNT_LOW = 0x20000, 0x40000, 0x10000


class Desk:
    """A SoftHSM2 with one token, EPORT, that holds one pair; signers made here are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.hsm = SoftHsm(folder / "hsm")
        self.pin = folder / "pin"
        self.pin.write_text(PIN)
        self.machine = folder / "machine"
        self.signers: list[TokenSigner] = []

    def signer(
        self,
        token: str = "EPORT",
        module: Path | None = MODULE,
        now: Callable[[], datetime] | None = None,
        gate: KnownToken | None = None,
        cert_label: str | None = None,
        number: str | None = None,
        pin: Path | None = None,
        patience: Patience = PATIENCE,
        **keys: str,
    ) -> TokenSigner:
        """`keys`: the fields of `Wanted`."""
        more = {"now": now} if now is not None else {}
        pin = self.pin if pin is None else pin
        names = {"key_label": "label", "key_id": "identity"}
        wanted = Wanted(**{names.get(name, name): value for name, value in keys.items()})  # type: ignore[arg-type]
        driver = Pkcs11Token(str(module), token, wanted, cert_label)
        made = TokenSigner(TokenTask(driver, pin, number, self.machine), gate, patience=patience, **more)
        self.signers.append(made)
        return made


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A token without anything on it."""
    desk = Desk(tmp_path)
    for name, value in desk.hsm.environment.items():
        monkeypatch.setenv(name, value)
    desk.hsm.make_token("EPORT")
    yield desk
    for signer in desk.signers:
        signer.close()


@pytest.fixture
def desk(empty: Desk) -> Desk:
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1))
    return empty


@pytest.fixture
def faulty(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyLibrary:
    made = FaultyLibrary(tmp_path / "faulty")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@cache
def a_certificate(key: str, serial: int, **more: object) -> x509.Certificate:
    return AUTHORITY.issue(rsa_key(key).public_key(), serial, **more)  # type: ignore[arg-type]


def signs_as(signer: TokenSigner, number: str) -> None:
    """Sign a message and say that it holds by that certificate and the authority."""
    found = verify_bytes(sign_document(MESSAGE, signer), TRUSTED)
    assert (found.certificate.number, found.trusted) == (number, True)


# The key and its certificate


def test_a_message_signed_on_the_token_holds(desk: Desk) -> None:
    signs_as(desk.signer(), "a1")


def test_a_token_named_in_the_settings_signs_with_the_pin_from_its_file(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(
        f"""
        [[enterprise]]
        name = "e"
        copCode = "9900000002"
        copName = "e"
        dxpId = "DXPTEST000000001"
        folder = "e"
        signer = "token"
        channel = "c"
        [signer.token]
        type = "pkcs11"
        module = "{MODULE}"
        token = "EPORT"
        pin = {{ file = "pin" }}
        [channel.c]
        type = "sftp"
        host = "127.0.0.1"
        user = "u"
        host_key = "SHA256:{"A" * 43}"
        """
    )

    def opened() -> Signer:
        settings = load_settings(tmp_path / "cebd.toml")
        return open_signer(settings.signer["token"], SignerContext(settings.base, memory=tmp_path / "machine"))

    signer = opened()
    try:
        assert verify_bytes(sign_document(MESSAGE, signer)).certificate.number == "a1"
        desk.pin.unlink()
        signer.close()
        fresh = opened()
        try:
            with pytest.raises(TokenError, match=r"secret file .*pin: No such file"):
                fresh.sign(b"text")
        finally:
            fresh.close()
    finally:
        signer.close()


PAIRS = {
    "the expired one first": [("old", 0x01, -400, -1), ("new", 0x02, -1, 365)],
    "the valid one first": [("new", 0x02, -1, 365), ("old", 0x01, -400, -1)],
    "one that is valid later": [("later", 0x03, 5, 365), ("new", 0x02, -1, 365), ("old", 0x01, -400, -1)],
}


@pytest.mark.parametrize("order", PAIRS)
def test_after_a_renewal_the_valid_certificate_and_its_own_key_sign(empty: Desk, order: str) -> None:
    """Case C07: same label, same id, for keys and certificates."""
    for key, serial, begins, ends in PAIRS[order]:
        empty.hsm.import_pair("EPORT", rsa_key(key), a_certificate(key, serial, begins=begins * DAY, ends=ends * DAY))
    signs_as(empty.signer(), "02")


def test_keys_and_certificates_listed_in_opposite_orders_are_still_paired(empty: Desk, tmp_path: Path) -> None:
    empty.hsm.import_pair("EPORT", rsa_key("new"), a_certificate("new", 0x02))
    empty.hsm.import_pair("EPORT", rsa_key("old"), a_certificate("old", 0x01, begins=-9 * DAY, ends=-DAY))
    empty.hsm.import_pair("EPORT", rsa_key("new"), a_certificate("old", 0x04, begins=-9 * DAY, ends=-DAY))
    signs_as(empty.signer(), "02")


def test_the_number_of_a_certificate_decides_between_two_valid_ones(empty: Desk) -> None:
    for key, serial in (("a", 0xA1), ("b", 0xB2)):
        empty.hsm.import_pair("EPORT", rsa_key(key), a_certificate(key, serial))
    signs_as(empty.signer(number="b2"), "b2")
    with pytest.raises(TokenError, match=r"has the number c3; there are: a1 .*, b2 "):
        empty.signer(number="c3").certificate()


def test_two_valid_certificates_are_named_by_serial_and_expiry_and_neither_signs(empty: Desk) -> None:
    for key, serial, days in (("a", 0xA1, 30), ("b", 0xB2, 60)):
        empty.hsm.import_pair("EPORT", rsa_key(key), a_certificate(key, serial, ends=days * DAY))
    ends = [f"{datetime.now(UTC) + days * DAY:%Y-%m-%d}" for days in (30, 60)]
    with pytest.raises(TokenError, match=rf"EPORT: 2 certificates could sign: a1 .*{ends[0]}\), b2 .*{ends[1]}\)"):
        empty.signer().certificate()


@pytest.mark.parametrize("by", ["cert_label", "key_label"])
def test_a_label_decides_between_two_valid_certificates(empty: Desk, by: str) -> None:
    for key, serial in (("a", 0xA1), ("b", 0xB2)):
        empty.hsm.import_pair("EPORT", rsa_key(key), a_certificate(key, serial), label=f"pair {key}")
    signs_as(empty.signer(**{by: "pair b"}), "b2")
    with pytest.raises(TokenError, match=r"labelled pair c; there are: pair a, pair b"):
        empty.signer(**{by: "pair c"}).certificate()


def test_the_same_certificate_twice_is_one(empty: Desk) -> None:
    certificate = a_certificate("a", 0xA1)
    for identity in ("01", "02"):
        empty.hsm.import_pair("EPORT", rsa_key("a"), certificate, identity=identity)
    signs_as(empty.signer(), "a1")


def test_the_certificate_for_encryption_beside_it_does_not_sign(empty: Desk) -> None:
    for key, serial, signature in (("a", 0xA1, True), ("b", 0xB2, False)):
        certificate = a_certificate(key, serial, usage=usage(signature=signature))
        empty.hsm.import_pair("EPORT", rsa_key(key), certificate)
    signs_as(empty.signer(), "a1")


def test_only_an_expired_pair_says_so_by_the_problem_of_expired_certificates(empty: Desk) -> None:
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1, begins=-9 * DAY, ends=-DAY))
    with pytest.raises(CertificateNotValid, match=rf"EPORT: a1 .*{datetime.now(UTC) - DAY:%Y-%m-%d}\)") as refused:
        empty.signer().sign(b"text")
    assert refused.value.problem == "CEBD-1503"


@needs_compiler
def test_a_token_that_cannot_sign_is_not_logged_in_to_again_and_again(
    empty: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card wears out: each login writes to it. An expired one may stay plugged in for weeks."""
    faulty = FaultyLibrary(tmp_path / "faulty")
    monkeypatch.setenv("FAULTY_TOKEN", faulty.environment["FAULTY_TOKEN"])
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1, begins=-9 * DAY, ends=-DAY))
    signer = empty.signer(module=faulty.module)
    for _ in range(5):
        with pytest.raises(CertificateNotValid, match="EPORT: a1 "):
            signer.sign(b"text")
    assert faulty.calls("login") == 1
    impatient = empty.signer(module=faulty.module, patience=Patience(unfit=0.0))
    with pytest.raises(CertificateNotValid, match="EPORT: a1 "):
        impatient.sign(b"text")
    empty.hsm.import_pair("EPORT", rsa_key("b"), a_certificate("b", 0xB2))
    signs_as(impatient, "b2")


def test_a_key_without_a_certificate_says_so(empty: Desk, tmp_path: Path) -> None:
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("b", 0xB2))
    with pytest.raises(TokenError, match="EPORT: no private key on the token belongs to: b2"):
        empty.signer().certificate()


def test_an_empty_token_says_so(empty: Desk) -> None:
    with pytest.raises(TokenError, match="EPORT: no certificate on the token"):
        empty.signer().certificate()


def test_a_certificate_that_runs_out_while_the_session_is_open_makes_way_for_the_renewed_one(empty: Desk) -> None:
    empty.hsm.import_pair("EPORT", rsa_key("old"), a_certificate("old", 0x01, ends=2 * DAY))
    empty.hsm.import_pair("EPORT", rsa_key("new"), a_certificate("new", 0x02, begins=2 * DAY, ends=9 * DAY))
    today = [datetime.now(UTC)]
    signer = empty.signer(now=lambda: today[0])
    assert signer.certificate().number == "01"
    today[0] += 3 * DAY
    assert signer.certificate().number == "02"
    rsa_key("new").public_key().verify(signer.sign(b"text"), b"text", padding.PKCS1v15(), hashes.SHA1())


# The PIN


def refused(signer: TokenSigner, problem: str = "CEBD-1502") -> str:
    with pytest.raises(PinRefused) as found:
        signer.sign(b"text")
    assert found.value.problem == problem
    shown = f"{found.value} {found.value!r} {found.value.__cause__!r} {vars(signer)!r}"
    assert PIN not in shown
    assert OTHER_PIN not in shown
    return str(found.value)


@needs_compiler
def test_a_wrong_pin_is_tried_once_and_never_again_until_it_is_corrected(desk: Desk, faulty: FaultyLibrary) -> None:
    desk.pin.write_text(OTHER_PIN)
    signer = desk.signer(module=faulty.module)
    assert "PinIncorrect" in refused(signer)
    for _ in range(5):
        assert "refused on" in refused(signer)
    signer.close()
    refused(desk.signer(module=faulty.module))
    assert faulty.calls("login") == 1
    desk.pin.write_text(PIN)
    signs_as(desk.signers[-1], "a1")
    assert faulty.calls("login") == 2
    desk.signers[-1].close()
    desk.pin.write_text(OTHER_PIN)
    refused(desk.signer(module=faulty.module))
    assert faulty.calls("login") == 2


@needs_compiler
@pytest.mark.parametrize("flag", [CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED])
def test_the_last_try_of_a_token_is_left_to_a_person(desk: Desk, faulty: FaultyLibrary, flag: int) -> None:
    faulty.fail(flags=flag)
    signer = desk.signer(module=faulty.module)
    refused(signer, "CEBD-1536")  # no PIN was shown to it
    assert faulty.calls("login") == 0
    faulty.fail()
    signs_as(signer, "a1")


@needs_compiler
def test_a_token_that_answers_a_wrong_pin_with_another_error_is_asked_three_times_at_most(
    desk: Desk, faulty: FaultyLibrary
) -> None:
    desk.pin.write_text(OTHER_PIN)
    faulty.fail(wrong_pin=CKR_FUNCTION_FAILED)
    signer = desk.signer(module=faulty.module)
    for _ in range(6):
        with pytest.raises(TokenError):
            signer.sign(b"text")
    assert faulty.calls("login") <= 3
    refused(signer)


@needs_compiler
def test_a_token_that_counts_the_wrong_pin_is_asked_once_whatever_it_answers(desk: Desk, faulty: FaultyLibrary) -> None:
    desk.pin.write_text(OTHER_PIN)
    faulty.fail(wrong_pin=CKR_FUNCTION_FAILED, flags=CKF_USER_PIN_COUNT_LOW)
    signer = desk.signer(module=faulty.module)
    for _ in range(3):
        refused(signer)
    assert faulty.calls("login") == 1


@needs_compiler
def test_a_token_pulled_out_during_the_login_does_not_spend_the_pin(desk: Desk, faulty: FaultyLibrary) -> None:
    faulty.fail(login=CKR_DEVICE_REMOVED)
    signer = desk.signer(module=faulty.module)
    for _ in range(5):
        with pytest.raises(TokenError, match="DeviceRemoved") as found:
            signer.sign(b"text")
        assert not isinstance(found.value, PinRefused)
    faulty.fail()
    signs_as(signer, "a1")


@needs_compiler
@pytest.mark.parametrize(
    "written",
    [
        *["", "\n", "  \n", f"{PIN}\nold: {OTHER_PIN}", f" {PIN}", f"{PIN[:3]}\u200b{PIN[3:]}"],
        pytest.param("\0".join(PIN), id="UTF-16 without a mark"),
        pytest.param("".join(chr(ord(digit) + 0xFEE0) for digit in PIN), id="of full width"),
    ],
)
def test_what_can_be_no_pin_is_never_shown_to_a_token(desk: Desk, faulty: FaultyLibrary, written: str) -> None:
    desk.pin.write_text(written)
    signer = desk.signer(module=faulty.module)
    with pytest.raises(PinUnusable) as found:
        signer.sign(b"text")
    assert found.value.problem == "CEBD-1520"
    assert PIN not in str(found.value)
    assert faulty.calls("login") == 0
    desk.pin.write_text(PIN)
    signs_as(signer, "a1")


# The token away, and back


def test_a_token_that_is_not_there_is_named_and_signs_as_soon_as_it_is(desk: Desk) -> None:
    desk.hsm.take_out("EPORT")
    signer = desk.signer()
    for _ in range(2):
        with pytest.raises(TokenError, match="no token EPORT"):
            signer.sign(b"text")
    desk.hsm.plug_in("EPORT")
    signs_as(signer, "a1")


def test_a_token_pulled_out_in_the_middle_of_work_signs_again_once_it_is_back(desk: Desk) -> None:
    signer = desk.signer()
    signs_as(signer, "a1")
    desk.hsm.take_out("EPORT")
    try:
        signer.sign(b"text")
    except TokenError as error:
        assert "EPORT" in str(error)
    desk.hsm.plug_in("EPORT")
    signs_as(signer, "a1")


def test_a_token_that_was_initialized_anew_signs_with_its_new_key(desk: Desk) -> None:
    signer = desk.signer()
    signs_as(signer, "a1")
    desk.hsm.delete_token("EPORT")
    with pytest.raises(TokenError):
        sign_document(MESSAGE, signer)
    desk.hsm.make_token("EPORT")
    desk.hsm.import_pair("EPORT", rsa_key("b"), a_certificate("b", 0xB2))
    signs_as(signer, "b2")


def test_when_the_whole_folder_of_the_tokens_was_away_signing_goes_on_once_it_is_back(two: Desk) -> None:
    """Found in the field: the library could not start meanwhile, and signing was dead until the daemon was started again."""
    first, second = two.signer(), two.signer("SECOND")
    signs_as(first, "a1")
    signs_as(second, "b2")
    two.hsm.take_out_all()
    for signer in (first, second, first, second):
        with suppress(TokenError):  # what is open may go on; it must not go wrong
            signs_as(signer, "a1" if signer is first else "b2")
    fresh = two.signer()
    with pytest.raises(TokenError):
        fresh.sign(b"text")
    two.hsm.plug_in_all()
    signs_as(fresh, "a1")
    signs_as(first, "a1")
    signs_as(second, "b2")


CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_GENERAL_ERROR = 0xE0, 0xE1, 0x05


@needs_compiler
@pytest.mark.parametrize(
    "error", [CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_GENERAL_ERROR]
)
def test_a_library_that_sees_a_token_again_only_once_it_is_started_anew_is_started_anew(
    desk: Desk, faulty: FaultyLibrary, error: int
) -> None:
    signer = desk.signer(module=faulty.module)
    signs_as(signer, "a1")
    faulty.fail(gone=error)
    for _ in range(3):
        with pytest.raises(TokenError) as found:
            signer.sign(b"text")
        assert not isinstance(found.value, PinRefused)
    logins = faulty.calls("login")
    assert logins == 1
    faulty.fail()
    signs_as(signer, "a1")
    assert faulty.calls("login") == 2


@needs_compiler
def test_a_library_that_refuses_to_end_goes_on_as_it_is(desk: Desk, faulty: FaultyLibrary) -> None:
    signer = desk.signer(module=faulty.module)
    signs_as(signer, "a1")
    faulty.fail(gone=CKR_DEVICE_REMOVED, finalize=CKR_GENERAL_ERROR)
    with pytest.raises(TokenError):
        signer.sign(b"text")
    faulty.fail(finalize=CKR_GENERAL_ERROR)
    try:
        signs_as(signer, "a1")
    finally:
        signer.close()
        ctypes.CDLL(str(MODULE)).C_Finalize(None)  # for the tests behind this one


@needs_compiler
@pytest.mark.parametrize("error", [CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED])
def test_a_lost_session_is_opened_again(desk: Desk, faulty: FaultyLibrary, error: int) -> None:
    signer = desk.signer(module=faulty.module)
    signs_as(signer, "a1")
    faulty.fail(sign=error)
    with pytest.raises(TokenError, match=r"EPORT: (SessionHandleInvalid|DeviceError|DeviceRemoved)"):
        signer.sign(b"text")
    faulty.fail()
    signs_as(signer, "a1")


@needs_compiler
def test_a_session_lost_between_two_messages_is_not_noticed_by_the_second(desk: Desk, faulty: FaultyLibrary) -> None:
    signer = desk.signer(module=faulty.module)
    signs_as(signer, "a1")
    faulty.fail(sign_once=CKR_SESSION_HANDLE_INVALID)
    signs_as(signer, "a1")
    assert faulty.calls("login") == 2


@needs_compiler
def test_a_token_that_hangs_is_named_and_signs_again_when_it_comes_back(desk: Desk, faulty: FaultyLibrary) -> None:
    signer = desk.signer(module=faulty.module, patience=Patience(sign=0.5))
    signs_as(signer, "a1")
    faulty.fail(hang=600_000)
    for _ in range(2):
        with pytest.raises(TokenError, match="no answer for"):
            signer.sign(b"text")
    faulty.fail()
    signs_as(signer, "a1")


# Several at a time


@pytest.fixture
def two(desk: Desk) -> Desk:
    desk.hsm.make_token("SECOND")
    desk.hsm.import_pair("SECOND", rsa_key("b"), a_certificate("b", 0xB2))
    return desk


def test_two_threads_sign_at_the_same_time_on_one_token(desk: Desk) -> None:
    many_at_once([(desk.signer(), "a1")] * 2)


def test_two_tokens_of_one_library_sign_at_the_same_time(two: Desk) -> None:
    many_at_once([(two.signer(), "a1"), (two.signer("SECOND"), "b2")])


@needs_compiler
def test_each_token_is_logged_into_once_however_many_messages(two: Desk, faulty: FaultyLibrary) -> None:
    first, second = two.signer(module=faulty.module), two.signer("SECOND", module=faulty.module)
    for _ in range(5):
        signs_as(first, "a1")
        signs_as(second, "b2")
    assert faulty.calls("login") == 2


def test_two_signers_of_one_token_do_not_log_each_other_out(desk: Desk) -> None:
    first, second = desk.signer(), desk.signer()
    many_at_once([(first, "a1"), (second, "a1")])
    first.close()
    signs_as(second, "a1")
    second.close()
    signs_as(desk.signer(), "a1")


def many_at_once(signers: list[tuple[TokenSigner, str]]) -> None:
    """Forty messages, in turn by each of them, eight at a time: all of them hold."""
    with ThreadPoolExecutor(8) as pool:
        for task in [pool.submit(signs_as, *signers[number % len(signers)]) for number in range(40)]:
            task.result()


def test_a_token_that_is_away_does_not_disturb_the_other(two: Desk) -> None:
    first, second = two.signer(), two.signer("SECOND")
    signs_as(first, "a1")
    signs_as(second, "b2")
    two.hsm.take_out("SECOND")
    second.close()
    second = two.signer("SECOND")
    for _ in range(3):
        with pytest.raises(TokenError, match="no token SECOND"):
            second.sign(b"text")
        signs_as(first, "a1")
    two.hsm.plug_in("SECOND")
    signs_as(second, "b2")
    signs_as(first, "a1")


@needs_compiler
def test_while_one_token_works_the_library_is_not_started_again_and_again_for_another(
    desk: Desk, faulty: FaultyLibrary
) -> None:
    working, missing = desk.signer(module=faulty.module), desk.signer("SECOND", module=faulty.module)
    for _ in range(10):
        signs_as(working, "a1")
        with pytest.raises(TokenError, match="no token SECOND"):
            missing.sign(b"text")
    assert faulty.calls("login") <= 2


def test_a_wrong_pin_of_one_token_does_not_disturb_the_other(two: Desk, tmp_path: Path) -> None:
    first = two.signer()
    (tmp_path / "other pin").write_text(OTHER_PIN)
    wrong = two.signer("SECOND", pin=tmp_path / "other pin")
    signs_as(first, "a1")
    refused(wrong)
    many_at_once([(first, "a1")] * 2)
    refused(wrong)


# Names

GBK = os.fsdecode("签名".encode("gbk"))


@pytest.mark.parametrize("labelled", [GBK, "签名", "\udcff\udcfe"], ids=["GBK", "UTF-8", "neither"])
def test_labels_in_any_encoding_stop_nothing(empty: Desk, labelled: str) -> None:
    """Case N06: the daemon did not even start."""
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1), label=labelled)
    signs_as(empty.signer(), "a1")


@pytest.mark.parametrize("labelled", [GBK, "签名"], ids=["GBK", "UTF-8"])
@pytest.mark.parametrize("by", ["cert_label", "key_label"])
def test_a_label_in_gbk_is_the_one_that_the_settings_name(empty: Desk, labelled: str, by: str) -> None:
    empty.hsm.import_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1), label=labelled)
    empty.hsm.import_pair("EPORT", rsa_key("b"), a_certificate("b", 0xB2), label="other")
    signs_as(empty.signer(**{by: "签名"}), "a1")
    with pytest.raises(TokenError, match=r"labelled 证书; there are: other, 签名"):
        empty.signer(**{by: "证书"}).certificate()


def test_a_token_named_in_gbk_is_found_by_its_name_and_by_no_other_of_the_same_length(empty: Desk) -> None:
    empty.hsm.make_token("xxxxxxxx")
    empty.hsm.import_pair("xxxxxxxx", rsa_key("b"), a_certificate("b", 0xB2))
    empty.hsm.name_in_gbk("财务公司")
    signs_as(empty.signer("财务公司"), "b2")
    with pytest.raises(TokenError, match="no token 报关公司"):
        empty.signer("报关公司").certificate()


def test_another_token_named_in_gbk_beside_it_disturbs_nothing(desk: Desk) -> None:
    desk.hsm.make_token("xxxxxxxx")
    desk.hsm.name_in_gbk("财务公司")
    signs_as(desk.signer(), "a1")


def test_python_pkcs11_still_needs_to_be_made_to_keep_the_bytes_of_names() -> None:
    """When this fails, `cebd.signing.tokens.names` can do with less."""
    assert "\ufffd" in pkcs11.types._CK_UTF8CHAR_to_str("签名".encode("gbk"))
    with pytest.raises(UnicodeDecodeError):
        AttributeMapper().unpack_attributes(pkcs11.Attribute.LABEL, "签名".encode("gbk"))


# Other tokens and libraries


@needs_compiler
def test_a_token_that_does_not_tell_the_modulus_is_paired_by_a_signature(desk: Desk, faulty: FaultyLibrary) -> None:
    desk.hsm.import_pair("EPORT", rsa_key("b"), a_certificate("b", 0xB2, begins=-9 * DAY, ends=-DAY))
    faulty.fail(no_modulus=1)
    signs_as(desk.signer(module=faulty.module), "a1")


def test_a_key_that_wants_the_pin_before_each_signature_signs_one_after_the_other(empty: Desk) -> None:
    empty.hsm.import_guarded_pair("EPORT", rsa_key("a"), a_certificate("a", 0xA1))
    signer = empty.signer()
    for _ in range(3):
        signs_as(signer, "a1")


def test_a_token_that_only_signs_digests_made_elsewhere_is_used_too(desk: Desk) -> None:
    config = desk.hsm.folder / "softhsm2.conf"
    config.write_text(config.read_text() + "slots.mechanisms = CKM_RSA_PKCS\n")
    signs_as(desk.signer(), "a1")


def test_two_tokens_of_one_name_are_not_chosen_between(desk: Desk) -> None:
    desk.hsm.make_token("EPORT")
    with pytest.raises(TokenError, match="2 tokens are named EPORT"):
        desk.signer().certificate()


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    signer = desk.signer(module=tmp_path / "missing.so")
    try:
        with pytest.raises(TokenError, match=re.escape(str(tmp_path / "missing.so"))):
            signer.certificate()
    finally:
        signer.close()


def test_a_closed_signer_signs_no_more_and_may_be_closed_again(desk: Desk) -> None:
    signer, other = desk.signer(), desk.signer()
    signs_as(signer, "a1")
    signer.close()
    signer.close()
    with pytest.raises(TokenError, match="closed"):
        signer.sign(b"text")
    signs_as(other, "a1")


def test_a_library_under_two_names_is_one(desk: Desk, tmp_path: Path) -> None:
    assert MODULE is not None
    link = tmp_path / "link.so"
    link.symlink_to(MODULE)
    signs_as(desk.signer(), "a1")
    signs_as(desk.signer(module=link), "a1")


# Another token


@needs_compiler
def test_another_token_under_the_same_name_signs_nothing_and_is_not_shown_the_pin(
    desk: Desk, faulty: FaultyLibrary, tmp_path: Path
) -> None:
    with closing(open_store(tmp_path / "store")) as store:
        signer = desk.signer(module=faulty.module, gate=KnownToken(store, SystemClock(), "eport"))
        signs_as(signer, "a1")
        desk.hsm.take_out("EPORT")
        desk.hsm.make_token("EPORT")
        desk.hsm.import_pair("EPORT", rsa_key("b"), a_certificate("b", 0xB2))
        for _ in range(2):
            with pytest.raises(AnotherToken, match=r"found SoftHSM.*b2 .*; on record SoftHSM.*a1 "):
                signer.sign(b"text")
        assert faulty.calls("login") == 1
        with store.write() as connection:
            found = tokens.offered(connection, "eport")
            assert found is not None
            tokens.accept(connection, "eport", found.identity, "2026-03-04T05:06:07+08:00")
        signs_as(signer, "b2")
