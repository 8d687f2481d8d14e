"""The settings of the channel kind "http"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cebd.listening.settings import ListenSettings
from cebd.secret_file import SecretError
from cebd.settings_table import Seconds, Secret, Text, http_address_of, mistake
from cebd.transport.channel import ChannelError
from cebd.transport.channels.kind import ChannelSettings

_FINGERPRINT = re.compile(r"(?:SHA256:)?((?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2})")


class HttpSettings(ListenSettings, ChannelSettings):
    """HTTP requests to a regional platform, as its profile says; receipts are asked for, or brought to `listen`.

    Profiles that come with cebd: cebcmsg-json, gateway-form, soap-declare (modelled on interfaces that are in use, never tried with them),
    dxp-xml. An own profile is a file that ends in .toml (docs/http-profiles.md).
    """

    type: Literal["http"]
    profile: Text = Field(description="a profile's name, or the path of an own one", examples=["gateway-form"])
    send_url: Text = Field(
        description="where declarations go", examples=["https://eport.example.org/declare/sendMessage"]
    )
    receipts_url: Text | None = Field(
        None, description="where receipts are asked for", examples=["https://eport.example.org"]
    )
    values: dict[str, str] = Field(
        default_factory=dict,
        description="what the profile's texts name in braces: as the other side has told you",
        examples=[{"client_id": "ENT001", "platform": "KJPUBLIC"}],
    )
    secret_values: dict[str, Secret] = Field(
        default_factory=dict,
        description="the same, for what must stay secret",
        examples=[{"client_key": {"env": "EPORT_CLIENT_KEY"}}],
    )
    ca: Path | None = Field(
        None,
        description="the authority of the server's certificate, in PEM; else those of this computer",
        examples=["secrets/eport-ca.pem"],
    )
    server_sha256: tuple[str, ...] = Field(
        (),
        description="fingerprints (SHA-256) of the server's certificate: only a server that shows one of these is used; two at a change",
        examples=[["AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"]],
    )
    tls_strict: bool = Field(
        True, description="authorities must follow RFC 5280; false for one that does not and cannot be had anew"
    )
    client_cert: Path | None = Field(
        None, description="this station's certificate and its chain, in PEM", examples=["secrets/client.cert.pem"]
    )
    client_key: Path | None = Field(None, description="the key of client_cert", examples=["secrets/client.key.pem"])
    client_key_password: Secret | None = Field(
        None, description="the passphrase of client_key", examples=[{"file": "secrets/client.key.txt"}]
    )
    proxy: Text | None = Field(
        None, description="the proxy that leads outside", examples=["http://proxy.example.org:3128"]
    )
    proxy_user: Text | None = Field(None, description="its user", examples=["cebd"])
    proxy_password: Secret | None = Field(None, description="and password", examples=[{"env": "PROXY_PASSWORD"}])
    timeout_seconds: Seconds = Field(30.0, description="a silent server is given up after so long")
    deadline_seconds: Seconds = Field(60.0, description="a request and its whole answer may take so long")
    largest_answer_mb: int = Field(64, gt=0, le=1024, description="a larger answer is not read")
    per_minute: int | None = Field(
        None, gt=0, description="at most so many requests a minute; without it, as many as there are", examples=[600]
    )
    poll_seconds: Seconds | None = Field(
        None, description="receipts are asked for so often; without it, as the profile says", examples=[15]
    )
    push_secret: Secret | None = Field(
        None,
        description="the last part of the address where receipts are brought; whoever does not know it is not heard",
        examples=[{"file": "secrets/push.txt"}],
    )

    @field_validator("send_url", "receipts_url", "proxy")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = http_address_of(url)
        if parts.username or parts.password:
            raise mistake("no user and no password in an address", "地址中不要写用户名和口令")
        return url.rstrip("/")

    @field_validator("server_sha256")
    @classmethod
    def _fingerprints(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            if not _FINGERPRINT.fullmatch(one):
                raise mistake(
                    f"{one} is no SHA-256 fingerprint of a certificate (64 hex digits, as openssl x509 -fingerprint -sha256 prints)",
                    f"{one} 不是证书的 SHA-256 指纹（64 位十六进制，即 openssl x509 -fingerprint -sha256 所示）",
                )
        return tuple(re.sub("[^0-9a-f]", "", one.lower().removeprefix("sha256:")) for one in given)

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        if self.client_key is not None and self.client_cert is None:
            raise mistake("client_key needs client_cert", "写了 client_key 就必须有 client_cert")
        if (self.proxy_user is None) != (self.proxy_password is None):
            raise mistake(
                "proxy_user and proxy_password belong together", "proxy_user 与 proxy_password 要么都写，要么都不写"
            )
        both = self.values.keys() & self.secret_values.keys()
        if both:
            name = min(both)
            raise mistake(f"{name} stands in values and in secret_values", f"values 和 secret_values 中都有 {name}")
        return self

    def paths(self) -> dict[str, Path]:
        own = {"profile": Path(self.profile)} if self.profile.endswith(".toml") else {}
        return {**super().paths(), **own}

    def secrets(self) -> dict[str, Secret]:
        return {**super().secrets(), **{f"secret_values.{name}": secret for name, secret in self.secret_values.items()}}

    def read_values(self, base: Path) -> dict[str, str]:
        """Everything that the profile's texts may name of these settings. Raises ChannelError."""
        receipts = {"receipts_url": self.receipts_url} if self.receipts_url is not None else {}
        secrets = {name: _read(secret, base) for name, secret in self.secret_values.items()}
        return {**self.values, **secrets, "send_url": self.send_url, **receipts}


def _read(secret: Secret, base: Path) -> str:
    try:
        return secret.read(base)
    except SecretError as error:
        raise ChannelError("CEBD-1603", str(error)) from None
