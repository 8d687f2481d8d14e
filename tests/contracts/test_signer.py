"""What every signer promises, whatever it is made of: asked of a key in a file, RSA and SM2, a PKCS#11 token, an SKF key, an SDF machine,
the customs' control, the token of another station.

The list of kinds says which there are, and each what it can prove; `place` sets up what each signs with. What only one kind can do, or
does differently, is tested beside that kind.
"""

from __future__ import annotations

import shutil
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from builders.certificates import DAY, Authority, Sm2Authority, rsa_key, sm2_key, write_key, write_pem, write_sm2_key
from builders.control import Card, FakeControl
from builders.customs_messages import a_message, an_order, needs_openssl
from builders.libraries import needs_compiler
from builders.remote import Faults, FaultySigner, StationPapers
from builders.sdf import SdfMachines
from builders.skf import SkfDevices
from builders.sm2 import openssl_accepts_sm2
from builders.softhsm import PIN, SM2, FaultyLibrary, SoftHsm, needs_softhsm
from cebd.clock import SystemClock
from cebd.listening.listener import Listener
from cebd.problems.problem import catalogue
from cebd.signing.endpoint.app import SigningEndpoint
from cebd.signing.endpoint.rate import Rate
from cebd.signing.endpoint.texts import Signable
from cebd.signing.known_token import AnotherToken, KnownToken
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, CertificateNotValid, Gate, Signer, TokenError, require_valid
from cebd.signing.signers.control_settings import ControlSettings
from cebd.signing.signers.kind import SignerContext, SignerSettings
from cebd.signing.signers.kinds import SIGNERS, open_signer, signer_kind
from cebd.signing.signers.pkcs11_settings import Pkcs11Settings
from cebd.signing.signers.remote.settings import RemoteSettings
from cebd.signing.signers.sdf_settings import SdfSettings
from cebd.signing.signers.skf_settings import SkfSettings
from cebd.signing.signers.software.settings import SoftwareSettings
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.usage import PATIENCE, Logins, Patience
from cebd.signing.verification import verify_bytes
from cebd.store.conditions import Party
from cebd.store.store import Store

MESSAGE = a_message(an_order("N1"))
DATA = b"<SignedInfo>declared</SignedInfo>"
WRONG = "918273645"

# What can be signed with, by a name: which key, and the certificate beside it.
GOOD, OTHER, EXPIRED, NOT_ITS_OWN = "GOOD", "OTHER", "EXPIRED", "NOT ITS OWN"


class Pairs:
    """Keys and certificates of one kind, by the profile's name. `check`: what another program says of a signature."""

    def __init__(
        self,
        profile: str,
        authority: Authority | Sm2Authority,
        issue: Callable[..., x509.Certificate],
        check: Callable[[x509.Certificate, bytes, bytes], None],
    ) -> None:
        self.profile = profile
        self.trusted = Certificate(authority.certificate)
        self.check = check
        self.of = {
            GOOD: ("good", issue("good", 0xA1)),
            OTHER: ("other", issue("other", 0xB2)),
            EXPIRED: ("good", issue("good", 0xC3, -400 * DAY, -DAY)),
            NOT_ITS_OWN: ("other", issue("good", 0xD4)),
        }


def check_rsa(certificate: x509.Certificate, value: bytes, data: bytes) -> None:
    """By OpenSSL, through cryptography. Raises InvalidSignature."""
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(value, data, padding.PKCS1v15(), hashes.SHA1())


def check_sm2(certificate: x509.Certificate, value: bytes, data: bytes) -> None:
    """By OpenSSL's command line."""
    assert len(value) == 64
    assert openssl_accepts_sm2(certificate, value, data)


@cache
def pairs(profile: str) -> Pairs:
    if profile == "RSA":
        rsa_authority = Authority()
        return Pairs(
            profile, rsa_authority, lambda key, *more: rsa_authority.issue(rsa_key(key).public_key(), *more), check_rsa
        )
    sm2_authority = Sm2Authority()
    return Pairs(profile, sm2_authority, lambda key, *more: sm2_authority.issue(sm2_key(key), *more), check_sm2)


