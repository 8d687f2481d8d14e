"""The settings of whatever listens: a table of the file takes these keys beside its own."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from cebd.listening.door import Certificate, Door
from cebd.settings_table import Table, mistake


class ListenSettings(Table):
    """Keys of a table for something that may listen; nothing listens without `listen`."""

    listen: str | None = Field(
        None,
        description="the address and port of this machine to listen at; 0.0.0.0 stands for all of its addresses",
        examples=["127.0.0.1:8443"],
    )
    listen_cert: Path | None = Field(
        None, description="listen with TLS: the certificate and its chain, in PEM", examples=["secrets/listen.cert.pem"]
    )
    listen_key: Path | None = Field(
        None, description="the key of listen_cert, in PEM", examples=["secrets/listen.key.pem"]
    )
    listen_client_ca: Path | None = Field(
        None,
        description="only callers with a certificate of this authority (PEM) are let in",
        examples=["secrets/callers.pem"],
    )
    listen_from: tuple[str, ...] = Field(
        (),
        description="only callers from these networks are let in; none: from everywhere",
        examples=[["192.0.2.0/24"]],
    )
    listen_largest_mb: int = Field(16, gt=0, le=1024, description="larger requests are refused")

    @field_validator("listen")
    @classmethod
    def _an_address_and_port(cls, listen: str | None) -> str | None:
        if listen is not None:
            host, _, port = listen.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65535:
                raise mistake(
                    "must be an address and a port, as in 127.0.0.1:8443", "应为地址加端口，例如 127.0.0.1:8443"
                )
        return listen

    @field_validator("listen_from")
    @classmethod
    def _networks(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            try:
                ip_network(source)
            except ValueError:
                raise mistake(
                    f"{source} is no network, as in 192.0.2.0/24 or 192.0.2.7",
                    f"{source} 不是网段；例如 192.0.2.0/24 或 192.0.2.7",
                ) from None
        return sources

    @model_validator(mode="after")
    def _certificate_with_key(self) -> ListenSettings:
        if (self.listen_cert is None) != (self.listen_key is None):
            raise mistake(
                "listen_cert and listen_key belong together: name both or none",
                "listen_cert 与 listen_key 要么都写，要么都不写",
            )
        if self.listen_client_ca is not None and self.listen_cert is None:
            raise mistake(
                "listen_client_ca needs listen_cert and listen_key: certificates are shown in TLS only",
                "写了 listen_client_ca 就必须有 listen_cert 和 listen_key：只有 TLS 才出示证书",
            )
        return self

    def door(self, base: Path) -> Door | None:
        """The door that these settings describe; None when nothing is to listen. `base`: the folder where relative paths start."""
        if self.listen is None:
            return None
        host, _, port = self.listen.rpartition(":")
        certificate = None
        if self.listen_cert is not None and self.listen_key is not None:
            authority = base / self.listen_client_ca if self.listen_client_ca is not None else None
            certificate = Certificate(base / self.listen_cert, base / self.listen_key, authority)
        sources = tuple(map(ip_network, self.listen_from))
        return Door(host.strip("[]"), int(port), certificate, sources, self.listen_largest_mb * 1024**2)
