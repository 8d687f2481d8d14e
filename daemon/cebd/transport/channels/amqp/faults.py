"""What an error of pika means: which problem of the catalogue it is, in whose words.

| seen | problem |
| --- | --- |
| no connection, no answer in time, the line broke; at the greeting a broker may hang up for a certificate, too | CEBD-1601 |
| user or password refused; no access to the virtual host | CEBD-1603 |
| the server does not accept our certificate, or wants one (TLS 1.3 says so after the handshake) | CEBD-1633 |
| its certificate is not accepted here | CEBD-1660 |
| the queue or exchange is not there or not ours, and what else closes an AMQP channel | CEBD-1636 |
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from pika import exceptions
from pika.adapters.utils.connection_workflow import (
    AMQPConnectionWorkflowFailed,
    AMQPConnectorPhaseErrorBase,
    AMQPConnectorStackTimeout,
)

from cebd.transport.channel import ChannelError
from cebd.transport.channels.http.trust import Trust, tls_trouble

_OF_THE_LOGIN = (530,)  # AMQP's "not allowed": the virtual host
_REFUSED = ("CEBD-1603", "login refused", "登录被拒绝")
_NO_ANSWER = ("CEBD-1601", "no answer in time", "超时无应答")
_FAULTS: tuple[tuple[type[BaseException], str, str, str], ...] = (
    (exceptions.AuthenticationError, *_REFUSED),
    (exceptions.ProbableAuthenticationError, *_REFUSED),
    (exceptions.ProbableAccessDeniedError, "CEBD-1603", "no access to the virtual host", "无权访问该虚拟主机"),
    (AMQPConnectorStackTimeout, *_NO_ANSWER),
    (TimeoutError, *_NO_ANSWER),
)


def fault_of(host: str, error: BaseException, trust: Trust | None) -> ChannelError:
    """The channel's error. `trust`: None without TLS."""
    if isinstance(error, ChannelError):
        return error
    causes = list(_causes(error))
    return (_of_tls(host, causes, trust) if trust is not None else None) or _of_the_line(host, causes)


def _of_tls(host: str, causes: list[BaseException], trust: Trust) -> ChannelError | None:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return tls_trouble(Exception(cause))
    text = " ".join(map(repr, causes)).upper()
    if "ALERT" in text and trust.certificate is not None:
        return ChannelError("CEBD-1633", f"{host} refuses the one that is set", f"{host} 不接受所设置的证书")
    if "ALERT" in text:
        return ChannelError("CEBD-1633", f"{host} asks for one, none is set", f"{host} 要求客户端证书，但没有设置")
    if _is(causes, exceptions.IncompatibleProtocolError):
        return ChannelError(
            "CEBD-1601",
            f"{host} hung up at the greeting: a broken line, or a client certificate that it wants or refuses",
            f"{host} 在开始通信时断开：线路中断，或对方要求客户端证书、不接受所设置的证书",
        )
    if "WRONG_VERSION_NUMBER" in text:
        return ChannelError("CEBD-1601", f"{host} does not speak TLS at this port", f"{host} 的这个端口不使用 TLS")
    return None


def _of_the_line(host: str, causes: list[BaseException]) -> ChannelError:
    for cause in causes:
        if isinstance(cause, exceptions.ConnectionClosedByBroker | exceptions.ChannelClosedByBroker):
            problem = "CEBD-1603" if cause.reply_code in _OF_THE_LOGIN else "CEBD-1636"
            return ChannelError(problem, f"{cause.reply_code} {cause.reply_text}")
    for kind, problem, en, zh in _FAULTS:
        if _is(causes, kind):
            return ChannelError(problem, f"{host}: {en}", f"{host}：{zh}")
    return ChannelError("CEBD-1601", f"{host}: {_words(causes)}")


def _is(causes: list[BaseException], kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it is made of, from the outside in."""
    yield error
    if isinstance(error, AMQPConnectionWorkflowFailed):
        inner: tuple[object, ...] = tuple(error.exceptions)
    elif isinstance(error, AMQPConnectorPhaseErrorBase):
        inner = (error.exception,)
    else:
        inner = (*error.args, error.__cause__)
    for one in inner:
        if isinstance(one, BaseException):
            yield from _causes(one)


def _words(causes: list[BaseException]) -> str:
    """The innermost error, in a few words."""
    innermost = causes[-1]
    text = str(innermost).strip()
    return f"{type(innermost).__name__}: {text}" if text else type(innermost).__name__
