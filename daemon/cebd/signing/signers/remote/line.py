"""The line to another station's signing endpoint: HTTPS, kept open, with a deadline for the whole of a question.

| what happens | what is said |
| --- | --- |
| nobody is there | TokenAway: it cannot be reached |
| its certificate is none of the authority's, or of another name | TokenError: another certificate |
| it does not let this station in | TokenError: it refuses this station's certificate, or hangs up |
| it does not answer in time, however it goes about it | TokenAway: it is slow |
| what it answers is not what an endpoint answers | TokenError: another answer |
| it is asked too often | AskedTooOften |
| it says why it does not sign | TokenError with its own words |
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from cebd.secret_file import SecretError
from cebd.signing.signer import TokenAway, TokenError

_LONGEST_ANSWER = 1 << 20  # bytes

Answer = dict[str, str]
Kind = TypeVar("Kind", bound=TokenError)


class AskedTooOften(TokenError):
    """The other station signs so many a minute. `seconds`: until it is to be asked again."""

    seconds = 0.0


class RemoteLine:
    """One question at a time. After a trouble the connection is a new one."""

    def __init__(self, url: str, tls: Callable[[], ssl.SSLContext]) -> None:
        """`tls`: see `tls_of`; asked when there is no connection yet. May raise TokenError."""
        self.url = url
        self._tls = tls
        self._connection: _Connection | None = None

    def ask(self, method: str, path: str, seconds: float, **request: object) -> Answer:
        """The answer. `seconds`: for the whole; the library has limits for each read alone. Raises TokenError."""
        if self._connection is None:
            self._connection = _Connection(self.url, self._tls())
        try:
            status, content = self._connection.ask(method, path, seconds, request).result(seconds)
        except TimeoutError:
            self.close()
            en, zh = f"it has not answered within {seconds:.0f} s", f"{seconds:.0f} 秒内没有回答"
            raise self._said(TokenAway, en, zh) from None
        except Exception as error:  # of the library or the system
            self.close()
            raise self._fault(error) from None
        return self._read(status, content)

    def close(self) -> None:
        """Hang up; whoever waits for an answer gets none."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _read(self, status: int, content: bytes) -> Answer:
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        told = isinstance(answer, dict) and all(isinstance(value, str) for value in answer.values())
        if told and status == HTTPStatus.OK:
            return dict(answer)
        if told and status == HTTPStatus.TOO_MANY_REQUESTS and {"zh", "en", "wait"} <= answer.keys():
            often = self._said(AskedTooOften, answer["en"], answer["zh"])
            with suppress(ValueError):
                often.seconds = float(answer["wait"])
            raise often
        if told and {"zh", "en"} <= answer.keys():
            raise self._said(TokenError, answer["en"], answer["zh"])
        if status == HTTPStatus.FORBIDDEN:
            raise self._said(TokenError, "it does not let this station in", "它不接受本站的访问")
        raise self._said(
            TokenError, f"what is there is no signing endpoint (HTTP {status})", f"该地址不是签名接口（HTTP {status}）"
        )

    def _fault(self, error: Exception) -> TokenError:
        import httpx2

        reason = _tls_reason(error)
        if "CERTIFICATE_VERIFY_FAILED" in reason or "certificate verify failed" in reason:
            return self._said(
                TokenError, "it shows another certificate than the settings trust", "它出示的证书不在设置所信任之列"
            )
        if any(word in reason.upper().replace(" ", "_") for word in _NOT_LET_IN):
            return self._said(TokenError, "it refuses this station's certificate", "它不接受本站的证书")
        if isinstance(
            error, httpx2.RemoteProtocolError | httpx2.ReadError
        ):  # asyncio does not send the alert that says why
            return self._said(
                TokenError,
                "it hangs up on this station: it may not accept this station's certificate",
                "它立即断开了连接：可能不接受本站的证书",
            )
        if isinstance(error, httpx2.TimeoutException):
            return self._said(TokenAway, "it does not answer in time", "没有及时回答")
        return self._said(TokenAway, f"it cannot be reached ({reason})", f"无法连接（{reason}）")

    def _said(self, kind: type[Kind], en: str, zh: str) -> Kind:
        return kind(en, zh).on(self.url)


class _Connection:
    """A client of the library, and the only thread that uses it: a socket that one thread closes while another reads from it would have
    that one read from whatever is opened next.
    """

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        import httpx2

        self._client = httpx2.Client(base_url=url, verify=tls, trust_env=False)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="remote signer")
        self._socket: socket.socket | None = None

    def ask(self, method: str, path: str, seconds: float, request: dict[str, object]) -> Future[tuple[int, bytes]]:
        """Status and content of the answer."""
        return self._worker.submit(self._asked, method, path, seconds, request)

    def close(self) -> None:
        """What is under way ends, for nothing more arrives; then its thread closes the connection."""
        if self._socket is not None:
            with suppress(OSError):  # closed already
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        self._worker.submit(self._client.close)
        self._worker.shutdown(wait=False)

    def _asked(self, method: str, path: str, seconds: float, request: dict[str, object]) -> tuple[int, bytes]:
        import httpx2

        try:
            return self._answered(method, path, seconds, request)
        except (httpx2.RemoteProtocolError, httpx2.WriteError):
            pass  # it was a kept connection, which the other side has ended meanwhile
        return self._answered(method, path, seconds, request)

    def _answered(self, method: str, path: str, seconds: float, request: dict[str, object]) -> tuple[int, bytes]:
        import httpx2

        more: Any = {"timeout": seconds, "extensions": {"trace": self._hear}, **request}  # json or params
        with self._client.stream(method, path, **more) as response:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > _LONGEST_ANSWER:
                    raise httpx2.DecodingError("too long")
            return response.status_code, bytes(content)

    def _hear(self, event: str, told: Mapping[str, Any]) -> None:
        """The library's account of what it does (its extension `trace`): here are the sockets that it opens."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = told["return_value"].get_extra_info("socket")


_NOT_LET_IN = ("CERTIFICATE_REQUIRED", "UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN")


def _tls_reason(error: BaseException) -> str:
    """What the system or TLS says, behind the library's own exceptions."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, OSError):
        return str(getattr(error, "reason", None) or error.strerror or type(error).__name__)
    return type(error).__name__


def tls_of(cert: Path | None, key: Path | None, password: Callable[[], str] | None, ca: Path | None) -> ssl.SSLContext:
    """What this station shows and trusts. Raises TokenError, which names the file and never quotes the password."""
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise _unusable(ca, error) from None
    if cert is None:
        return context
    try:
        secret = password() if password is not None else ""  # else OpenSSL asks for one at the terminal
    except SecretError as error:
        raise TokenError(str(error), f"读不到口令：{error}") from None
    try:
        context.load_cert_chain(cert, key, lambda: secret)
    except (OSError, ValueError) as error:
        raise _unusable(key or cert, error) from None
    return context


def _unusable(path: Path | None, error: Exception) -> TokenError:
    if isinstance(error, ssl.SSLError):
        return TokenError(
            f"{path}: not PEM, or a wrong password, or certificate and key do not belong together",
            f"{path}：不是 PEM 文件，或口令不对，或证书与密钥不对应",
        )
    reason = getattr(error, "strerror", None) or str(error)
    return TokenError(f"{path}: {reason}", f"{path}：{reason}")
