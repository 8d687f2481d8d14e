"""The settings of the signer kind "remote"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from cebd.settings_table import Name, Secret, Text, address_of, is_this_machine, mistake
from cebd.signing.signers.kind import Lack, SignerContext, SignerKind, SignerSettings

if TYPE_CHECKING:
    from cebd.signing.signers.remote.signer import RemoteSigner


def _an_address(given: str) -> str:
    address = address_of(given)
    if address is None or address.scheme not in ("http", "https") or address.path.strip("/") or address.query:
        raise mistake(
            "is an address as https://station-1.example.cn:8443", "应为 https://station-1.example.cn:8443 这样的地址"
        )
    if address.scheme == "http" and not is_this_machine(address.hostname):
        raise mistake(
            "must begin with https: only on this machine it may be http", "应以 https 开头：只有本机可以用 http"
        )
    return given.rstrip("/")


Address = Annotated[Text, AfterValidator(_an_address)]


class RemoteSettings(SignerSettings):
    """The token of another station of cebd, which has a [signing_endpoint]."""

    type: Literal["remote"]
    url: Address = Field(description="the other station's", examples=["https://station-1.example.cn:8443"])
    signer: Name = Field(description="the name of the signer there", examples=["eport"])
    cert: Path | None = Field(
        None,
        description="this station's own certificate, in PEM, by which the other knows it",
        examples=["secrets/station.cert.pem"],
    )
    key: Path | None = Field(None, description="its key, in PEM", examples=["secrets/station.key.pem"])
    password: Secret | None = Field(
        None, description="of the key, where it has one", examples=[{"file": "secrets/station.password"}]
    )
    ca: Path | None = Field(
        None,
        description="the authority of the other station's certificate (PEM); without, those that the system trusts",
        examples=["secrets/stations.pem"],
    )


def _open(wanted: RemoteSettings, context: SignerContext) -> RemoteSigner:
    from cebd.signing.signers.remote.line import RemoteLine
    from cebd.signing.signers.remote.signer import RemoteSigner
    from cebd.signing.sm2 import DEFAULT_ID

    line = RemoteLine(wanted.url, partial(_tls, wanted, context.base))
    return RemoteSigner(line, wanted.signer, context.gate, wanted.sm2_id or DEFAULT_ID, context.patience)


def _presence(wanted: RemoteSettings, base: Path, _load_libraries: bool) -> Iterator[Lack]:
    from cebd.signing.signer import TokenError

    try:
        _tls(wanted, base)
    except TokenError as error:
        yield Lack("cert", str(error), error.zh)


def _tls(wanted: RemoteSettings, base: Path) -> SSLContext:
    from cebd.signing.signers.remote.line import tls_of

    cert, key, ca = (base / path if path is not None else None for path in (wanted.cert, wanted.key, wanted.ca))
    return tls_of(cert, key, partial(wanted.password.read, base) if wanted.password is not None else None, ca)


REMOTE = SignerKind("remote", RemoteSettings, _open, _presence)
