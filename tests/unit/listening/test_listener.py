"""What listens: who may come in, how much they may bring, and what is said when the address cannot be had."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest
import trustme
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from builders.waiting import until
from cebd.listening.door import Certificate, Door, ListenError
from cebd.listening.listener import Listener
from cebd.listening.settings import ListenSettings

heard: list[bytes] = []


async def hear(request: Request) -> PlainTextResponse:
    heard.append(await request.body())
    return PlainTextResponse(f"{request.client.host if request.client else ''} {len(heard[-1])}")


APP = Starlette(routes=[Route("/hear", hear, methods=["POST"])])


@pytest.fixture(autouse=True)
def _nothing_heard() -> Iterator[None]:
    heard.clear()
    yield


def post(port: int, content: bytes = b"<a/>", **headers: str) -> httpx2.Response:
    return httpx2.post(f"http://127.0.0.1:{port}/hear", content=content, headers=headers, trust_env=False)


def test_a_whole_request_is_heard_and_answered_and_the_port_is_given_back() -> None:
    listener = Listener(APP, Door("127.0.0.1", 0))
    with listener:
        port = listener.port
        assert post(port).text == "127.0.0.1 4"
    assert heard == [b"<a/>"]
    assert not listener.is_open
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_it_may_listen_again_after_a_stop() -> None:
    listener = Listener(APP, Door("127.0.0.1", 0))
    for _ in range(2):
        with listener:
            assert post(listener.port).status_code == 200


def test_a_port_that_somebody_else_has_is_said_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as error:
            Listener(APP, Door("127.0.0.1", port)).start()
    assert error.value.problem == "CEBD-2301"
    assert error.value.reason == f"127.0.0.1:{port}"


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(ListenError) as error:
        Listener(APP, Door("192.0.2.1", 0)).start()
    assert error.value.problem == "CEBD-2302"
    assert "192.0.2.1:0" in error.value.reason


def test_head_and_body_of_an_answer_do_not_wait_for_the_callers_acknowledgement() -> None:
    with Listener(APP, Door("127.0.0.1", 0)) as listener, httpx2.Client(trust_env=False) as client:

        def seconds() -> float:
            began = time.perf_counter()
            assert client.post(f"http://127.0.0.1:{listener.port}/hear", content=b"<a/>").status_code == 200
            return time.perf_counter() - began

        assert min(seconds() for _ in range(20)) < 0.03, "a delayed acknowledgement takes 40 ms"


def test_callers_from_elsewhere_are_refused_whatever_their_headers_say() -> None:
    with Listener(APP, Door("127.0.0.1", 0, sources=(ip_network("192.0.2.0/24"),))) as listener:
        answer = post(listener.port, **{"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7"})
    assert answer.status_code == 403
    assert heard == []


def test_a_network_that_is_named_is_let_in() -> None:
    with Listener(APP, Door("127.0.0.1", 0, sources=(ip_network("127.0.0.0/8"),))) as listener:
        assert post(listener.port).status_code == 200
    assert Door("::", 0, sources=(ip_network("192.0.2.0/24"),)).lets_in("::ffff:192.0.2.9")


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() -> None:
    with Listener(APP, Door("127.0.0.1", 0, largest_bytes=1000)) as listener:
        assert post(listener.port, b"x" * 1000).status_code == 200
        assert post(listener.port, b"x" * 1001).status_code == 413
        in_chunks = httpx2.post(
            f"http://127.0.0.1:{listener.port}/hear", content=iter([b"x" * 600] * 2), trust_env=False
        )
        assert in_chunks.status_code == 413
    assert [len(body) for body in heard] == [1000]


def test_a_program_that_gives_json_is_told_in_json_why_nothing_was_taken() -> None:
    with Listener(APP, Door("127.0.0.1", 0, largest_bytes=1000)) as listener:
        answer = post(listener.port, b"x" * 1001, **{"Content-Type": "application/json; charset=utf-8"})
        plain = post(listener.port, b"x" * 1001)
    assert answer.json() == {
        "problem": "CEBD-2311",
        "zh": "没有收下：内容太大，请分成几份。",
        "en": "Nothing was taken: it is too large, divide it.",
    }
    assert plain.text == "没有收下：内容太大，请分成几份。\nNothing was taken: it is too large, divide it.\n"


def test_callers_who_send_large_bodies_slowly_do_not_fill_the_memory_nor_keep_small_ones_out() -> None:
    with Listener(APP, Door("127.0.0.1", 0, largest_bytes=200_000)) as listener:
        head = b"POST /hear HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
        with ExitStack() as open_ones:
            for _ in range(4):
                slow = open_ones.enter_context(socket.create_connection(("127.0.0.1", listener.port)))
                slow.sendall(head + b"x" * 199_999)
            until(lambda: post(listener.port, b"x" * 100_000).status_code == 503, "no more is taken")
            assert post(listener.port).status_code == 200
        until(
            lambda: post(listener.port, b"x" * 100_000).status_code == 200, "they are gone: large ones are taken again"
        )


def test_half_a_request_is_never_heard_and_does_not_hold_up_the_end() -> None:
    with Listener(APP, Door("127.0.0.1", 0, body_seconds=0.2)) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as slow:
            slow.sendall(b"POST /hear HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            slow.settimeout(10)
            assert b" 408 " in slow.recv(1000)
        with socket.create_connection(("127.0.0.1", listener.port)) as broken:
            broken.sendall(b"POST /hear HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        assert post(listener.port).status_code == 200
    assert heard == [b"<a/>"]


@pytest.mark.parametrize("said", [b"", b"POST /hear HT", b"POST /hear HTTP/1.1\r\nHost: a\r\n"])
def test_a_caller_that_does_not_come_to_the_end_of_its_head_is_hung_up_on(said: bytes) -> None:
    """Two hundred of them, from a line that lost its memory, would keep everybody else out."""
    with (
        Listener(APP, Door("127.0.0.1", 0, body_seconds=0.3)) as listener,
        socket.create_connection(("127.0.0.1", listener.port), 10) as silent,
    ):
        silent.sendall(said)
        with suppress(ConnectionResetError):
            assert silent.recv(1000) == b""
        assert post(listener.port).status_code == 200


def test_a_head_that_comes_byte_by_byte_does_not_keep_its_connection_for_ever() -> None:
    with (
        Listener(APP, Door("127.0.0.1", 0, body_seconds=0.5)) as listener,
        socket.create_connection(("127.0.0.1", listener.port), 10) as slow,
    ):
        with pytest.raises(OSError, match=r"."):
            for letter in b"POST /hear HTTP/1.1\r\nX: " + b"a" * 1000:
                slow.sendall(bytes([letter]))
                time.sleep(0.05)
        assert heard == []


def test_a_kept_connection_may_be_used_again_after_the_time_of_a_head() -> None:
    with (
        Listener(APP, Door("127.0.0.1", 0, body_seconds=0.3)) as listener,
        httpx2.Client(trust_env=False) as caller,
    ):
        for _ in range(2):
            assert caller.post(f"http://127.0.0.1:{listener.port}/hear", content=b"<a/>").status_code == 200
            time.sleep(0.6)
    assert len(heard) == 2


def test_a_certificate_that_is_renewed_while_it_listens_is_shown_to_the_next_caller(tmp_path: Path) -> None:
    before, after = trustme.CA(), trustme.CA()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"

    def put(authority: trustme.CA, *, with_key: bool = True) -> None:
        own = authority.issue_cert("127.0.0.1")
        own.cert_chain_pems[0].write_to_path(chain)
        if with_key:
            own.private_key_pem.write_to_path(key)

    def sees(port: int, authority: trustme.CA) -> bool:
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        try:
            answer = httpx2.post(f"https://127.0.0.1:{port}/hear", content=b"<a/>", verify=trust, trust_env=False)
        except httpx2.ConnectError:
            return False
        return answer.status_code == 200

    put(before)
    with Listener(APP, Door("127.0.0.1", 0, Certificate(chain, key))) as listener:
        assert sees(listener.port, before)
        put(after, with_key=False)
        assert sees(listener.port, before), "the new certificate is there, its key not yet"
        put(after)
        assert sees(listener.port, after)
        assert not sees(listener.port, before)


def test_with_tls_only_callers_of_the_named_authority_come_in(tmp_path: Path) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    chain, key, authority = (tmp_path / name for name in ("chain.pem", "key.pem", "callers.pem"))
    own = ours.issue_cert("127.0.0.1")
    own.private_key_pem.write_to_path(key)
    for pem in own.cert_chain_pems:
        pem.write_to_path(chain, append=True)
    theirs.cert_pem.write_to_path(authority)
    with Listener(APP, Door("127.0.0.1", 0, Certificate(chain, key, authority))) as listener:
        url = f"https://127.0.0.1:{listener.port}/hear"
        known, unknown = (ssl.create_default_context() for _ in range(2))
        for context in (known, unknown):
            ours.configure_trust(context)
        theirs.issue_cert("caller@example.org").configure_cert(known)
        assert httpx2.post(url, content=b"<a/>", verify=known, trust_env=False).status_code == 200
        with pytest.raises(httpx2.TransportError):
            httpx2.post(url, content=b"<b/>", verify=unknown, trust_env=False)
    assert heard == [b"<a/>"]


def test_a_certificate_that_cannot_be_read_is_said_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no certificate", encoding="utf-8")
    for chain in (tmp_path / "c.pem", tmp_path / "absent.pem"):
        with pytest.raises(ListenError) as error:
            Listener(APP, Door("127.0.0.1", 0, Certificate(chain, tmp_path / "c.pem"))).start()
        assert error.value.problem == "CEBD-2303"
        assert str(chain) in error.value.reason


def test_the_settings_describe_the_door(tmp_path: Path) -> None:
    settings = ListenSettings.model_validate(
        {
            "listen": "[::1]:8443",
            "listen_cert": "c.pem",
            "listen_key": "k.pem",
            "listen_from": ["192.0.2.7"],
            "listen_largest_mb": 2,
        }
    )
    certificate = Certificate(tmp_path / "c.pem", tmp_path / "k.pem")
    assert settings.door(tmp_path) == Door("::1", 8443, certificate, (ip_network("192.0.2.7/32"),), 2 * 1024**2)
    assert ListenSettings().door(tmp_path) is None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"listen": "8443"}, "127.0.0.1:8443"),
        ({"listen": "host:x"}, "127.0.0.1:8443"),
        ({"listen_from": ["everybody"]}, "everybody"),
        ({"listen_cert": "c.pem"}, "belong together"),
        ({"listen_client_ca": "c.pem"}, "needs listen_cert"),
    ],
)
def test_a_mistake_in_the_settings_is_said(given: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ListenSettings.model_validate(given)


def test_nothing_of_it_is_imported_before_it_is_used() -> None:
    code = "import sys, cebd.cli.main, cebd.listening.listener; print({'uvicorn', 'starlette', 'httpx2'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
