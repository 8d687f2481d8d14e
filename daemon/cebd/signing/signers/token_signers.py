"""A signer whose token another process has, from the settings of its kind."""

from __future__ import annotations

from functools import partial

from cebd.secret_file import SecretError
from cebd.settings_table import Secret
from cebd.signing.signer import PinUnusable
from cebd.signing.signers.kind import SignerContext
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.driver import DriverSettings
from cebd.signing.tokens.task import TokenTask
from cebd.signing.tokens.usage import Logins


def token_signer(
    driver: DriverSettings, pin: Secret | None, number: str | None, sm2_id: str, context: SignerContext
) -> TokenSigner:
    """The process is told where the PIN is; only one in the environment passes through this process. `pin`: None where the token asks for
    none. Raises PinUnusable.
    """
    if context.by is Logins.NOBODY:
        pin = None
    try:
        place = pin.path(context.base) if pin is not None else None
    except SecretError as error:
        raise PinUnusable(str(error)) from None
    return TokenSigner(
        TokenTask(driver, place, number, context.memory, context.by),
        context.gate,
        sm2_id,
        context.patience,
        hidden=(pin.env,) if pin is not None and pin.env is not None else (),
        read_pin=partial(_read, pin, context) if pin is not None and place is None else None,
    )


def _read(pin: Secret, context: SignerContext) -> str:
    try:
        return pin.read(context.base)
    except SecretError as error:
        raise PinUnusable(str(error)) from None