KINDS = [
    pytest.param(("software", "RSA"), id="software"),
    pytest.param(("software", "SM2"), id="software SM2", marks=needs_openssl),
    pytest.param(("pkcs11", "RSA"), id="pkcs11", marks=[needs_softhsm, needs_compiler]),
    pytest.param(("pkcs11", "SM2"), id="pkcs11 SM2", marks=[needs_softhsm, needs_compiler, needs_openssl]),
    pytest.param(("skf", "SM2"), id="skf", marks=[needs_compiler, needs_openssl]),
    pytest.param(("sdf", "SM2"), id="sdf", marks=[needs_compiler, needs_openssl]),
    pytest.param(("control", "SM2"), id="control", marks=needs_openssl),
    pytest.param(("remote", "SM2"), id="remote", marks=needs_openssl),
]


def test_every_kind_of_signer_is_asked() -> None:
    assert {kind.values[0][0] for kind in KINDS} == {kind.type for kind in SIGNERS}


# What a token's library may do to whoever uses it; codes are those of PKCS#11.
TROUBLES = {
    "hangs at a signature": {"hang": 600_000},
    "hangs where it is looked for": {"hang_open": 600_000},
    "crashes at a signature": {"crash": 1},
    "crashes where it is looked for": {"crash": 4},
    "is used by another program alone": {"open": 0xB1},  # CKR_SESSION_COUNT
    "was pulled out": {"gone": 0x32},  # CKR_DEVICE_REMOVED
    "has lost its session": {"sign": 0xB3},  # CKR_SESSION_HANDLE_INVALID
}


class Drawer(Protocol):
    """Where the keys or tokens are, which can be taken out of it and put back."""

    def settings(self, name: str) -> SignerSettings: ...

    def take_out(self, name: str) -> None: ...

    def put_back(self, name: str) -> None: ...

    def exchange(self, name: str, other: str) -> None:
        """In its place is another one, which has what that other one has."""

    def fail(self, **trouble: int) -> bool:
        """From now on there is this trouble, or none. False: this kind of signer has none of the sort."""


class KeyFiles:
    """Keys in files, with a password."""

    def __init__(self, folder: Path, pairs: Pairs) -> None:
        self._folder = folder
        for name, (key, certificate) in pairs.of.items():
            if pairs.profile == "SM2":
                write_sm2_key(folder / f"{name}.key.pem", sm2_key(key), PIN)
            else:
                write_key(folder / f"{name}.key.pem", rsa_key(key), PIN)
            write_pem(folder / f"{name}.cert.pem", certificate)

    def settings(self, name: str) -> SignerSettings:
        files = {"key": f"{name}.key.pem", "cert": f"{name}.cert.pem", "password": {"file": "secret"}}
        return SoftwareSettings.model_validate({"type": "software", **files})

    def take_out(self, name: str) -> None:
        (self._folder / f"{name}.key.pem").rename(self._folder / "away")

    def put_back(self, name: str) -> None:
        (self._folder / "away").rename(self._folder / f"{name}.key.pem")

    def exchange(self, name: str, other: str) -> None:
        for part in ("key.pem", "cert.pem"):
            shutil.copyfile(self._folder / f"{other}.{part}", self._folder / f"{name}.{part}")

    def fail(self, **trouble: int) -> bool:
        return not trouble


class Tokens:
    """A SoftHSM2 with a token for each; `sm2`: what its library calls SM2."""

    def __init__(self, hsm: SoftHsm, library: FaultyLibrary, pairs: Pairs) -> None:
        self.take_out = hsm.take_out
        self.put_back = hsm.plug_in
        self._hsm, self._library, self._pairs = hsm, library, pairs

    def settings(self, name: str) -> SignerSettings:
        sm2 = SM2 if self._pairs.profile == "SM2" else None
        token = {"module": str(self._library.module), "token": name, "pin": {"file": "secret"}, "sm2": sm2}
        return Pkcs11Settings.model_validate({"type": "pkcs11", **token})

    def exchange(self, name: str, other: str) -> None:
        self._hsm.take_out(name)
        self._hsm.make_token(name)
        fill(self._hsm, name, *self._pairs.of[other], self._pairs.profile)

    def fail(self, **trouble: int) -> bool:
        self._library.fail(**trouble)
        return True


