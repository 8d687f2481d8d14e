"""An HTTP channel put together of its settings and its profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpcore2

from cebd.secret_file import SecretError
from cebd.settings_table import Secret
from cebd.transport.channel import Arrival, Channel, ChannelError, Inbound
from cebd.transport.channels.http.budget import Budget
from cebd.transport.channels.http.line import Limits, Line
from cebd.transport.channels.http.listed import ListedInbound
from cebd.transport.channels.http.outbound import HttpOutbound
from cebd.transport.channels.http.polled import RowsInbound
from cebd.transport.channels.http.profile import BadProfile, Profile, load_profile
from cebd.transport.channels.http.pushed import PushedInbound
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.http.trust import Trust


def open_http(wanted: HttpSettings, base: Path) -> Channel:
    """Raises ChannelError (CEBD-1913) for a profile that cannot be used, or settings that lack what it needs."""
    try:
        profile = load_profile(wanted.profile, base)
    except BadProfile as error:
        raise ChannelError("CEBD-1913", str(error)) from None
    trust = _trust(wanted, base)
    limits = Limits(wanted.timeout_seconds, wanted.deadline_seconds, wanted.largest_answer_mb * 1024**2)

    def line() -> Line:
        return Line(trust, limits, lambda: _proxy(wanted, base))

    def values() -> dict[str, str]:
        return wanted.read_values(base)

    outbound = HttpOutbound(profile, line(), Budget(wanted.per_minute), values)
    if profile.poll is not None:
        every = wanted.poll_seconds if wanted.poll_seconds is not None else profile.poll.interval_seconds
        rows = RowsInbound(profile.poll, line(), Budget(wanted.per_minute), values, every)
        return Channel(outbound, rows, rows.remember)
    return Channel(outbound, _inbound(wanted, profile, base, line(), values))


def _trust(wanted: HttpSettings, base: Path) -> Trust:
    def below(path: Path | None) -> Path | None:
        return base / path if path is not None else None

    def password() -> str | None:
        return _read(wanted.client_key_password, base) if wanted.client_key_password is not None else None

    certificate, key = below(wanted.client_cert), below(wanted.client_key)
    return Trust(below(wanted.ca), certificate, key, password, wanted.server_sha256, wanted.tls_strict)


def _proxy(wanted: HttpSettings, base: Path) -> httpcore2.Proxy | None:
    if wanted.proxy is None:
        return None
    if wanted.proxy_user is None or wanted.proxy_password is None:
        return httpcore2.Proxy(wanted.proxy)
    return httpcore2.Proxy(wanted.proxy, auth=(wanted.proxy_user, _read(wanted.proxy_password, base)))


def _inbound(
    wanted: HttpSettings, profile: Profile, base: Path, line: Line, values: Callable[[], dict[str, str]]
) -> Inbound:
    if profile.listing is not None:
        every = wanted.poll_seconds if wanted.poll_seconds is not None else profile.listing.interval_seconds
        return ListedInbound(profile.listing, line, Budget(wanted.per_minute), values, every)
    if profile.push is None:
        return NoReceipts()
    door, secret = wanted.door(base), wanted.push_secret
    if door is None or secret is None:
        raise ChannelError(
            "CEBD-1913",
            f"the platform of the profile {wanted.profile} brings receipts: listen and push_secret are needed",
            f"profile {wanted.profile} 的平台会主动推送回执，须写明 listen 和 push_secret",
        )
    return PushedInbound(profile.push, door, lambda: _read(secret, base))


def _read(secret: Secret, base: Path) -> str:
    try:
        return secret.read(base)
    except SecretError as error:
        raise ChannelError("CEBD-1603", str(error)) from None


class NoReceipts:
    """The inbound half of a profile by which none come."""

    def receive(self) -> Iterator[Arrival]:
        return iter(())

    def left(self) -> Mapping[str, Sequence[str]]:
        return {}

    def close(self) -> None:
        """Nothing is open."""
