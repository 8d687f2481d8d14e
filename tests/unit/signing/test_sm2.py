"""SM2 values: 64 bytes whatever r and s are, over the digest that other programs make, whoever made them."""

from __future__ import annotations

import base64
import csv
import json
import sys

import gmalg
import gmssl_pyx
import pytest

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key
from builders.customs_messages import needs_openssl
from builders.papers import CASES
from builders.sm2 import openssl_accepts_sm2
from cebd.signing.sm2 import DEFAULT_ID, der_of, holds, point_of, raw_of

KEY = sm2_key("the enterprise's")
CERTIFICATE = Sm2Authority().issue(KEY)


SHORT_INTEGERS = list(csv.DictReader((CASES / "C05-sm2-short-integers.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("case", SHORT_INTEGERS, ids=lambda case: case["case"])
def test_a_short_r_or_s_is_filled_up_on_the_left_and_comes_back_as_the_shortest_der(case: dict[str, str]) -> None:
    der, raw = bytes.fromhex(case["der_hex"]), bytes.fromhex(case["raw_hex_must_be"])
    assert raw_of(der) == raw
    assert der_of(raw) == der


@pytest.mark.parametrize("case", SHORT_INTEGERS, ids=lambda case: case["case"])
def test_a_value_that_was_not_filled_up_is_refused_and_never_cut_at_32(case: dict[str, str]) -> None:
    wrong = bytes.fromhex(case["wrong_raw_left_unpadded"])
    if len(wrong) == 64:
        assert der_of(wrong).hex() == case["der_hex"]
        return
    for read in (der_of, raw_of, lambda value: holds(KEY.point, b"text", value, DEFAULT_ID)):
        with pytest.raises(ValueError):
            read(wrong)


@pytest.mark.parametrize("number", [0, -1, 1 << 256], ids=["nothing", "below nothing", "33 bytes"])
def test_numbers_that_no_signature_has_are_refused(number: int) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    try:
        raw = raw_of(encode_dss_signature(5, number))
    except ValueError:
        return
    assert not holds(KEY.point, b"text", raw, DEFAULT_ID)


def test_the_signature_of_a_real_card_holds_and_no_other_text_id_or_key_does() -> None:
    real = json.loads((CASES / "sm2-real-token.json").read_text(encoding="utf-8"))
    point, text = bytes.fromhex(real["public_point"])[1:], real["message"].encode()
    value = base64.b64decode(real["signature_value"])
    assert holds(point, text, value, DEFAULT_ID)
    assert not holds(point, text + b" ", value, DEFAULT_ID)
    assert not holds(point, text, value, "1234567812345679")
    assert not holds(KEY.point, text, value, DEFAULT_ID)


@needs_openssl
@pytest.mark.parametrize("user_id", [DEFAULT_ID, "ALICE123@YAHOO.COM", "企业"])
def test_openssl_and_gmalg_say_that_a_signature_holds_by_its_user_id_and_by_no_other(user_id: str) -> None:
    text = f"signed for {user_id}".encode()
    value = KEY.sign(text, user_id)
    assert openssl_accepts_sm2(CERTIFICATE, value, text, user_id)
    assert not openssl_accepts_sm2(CERTIFICATE, value, text, "another")
    assert not openssl_accepts_sm2(CERTIFICATE, value, text + b" ", user_id)
    assert gmalg.SM2(pk=b"\4" + KEY.point, uid=user_id.encode()).verify(text, value[:32], value[32:])


@needs_openssl
def test_signatures_with_a_short_r_or_s_hold_as_all_others_do() -> None:
    """About one in 256 has a short r, as many a short s: signed until there were both."""
    wanted = {"short r": lambda value: value[0] == 0, "short s": lambda value: value[32] == 0}
    found = {}
    for number in range(20_000):
        text = b"message %d" % number
        value = KEY.sign(text, DEFAULT_ID)
        assert len(value) == 64
        for name in [name for name, is_so in wanted.items() if is_so(value)]:
            found[name] = (text, value)
            del wanted[name]
        if number < 10:
            found[f"number {number}"] = (text, value)
        if not wanted:
            break
    assert not wanted
    for text, value in found.values():
        assert openssl_accepts_sm2(CERTIFICATE, value, text)
        assert holds(KEY.point, text, value, DEFAULT_ID)


def test_what_gmssl_prints_of_a_signature_that_does_not_hold_is_kept_from_people(
    capfd: pytest.CaptureFixture[str],
) -> None:
    key = sm2_key("any")
    value = key.sign(b"declared", DEFAULT_ID)
    assert not holds(key.point, b"another", value, DEFAULT_ID)
    assert not holds(key.point, b"declared", bytes(64), DEFAULT_ID)
    assert not holds(bytes(64), b"declared", value, DEFAULT_ID)
    gmssl_pyx.sm2_verify_sm3_digest(key.point, bytes(32), der_of(value))
    print("a line of the log", file=sys.stderr)
    heard = capfd.readouterr().err.splitlines()
    assert heard[-1] == "a line of the log"
    assert len(heard) == 1 + len([line for line in heard if "GmSSL" in line])
    assert sum("sm2_verify()" in line for line in heard) == 1  # the call past `holds`: what is kept away would be heard


def test_the_key_of_a_certificate_is_sm2_by_its_curve_alone() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    assert point_of(CERTIFICATE) == KEY.point
    assert point_of(Authority().issue(rsa_key("any").public_key())) is None
    assert point_of(Authority().issue(ec.generate_private_key(ec.SECP256R1()).public_key())) is None


def test_a_certificate_of_another_kind_is_told_without_the_library_that_takes_apart_those_of_sm2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asn1crypto", None)
    assert point_of(Authority().issue(rsa_key("any").public_key())) is None


def test_the_secret_is_not_shown() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