class SkfKeys:
    """A USB key for each, through SKF."""

    CODES: ClassVar = {0xB1: 0x0A000001, 0x32: 0x0A000023, 0xB3: 0x0A00002D}  # fail, device removed, not logged in

    def __init__(self, devices: SkfDevices, pairs: Pairs) -> None:
        self.take_out = devices.take_out
        self.put_back = devices.put_back
        self._devices, self._pairs = devices, pairs
        for name in pairs.of:
            self._plug_in(name, name, f"serial of {name}")

    def settings(self, name: str) -> SignerSettings:
        device = {"library": str(self._devices.module), "device": name, "pin": {"file": "secret"}}
        return SkfSettings.model_validate({"type": "skf", **device})

    def exchange(self, name: str, other: str) -> None:
        self._devices.throw_away(name)
        self._plug_in(name, other, "another serial")

    def fail(self, **trouble: int) -> bool:
        self._devices.fail(**{what: self.CODES.get(code, code) for what, code in trouble.items()})
        return True

    def _plug_in(self, name: str, of: str, serial: str) -> None:
        key, certificate = self._pairs.of[of]
        self._devices.plug_in_new(name, sm2_key(key), certificate, serial=serial)


class SdfKeys:
    """A crypto machine for each, through SDF."""

    CODES: ClassVar = {
        0xB1: 0x01000006,
        0x32: 0x01000003,
        0xB3: 0x01000007,
    }  # session, communication, no right to the key

    def __init__(self, folder: Path, machines: SdfMachines, pairs: Pairs) -> None:
        self.take_out = machines.take_out
        self.put_back = machines.put_back
        self._folder, self._machines, self._pairs = folder, machines, pairs
        for name in pairs.of:
            self._set_up(name, name, None)

    def settings(self, name: str) -> SignerSettings:
        key = {"library": str(self._machines.library(name)), "key": 1, "cert": f"{name}.cert.pem"}
        return SdfSettings.model_validate({"type": "sdf", **key, "password": {"file": "secret"}})

    def exchange(self, name: str, other: str) -> None:
        self._machines.throw_away(name)
        self._set_up(name, other, "another serial")

    def fail(self, **trouble: int) -> bool:
        self._machines.fail(**{what: self.CODES.get(code, code) for what, code in trouble.items()})
        return True

    def _set_up(self, name: str, of: str, serial: str | None) -> None:
        key, certificate = self._pairs.of[of]
        self._machines.set_up(name, {1: sm2_key(key)}, serial=serial)
        write_pem(self._folder / f"{name}.cert.pem", certificate)


class Cards:
    """A reader with a card for each, at the customs' control."""

    def __init__(self, control: FakeControl, pairs: Pairs) -> None:
        self.take_out = control.take_out
        self.put_back = control.put_back
        self._control, self._pairs = control, pairs
        for name in pairs.of:
            self._insert(name, name)

    def settings(self, name: str) -> SignerSettings:
        card = {"address": self._control.reader(name), "pin": {"file": "secret"}}
        return ControlSettings.model_validate({"type": "control", **card})

    def exchange(self, name: str, other: str) -> None:
        self._insert(name, other)

    def fail(self, **trouble: int) -> bool:
        self._control.fail(**trouble)
        return True

    def _insert(self, name: str, of: str) -> None:
        key, certificate = self._pairs.of[of]
        self._control.insert(name, Card(sm2_key(key), certificate))


class OtherStation:
    """Another station with a signer for each behind its signing endpoint; it lets itself be asked for anything."""

    def __init__(self, folder: Path, pairs: Pairs) -> None:
        (folder / "other").mkdir()
        self._keys = KeyFiles(folder / "other", pairs)
        self.take_out = self._keys.take_out
        self.put_back = self._keys.put_back
        self.exchange = self._keys.exchange
        (folder / "other" / "secret").write_text(PIN)
        self._folder = folder
        self._faults = Faults()
        self._papers = StationPapers(folder, PIN)
        asked = {name.replace(" ", "-"): partial(self._open, name) for name in pairs.of}
        endpoint = SigningEndpoint(
            asked, lambda _given: None, Rate(100_000), SystemClock(), lambda _text, _profile: Signable("SignedInfo", "")
        )
        self.listener = Listener(endpoint.app, self._papers.door())

    def settings(self, name: str) -> SignerSettings:
        there = {"url": f"https://127.0.0.1:{self.listener.port}", "signer": name.replace(" ", "-")}
        return RemoteSettings.model_validate({"type": "remote", **there, **self._papers.settings()})

    def fail(self, **trouble: int) -> bool:
        self._faults.now(**trouble)
        return True

    def _open(self, name: str) -> Signer:
        self._faults.happen("open", "gone", hang="hang_open", crash=4)
        signer = open_signer(self._keys.settings(name), SignerContext(self._folder / "other"))
        return FaultySigner(signer, self._faults)


