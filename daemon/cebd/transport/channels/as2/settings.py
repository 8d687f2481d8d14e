"""The settings of the channel kind "as2"."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cebd.listening.settings import ListenSettings
from cebd.settings_table import Seconds, Secret, Text, http_address_of, mistake
from cebd.transport.channels.kind import ChannelSettings


class As2Settings(ListenSettings, ChannelSettings):
    """AS2 (RFC 4130), as the central exchange has it: signed and encrypted, the partner's receipts (MDN) signed as well.

    The partner brings customs' answers to `listen`, at any path.
    """

    type: Literal["as2"]
    url: Text = Field(description="where declarations go", examples=["https://as2.example.org/as2"])
    as2_from: Text = Field(description="our AS2 name", examples=["DXPENT0000010001"])
    as2_to: Text = Field(description="the partner's AS2 name", examples=["DXPEDCCEB0000002"])
    cert: Path = Field(description="our certificate (PEM, RSA)", examples=["secrets/as2.cert.pem"])
    key: Path = Field(description="its key (PEM)", examples=["secrets/as2.key.pem"])
    key_password: Secret | None = Field(
        None, description="of that key, where it has one", examples=[{"file": "secrets/as2.key.txt"}]
    )
    partner_certs: tuple[Path, ...] = Field(
        min_length=1,
        description="the partner's certificates (PEM): signatures by these alone count. At a change name the old and the new one; messages "
        "are encrypted for the first that is valid",
        examples=[["secrets/partner.pem", "secrets/partner-next.pem"]],
    )
    encrypt: bool = Field(True, description="false: messages are signed only, for a line that is encrypted")
    mdn_url: Text | None = Field(
        None,
        description="the partner brings its MDNs to this address of `listen`, later; left out, they are in its answers",
        examples=["https://ent.example.org/as2"],
    )
    ca: Path | None = Field(
        None,
        description="the authority of the server's certificate, in PEM; else those of this computer",
        examples=["secrets/as2-ca.pem"],
    )
    tls_strict: bool = Field(
        True, description="authorities must follow RFC 5280; false for one that does not and cannot be had anew"
    )
    timeout_seconds: Seconds = Field(60.0, description="a message and the partner's receipt for it may take so long")

    @field_validator("url", "mdn_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is not None:
            http_address_of(url)
        return url

    @field_validator("as2_from", "as2_to")
    @classmethod
    def _a_name(cls, name: str) -> str:
        if not name.isascii() or not name.isprintable() or len(name) > 128 or '"' in name or "\\" in name:
            raise mistake(
                "an AS2 name has at most 128 printable ASCII characters, no quotation mark and no backslash",
                "AS2 名称最多 128 个可打印的 ASCII 字符，不含引号和反斜线",
            )
        return name

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        if self.listen is None:
            raise mistake(
                "listen is needed: the partner brings customs' answers to it", "须写明 listen：对方把回执送到这个地址"
            )
        if self.as2_from == self.as2_to:
            raise mistake("as2_from and as2_to must differ", "as2_from 与 as2_to 不能相同")
        return self

    def paths(self) -> dict[str, Path]:
        return {**super().paths(), **{f"partner_certs[{n}]": path for n, path in enumerate(self.partner_certs)}}
