"""What is outside: tokens and their certificates, channels, and customs' clock. No PIN is entered and nothing is fetched or sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from urllib.parse import urlsplit

from cebd.clock import CST, SystemClock
from cebd.operations.doctor import remedies
from cebd.operations.doctor.finding import Finding, Level, fail, of_problem, ok, warn
from cebd.problems.problem import problem
from cebd.receipts.clock_evidence import proved_ahead
from cebd.settings import Settings
from cebd.signing.certificate_watch import STAGES
from cebd.store.conditions import Condition, read_conditions
from cebd.store.store import Store
from cebd.store.tokens import TokenInUse, tokens_in_use
from cebd.transport.channel import ChannelError
from cebd.transport.channels.kind import ChannelSettings
from cebd.transport.channels.kinds import open_channel

_SECONDS = 5.0
_PINNED = ("，主机密钥与设置一致", ", with the host key of the settings")
_LISTED = ("sftp", "folder")  # to look there takes nothing from anybody


def token_findings(settings: Settings, store: Store) -> Iterator[Finding]:
    """Of each signer: what the running daemon says of it, whose card it signs with, and how many days its certificate holds."""
    with store.read() as transaction:
        conditions, tokens = read_conditions(transaction), tokens_in_use(transaction)
    for name in settings.signer:
        about = f"signer:{name}"
        trouble = _trouble(conditions, about)
        if trouble is not None:
            yield of_problem(about, trouble.problem, remedies.of_token(settings, name, trouble.problem))
        mine = [token for token in tokens if token.signer == name]
        if not mine:
            yield warn(
                about,
                f"{name} 还没有签过名，不知道是谁的卡",
                f"{name} has not signed yet: whose card it is, is not known",
                f"cebd token test {name}",
            )
        for token in mine:
            yield _of_token(about, token)


def _of_token(about: str, token: TokenInUse) -> Finding:
    identity = token.recorded.identity
    whose = str(identity)
    if token.state == "revoked":
        return fail(about, f"已停用：{whose}", f"revoked: {whose}", f"cebd token accept {token.signer}")
    if token.state == "offered":
        return warn(
            about,
            f"插着另一个介质，没有使用：{whose}",
            f"another token is plugged in and not used: {whose}",
            f"cebd token accept {token.signer}",
        )
    days = identity.days_left(SystemClock().now())
    if days is None:
        return ok(about, whose, whose)
    if days < 0:
        return fail(
            about, f"证书已过期：{whose}", f"the certificate has ended: {whose}", f"cebd token test {token.signer}"
        )
    zh, en = f"{whose}，剩余 {days} 天", f"{whose}, {days} days left"
    if days <= STAGES[0]:
        return warn(about, f"证书快到期：{zh}", f"the certificate ends soon: {en}", f"cebd token test {token.signer}")
    return ok(about, zh, en)


def channel_findings(settings: Settings, store: Store | None) -> Iterator[Finding]:
    """Of each channel that an enterprise uses: whether it answers now, with the host key or certificate that the settings pin."""
    conditions: list[Condition] = []
    if store is not None:
        with store.read() as transaction:
            conditions = read_conditions(transaction)
    used = {name for enterprise in settings.enterprise for name in enterprise.channel.names}
    for name in (name for name in settings.channel if name in used):
        about = f"channel:{name}"
        trouble = _trouble(conditions, about)
        if trouble is not None:
            address = _address(settings.channel[name])
            yield of_problem(about, trouble.problem, remedies.of_channel(settings, name, trouble.problem.id, address))
        yield _of_channel(about, name, settings)


def _of_channel(about: str, name: str, settings: Settings) -> Finding:
    channel = settings.channel[name]
    host, port = address = _address(channel)
    if channel.type in _LISTED:
        opened = open_channel(channel, settings.base)
        try:
            next(iter(opened.inbound.receive()), None)
        except ChannelError as error:
            why = problem(error.problem, value=name, channel=name, reason=error.reason, reason_zh=error.zh)
            return of_problem(about, why, remedies.of_channel(settings, name, error.problem, address), Level.FAIL)
        finally:
            opened.inbound.close()
        pinned = _PINNED if channel.type == "sftp" else ("", "")
        return ok(about, f"{name} 有应答{pinned[0]}", f"{name} answers{pinned[1]}")
    if host is None or port is None:
        return ok(
            about,
            f"{name}（{channel.type}）：由对方连过来，或没有地址可试",
            f"{name} ({channel.type}): the other side calls, or has no address to try",
        )
    try:
        with socket.create_connection((host, port), timeout=_SECONDS):
            pass
    except OSError as error:
        return fail(
            about,
            f"{host}:{port} 没有应答：{error}",
            f"{host}:{port} does not answer: {error}",
            remedies.of_channel(settings, name, "CEBD-1601", address),
        )
    return ok(about, f"{host}:{port} 有应答（没有登录）", f"{host}:{port} answers (nobody logged in)")


def _address(channel: ChannelSettings) -> tuple[str | None, int | None]:
    """Where the other side listens, as its settings say it in a host and port, or in a URL."""
    host, port = getattr(channel, "host", None), getattr(channel, "port", None)
    if host is not None and port is not None:
        return str(host), int(port)
    for key in ("url", "base_url", "partner_url"):
        url = urlsplit(str(getattr(channel, key, "") or ""))
        if url.hostname:
            return url.hostname, url.port or (443 if url.scheme == "https" else 80)
    return None, None


def clock_findings(store: Store) -> Iterator[Finding]:
    """Our clock against the latest receipts: only they bring a time from outside."""
    now = f"{datetime.now(CST):%Y-%m-%d %H:%M:%S}"
    wrong = proved_ahead(store)
    if wrong is not None:
        yield of_problem("clock", wrong, remedies.set_clock())
    else:
        yield ok(
            "clock",
            f"{now}（北京时间），与最近的回执没有矛盾",
            f"{now} China time; the latest receipts do not contradict it",
        )


def _trouble(conditions: list[Condition], key: str) -> Condition | None:
    return next((condition for condition in conditions if condition.key == key), None)


def opened(settings: Settings) -> closing[Store]:
    """The store of these settings, to be asked. Raises StoreError."""
    return closing(Store.open(settings.store_dir, create=False))
