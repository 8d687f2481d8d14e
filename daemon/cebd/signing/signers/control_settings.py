"""The settings of the signer kind "control"."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from cebd.settings_table import Secret, Text, address_of, is_this_machine, mistake
from cebd.signing.signers.kind import HexDigits, Lack, SignerContext, SignerKind, SignerSettings

if TYPE_CHECKING:
    from cebd.signing.tokens.client import TokenSigner


def _an_address(given: str) -> str:
    """The PIN goes there with each signature: unencrypted it does not leave the machine."""
    address = address_of(given)
    if address is None or address.scheme not in ("ws", "wss"):
        raise mistake("is an address as ws://127.0.0.1:61232", "应为 ws://127.0.0.1:61232 这样的地址")
    if address.scheme == "ws" and not is_this_machine(address.hostname):
        raise mistake(
            "would send the PIN through the network as it is: use wss://, or run cebd on the PC with the card",
            "会让 PIN 明文经过网络：请用 wss://，或在插卡的电脑上运行 cebd",
        )
    return given


Address = Annotated[Text, AfterValidator(_an_address)]


class ControlSettings(SignerSettings):
    """The customs' client control on this PC, for a card or USB key that has no library of its own. Not tried on a real one yet."""

    type: Literal["control"]
    address: Address = Field("ws://127.0.0.1:61232", description="where the control listens")
    pin: Secret = Field(
        description="the card's PIN; one that is refused is not tried again", examples=[{"file": "secrets/token.pin"}]
    )
    cert_serial: HexDigits | None = Field(
        None,
        description="only needed to let no other certificate sign: its number, as cebd status shows it",
        examples=["0a1b2c"],
    )

    def certificate_number(self) -> str | None:
        return self.cert_serial


def _open(wanted: ControlSettings, context: SignerContext) -> TokenSigner:
    from cebd.signing.signers.token_signers import token_signer
    from cebd.signing.sm2 import DEFAULT_ID
    from cebd.signing.tokens.control.driver import ControlCard

    sm2_id = wanted.sm2_id or DEFAULT_ID
    driver = ControlCard(wanted.address, sm2_id, context.patience)
    return token_signer(driver, wanted.pin, wanted.cert_serial, sm2_id, context)


def _presence(_wanted: ControlSettings, _base: Path, _load_libraries: bool) -> Iterator[Lack]:
    from cebd.signing.tokens.control.line import MISSING

    if find_spec("websockets") is None:
        yield Lack("type", *MISSING)


CONTROL = SignerKind("control", ControlSettings, _open, _presence)
