"""The door of a listener: its address, its certificate, who may come in and how much they may bring."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

Network = IPv4Network | IPv6Network


class ListenError(Exception):
    """Nothing listens at the address. `problem` is an id of the catalogue; `zh` is the reason in Chinese."""

    def __init__(self, problem: str, reason: str, zh: str) -> None:
        self.problem = problem
        self.reason = reason
        self.zh = zh
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the listener shows, in PEM: the certificate with its chain, and its key; `client_ca`: whose clients alone are let in."""

    chain: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 and later. Raises ListenError (CEBD-2303)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        path = self.chain
        try:
            context.load_cert_chain(self.chain, self.key)
            if self.client_ca is not None:
                path = self.client_ca
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(self.client_ca)
        except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise ListenError("CEBD-2303", f"{path}: {why}", f"{path}：{why}") from None
        return context

    def renewing_context(self) -> ssl.SSLContext:
        """As `context`, and each caller is shown what the files hold by then: they are replaced while it listens.

        Files that do not fit together, as between two renames, change nothing. Raises ListenError (CEBD-2303).
        """
        first = newest = self.context()
        seen = self._stamps()

        def show(caller: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            nonlocal newest, seen
            now = self._stamps()
            if now != seen:
                with suppress(ListenError):
                    newest, seen = self.context(), now
            caller.context = newest

        first.sni_callback = show  # asked for callers too that name no server
        return first

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        """What tells whether a file is another one."""
        stamps = list[tuple[int, int, int] | None]()
        for path in (self.chain, self.key, self.client_ca):
            facts = None
            with suppress(OSError):
                facts = path.stat() if path is not None else None
            stamps.append((facts.st_ino, facts.st_size, facts.st_mtime_ns) if facts is not None else None)
        return stamps


@dataclass(frozen=True, slots=True)
class Door:
    """`port` 0 takes a free one. `sources`: networks that requests may come from; none: from everywhere.

    `largest_bytes` bounds the body of a request, `body_seconds` the time that it, and the head before it, may take to come.
    """

    host: str
    port: int
    certificate: Certificate | None = None
    sources: tuple[Network, ...] = ()
    largest_bytes: int = 16 * 1024**2
    body_seconds: float = 30.0

    def lets_in(self, source: str) -> bool:
        """Whether requests of this address are heard. An IPv4 address that came through an IPv6 socket counts as what it is."""
        if not self.sources:
            return True
        try:
            address = ip_address(source.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.sources)