def fill(hsm: SoftHsm, token: str, key: str, certificate: x509.Certificate, profile: str) -> None:
    if profile == "SM2":
        hsm.import_sm2_pair(token, sm2_key(key), certificate)
    else:
        hsm.import_pair(token, rsa_key(key), certificate)


@dataclass
class Place:
    """Where signers are opened, as a station or a person opens them; those opened here are closed at the end."""

    folder: Path
    drawer: Drawer
    pairs: Pairs
    can_be_lost: bool
    patience: Patience = PATIENCE
    opened: list[Signer] = field(default_factory=list)

    def signer(self, name: str = GOOD, gate: Gate | None = None) -> Signer:
        """Raises TokenError."""
        context = SignerContext(self.folder, gate, self.folder / "machine", self.patience)
        self.opened.append(open_signer(self.drawer.settings(name), context))
        return self.opened[-1]

    def signs(self, name: str = GOOD, gate: Gate | None = None) -> bytes:
        """Open and sign, as what it was opened for. Raises TokenError: some kinds find out at the first, some at the second."""
        return self.signer(name, gate).sign(DATA)

    def refuses(self, name: str = GOOD, gate: Gate | None = None) -> TokenError:
        with pytest.raises(TokenError) as caught:
            self.signs(name, gate)
        return caught.value

    def check(self, value: bytes, data: bytes = DATA, name: str = GOOD) -> None:
        """Another program says that the signature is the certificate's."""
        self.pairs.check(self.pairs.of[name][1], value, data)

    def secret_is(self, secret: str) -> None:
        (self.folder / "secret").write_text(secret)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SoftHsm]:
    """By the profile; each made once: each test takes tokens out of a copy."""

    @cache
    def made(profile: str) -> SoftHsm:
        hsm = SoftHsm(tmp_path_factory.mktemp("tokens") / "hsm")
        for name, (key, certificate) in pairs(profile).of.items():
            hsm.make_token(name)
            fill(hsm, name, key, certificate, profile)
        return hsm

    return made


@pytest.fixture
def served() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def control() -> Iterator[FakeControl]:
    with FakeControl().running() as control:
        yield control


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    kind, profile = request.param
    if kind == "software":
        drawer: Drawer = KeyFiles(tmp_path, pairs(profile))
    elif kind in ("skf", "sdf"):
        monkeypatch.setenv("FAULTY_TOKEN", str(tmp_path / "library"))
        if kind == "skf":
            drawer = SkfKeys(SkfDevices(tmp_path / "library"), pairs(profile))
        else:
            drawer = SdfKeys(tmp_path, SdfMachines(tmp_path / "library"), pairs(profile))
    elif kind == "remote":
        drawer = station = OtherStation(tmp_path, pairs(profile))
        request.getfixturevalue("served").enter_context(station.listener)
    elif kind == "control":
        drawer = Cards(request.getfixturevalue("control"), pairs(profile))
    else:
        assert kind == "pkcs11", f"make the drawer of a {kind} here"
        hsm = SoftHsm(tmp_path / "hsm")
        filled = request.getfixturevalue("tokens")(profile)
        shutil.copytree(filled.folder / "tokens", hsm.folder / "tokens", dirs_exist_ok=True)
        library = FaultyLibrary(tmp_path / "library")
        for name, value in {**hsm.environment, **library.environment}.items():
            monkeypatch.setenv(name, value)
        drawer = Tokens(hsm, library, pairs(profile))
    made = Place(tmp_path, drawer, pairs(profile), signer_kind(kind).can_be_lost)
    made.secret_is(PIN)
    yield made
    for signer in made.opened:
        signer.close()


# The signature and its certificate


@pytest.mark.parametrize("data", [DATA, b"", b"x" * 1_000_000], ids=["a text", "nothing", "a megabyte"])
def test_it_signs_as_its_profile_says_and_other_programs_agree(place: Place, data: bytes) -> None:
    signer = place.signer()
    assert signer.profile.name == place.pairs.profile
    place.check(signer.sign(data), data)
    signer.profile.verify(signer.certificate().x509, signer.sign(data), data)


