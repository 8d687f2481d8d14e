"""Crypto machines through SDF: what their makers do differently, the password of a key, and the certificate, which is in a file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key, write_der, write_pem
from builders.clocks import StillClock
from builders.customs_messages import needs_openssl
from builders.libraries import needs_compiler
from builders.sdf import SdfMachines
from builders.settings_files import GOOD
from builders.sm2 import openssl_accepts_sm2
from builders.softhsm import PIN
from builders.waiting import until
from cebd.operations.tokens.look import look_at
from cebd.settings import load_settings
from cebd.signing.signer import Certificate, PinRefused, TokenAway, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer, signer_kind
from cebd.signing.signers.sdf_settings import SdfSettings
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.driver import DeviceFault, LoginUnclear, PinWrong
from cebd.signing.tokens.pin_guard import PinGuard
from cebd.signing.tokens.pin_memory import Cost, PinMemory
from cebd.signing.tokens.sdf.driver import SdfDriver, SdfKey

pytestmark = [needs_compiler, needs_openssl]
DATA = b"<SignedInfo>declared</SignedInfo>"
WRONG, OTHER, THIRD = "918273", "100200", "300400"
SM2_ALGORITHM = 0x00020100
KEY, NEXT = sm2_key("the enterprise's"), sm2_key("the next")
AUTHORITY = Sm2Authority()
CERTIFICATE, RENEWED = AUTHORITY.issue(KEY), AUTHORITY.issue(NEXT, 0xBB)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SdfMachines:
    return used(SdfMachines(tmp_path / "sdf"), monkeypatch)


def used(machines: SdfMachines, monkeypatch: pytest.MonkeyPatch) -> SdfMachines:
    for name, value in machines.environment.items():
        monkeypatch.setenv(name, value)
    return machines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pem(tmp_path / "cert.pem", CERTIFICATE)


def driver(
    machines: SdfMachines, file: Path, key: int = 1, algorithm: int | None = None, password_key: int | None = None
) -> SdfDriver:
    return SdfDriver(SdfKey(str(machines.library("one")), key, str(file), algorithm, DEFAULT_ID, password_key))


@pytest.fixture
def key(machines: SdfMachines, file: Path) -> Iterator[SdfDriver]:
    """The first key of the only machine, open."""
    machines.set_up("one", {1: KEY})
    made = driver(machines, file)
    made.open()
    yield made
    made.close()


def signs(key: SdfDriver, pin: str | None = PIN) -> None:
    """Log in and sign as OpenSSL says it should be."""
    if pin is not None:
        key.login(pin)
    (certificate,) = key.certificates()
    assert key.can_sign(certificate)
    assert openssl_accepts_sm2(certificate.x509, key.sign(certificate, DATA), DATA)


# What makers do differently


@pytest.mark.parametrize("short", [0, 1], ids=["fields of 64 bytes", "fields of 32 bytes"])
def test_it_signs_in_fields_of_either_length(machines: SdfMachines, key: SdfDriver, short: int) -> None:
    machines.fail(short=short)
    signs(key)


def test_a_library_that_wants_an_algorithm_with_each_signature_is_told_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    machines = used(SdfMachines(tmp_path / "sdf", SM2_ALGORITHM), monkeypatch)
    machines.set_up("one", {1: KEY})
    told = driver(machines, file, algorithm=SM2_ALGORITHM)
    told.open()
    signs(told)
    other = driver(machines, file, algorithm=SM2_ALGORITHM + 1)
    other.open()
    other.login(PIN)
    assert not other.can_sign(Certificate(CERTIFICATE))


def test_a_password_is_shown_for_the_number_that_the_machine_counts_the_key_under(
    machines: SdfMachines, file: Path
) -> None:
    machines.set_up("one", {1: KEY})
    machines.fail(behind=50)
    there = driver(machines, file, password_key=51)
    there.open()
    signs(there)
    other = driver(machines, file)
    other.open()
    with pytest.raises(TokenError, match="NO SUCH KEY"):
        other.login(PIN)
    assert machines.failed() == []


def test_an_rsa_key_signs_a_block_that_is_padded_here(machines: SdfMachines, tmp_path: Path) -> None:
    rsa = rsa_key("the enterprise's")
    machines.set_up("one", {2: rsa})
    key = driver(machines, write_pem(tmp_path / "rsa.pem", Authority().issue(rsa.public_key())), 2)
    key.open()
    key.login(PIN)
    (certificate,) = key.certificates()
    assert key.can_sign(certificate)
    rsa.public_key().verify(key.sign(certificate, DATA), DATA, padding.PKCS1v15(), hashes.SHA1())


def test_signatures_of_another_text_are_noticed_before_a_message_is_signed(
    machines: SdfMachines, key: SdfDriver
) -> None:
    machines.fail(wrong=1)
    key.login(PIN)
    assert not key.can_sign(Certificate(CERTIFICATE))


def test_a_key_is_told_apart_from_the_others_of_its_machine(machines: SdfMachines, file: Path) -> None:
    machines.set_up("one", {1: KEY, 2: NEXT})
    devices = [driver(machines, file, number).open() for number in (1, 2)]
    assert [device.serial for device in devices] == ["serial one/1", "serial one/2"]
    assert {device.model for device in devices} == {"Example Maker SM-1"}


def test_a_machine_that_does_not_say_its_serial_number_signs(machines: SdfMachines, key: SdfDriver) -> None:
    machines.fail(info=0x01000001)  # it could say it, and does not now
    with pytest.raises(DeviceFault, match="SDF_GetDeviceInfo"):
        key.device()
    machines.fail(info=0x01000002)
    assert key.device().serial == "libsdf.so/1"
    signs(key)


# The password of a key


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (0x01000018, PinWrong),
        (0x01000007, PinWrong),
        (0x01000008, DeviceFault),  # no such key
        (0x01000002, DeviceFault),  # it knows no passwords
        (0x01000003, LoginUnclear),  # the network broke, and the password may have arrived
        (0x01000001, LoginUnclear),
        (0x01010001, LoginUnclear),  # a maker's own
    ],
)
def test_what_became_of_a_password_is_told_by_the_code(
    machines: SdfMachines, key: SdfDriver, code: int, fault: type[Exception]
) -> None:
    machines.fail(login=code)
    with pytest.raises(fault, match=f"{code:#010x}"):
        key.login(PIN)


def test_after_two_wrong_passwords_no_other_is_shown_for_the_machine_tells_nothing_of_its_counter(
    machines: SdfMachines, key: SdfDriver, tmp_path: Path
) -> None:
    clock = StillClock(datetime(2026, 3, 4, tzinfo=UTC))
    guard = PinGuard(PinMemory(tmp_path / "machine", clock, Cost(n=2, r=1, p=1)))
    machines.fail(tries=3)
    for pin in (WRONG, WRONG, OTHER, THIRD):
        with pytest.raises(PinRefused):
            guard.login(key, pin)
    assert machines.failed() == [WRONG, OTHER]
    assert machines.tries_left() == 1


def test_a_key_without_a_password_signs_without_one(machines: SdfMachines, tmp_path: Path, file: Path) -> None:
    machines.set_up("one", {1: KEY}, password="")
    with closing(open_signer(settings(machines, file), SignerContext(tmp_path, memory=tmp_path / "machine"))) as signer:
        assert openssl_accepts_sm2(CERTIFICATE, signer.sign(DATA), DATA)
    assert machines.calls("login") == 0


@pytest.mark.parametrize("secret", ["", PIN])
def test_of_a_pin_is_said_only_where_there_is_one(
    machines: SdfMachines, tmp_path: Path, file: Path, secret: str
) -> None:
    machines.set_up("one", {1: KEY}, password=secret)
    (tmp_path / "password").write_text(secret)
    where = f'password = {{ file = "{tmp_path / "password"}" }}\n' if secret else ""
    table = f'[signer.machine]\ntype = "sdf"\nlibrary = "{machines.library("one")}"\nkey = 1\ncert = "{file}"\n{where}'
    (tmp_path / "cebd.toml").write_text(GOOD + table, encoding="utf-8")
    with_pin = [line for line in look_at(load_settings(tmp_path / "cebd.toml"), "machine").lines() if "PIN" in line.en]
    assert len(with_pin) == bool(secret)


def test_two_signers_of_one_machine_have_a_session_each_and_sign_side_by_side(
    machines: SdfMachines, tmp_path: Path, file: Path
) -> None:
    machines.set_up("one", {1: KEY}, password="")
    wanted, context = settings(machines, file), SignerContext(tmp_path, memory=tmp_path / "machine")
    with closing(open_signer(wanted, context)) as one, closing(open_signer(wanted, context)) as other:
        one.certificate()
        other.certificate()
        before = machines.calls("sign")
        machines.fail(hang=3_000)
        with ThreadPoolExecutor(2) as pool:
            made = [pool.submit(signer.sign, DATA) for signer in (one, other)]
            until(lambda: machines.calls("sign") == before + 2, "both to be at it", 2.5)
            assert not any(value.done() for value in made)
            assert all(openssl_accepts_sm2(CERTIFICATE, value.result(), DATA) for value in made)


# Away, and back


def test_a_session_that_died_with_the_network_is_noticed_before_a_password_is_shown(
    machines: SdfMachines, key: SdfDriver
) -> None:
    machines.take_out("one")
    with pytest.raises(TokenAway, match="COMMUNICATION"):
        key.device()
    with pytest.raises(TokenAway, match="OPEN DEVICE"):
        key.open()
    machines.put_back("one")
    key.open()
    signs(key)


def test_however_often_it_is_opened_the_machine_has_one_session(machines: SdfMachines, key: SdfDriver) -> None:
    for _ in range(3):
        key.open()
    assert machines.calls("open") - machines.calls("close") == 1
    key.close()
    assert machines.calls("open") == machines.calls("close")


# The certificate


def test_of_several_certificates_in_the_file_that_of_the_key_signs(
    machines: SdfMachines, key: SdfDriver, file: Path
) -> None:
    file.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (RENEWED, CERTIFICATE)))
    key.login(PIN)
    assert [key.can_sign(certificate) for certificate in key.certificates()] == [False, True]


def test_a_certificate_in_der_is_read_as_well(machines: SdfMachines, key: SdfDriver, file: Path) -> None:
    write_der(file, CERTIFICATE)
    signs(key)


def test_a_certificate_that_is_not_there_is_named_by_its_file(
    machines: SdfMachines, key: SdfDriver, file: Path, tmp_path: Path
) -> None:
    file.write_text("no certificate")
    (lack,) = signer_kind("sdf").presence(settings(machines, file), tmp_path, True)
    assert (lack.key, str(file) in lack.en, str(file) in lack.zh) == ("cert", True, True)
    file.unlink()
    with pytest.raises(TokenError, match=r"cert\.pem"):
        key.certificates()


def settings(machines: SdfMachines, file: Path) -> SdfSettings:
    key = {"library": str(machines.library("one")), "key": 1, "cert": str(file)}
    return SdfSettings.model_validate({"type": "sdf", **key})
