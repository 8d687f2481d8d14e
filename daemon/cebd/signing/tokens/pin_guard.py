"""PIN guard: a token locks for ever after a few wrong PINs, and the customs' token then has to be replaced in person.

| what is known | the PIN |
| --- | --- |
| it is empty, has two lines, blanks around it, characters of full width (１２) or none that is seen | is not shown: this cannot be a PIN |
| the token says: locked, or one try is left | is not shown, whichever it is |
| the token refused it, ever | is not shown again |
| two logins in a row may have failed, whatever the token says of it | is not shown: a token may lock at the third |
| it was shown without an answer, and the token counts its tries* and has lost none, or it was away | is shown again |
| it was shown without an answer, was accepted before, and the token told of no wrong PIN, then or now | is shown, three times at most |
| it was shown without an answer, else | is not shown again |
| anything else | is shown |

* Once they have been seen below their most. There are libraries that always say that all are left.

"Not shown again" is for ever, on this machine (`pin_memory.py`), until a person says otherwise: `cebd token test NAME --login`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from cebd.signing.signer import PinNotKept, PinRefused, PinUnusable, PinWithheld, TokenError
from cebd.signing.tokens.driver import Device, Driver, LoginUnclear, PinWrong
from cebd.signing.tokens.pin_memory import PinMemory, PinRecord, Shown
from cebd.signing.tokens.usage import Logins

_MAX_FAILURES = 2  # in a row
_MAX_UNANSWERED = 3  # in a row, of a PIN that was accepted before

Texts = tuple[str, str]


def flaw_of(pin: str) -> Texts | None:
    """Why the text cannot be a PIN, in English and in Chinese; None when it may be a PIN."""
    if not pin.strip():
        return "is empty", "为空"
    if len(pin.splitlines()) > 1:
        return "has more than one line", "不止一行"
    if pin != pin.strip():
        return "has blanks around it", "前后有空格"
    if not pin.isprintable():  # a library in C takes NUL for the end of it; a file in UTF-16 is full of them
        return "has characters that cannot be seen", "含有看不见的字符"
    if unicodedata.normalize("NFKC", pin) != pin:
        return "has characters of full width, as a Chinese input method types them", "含有全角字符，请改用半角"
    return None


class PinGuard:
    """Shows PINs, as far as that can lock nothing."""

    def __init__(
        self, memory: PinMemory, undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """`undisturbed`: in that block the process is not ended together with another one: what came of a login is to be written down."""
        self._memory = memory
        self._undisturbed = undisturbed
        self._accepted = ""  # the PIN of the last login

    def login(self, driver: Driver, pin: str, by: Logins = Logins.BY_ITSELF) -> None:
        """Log in to the open token. Raises PinRefused, PinUnusable, PinNotKept, TokenError; none ever quotes the PIN."""
        device = driver.device()
        flaw = flaw_of(pin)
        if flaw is not None:
            raise PinUnusable(f"{device.label}: the PIN {flaw[0]}", f"{device.label}：PIN {flaw[1]}")
        with self._memory.of(device.serial or device.label, pin) as record, self._undisturbed():
            device = driver.device()  # once more: nobody else logs in now
            if by is Logins.A_PERSON:
                _require_in_time(device)
                record.forgive()
            _learn(record, device)
            _require_in_time(device)
            _require(_spent(record), device)
            if by is Logins.ONLY_AS_BEFORE and (record.shown is None or record.shown.state != "accepted"):
                raise _not_proven(device)
            record.begin(device)
            _show(driver, pin, record, device)
            self._accepted = pin

    def refused_later(self, driver: Driver, error: PinWrong) -> TokenError:
        """What becomes of a PIN that the token took at the login and refuses at a signature: it was changed meanwhile."""
        device = driver.device()
        try:
            with self._memory.of(device.serial or device.label, self._accepted) as record, self._undisturbed():
                record.begin(device)
                record.refused()
        except PinNotKept as not_kept:
            return not_kept
        return PinRefused(f"{device.label}: {error}")


def _too_late(device: Device) -> Texts | None:
    """Why this token is shown no PIN at all."""
    if device.is_locked or device.tries_left == 0:
        return "the token is locked", "介质已锁定"
    if device.is_last_try or device.tries_left == 1:
        return (
            "one try is left before the token locks; log in once with its own tool",
            "再错一次介质就会锁定；请先用介质自带的工具登录一次",
        )
    return None


def _learn(record: PinRecord, device: Device) -> None:
    """What the token says now of a login that it did not answer."""
    if device.tries_left is not None and device.is_low:
        record.token.counts = True
    shown = record.shown
    if shown is None or shown.state not in ("shown", "away"):
        return
    if _has_counted(shown, device):
        record.refused()
    elif shown.state == "shown" and None not in (shown.tries_left, device.tries_left) and record.token.counts:
        record.not_looked_at()


def _has_counted(shown: Shown, device: Device) -> bool:
    """Whether the token says that it counted this PIN as wrong."""
    if shown.tries_left is not None and device.tries_left is not None:
        return device.tries_left < shown.tries_left
    return device.is_low and not shown.was_low


def _spent(record: PinRecord) -> Texts | None:
    """Why this PIN is not shown again."""
    shown = record.shown
    if shown is not None and shown.state == "refused":
        return f"this PIN was refused on {shown.at}", f"此 PIN 曾于 {shown.at} 被拒绝"
    # Of a token that told of a wrong PIN before, the flag cannot say whether this one was counted, too.
    if (
        shown is not None
        and shown.state == "shown"
        and (not shown.was_accepted or shown.was_low or shown.unanswered >= _MAX_UNANSWERED)
    ):
        return (
            f"nobody knows what came of the login of {shown.at}, it may have cost a try",
            f"{shown.at} 的登录没有得到回答，可能已计为一次错误",
        )
    if record.other_failures >= _MAX_FAILURES:
        count = record.other_failures
        return f"{count} logins have failed in a row", f"已连续 {count} 次登录失败"
    return None


def _show(driver: Driver, pin: str, record: PinRecord, device: Device) -> None:
    try:
        driver.login(pin)
    except PinWrong as error:
        record.refused()
        raise PinRefused(f"{device.label}: {error}") from None
    except LoginUnclear as error:
        with suppress(TokenError):
            _learn(record, driver.device())
        kind = TokenError if _spent(record) is None else PinRefused
        raise kind(f"{device.label}: login failed with {error}", f"{device.label}：登录失败（{error}）") from None
    except TokenError:
        record.not_looked_at()
        raise
    record.accepted()


def _not_proven(device: Device) -> PinRefused:
    return PinRefused(
        f"{device.label}: this token has not accepted the PIN yet; none was shown",
        f"{device.label}：此介质还没有接受过该 PIN，未提交",
    )


def _require_in_time(device: Device) -> None:
    reason = _too_late(device)
    if reason is not None:
        raise PinWithheld(f"{device.label}: {reason[0]}", f"{device.label}：{reason[1]}")


def _require(reason: Texts | None, device: Device) -> None:
    if reason is not None:
        raise PinRefused(f"{device.label}: {reason[0]}", f"{device.label}：{reason[1]}")