def test_a_message_that_it_signed_holds_by_its_certificate_and_authority(place: Place) -> None:
    found = verify_bytes(sign_document(MESSAGE, place.signer()), place.pairs.trusted)
    assert (found.certificate.number, found.trusted) == ("a1", True)


def test_the_certificate_is_that_of_its_key_and_stays_the_same(place: Place) -> None:
    signer = place.signer()
    before = signer.certificate()
    place.check(signer.sign(DATA))
    assert before.x509 == place.pairs.of[GOOD][1] == signer.certificate().x509 == place.signer().certificate().x509
    assert signer.profile == before.profile


def test_a_certificate_of_another_key_signs_nothing(place: Place) -> None:
    assert "d4" in str(place.refuses(NOT_ITS_OWN))


def test_an_expired_certificate_is_told_by_its_number_before_anything_is_signed_by_it(place: Place) -> None:
    with pytest.raises(CertificateNotValid) as caught:
        require_valid(place.signer(EXPIRED).certificate(), datetime.now(UTC))
    problem = caught.value.said()
    assert problem.id == "CEBD-1503"
    assert "The certificate c3 expired on" in problem.en


def test_each_is_signed_by_its_own_whatever_else_is_open(place: Place) -> None:
    good, other = place.signer(GOOD), place.signer(OTHER)
    for _ in range(2):
        place.check(good.sign(DATA), name=GOOD)
        place.check(other.sign(DATA), name=OTHER)


# Threads


def test_two_threads_sign_at_the_same_time(place: Place) -> None:
    signer, together = place.signer(), threading.Barrier(2)
    texts = [[b"%d %d" % (thread, number) for number in range(10)] for thread in range(2)]

    def work(own: Sequence[bytes]) -> list[bytes]:
        together.wait(30)
        return [signer.sign(text) for text in own]

    with ThreadPoolExecutor(2) as pool:
        for own, values in zip(texts, pool.map(work, texts), strict=True):
            for text, value in zip(own, values, strict=True):
                place.check(value, text)


def test_what_one_thread_opened_another_uses_and_a_third_closes(place: Place) -> None:
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second, ThreadPoolExecutor(1) as third:
        signer = first.submit(place.signer).result(30)
        place.check(second.submit(signer.sign, DATA).result(30))
        third.submit(signer.close).result(30)


def test_closing_one_leaves_another_of_the_same_open_and_closing_twice_does_nothing(place: Place) -> None:
    first, second = place.signer(), place.signer()
    place.check(first.sign(DATA))
    place.check(second.sign(DATA))
    first.close()
    first.close()
    place.check(second.sign(DATA))
    place.check(place.signs())


# Away, and back


def said_to_people(error: TokenError) -> str:
    """All that a person or a log gets to see; it has both languages, and names whose matter it is."""
    told = error.said("DXPENT0001-1")
    shown: BaseException | None = error
    while shown is not None:
        assert type(shown).__module__.startswith("cebd."), f"an exception of a library is shown: {shown!r}"
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    assert error.problem in catalogue()
    assert Party(error.party)
    assert told.zh
    assert told.en
    return "\n".join([str(error), repr(error), str(told.as_json()), *traceback.format_exception(error)])


def test_what_is_not_there_is_told_as_a_state_and_signs_once_it_is(place: Place) -> None:
    place.drawer.take_out(GOOD)
    said_to_people(place.refuses())
    place.drawer.put_back(GOOD)
    place.check(place.signs())


def test_what_goes_away_in_the_middle_of_work_is_told_as_a_state_and_the_same_signer_goes_on(place: Place) -> None:
    signer = place.signer()
    place.check(signer.sign(DATA))
    place.drawer.take_out(GOOD)
    if not place.can_be_lost:
        place.check(signer.sign(DATA))
        return
    for _ in range(2):
        with pytest.raises(TokenError) as caught:
            signer.sign(DATA)
        said_to_people(caught.value)
    with pytest.raises(TokenError):
        signer.certificate()
    place.drawer.put_back(GOOD)
    place.check(signer.sign(DATA))
    assert signer.certificate().number == "a1"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_with_the_library_costs_a_try_and_the_same_signer_goes_on_once_it_is_over(
    place: Place, trouble: str
) -> None:
    """Whatever happens in its library, the process that signs with it lives."""
    place.patience = Patience(open=2.0, sign=2.0)
    signer = place.signer()
    place.check(signer.sign(DATA))
    if not place.drawer.fail(**TROUBLES[trouble]):
        place.check(signer.sign(DATA))
        return
    if "looked for" in trouble or "alone" in trouble:
        signer = place.signer()
    for _ in range(2):
        with pytest.raises(TokenError) as caught:
            signer.sign(DATA)
        said_to_people(caught.value)
    place.drawer.fail()
    place.check(signer.sign(DATA))


