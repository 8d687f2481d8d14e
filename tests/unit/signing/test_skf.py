"""USB keys through SKF: what their makers do differently, and the PIN, which is asked how many tries are left before it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key
from builders.clocks import StillClock
from builders.customs_messages import needs_openssl
from builders.libraries import compiled, needs_compiler
from builders.settings_files import GOOD
from builders.skf import NARROW, WIDE, SkfDevices
from builders.sm2 import openssl_accepts_sm2
from builders.softhsm import PIN
from builders.waiting import until
from cebd.operations.tokens.look import look_at
from cebd.settings import load_settings
from cebd.signing.signer import Certificate, PinRefused, Signer, TokenAway, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer, signer_kind
from cebd.signing.signers.skf_settings import SkfSettings
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.driver import DeviceFault, LoginUnclear, PinWrong
from cebd.signing.tokens.pin_guard import PinGuard
from cebd.signing.tokens.pin_memory import Cost, PinMemory
from cebd.signing.tokens.skf.driver import SkfDriver, SkfToken
from cebd.signing.tokens.trial_signature import raw_of_fields
from cebd.signing.tokens.usage import Patience

pytestmark = [needs_compiler, needs_openssl]
DATA = b"<SignedInfo>declared</SignedInfo>"
WRONG, OTHER = "918273", "100200"
FAIL, NOT_SUPPORTED, TIME_OUT, REMOVED = 0x0A000001, 0x0A000003, 0x0A00000F, 0x0A000023
KEY = sm2_key("the enterprise's")
AUTHORITY = Sm2Authority()
CERTIFICATE = AUTHORITY.issue(KEY)
RENEWED = AUTHORITY.issue(sm2_key("the next"), 0xBB)


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SkfDevices:
    return used(SkfDevices(tmp_path / "skf"), monkeypatch)


def used(devices: SkfDevices, monkeypatch: pytest.MonkeyPatch) -> SkfDevices:
    for name, value in devices.environment.items():
        monkeypatch.setenv(name, value)
    return devices


def driver(
    devices: SkfDevices, name: str = "EPORT", application: str | None = None, container: str | None = None
) -> SkfDriver:
    return SkfDriver(SkfToken(str(devices.module), name, application, container, DEFAULT_ID))


@pytest.fixture
def token(devices: SkfDevices) -> Iterator[SkfDriver]:
    """The only device, open."""
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    made = driver(devices)
    made.open()
    yield made
    made.close()


def opened(devices: SkfDevices, folder: Path) -> Signer:
    """With the device in another process; the PIN is in the folder."""
    return open_signer(settings(devices), SignerContext(folder, memory=folder / "machine"))


def test_a_library_that_never_looks_again_for_devices_has_another_process_that_does(
    devices: SkfDevices, tmp_path: Path
) -> None:
    (tmp_path / "pin").write_text(PIN)
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    devices.fail(stale=1)
    patience = Patience(unlisted=0.3)
    context = SignerContext(tmp_path, memory=tmp_path / "machine", patience=patience)
    with closing(open_signer(settings(devices), context)) as signer:
        signer.sign(DATA)
        devices.take_out("EPORT")
        for _ in range(2):
            with pytest.raises(TokenAway):
                signer.sign(DATA)
        devices.put_back("EPORT")
        until(lambda: can_sign(signer), "the device to be seen")
        assert not devices.failed()


def can_sign(signer: Signer) -> bool:
    with suppress(TokenAway):
        return bool(signer.sign(DATA))
    return False


def settings(devices: SkfDevices) -> SkfSettings:
    device = {"library": str(devices.module), "device": "EPORT", "pin": {"file": "pin"}}
    return SkfSettings.model_validate({"type": "skf", **device})


def signs(token: SkfDriver) -> Certificate:
    """Log in and sign as OpenSSL says it should be; the certificate."""
    token.login(PIN)
    (certificate,) = token.certificates()
    assert token.can_sign(certificate)
    assert openssl_accepts_sm2(certificate.x509, token.sign(certificate, DATA), DATA)
    return certificate


# What makers do differently


@pytest.mark.parametrize("ulong", [NARROW, WIDE])
def test_numbers_of_four_bytes_and_of_eight_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ulong: str
) -> None:
    devices = used(SkfDevices(tmp_path / "skf", ulong), monkeypatch)
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    devices.fail(tries=6)
    token = driver(devices)
    device = token.open()
    assert (device.serial, device.model, device.label) == ("serial of EPORT", "Example Maker", "EPORT")
    assert (device.tries_left, device.is_low, device.is_last_try, device.is_locked) == (6, False, False, False)
    signs(token)


def test_a_library_that_lacks_what_many_lack_signs_with_the_device_by_its_name_in_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = used(SkfDevices(tmp_path / "skf", bare=True), monkeypatch)
    devices.plug_in_new("EPORT", KEY, CERTIFICATE, serial="0001")
    token = driver(devices)
    assert (token.open().serial, token.device().tries_left) == ("EPORT", None)
    signs(token)
    with pytest.raises(TokenAway):
        driver(devices, "0001").open()


def test_a_signature_in_two_fields_of_32_bytes_is_read_as_one_in_two_of_64(
    devices: SkfDevices, token: SkfDriver
) -> None:
    devices.fail(short=1)
    signs(token)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"\0" * 32 + b"\1" * 32 + b"\0" * 32 + b"\2" * 32, b"\1" * 32 + b"\2" * 32),
        (b"\0" * 33 + b"\1" * 31 + b"\0" * 63 + b"\2", b"\0" + b"\1" * 31 + b"\0" * 31 + b"\2"),
        (b"\0" * 5 + b"\1" * 27 + b"\2" * 32 + b"\0" * 64, b"\0" * 5 + b"\1" * 27 + b"\2" * 32),
    ],
    ids=["64 each", "64 each, short numbers", "32 each"],
)
def test_r_and_s_are_taken_from_the_right_of_their_fields(content: bytes, value: bytes) -> None:
    assert raw_of_fields(content) == value


def test_fields_with_longer_numbers_than_32_bytes_are_no_signature() -> None:
    with pytest.raises(DeviceFault):
        raw_of_fields(b"\1" * 128)


@pytest.mark.parametrize("faults", [{}, {"digest": 1}], ids=["the DigestInfo", "the digest"])
def test_an_rsa_key_signs_whatever_the_device_wants_to_be_told(devices: SkfDevices, faults: dict[str, int]) -> None:
    key = rsa_key("the enterprise's")
    devices.plug_in_new("EPORT", key, Authority().issue(key.public_key()))
    devices.fail(**faults)
    token = driver(devices)
    token.open()
    token.login(PIN)
    (certificate,) = token.certificates()
    assert token.can_sign(certificate)
    key.public_key().verify(token.sign(certificate, DATA), DATA, padding.PKCS1v15(), hashes.SHA1())


def test_signatures_of_another_text_are_noticed_before_a_message_is_signed(
    devices: SkfDevices, token: SkfDriver
) -> None:
    devices.fail(wrong=1)
    token.login(PIN)
    (certificate,) = token.certificates()
    assert not token.can_sign(certificate)


# Which device, application, container


@pytest.mark.parametrize("name", ["电子口岸卡", "serial of USB1", "USB1"])
def test_a_device_is_named_by_its_label_its_serial_number_or_its_name_in_the_library(
    devices: SkfDevices, name: str
) -> None:
    devices.plug_in_new("USB0", KEY, CERTIFICATE, label=b"\xff\xfe\x80")  # is in no encoding, and stops nothing
    devices.plug_in_new("USB1", KEY, CERTIFICATE, label="电子口岸卡".encode("gbk"))
    device = driver(devices, name).open()
    assert (device.label, device.serial) == ("电子口岸卡", "serial of USB1")


def test_of_two_with_one_label_neither_is_used_and_their_serial_numbers_are_named(devices: SkfDevices) -> None:
    for number in (1, 2):
        devices.plug_in_new(f"USB{number}", KEY, CERTIFICATE, label=b"EPORT")
    with pytest.raises(TokenError, match=r"2 devices are named EPORT.*serial of USB1.*serial of USB2") as caught:
        driver(devices).open()
    assert not isinstance(caught.value, TokenAway)


def test_a_device_that_is_not_there_is_told_with_those_that_are(devices: SkfDevices) -> None:
    with pytest.raises(TokenAway, match="no device EPORT; there are: -"):
        driver(devices).open()
    devices.plug_in_new("USB1", KEY, CERTIFICATE)
    with pytest.raises(TokenAway, match="no device EPORT; there are: USB1 / serial of USB1"):
        driver(devices).open()


def test_one_that_another_program_has_alone_is_named_and_keeps_no_other_from_signing(devices: SkfDevices) -> None:
    for name in ("EPORT", "OTHER"):
        devices.plug_in_new(name, KEY, CERTIFICATE)
    devices.take_alone("OTHER")
    token = driver(devices)
    token.open()
    signs(token)
    with pytest.raises(TokenAway, match="OTHER: SKF_ConnectDev: FAIL"):
        driver(devices, "OTHER").open()


def test_a_device_that_does_not_say_its_serial_number_now_is_shown_no_pin_under_another(
    devices: SkfDevices, token: SkfDriver
) -> None:
    devices.fail(info=FAIL)
    with pytest.raises(TokenAway, match="EPORT: SKF_GetDevInfo: FAIL"):
        token.open()
    devices.fail(info=NOT_SUPPORTED)
    assert token.open().serial == "EPORT"


def test_of_several_applications_the_settings_name_one(devices: SkfDevices) -> None:
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    devices.plug_in_new("EPORT", sm2_key("a bank's"), RENEWED, application="BANK")
    with pytest.raises(TokenError, match=r"several are there, name one by `application`: .*BANK"):
        driver(devices).open()
    with pytest.raises(TokenError, match=r"no such application; there are: .*EPORT-APP"):
        driver(devices, application="TAX").open()
    token = driver(devices, application="EPORT-APP")
    token.open()
    assert signs(token).x509 == CERTIFICATE


def test_a_container_is_named_in_gbk_as_in_utf_8_and_without_a_name_all_are_looked_into(devices: SkfDevices) -> None:
    devices.plug_in_new("EPORT", KEY, CERTIFICATE, container="旧".encode("gbk"))
    devices.plug_in_new("EPORT", sm2_key("the next"), RENEWED, container="新")
    token = driver(devices)
    token.open()
    assert {certificate.x509 for certificate in token.certificates()} == {CERTIFICATE, RENEWED}
    for name, certificate in (("旧", CERTIFICATE), ("新", RENEWED)):
        token = driver(devices, container=name)
        token.open()
        assert signs(token).x509 == certificate
    token = driver(devices, container="没有")
    token.open()
    with pytest.raises(TokenError, match="no such container"):
        token.certificates()


def test_a_container_without_a_certificate_or_with_a_damaged_one_keeps_the_others_from_nothing(
    devices: SkfDevices,
) -> None:
    for container in ("broken", "empty"):
        devices.plug_in_new("EPORT", KEY, CERTIFICATE, container=container)
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    folder = devices.folder / "devices" / "EPORT" / "EPORT-APP"
    (folder / "broken" / "certificate").write_bytes(b"0\x82")
    (folder / "empty" / "certificate").unlink()
    token = driver(devices)
    token.open()
    signs(token)


# The PIN


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (0x0A000024, PinWrong),
        (0x0A000025, PinWrong),
        (0x0A000026, PinWrong),
        (0x0A000027, PinWrong),
        (REMOVED, TokenAway),
        (0x0A000029, DeviceFault),
        (FAIL, LoginUnclear),
        (TIME_OUT, LoginUnclear),
        (0x0B000001, LoginUnclear),  # a maker's own
    ],
)
def test_what_became_of_a_pin_is_told_by_the_code(
    devices: SkfDevices, token: SkfDriver, code: int, fault: type[Exception]
) -> None:
    devices.fail(login=code)
    with pytest.raises(fault) as caught:
        token.login(PIN)
    assert type(caught.value) is fault
    assert f"{code:#010x}" in str(caught.value)


def test_where_somebody_is_logged_in_already_that_will_do(devices: SkfDevices, token: SkfDriver) -> None:
    devices.fail(login=0x0A000028)
    token.login(PIN)


def test_the_tries_left_are_asked_first_and_the_last_is_never_used(
    devices: SkfDevices, token: SkfDriver, tmp_path: Path
) -> None:
    guard = PinGuard(PinMemory(tmp_path / "machine", StillClock(datetime(2026, 3, 4, tzinfo=UTC)), Cost(n=2, r=1, p=1)))
    devices.fail(tries=2)
    with pytest.raises(PinRefused):
        guard.login(token, WRONG)
    assert token.device().is_last_try
    for pin in (WRONG, OTHER, PIN):
        with pytest.raises(PinRefused, match=r"one try is left|was refused"):
            guard.login(token, pin)
    assert devices.failed() == [WRONG]
    assert devices.tries_left() == 1


@pytest.mark.parametrize("lies", [2, 3], ids=["is not supported", "tells nothing but zeros"])
def test_where_the_tries_left_are_not_told_they_are_not_taken_for_none(
    devices: SkfDevices, token: SkfDriver, lies: int
) -> None:
    devices.fail(tries=3, lies=lies)
    device = token.device()
    assert (device.tries_left, device.is_last_try, device.is_locked) == (None, False, False)
    signs(token)


def test_while_another_program_has_locked_the_device_no_pin_is_shown(devices: SkfDevices, token: SkfDriver) -> None:
    devices.fail(lock=TIME_OUT)
    with pytest.raises(DeviceFault, match="SKF_LockDev: TIME-OUT"):
        token.login(PIN)
    assert devices.calls("login") == 0
    devices.fail(lock=NOT_SUPPORTED)
    signs(token)


def test_a_login_that_crashes_behind_a_wrong_pin_is_not_made_again(devices: SkfDevices, tmp_path: Path) -> None:
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    (tmp_path / "pin").write_text(WRONG)
    devices.fail(tries=5, crash=3)
    for _ in range(3):
        with closing(opened(devices, tmp_path)) as signer, pytest.raises(TokenError):
            signer.sign(DATA)
        devices.fail(tries=5)
    assert devices.failed() == [WRONG]


def test_a_person_is_told_how_many_tries_are_left(devices: SkfDevices, tmp_path: Path) -> None:
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    devices.fail(tries=6)
    (tmp_path / "pin").write_text(WRONG)
    with closing(opened(devices, tmp_path)) as signer, pytest.raises(PinRefused):
        signer.sign(DATA)
    keys = ['type = "skf"', f'library = "{devices.module}"', 'device = "EPORT"', 'pin = { file = "pin" }']
    (tmp_path / "cebd.toml").write_text(
        "\n".join([GOOD[: GOOD.index("[signer.s]")], "[signer.s]", *keys, GOOD[GOOD.index("[channel.c]") :]])
    )
    look = look_at(load_settings(tmp_path / "cebd.toml"), "s")
    assert look.lines()[1].zh == "PIN：还可以试 5 次"
    assert [certificate.number for certificate in look.certificates] == ["0a1b2c"]
    assert devices.failed() == [WRONG]


def test_every_key_that_is_plugged_in_is_listed_by_its_applications_and_what_cannot_be_read_stops_nothing(
    devices: SkfDevices, token: SkfDriver
) -> None:
    other = Sm2Authority().issue(KEY, 0xE7)
    devices.plug_in_new("EPORT", KEY, other, label="示例卡".encode("gbk"), application="OTHER-APP")
    devices.plug_in_new("NEXT", KEY, Sm2Authority().issue(KEY, 0xE8), label=b"\xff\xfe")
    devices.plug_in_new("ANOTHER'S", KEY, CERTIFICATE)
    devices.take_alone("ANOTHER'S")
    devices.fail(tries=6)
    slots = {slot.place: slot for slot in token.slots()}
    assert {place: [one.number for one in slot.certificates] for place, slot in slots.items()} == {
        "EPORT / EPORT-APP": ["0a1b2c"],
        "EPORT / OTHER-APP": ["e7"],
        "NEXT / EPORT-APP": ["e8"],
        "ANOTHER'S": [],
    }
    eport = slots["EPORT / EPORT-APP"].device
    assert eport is not None
    assert (eport.label, eport.tries_left, eport.is_low) == ("示例卡", 6, False)
    assert "FAIL" in slots["ANOTHER'S"].fault
    assert slots["ANOTHER'S"].device is None
    assert {place for place, slot in slots.items() if slot.is_meant} == {"EPORT / EPORT-APP", "EPORT / OTHER-APP"}
    assert devices.calls("connect") - 1 == devices.calls("disconnect")  # another program's is not connected


# The process


def test_a_library_that_prints_and_forks_harms_nothing(
    devices: SkfDevices, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    devices.plug_in_new("EPORT", KEY, CERTIFICATE)
    (tmp_path / "pin").write_text(PIN)
    devices.fail(noise=1)
    with closing(opened(devices, tmp_path)) as signer:
        assert openssl_accepts_sm2(CERTIFICATE, signer.sign(DATA), DATA)
    assert capfd.readouterr() == ("", "")


def test_however_often_it_is_opened_the_library_has_one_device_in_use(devices: SkfDevices, token: SkfDriver) -> None:
    devices.plug_in_new("OTHER", KEY, CERTIFICATE)
    for _ in range(3):
        token.open()
        token.login(PIN)
        token.certificates()
    assert devices.calls("connect") - devices.calls("disconnect") == 1
    token.close()
    assert devices.calls("connect") == devices.calls("disconnect")


# `config check`


def test_a_library_for_programs_of_32_bits_is_told_as_such(devices: SkfDevices, tmp_path: Path) -> None:
    header = bytearray(devices.module.read_bytes()[:64])
    header[4] = 1  # ELFCLASS32
    devices.module.write_bytes(bytes(header).ljust(4096, b"\0"))
    (lack,) = signer_kind("skf").presence(settings(devices), tmp_path, True)
    assert lack.key == "library"
    assert "ask its maker for that of 64 bits" in lack.en
    assert "64 位" in lack.zh


def test_a_library_of_another_kind_is_told_as_such(tmp_path: Path) -> None:
    wanted = {"type": "skf", "library": str(compiled("sdf_machines.c")), "device": "EPORT", "pin": {"file": "p"}}
    (lack,) = signer_kind("skf").presence(SkfSettings.model_validate(wanted), tmp_path, True)
    assert "is no SKF library: it has no SKF_EnumDev" in lack.en
