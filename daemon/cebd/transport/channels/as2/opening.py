"""An AS2 channel put together of its settings."""

from __future__ import annotations

from pathlib import Path

from cebd.listening.door import Door
from cebd.secret_file import SecretError
from cebd.transport.channel import Channel, ChannelError
from cebd.transport.channels.as2.inbound import As2Inbound
from cebd.transport.channels.as2.outbound import As2Outbound
from cebd.transport.channels.as2.partner import Names, Partner
from cebd.transport.channels.as2.settings import As2Settings
from cebd.transport.channels.as2.verdicts import Verdicts
from cebd.transport.channels.http.line import Limits, Line
from cebd.transport.channels.http.trust import Trust

_LARGEST_ANSWER = 1024**2  # bytes: an MDN has some thousands


def open_as2(wanted: As2Settings, base: Path) -> Channel:
    """The channel; nothing is connected yet, and nothing listens.

    Raises ChannelError (CEBD-1670) for certificates and keys that cannot be used.
    """

    def password() -> str | None:
        try:
            return wanted.key_password.read(base) if wanted.key_password else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    names = Names(wanted.as2_from, wanted.as2_to)
    certificates = [base / path for path in wanted.partner_certs]
    partner = Partner.load(names, base / wanted.cert, base / wanted.key, password, certificates)
    trust = Trust(base / wanted.ca if wanted.ca else None, strict=wanted.tls_strict)
    line = Line(trust, Limits(wanted.timeout_seconds, wanted.timeout_seconds, _LARGEST_ANSWER), lambda: None)
    verdicts = Verdicts()
    later = (verdicts, wanted.mdn_url, wanted.timeout_seconds) if wanted.mdn_url is not None else None
    door = wanted.door(base)
    assert isinstance(door, Door)  # noqa: S101  the settings want it
    outbound = As2Outbound(partner, wanted.url, line, encrypts=wanted.encrypt, later=later)
    return Channel(outbound, As2Inbound(partner, door, verdicts))