def test_a_slow_one_is_waited_for(place: Place) -> None:
    """A customs' card signs some four times a second."""
    signer = place.signer()
    place.drawer.fail(hang=238)
    place.check(signer.sign(DATA))


def test_another_card_in_its_place_signs_nothing(place: Place, store: Store) -> None:
    def gate() -> Gate:
        return KnownToken(store, SystemClock(), "eport")

    place.check(place.signs(gate=gate()))
    place.drawer.exchange(GOOD, OTHER)
    for _ in range(2):
        with pytest.raises(AnotherToken) as caught:
            place.signs(gate=gate())
        assert "enterprise b2" in said_to_people(caught.value)


# Secrets


def test_a_wrong_secret_is_told_and_quoted_nowhere_and_a_corrected_one_is_used(place: Place) -> None:
    place.secret_is(WRONG)
    error = place.refuses()
    assert WRONG not in said_to_people(error)
    place.secret_is(PIN)
    place.check(place.signs())


def test_a_secret_that_is_not_where_the_settings_say_is_named_by_its_place(place: Place) -> None:
    (place.folder / "secret").unlink()
    assert str(place.folder / "secret") in said_to_people(place.refuses())
    place.secret_is(PIN)
    place.check(place.signs())


def test_nothing_that_can_be_printed_shows_the_secret(place: Place) -> None:
    signer = place.signer()
    place.check(signer.sign(DATA))
    shown = [repr(signer), str(signer), repr(signer.certificate()), repr(place.drawer.settings(GOOD))]
    assert PIN not in "\n".join(shown)
    assert PIN not in "".join(path.read_text() for path in place.folder.glob("machine/pins/*"))


# The gate


class Watching:
    """A gate that lets nothing through once it is shut."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self.used: list[str] = []

    def before_login(self, token: str, model: str, certificates: Callable[[], Sequence[Certificate]]) -> None:
        return

    def before_use(self, token: str, model: str, certificate: Certificate) -> None:
        self.used.append(certificate.number)
        if not self.is_open:
            raise TokenError("the gate is shut")


def test_before_its_certificate_signs_the_gate_is_asked(place: Place) -> None:
    gate = Watching(is_open=True)
    place.check(place.signs(gate=gate))
    assert gate.used == ["a1"]


def test_behind_a_gate_that_is_shut_nothing_is_signed(place: Place) -> None:
    gate = Watching(is_open=False)
    assert "the gate is shut" in said_to_people(place.refuses(gate=gate))
    assert gate.used == ["a1"]


# What is listed for a person


def test_it_is_listed_with_its_certificate_beside_the_others_that_are_there_without_its_secret(place: Place) -> None:
    (place.folder / "secret").unlink()
    context = SignerContext(place.folder, None, place.folder / "machine", place.patience, Logins.NOBODY)
    settings = place.drawer.settings(GOOD)
    if settings.type in ("software", "remote"):
        return
    signer = open_signer(settings, context)
    place.opened.append(signer)
    assert isinstance(signer, TokenSigner)
    slots = signer.slots()
    [meant] = [slot for slot in slots if slot.is_meant]
    assert meant.is_ready
    assert meant.device is not None
    assert [certificate.number for certificate in meant.certificates] == ["a1"]
    others = {one.number for slot in slots if not slot.is_meant for one in slot.certificates}
    assert others == (set() if settings.type in ("sdf", "control") else {"b2", "c3", "d4"})
    place.secret_is(PIN)
    place.check(place.signs())


# What `config check` asks


def test_where_all_is_there_the_machine_lacks_nothing(place: Place) -> None:
    settings = place.drawer.settings(GOOD)
    assert not list(signer_kind(settings.type).presence(settings, place.folder, True))


def test_a_kind_is_listed_under_the_type_that_its_settings_have(place: Place) -> None:
    settings = place.drawer.settings(GOOD)
    kind = signer_kind(settings.type)
    assert isinstance(settings, kind.settings)
    assert [other.type for other in SIGNERS].count(kind.type) == 1
