"""The signing endpoint: what it signs and what not, for whom, how often, and what is noted of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from lxml import etree
from pydantic import ValidationError
from starlette.testclient import TestClient

from builders.certificates import Authority, Sm2Authority, a_signer, an_sm2_signer
from builders.customs_messages import a_message, an_order, needs_openssl
from builders.remote import StationPapers
from builders.sm2 import openssl_accepts_sm2
from cebd.clock import SystemClock
from cebd.listening.listener import Listener
from cebd.signing.endpoint.app import Given, SigningEndpoint
from cebd.signing.endpoint.rate import Rate
from cebd.signing.endpoint.settings import EndpointSettings
from cebd.signing.endpoint.texts import NotSigned, signable
from cebd.signing.profile import RSA_SHA1, SM2_SM3
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer, TokenAway
from cebd.signing.xmldsig import canonical

SIGNER = an_sm2_signer(Sm2Authority())
# As the published message of 2023-07-12 has it, with the data of nobody.
TEXT_179 = (
    '"sessionID":"fe2374-8fnejf97-55616242"||"payExchangeInfoHead":"{"guid":"9D55BA71-22DE-41F4-8B50-C36C83B3B530",'
    '"initalRequest":"原始请求","initalResponse":"ok","ebpCode":"4404840022","payCode":"312226T001",'
    '"payTransactionId":"2018121222001354081010726129","totalAmount":100,"currency":"142","verDept":"3","payType":"1",'
    '"tradingTime":"20181212041803","note":"批量订单"}"||"payExchangeInfoLists":"[{"orderNo":"SO1710301150602574003",'
    '"goodsInfo":[{"gname":"lhy-gnsku3","itemLink":"http://m.example.com/p"}],"recpAccount":"OSA571908863132601",'
    '"recpCode":"","recpName":"示例"}]"||"serviceTime":"1544519952469"'
)


def signed_info_of(signer: Signer) -> str:
    """The canonical SignedInfo of a message that this signer has signed."""
    root = etree.fromstring(sign_document(a_message(an_order("N1")), signer))
    found = root.find(".//{http://www.w3.org/2000/09/xmldsig#}SignedInfo")
    return canonical(found).decode()


SIGNED_INFO = signed_info_of(SIGNER)


class Desk:
    """An endpoint with one signer, asked without a network."""

    def __init__(self, opened: Callable[[], Signer] = lambda: SIGNER, per_minute: int = 6000) -> None:
        self.journal: list[Given] = []
        endpoint = SigningEndpoint({"eport": opened}, self.journal.append, Rate(per_minute, lambda: 0.0), SystemClock())
        self.client = TestClient(endpoint.app, base_url="http://127.0.0.1:8443")

    def ask(self, text: str = SIGNED_INFO, signer: str = "eport", **headers: str) -> httpx2.Response:
        return self.client.post("/sign", json={"signer": signer, "text": text}, headers=headers)


def refused(answer: httpx2.Response) -> tuple[int, str]:
    told = answer.json()
    assert told["zh"]
    assert told["en"]
    return answer.status_code, told["problem"]


# What it signs


@needs_openssl
@pytest.mark.parametrize("text", [SIGNED_INFO, TEXT_179], ids=["SignedInfo", "179"])
def test_a_signature_is_given_with_its_certificate_and_noted(text: str) -> None:
    desk = Desk()
    told = desk.ask(text).json()
    assert told["certificate_number"] == "0a1b2c"
    assert base64.b64decode(told["certificate"]) == base64.b64decode(SIGNER.certificate().base64)
    assert openssl_accepts_sm2(SIGNER.certificate().x509, base64.b64decode(told["signature"]), text.encode())
    (given,) = desk.journal
    assert (given.signer, given.text) == ("eport", text.encode())


def test_what_is_noted_names_the_message_by_its_digest_and_the_payment_by_its_session() -> None:
    desk = Desk()
    desk.ask(SIGNED_INFO)
    desk.ask(TEXT_179)
    digest = etree.fromstring(SIGNED_INFO).findtext(".//{http://www.w3.org/2000/09/xmldsig#}DigestValue")
    assert [(one.what.kind, one.what.names) for one in desk.journal] == [
        ("SignedInfo", digest),
        ("179", "fe2374-8fnejf97-55616242"),
    ]


def test_a_signed_info_of_a_real_card_s_message_would_be_signed() -> None:
    case = json.loads((Path(__file__).parents[2] / "cases" / "sm2-real-token.json").read_text())
    text = case["message"]
    if "2022/04/xmldsig#sm2-sm3" not in text:  # that message has methods of before, which are never written
        with pytest.raises(NotSigned):
            signable(text.encode(), SM2_SM3)
        text = text.replace("http://www.w3.org/2000/09/xmldsig#sm2-sm3", SM2_SM3.signature_uri)
        text = text.replace("http://www.w3.org/2000/09/xmldsig#sha1", SM2_SM3.digest_uri)
        digest = etree.fromstring(text).findtext(".//{http://www.w3.org/2000/09/xmldsig#}DigestValue")
        text = text.replace(str(digest), base64.b64encode(bytes(32)).decode())
    assert signable(text.encode(), SM2_SM3).kind == "SignedInfo"


def test_an_older_card_signs_the_methods_of_its_own() -> None:
    signer = a_signer(Authority())
    text = signed_info_of(signer)
    assert signable(text.encode(), RSA_SHA1).kind == "SignedInfo"
    with pytest.raises(NotSigned):
        signable(text.encode(), SM2_SM3)


# What it does not sign

DIGEST = "<ds:DigestValue>"
OTHERS = {
    "nothing": "",
    "any text": "please sign",
    "a whole message": a_message(an_order("N1")).decode(),
    "one with a line break before it": "\n" + SIGNED_INFO,
    "one with a comment": SIGNED_INFO.replace(DIGEST, f"<!-- x -->{DIGEST}"),
    "one with an instruction": SIGNED_INFO.replace(DIGEST, f"<?x y?>{DIGEST}"),
    "one with an empty tag": SIGNED_INFO.replace("></ds:DigestMethod>", "/>"),
    "one with a text more": SIGNED_INFO.replace(DIGEST, f"text{DIGEST}"),
    "one with an attribute more": SIGNED_INFO.replace("<ds:Transforms>", '<ds:Transforms Id="a">'),
    "one with another reference": SIGNED_INFO.replace('URI=""', 'URI="#a"'),
    "one with another digest method": SIGNED_INFO.replace(SM2_SM3.digest_uri, RSA_SHA1.digest_uri),
    "one with another canonical form": SIGNED_INFO.replace("20010315", "20010315#WithComments"),
    "one with two references": SIGNED_INFO.replace("</ds:Reference>", "</ds:Reference><ds:Reference></ds:Reference>"),
    "one with a digest too short": SIGNED_INFO.replace(DIGEST, DIGEST + "AAAA"),
    "one with no digest": SIGNED_INFO.replace(DIGEST, DIGEST + "="),
    "a document type": "<!DOCTYPE a>" + SIGNED_INFO,
    "179 with a line break": TEXT_179.replace("||", "||\n", 1),
    "179 with something behind": TEXT_179 + "x",
    "179 without lists": TEXT_179.replace('[{"orderNo"', '[{"order"'),
    "179 without an amount": TEXT_179.replace('"totalAmount":100,', ""),
    "179 whose head is no JSON": TEXT_179.replace('"totalAmount":100', '"totalAmount":'),
    "179 of brackets without end": TEXT_179.replace('"payType":"1"', '"payType":' + "[" * 100_000),
    "179 in another order": '"serviceTime":"1"||' + TEXT_179,
    "two of 179": f"{TEXT_179}||{TEXT_179}",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_anything_else_is_not_signed(text: str) -> None:
    desk = Desk()
    assert refused(desk.ask(text)) == (422, "CEBD-1530")
    assert not desk.journal


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<a/>", "application/json"),
        (b'{"signer": "eport"}', "application/json"),
        (b'{"signer": "eport", "text": 1}', "application/json"),
        (b'{"signer": "eport", "text": "\\ud800"}', "application/json"),
        (json.dumps({"signer": "eport", "text": SIGNED_INFO}).encode(), "text/plain"),  # what a page may send unasked
    ],
)
def test_a_request_that_is_none_is_refused(body: bytes, kind: str) -> None:
    answer = Desk().client.post("/sign", content=body, headers={"Content-Type": kind})
    assert refused(answer) == (400, "CEBD-1534")


def test_no_page_in_a_browser_has_anything_signed() -> None:
    desk = Desk()
    assert refused(desk.ask(Origin="http://127.0.0.1:8443")) == (403, "CEBD-1533")
    assert refused(desk.ask(Host="pages.example.org:8443")) == (403, "CEBD-1533")
    assert not desk.journal


def test_a_signer_that_is_not_offered_is_not_there() -> None:
    assert refused(Desk().ask(signer="other")) == (404, "CEBD-1531")


# When it does not


def test_a_token_that_is_away_is_told_in_its_own_words() -> None:
    def away() -> Signer:
        raise TokenAway("no token EPORT", "没有 EPORT")

    answer = Desk(away).ask()
    assert refused(answer) == (503, "CEBD-1501")
    assert "没有 EPORT" in answer.json()["zh"]


def test_a_signature_that_cannot_be_noted_is_not_given() -> None:
    def full(_given: Given) -> None:
        raise OSError("the disk is full")

    endpoint = SigningEndpoint({"eport": lambda: SIGNER}, full, Rate(100), SystemClock())
    client = TestClient(endpoint.app, base_url="http://127.0.0.1")
    answer = client.post("/sign", json={"signer": "eport", "text": SIGNED_INFO})
    assert answer.status_code == 500
    assert "signature" not in answer.json()


def test_an_expired_certificate_signs_nothing() -> None:
    class Later(SystemClock):
        def now(self) -> datetime:
            return datetime(2099, 1, 1, tzinfo=UTC)

    journal: list[Given] = []
    endpoint = SigningEndpoint({"eport": lambda: SIGNER}, journal.append, Rate(100), Later())
    client = TestClient(endpoint.app, base_url="http://127.0.0.1")
    answer = client.post("/sign", json={"signer": "eport", "text": SIGNED_INFO})
    assert refused(answer) == (503, "CEBD-1503")
    assert not journal


def test_whoever_asks_too_often_is_told_when_to_ask_again() -> None:
    desk = Desk(per_minute=20)
    assert [desk.ask().status_code for _ in range(2)] == [200, 200]
    answer = desk.ask()
    assert refused(answer) == (429, "CEBD-1532")
    assert answer.headers["Retry-After"] == "3"


def test_a_rate_is_as_many_a_minute_and_a_tenth_of_them_at_once() -> None:
    moment = 0.0
    rate = Rate(60, lambda: moment)
    assert [rate.wait() for _ in range(7)] == [0, 0, 0, 0, 0, 0, 1.0]
    moment = 2.0
    assert [rate.wait() for _ in range(3)] == [0, 0, 1.0]


# Who asks


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[Listener, Desk, StationPapers]]:
    desk, papers = Desk(), StationPapers(tmp_path, "secret")
    endpoint = SigningEndpoint({"eport": lambda: SIGNER}, desk.journal.append, Rate(6000), SystemClock())
    with Listener(endpoint.app, papers.door()) as listener:
        yield listener, desk, papers


def test_the_caller_is_noted_by_the_certificate_that_it_showed(
    listener: tuple[Listener, Desk, StationPapers], tmp_path: Path
) -> None:
    listening, desk, papers = listener
    answer = httpx2.post(
        f"https://127.0.0.1:{listening.port}/sign",
        json={"signer": "eport", "text": SIGNED_INFO},
        verify=papers.tls("secret"),
        trust_env=False,
    )
    assert answer.status_code == 200
    (given,) = desk.journal
    fingerprint = sha256(papers.client_certificate()).hexdigest()[:16]
    assert "CN=station-2" in given.caller
    assert given.caller.endswith(f"(sha256 {fingerprint})")


# Its settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"listen": "0.0.0.0:8443", "signers": ["a"]},
        {"listen": "192.0.2.7:8443", "signers": ["a"], "listen_cert": "c.pem", "listen_key": "k.pem"},
        {"listen": "127.0.0.1:8443"},
    ],
    ids=["everybody", "without the authority of its callers", "for no signer"],
)
def test_settings_by_which_anybody_could_have_anything_signed_are_a_mistake(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EndpointSettings.model_validate(wrong)


def test_it_is_off_unless_it_is_asked_for() -> None:
    assert EndpointSettings().door(Path()) is None
    assert EndpointSettings.model_validate({"listen": "127.0.0.1:8443", "signers": ["a"]}).door(Path()) is not None
