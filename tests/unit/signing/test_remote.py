"""The token of another station: each trouble on the way has a sentence of its own, and work goes on when it is over."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from builders.certificates import Sm2Authority, an_sm2_signer
from builders.customs_messages import a_message, an_order
from builders.remote import StationPapers
from builders.waiting import until
from cebd.clock import SystemClock
from cebd.listening.door import Certificate as DoorCertificate
from cebd.listening.door import Door
from cebd.listening.listener import Listener
from cebd.signing.endpoint.app import Given, SigningEndpoint
from cebd.signing.endpoint.rate import Rate
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer, TokenAway, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer, signer_kind
from cebd.signing.signers.remote.line import AskedTooOften
from cebd.signing.signers.remote.settings import RemoteSettings
from cebd.signing.tokens.usage import PATIENCE, Patience
from cebd.signing.verification import verify_bytes

SIGNER = an_sm2_signer(Sm2Authority())
MESSAGE = a_message(an_order("N1"))
QUICK = Patience(open=0.6, sign=0.6, quick=0.6)
PASSWORD = "of the key"


@pytest.fixture
def papers(tmp_path: Path) -> StationPapers:
    (tmp_path / "secret").write_text(PASSWORD)
    return StationPapers(tmp_path, PASSWORD)


def endpoint(opened: Callable[[], Signer] = lambda: SIGNER, per_minute: int = 6000) -> Starlette:
    journal: list[Given] = []
    return SigningEndpoint({"eport": opened}, journal.append, Rate(per_minute), SystemClock()).app


@contextmanager
def asking(papers: StationPapers, port: int, patience: Patience = PATIENCE, **settings: object) -> Iterator[Signer]:
    """A signer of the station that asks."""
    given = {"type": "remote", "url": f"https://127.0.0.1:{port}", "signer": "eport", **papers.settings(), **settings}
    wanted = RemoteSettings.model_validate({key: value for key, value in given.items() if value is not None})
    with closing(open_signer(wanted, SignerContext(papers.folder, patience=patience))) as signer:
        yield signer


def said(signer: Signer, kind: type[TokenError] = TokenError) -> tuple[str, str]:
    """What is said when it is to sign, in both languages, without the address."""
    with pytest.raises(TokenError) as caught:
        sign_document(MESSAGE, signer)
    assert type(caught.value) is kind
    return str(caught.value).split(": ", 1)[1], caught.value.zh.split("：", 1)[1]


def asking_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("remote signer")]


def test_a_message_is_signed_by_the_other_station_s_token_over_one_connection(papers: StationPapers) -> None:
    with Listener(endpoint(), papers.door()) as listener, asking(papers, listener.port) as signer:
        for _ in range(3):
            assert verify_bytes(sign_document(MESSAGE, signer)).certificate.number == "0a1b2c"


def test_work_goes_on_once_the_other_station_is_back(papers: StationPapers) -> None:
    door = papers.door()
    with Listener(endpoint(), door) as listener:
        port = listener.port
        with asking(papers, port) as signer:
            sign_document(MESSAGE, signer)
            listener.stop()
            en, zh = said(signer, TokenAway)
            assert en.startswith("it cannot be reached (")
            assert zh.startswith("无法连接（")
            with Listener(endpoint(), Door(door.host, port, door.certificate)):
                sign_document(MESSAGE, signer)


def test_a_certificate_of_a_stranger_is_not_trusted(papers: StationPapers, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    stranger = StationPapers(tmp_path / "others", PASSWORD)
    with Listener(endpoint(), stranger.door()) as listener, asking(papers, listener.port) as signer:
        assert said(signer) == (
            "it shows another certificate than the settings trust",
            "它出示的证书不在设置所信任之列",
        )


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PASSWORD)
    papers = StationPapers(tmp_path, PASSWORD, "station-7.example.cn")
    with Listener(endpoint(), papers.door()) as listener, asking(papers, listener.port) as signer:
        assert "another certificate" in said(signer)[0]


@pytest.mark.parametrize("shown", ["none", "a stranger's"])
def test_a_station_that_is_not_let_in_is_told_so(papers: StationPapers, tmp_path: Path, shown: str) -> None:
    settings: dict[str, object] = {"cert": None, "key": None, "password": None}
    if shown == "a stranger's":
        certificate = trustme.CA().issue_cert(common_name="station-2")
        certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "stranger.pem")
        settings = {"cert": "stranger.pem", "key": None, "password": None}
    with Listener(endpoint(), papers.door()) as listener, asking(papers, listener.port, **settings) as signer:
        en, zh = said(signer)
    assert "accept this station's certificate" in en
    assert "不接受本站的证书" in zh


def test_a_station_from_another_network_is_told_so(papers: StationPapers) -> None:
    from ipaddress import ip_network

    closed = papers.door()
    door = Door(closed.host, 0, closed.certificate, (ip_network("192.0.2.0/24"),))
    with Listener(endpoint(), door) as listener, asking(papers, listener.port) as signer:
        assert said(signer) == ("it does not let this station in", "它不接受本站的访问")


def test_a_station_that_is_slow_is_not_waited_for_however_it_goes_about_it(papers: StationPapers) -> None:
    """It sends a byte now and then: each read is quick."""
    over = threading.Event()

    def trickle(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            with suppress(OSError):  # it hangs up
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600:
                    if over.wait(0.05):
                        return
                    connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = RemoteSettings(type="remote", url=url, signer="eport")
        with closing(open_signer(settings, SignerContext(papers.folder, patience=QUICK))) as signer:
            assert said(signer, TokenAway) == ("it has not answered within 1 s", "1 秒内没有回答")
            until(lambda: not asking_threads(), "the thread that asked to end: nothing more arrives")
        over.set()
        thread.join(10)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>"),
        (404, "Not Found"),
        (200, '{"certificate": "AAAA"}'),
        (200, "{}"),
        (200, '["a"]'),
        (500, '{"certificate": "AAAA"}'),
        (302, ""),
    ],
)
def test_what_is_no_endpoint_is_named_as_that(papers: StationPapers, status: int, body: str) -> None:
    def answer(_request: Request) -> Response:
        return PlainTextResponse(body, status)

    app = Starlette(routes=[Route("/certificate", answer), Route("/sign", answer)])
    with Listener(app, papers.door()) as listener, asking(papers, listener.port) as signer:
        assert "signing endpoint" in said(signer)[0]


def test_what_the_other_station_says_of_its_token_is_passed_on(papers: StationPapers) -> None:
    def away() -> Signer:
        raise TokenAway("no token EPORT", "没有 EPORT")

    with Listener(endpoint(away), papers.door()) as listener, asking(papers, listener.port) as signer:
        en, zh = said(signer)
    assert "no token EPORT" in en
    assert "没有 EPORT" in zh


def test_a_signer_that_the_other_station_does_not_offer_is_named(papers: StationPapers) -> None:
    with Listener(endpoint(), papers.door()) as listener, asking(papers, listener.port, signer="other") as signer:
        assert "no signer named other" in said(signer)[0]


def test_another_certificate_meanwhile_signs_nothing_until_it_was_looked_at(papers: StationPapers) -> None:
    now = [SIGNER, SIGNER]
    with Listener(endpoint(lambda: now[0]), papers.door()) as listener, asking(papers, listener.port) as signer:
        sign_document(MESSAGE, signer)
        now[0] = an_sm2_signer(Sm2Authority(), 0xBB)
        assert said(signer) == ("another certificate signs there now", "对方已换用另一张证书")
        assert verify_bytes(sign_document(MESSAGE, signer)).certificate.number == "bb"


def test_a_station_that_signs_so_many_a_minute_is_asked_again_in_time(papers: StationPapers) -> None:
    """More than are there at once: nothing is said to be wrong."""
    with Listener(endpoint(per_minute=600), papers.door()) as listener, asking(papers, listener.port) as signer:
        begin = time.monotonic()
        for _ in range(65):
            sign_document(MESSAGE, signer)
        assert time.monotonic() - begin > 0.4


def test_one_that_is_to_be_asked_much_later_is_named(papers: StationPapers) -> None:
    with Listener(endpoint(per_minute=1), papers.door()) as listener, asking(papers, listener.port, QUICK) as signer:
        sign_document(MESSAGE, signer)
        assert "asked too often" in said(signer, AskedTooOften)[0]


# Its settings


def test_files_that_do_not_fit_are_named_before_anything_is_signed(papers: StationPapers, tmp_path: Path) -> None:
    wanted = RemoteSettings.model_validate(
        {"type": "remote", "url": "https://station-1.example.cn", "signer": "eport", **papers.settings()}
    )
    presence = signer_kind("remote").presence
    assert not list(presence(wanted, tmp_path, True))
    (tmp_path / "secret").write_text("another")
    (lack,) = presence(wanted, tmp_path, True)
    assert (lack.key, "station.key" in lack.en, "another" in lack.en) == ("cert", True, False)


@pytest.mark.parametrize("url", ["http://192.0.2.7:8443", "https://", "https://a/b", "station-1", "https://[::1"])
def test_an_address_without_encryption_or_with_more_than_an_address_is_a_mistake(url: str) -> None:
    with pytest.raises(ValidationError):
        RemoteSettings.model_validate({"type": "remote", "url": url, "signer": "eport"})


def test_a_kept_connection_that_the_other_side_has_ended_is_made_anew(papers: StationPapers) -> None:
    certificate = papers.door().certificate
    assert isinstance(certificate, DoorCertificate)
    with Listener(endpoint(), Door("127.0.0.1", 0, certificate)) as first, asking(papers, first.port) as signer:
        sign_document(MESSAGE, signer)
        port = first.port
        first.stop()
        with Listener(endpoint(), Door("127.0.0.1", port, certificate)):
            sign_document(MESSAGE, signer)
