"""SM2 on a PKCS#11 token: by numbers of its maker's own, from the settings. The token is SoftHSM2 with a library before it that has SM2."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography import x509

from builders.certificates import DAY, Authority, Sm2Authority, rsa_key, sm2_key, usage
from builders.customs_messages import a_message, an_order, needs_openssl
from builders.libraries import needs_compiler
from builders.settings_files import GOOD
from builders.sm2 import openssl_accepts_sm2
from builders.softhsm import MODULE, PIN, SM2, SM2_TEXT, FaultyLibrary, SoftHsm, needs_softhsm
from cebd.settings import SettingsError, load_settings
from cebd.signing.profile import SM2_SM3, sm2_sm3
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, CertificateNotValid, Signer, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.signers.pkcs11_settings import Pkcs11Settings
from cebd.signing.signers.sm2_numbers import Sm2Numbers, makers
from cebd.signing.tokens.pkcs11.keys import vendor_mechanism
from cebd.signing.verification import Readers, readers, verify_bytes

pytestmark = [needs_softhsm, needs_compiler, needs_openssl]

AUTHORITY = Sm2Authority()
TRUSTED = Certificate(AUTHORITY.certificate)
RSA_AUTHORITY = Authority()
MESSAGE = a_message(an_order("N1"))


class Desk:
    """A token EPORT in a library that has SM2; signers made here are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hsm = SoftHsm(folder / "hsm")
        self.library = FaultyLibrary(folder / "library")
        self.hsm.make_token("EPORT")
        (folder / "pin").write_text(PIN)
        self.opened: list[Signer] = []

    def signer(self, **settings: object) -> Signer:
        given = {"module": str(self.library.module), "token": "EPORT", "pin": {"file": "pin"}, "sm2": SM2, **settings}
        wanted = Pkcs11Settings.model_validate({"type": "pkcs11", **given})
        self.opened.append(open_signer(wanted, SignerContext(self.folder, memory=self.folder / "machine")))
        return self.opened[-1]

    def put(
        self, key: str, serial: int, label: str = "sign", identity: str = "01", **validity: object
    ) -> x509.Certificate:
        """An SM2 key and its certificate."""
        certificate = AUTHORITY.issue(sm2_key(key), serial, **validity)  # type: ignore[arg-type]
        self.hsm.import_sm2_pair("EPORT", sm2_key(key), certificate, label, identity)
        return certificate

    def refuses(self, **settings: object) -> str:
        with pytest.raises(TokenError) as refused:
            self.signer(**settings).certificate()
        return str(refused.value)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path)
    for name, value in {**made.hsm.environment, **made.library.environment}.items():
        monkeypatch.setenv(name, value)
    yield made
    for signer in made.opened:
        signer.close()


def signs_as(signer: Signer, number: str) -> None:
    """It signs a message in the SM2 profile, which holds by that certificate and the authority."""
    found = verify_bytes(sign_document(MESSAGE, signer), TRUSTED, Readers((SM2_SM3,)))
    assert (found.certificate.number, found.trusted) == (number, True)


@pytest.mark.parametrize("numbers", [SM2, SM2_TEXT], ids=["the digest", "the text"])
@pytest.mark.parametrize("fault", [{}, {"in_der": 1}], ids=["64 bytes", "DER"])
def test_it_signs_whether_the_token_is_given_the_digest_or_the_text_and_answers_raw_or_in_der(
    desk: Desk, numbers: dict[str, object], fault: dict[str, int]
) -> None:
    certificate = desk.put("a", 0xA1)
    desk.library.fail(**fault)
    signer = desk.signer(sm2=numbers)
    signs_as(signer, "a1")
    value = signer.sign(b"text")
    assert len(value) == 64
    assert openssl_accepts_sm2(certificate, value, b"text")


def test_another_user_id_is_signed_with_where_the_token_is_given_the_digest(desk: Desk) -> None:
    certificate = desk.put("a", 0xA1)
    signer = desk.signer(sm2_id="a region")
    assert signer.profile == sm2_sm3("a region")
    assert openssl_accepts_sm2(certificate, signer.sign(b"text"), b"text", "a region")
    assert verify_bytes(sign_document(MESSAGE, signer), TRUSTED, readers(["a region"])).trusted


def test_where_the_token_digests_with_the_usual_id_another_one_signs_nothing(desk: Desk) -> None:
    desk.put("a", 0xA1)
    assert "no private key on the token belongs to: a1" in desk.refuses(sm2=SM2_TEXT, sm2_id="a region")


@pytest.mark.parametrize(
    "wrong",
    [{"mechanism": 0x80000999}, {"key_type": 0x80000999}, {"mechanism": SM2_TEXT["mechanism"]}],
    ids=["mechanism", "key type", "what it signs"],
)
def test_wrong_numbers_sign_nothing_and_name_the_certificate(desk: Desk, wrong: dict[str, int]) -> None:
    desk.put("a", 0xA1)
    assert "no private key on the token belongs to: a1" in desk.refuses(sm2={**SM2, **wrong})
    assert desk.library.calls("login") == 1


def test_without_the_numbers_an_sm2_token_says_what_is_missing(desk: Desk) -> None:
    desk.put("a", 0xA1)
    assert "do not say what this token calls SM2" in desk.refuses(sm2=None)


def test_a_token_that_signs_something_else_has_no_key_for_the_certificate(desk: Desk) -> None:
    desk.put("a", 0xA1)
    desk.library.fail(wrong=1)
    assert "no private key on the token belongs to: a1" in desk.refuses()


def test_a_token_that_begins_to_sign_something_else_is_noticed_at_once(desk: Desk) -> None:
    desk.put("a", 0xA1)
    signer = desk.signer()
    signs_as(signer, "a1")
    desk.library.fail(wrong=1)
    with pytest.raises(TokenError, match="does not hold"):
        sign_document(MESSAGE, signer)


