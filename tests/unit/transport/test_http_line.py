"""One HTTP exchange: what goes over the wire, how long it may take, whom it believes, and what each trouble is called."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore2
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cebd.problems.problem import problem
from cebd.transport.channel import ChannelError
from cebd.transport.channels.http.line import Broken, Limits, Line, Request
from cebd.transport.channels.http.trust import Trust

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
QUICK = Limits(silence_seconds=0.5, deadline_seconds=1.0, largest_bytes=10_000)


class Server:
    """Reads a whole request and has `answer` deal with the connection; keeps what it read."""

    def __init__(self, answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.heard: list[bytes] = []
        self._answer = answer
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            heard = b""
            while b"\r\n\r\n" not in heard:
                if not (piece := connection.recv(65536)):
                    return
                heard += piece
            head, _, body = heard.partition(b"\r\n\r\n")
            length = next(
                (int(one.split(b":")[1]) for one in head.lower().split(b"\r\n") if b"content-length" in one), 0
            )
            while len(body) < length and (piece := connection.recv(65536)):
                body += piece
            self.heard.append(head + b"\r\n\r\n" + body)
            self._answer(connection)
        connection.close()


@contextmanager
def serving(answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answer, context)
    try:
        yield server
    finally:
        server.close()


def line(trust: Trust | None = None, limits: Limits = QUICK, proxy: str | None = None) -> Line:
    return Line(trust or Trust(), limits, lambda: httpcore2.Proxy(proxy) if proxy else None)


def post(port: int, body: bytes = b"<a/>", scheme: str = "http") -> Request:
    return Request("POST", f"{scheme}://127.0.0.1:{port}/in", body, (("Content-Type", "text/xml"),))


def test_a_body_has_its_length_is_not_chunked_and_asks_for_no_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")
    with serving(lambda connection: connection.sendall(OK)) as server:
        answer = line().exchange(post(server.port, b"<a>" + b"x" * 200_000 + b"</a>"))
    assert (answer.status, answer.text) == (200, "OK")
    [heard] = server.heard
    head = heard.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"post /in http/1.1\r\n")
    assert b"content-length: 200007" in head
    assert b"transfer-encoding" not in head
    assert b"expect" not in head
    assert len(heard) - len(head) - 4 == 200_007


def test_before_the_last_byte_the_record_is_made_and_what_cannot_be_recorded_does_not_leave() -> None:
    with serving(lambda connection: connection.sendall(OK)) as server:

        def disk_full() -> None:
            raise RuntimeError("the store is full")

        with pytest.raises(RuntimeError):
            line().exchange(post(server.port), disk_full)
        time.sleep(0.1)  # long enough for what had left to be read
        assert all(not heard.endswith(b"<a/>") for heard in server.heard)


def test_an_answer_that_trickles_ends_at_the_deadline_of_the_whole() -> None:
    def trickle(connection: socket.socket) -> None:
        for byte in OK * 10:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with serving(trickle) as server:
        began = time.monotonic()
        with pytest.raises(Broken) as broken:
            line().exchange(post(server.port))
        assert time.monotonic() - began < 3.0
    assert broken.value.left


def test_a_silent_server_leaves_the_outcome_open() -> None:
    with serving(lambda _connection: time.sleep(2)) as server, pytest.raises(Broken) as broken:
        line().exchange(post(server.port))
    assert broken.value.left


def test_an_answer_without_end_is_not_kept() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 500_000)

    with serving(flood) as server, pytest.raises(Broken, match="more than 10000 bytes"):
        line().exchange(post(server.port))


def test_nobody_there_and_a_name_that_nobody_knows_are_said_and_nothing_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url, word in ((f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}"), ("http://nobody.invalid/", "nobody.invalid")):
        with pytest.raises(ChannelError) as error:
            line().exchange(Request("POST", url, b"x"), lambda: pytest.fail("nothing left"))
        assert error.value.problem == "CEBD-1601"
        assert word in error.value.reason


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def context_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    return context


def trouble(trust: Trust, context: ssl.SSLContext) -> ChannelError:
    with serving(lambda connection: connection.sendall(OK), context) as server, pytest.raises(ChannelError) as error:
        line(trust).exchange(post(server.port, scheme="https"))
    assert server.heard == [], "nothing was said to it"
    return error.value


def test_a_server_of_another_authority_is_not_believed(authority: trustme.CA, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    error = trouble(Trust(tmp_path / "other.pem"), context_of(authority))
    assert error.problem == "CEBD-1660"
    assert "issuer" in error.reason


def test_a_certificate_for_another_name_is_not_believed(authority: trustme.CA, ca_file: Path) -> None:
    assert trouble(Trust(ca_file), context_of(authority, "eport.example.org")).problem == "CEBD-1660"


def test_a_pinned_certificate_may_change_with_the_old_one_beside_the_new(authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = authority.issue_cert("127.0.0.1")
    made.configure_cert(context)
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())).hexdigest()
    before = "00" * 32
    error = trouble(Trust(ca_file, pinned=(before,)), context)
    assert error.problem == "CEBD-1661"
    assert shown in error.reason
    with serving(lambda connection: connection.sendall(OK), context) as server:
        trust = Trust(ca_file, pinned=(before, shown))
        assert line(trust).exchange(post(server.port, scheme="https")).status == 200


def test_an_authority_that_breaks_the_rules_is_named_in_a_plain_sentence_and_may_be_let_pass(tmp_path: Path) -> None:
    """As Python 3.13 has it: an authority whose certificate has no key identifiers, as old ones of e-ports do."""
    context = _of_a_lax_authority(tmp_path)
    error = trouble(Trust(tmp_path / "lax.pem"), context)
    assert error.problem == "CEBD-1660"
    assert "RFC 5280" in error.reason
    assert "tls_strict = false" in error.reason
    assert "Python 3.13" in error.zh
    with serving(lambda connection: connection.sendall(OK), context) as server:
        assert line(Trust(tmp_path / "lax.pem", strict=False)).exchange(post(server.port, scheme="https")).status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_server_that_misses_our_certificate_is_told_apart_from_one_that_hung_up(
    authority: trustme.CA, ca_file: Path, version: ssl.TLSVersion
) -> None:
    context = context_of(authority)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    error = trouble(Trust(ca_file), context)
    assert error.problem == "CEBD-1666"


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate", encoding="utf-8")
    for trust in (Trust(tmp_path / "absent.pem"), Trust(tmp_path / "bad.pem"), Trust(certificate=tmp_path / "bad.pem")):
        with pytest.raises(ChannelError) as error:
            line(trust).exchange(Request("GET", "https://127.0.0.1:9/"))
        assert error.value.problem == "CEBD-1666"
        assert ".pem" in error.value.reason


def test_a_proxy_that_refuses_is_told_apart_and_one_that_lets_through_is_used(
    authority: trustme.CA, ca_file: Path
) -> None:
    with (
        serving(lambda connection: connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as proxy,
        pytest.raises(ChannelError) as error,
    ):
        line(Trust(ca_file), proxy=f"http://127.0.0.1:{proxy.port}").exchange(post(9, scheme="https"))
    assert error.value.problem == "CEBD-1662"
    assert "403" in error.value.reason
    with serving(lambda connection: connection.sendall(OK), context_of(authority)) as server:

        def tunnel(connection: socket.socket) -> None:
            far = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=_copy, args=(connection, far), daemon=True).start()
            _copy(far, connection)

        with serving(tunnel) as through:
            made = line(Trust(ca_file), proxy=f"http://127.0.0.1:{through.port}")
            assert made.exchange(post(server.port, scheme="https")).text == "OK"
    assert through.heard[0].startswith(f"CONNECT 127.0.0.1:{server.port} ".encode())
    assert server.heard[0].endswith(b"<a/>")


@pytest.mark.parametrize(
    "id_", ["CEBD-1660", "CEBD-1661", "CEBD-1662", "CEBD-1663", "CEBD-1664", "CEBD-1665", "CEBD-1666"]
)
def test_each_trouble_is_one_sentence_with_the_channel_and_what_to_do(id_: str) -> None:
    said = problem(id_, channel="eport", reason="the reason", reason_zh="原因")
    assert "eport" in said.en
    assert "the reason" in said.en
    assert "原因" in said.zh
    assert said.fix_zh
    assert said.fix_en


def _copy(from_: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while piece := from_.recv(65536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


def _of_a_lax_authority(folder: Path) -> ssl.SSLContext:
    """A server's context, its certificate by an authority without key identifiers, which is written to `lax.pem`."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("lax authority", "server")]

    def made(subject: int, *extensions: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[subject])
            .issuer_name(names[0])
            .public_key(keys[subject].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(keys[0], hashes.SHA256())

    import ipaddress

    lax = made(0, (x509.BasicConstraints(ca=True, path_length=None), False))
    server = made(1, (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False))
    (folder / "lax.pem").write_bytes(lax.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        keys[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context
