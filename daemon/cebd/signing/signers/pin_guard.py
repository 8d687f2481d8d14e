"""PIN guard: a token locks for ever after a few wrong PINs, and the customs' token then has to be replaced in person.

| answer of the token to a login | result |
| --- | --- |
| wrong PIN (or expired, locked, of the wrong length) | that PIN is never shown to that token again |
| another error, and the token says it counted a wrong PIN | the same |
| another error, three times without a success | the same |
| no token, no free session | nothing: the PIN was not looked at |
| before the login: locked, or one try is left | the PIN is not shown at all |
| nothing: the PIN is empty, has two lines or blanks around it | it is not shown at all: this cannot be the PIN |

The guard remembers a digest of token serial and PIN, in memory, for the life of the process.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from cebd.signing.labels import mapper, shown
from cebd.signing.signer import PinRefused, PinUnusable, TokenAway, TokenError

_UNCLEAR_TRIES = 3


def flaw_of(pin: str) -> tuple[str, str] | None:
    """Why the text cannot be a PIN, in English and in Chinese; None when it may be a PIN."""
    if not pin.strip():
        return "is empty", "为空"
    if len(pin.splitlines()) > 1:
        return "has more than one line", "不止一行"
    return ("has blanks around it", "前后有空格") if pin != pin.strip() else None


class PinGuard:
    """Opens sessions and remembers the refused PINs."""

    def __init__(self) -> None:
        self._refused: set[bytes] = set()
        self._unclear: Counter[bytes] = Counter()

    def open_session(self, token: Any, pin: str) -> Any:
        """A session of a `pkcs11.Token`, logged in. Raises PinRefused, TokenError; neither ever quotes the PIN."""
        import pkcs11

        label = shown(token.label)
        flaw = flaw_of(pin)
        if flaw is not None:
            en, zh = flaw
            raise PinUnusable(f"{label}: the PIN {en}", f"{label}：PIN {zh}")
        spent = sha256(token.serial + b"\0" + pin.encode()).digest()
        if spent in self._refused:
            raise PinRefused(f"{label}: this PIN was refused before", f"{label}：此 PIN 曾被拒绝")
        if token.flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
            raise PinRefused(f"{label}: the token is locked", f"{label}：介质已锁定")
        if token.flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY:
            raise PinRefused(
                f"{label}: one try is left before the token locks; log in once with its own tool",
                f"{label}：再错一次介质就会锁定；请先用介质自带的工具登录一次",
            )
        try:
            session = token.open(user_pin=pin, attribute_mapper=mapper())
        except pkcs11.exceptions.UserAlreadyLoggedIn:
            return token.open(
                attribute_mapper=mapper()
            )  # the login belongs to the process: another signer of this token made it
        except (
            pkcs11.exceptions.PinIncorrect,
            pkcs11.exceptions.PinInvalid,
            pkcs11.exceptions.PinLenRange,
            pkcs11.exceptions.PinLocked,
            pkcs11.exceptions.PinExpired,
        ) as error:
            self._refused.add(spent)
            raise PinRefused(f"{label}: {type(error).__name__}") from None
        except (
            pkcs11.exceptions.TokenNotPresent,
            pkcs11.exceptions.TokenNotRecognised,
            pkcs11.exceptions.DeviceRemoved,
            pkcs11.exceptions.SlotIDInvalid,
            pkcs11.exceptions.SessionHandleInvalid,
        ) as error:
            raise TokenAway(f"{label}: {type(error).__name__}") from None
        except (pkcs11.exceptions.SessionCount, pkcs11.exceptions.UserPinNotInitialized) as error:
            raise TokenError(f"{label}: {type(error).__name__}") from None
        except pkcs11.exceptions.PKCS11Error as error:
            self._unclear[spent] += 1
            if self._unclear[spent] >= _UNCLEAR_TRIES or _counted(token):
                self._refused.add(spent)
                raise PinRefused(*_login_failed(label, error)) from None
            raise TokenError(*_login_failed(label, error)) from None
        self._unclear.pop(spent, None)
        return session


def _login_failed(label: str, error: Exception) -> tuple[str, str]:
    kind = type(error).__name__
    return f"{label}: login failed with {kind}", f"{label}：登录失败（{kind}）"


def _counted(token: Any) -> bool:
    """Whether the token says that a wrong PIN was entered since the last right one."""
    import pkcs11

    try:
        return bool(token.slot.get_token().flags & pkcs11.TokenFlag.USER_PIN_COUNT_LOW)
    except pkcs11.exceptions.PKCS11Error:
        return False