def test_where_sm2_cannot_be_verified_nothing_is_signed_and_the_reason_says_what_to_install(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a", 0xA1)
    absent = desk.folder / "absent" / "gmssl_pyx.py"
    absent.parent.mkdir()
    absent.write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(absent.parent))
    assert "pip install gmssl-pyx" in desk.refuses()


# Which pair


def test_the_pair_for_encryption_that_every_card_holds_too_is_not_signed_with(desk: Desk) -> None:
    desk.put("a", 0xA1, usage=usage(signature=True))
    desk.put("b", 0xB2, usage=usage(signature=False))
    signs_as(desk.signer(), "a1")


def test_after_a_renewal_the_pair_that_is_valid_signs(desk: Desk) -> None:
    desk.put("old", 0x01, begins=-9 * DAY, ends=-DAY)
    desk.put("new", 0x02)
    signs_as(desk.signer(), "02")


def test_only_an_expired_pair_signs_nothing(desk: Desk) -> None:
    desk.put("old", 0x01, begins=-9 * DAY, ends=-DAY)
    with pytest.raises(CertificateNotValid, match="EPORT: 01 "):
        desk.signer().certificate()


def test_of_two_valid_pairs_the_settings_choose_by_label_by_id_or_by_certificate(desk: Desk) -> None:
    desk.put("a", 0xA1, "第一", "01")
    desk.put("b", 0xB2, "第二", "02")
    assert "2 certificates could sign: a1" in desk.refuses()
    for chosen in ({"key_label": "第二"}, {"key_id": "02"}, {"cert_label": "第二"}, {"cert_serial": "b2"}):
        signs_as(desk.signer(**chosen), "b2")
    assert "no private key is labelled 第三; there are: 第一, 第二" in desk.refuses(key_label="第三")
    assert "no private key on the token belongs to" in desk.refuses(key_id="03")


def test_a_token_with_an_rsa_and_an_sm2_pair_signs_with_the_one_that_is_chosen(desk: Desk) -> None:
    desk.put("a", 0xA1)
    desk.hsm.import_pair("EPORT", rsa_key("r"), RSA_AUTHORITY.issue(rsa_key("r").public_key(), 0xCC), identity="02")
    assert desk.signer(sm2=None).profile.name == "RSA"
    assert "2 certificates could sign" in desk.refuses()
    signs_as(desk.signer(cert_serial="a1"), "a1")
    assert desk.signer(cert_serial="cc").profile.name == "RSA"


def test_of_two_tokens_with_one_label_the_serial_number_chooses(desk: Desk) -> None:
    desk.put("a", 0xA1)
    first = _serials()
    desk.hsm.make_token("EPORT")
    [second] = _serials() - first
    said = desk.refuses()
    assert "2 tokens are named EPORT; name one by its serial number: " in said
    assert second in said
    signs_as(desk.signer(token=first.pop()), "a1")
    assert "no certificate on the token" in desk.refuses(token=second)


def _serials() -> set[str]:
    """As softhsm2-util shows them."""
    shown = subprocess.run(["softhsm2-util", "--show-slots"], capture_output=True, text=True, check=True).stdout
    return {line.split(":")[1].strip() for line in shown.splitlines() if "Serial number" in line} - {""}


# The numbers


def test_python_pkcs11_still_takes_no_mechanism_but_its_own() -> None:
    """When this fails, `vendor_mechanism` can be done without."""
    with pytest.raises(ValueError, match="is not a valid Mechanism"):
        pkcs11.Mechanism(SM2["mechanism"])
    assert isinstance(vendor_mechanism(SM2["mechanism"]), pkcs11.Mechanism)
    assert int(vendor_mechanism(SM2["mechanism"])) == SM2["mechanism"]


def test_an_int_is_still_refused_as_a_mechanism(desk: Desk) -> None:
    desk.put("a", 0xA1)
    with pkcs11.lib(str(MODULE)).get_token(token_label="EPORT").open(user_pin=PIN) as session:
        [key] = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
        with pytest.raises(pkcs11.exceptions.ArgumentsBad):
            key.sign(b"0" * 32, mechanism=SM2["mechanism"])


def test_the_numbers_of_every_known_maker_are_whole_and_say_that_nobody_has_tried_them() -> None:
    import tomllib

    from cebd.signing.signers import sm2_numbers

    files = sorted(Path(sm2_numbers.__file__).with_name("sm2_tokens").glob("*.toml"))
    assert {path.stem for path in files} == set(makers())
    assert len(files) >= 3
    for path in files:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        numbers = Sm2Numbers(maker=path.stem).looked_up()
        assert (numbers.key_type, numbers.mechanism) == (told["key_type"], told["mechanism"])
        assert told["verified"] is False
        assert told["source"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{ maker = 'nobody' }", "the numbers of nobody are not known here; known are "),
        ("{ mechanism = 0x80000301 }", "name the maker, or both key_type and mechanism"),
        ("{ maker = 'sansec', mechanism = 1, key_type = 2 }", "write the maker or the numbers, not both"),
    ],
)
def test_a_mistake_in_the_numbers_is_named_with_what_to_write(tmp_path: Path, written: str, words: str) -> None:
    (tmp_path / "cebd.toml").write_text(
        GOOD
        + f'\n[signer.card]\ntype = "pkcs11"\nmodule = "m.so"\ntoken = "t"\npin = {{ env = "PIN" }}\nsm2 = {written}\n',
        encoding="utf-8",
    )
    try:
        faults = [str(fault) for fault in load_settings(tmp_path / "cebd.toml").faults]
    except SettingsError as error:
        faults = [str(error)]
    assert words in "\n".join(faults)
