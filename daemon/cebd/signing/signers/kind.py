"""A kind of signer: the name of its type, its settings, its constructor, and its abilities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field

from cebd.machine_folder import machine_folder
from cebd.settings_table import Table, Text, mistake
from cebd.signing.tokens.usage import PATIENCE, Logins, Patience

if TYPE_CHECKING:  # they read certificates, and with the settings of every kind no such library is to come
    from cebd.signing.signer import Gate, Signer


def _a_number(given: str) -> str:
    if re.fullmatch(r"([0-9a-fA-F]{2})+", given):
        return given.lower()
    raise mistake("is a number in hex digits, two for each byte", "应为十六进制数字（每字节两位）")


HexDigits = Annotated[str, AfterValidator(_a_number)]


def _a_credit_code(given: str) -> str:
    if re.fullmatch(r"[0-9A-Z]{18}", given.upper()):
        return given.upper()
    raise mistake("is a credit code of 18 digits and letters", "应为 18 位统一社会信用代码")


CreditCode = Annotated[str, AfterValidator(_a_credit_code)]


class SignerSettings(Table):
    """[signer.NAME], as far as every kind has it. `type` is a Literal in each kind's own class."""

    type: str
    sm2_id: Text | None = Field(
        None,
        description="the user id in SM2 signatures, only where customs want another than 1234567812345678",
        examples=["1234567812345678"],
    )

    credit_code: CreditCode | None = Field(
        None,
        description="of the enterprise that holds the card (18 characters): a card that says it is another's signs nothing",
        examples=["91350200000000000X"],
    )

    takes_over: date | None = Field(
        None,
        description="a new card: from this day on it signs, and the enterprise's other signers do not any more; until then they do",
        examples=[date(2027, 1, 1)],
    )

    def certificate_number(self) -> str | None:
        """The number, in small hex digits, of the only certificate that may sign; None: the token's certificate."""
        return None


@dataclass(frozen=True, slots=True)
class SignerContext:
    """The context that opens a signer, beside its settings.

    `base`: the folder that relative paths start at. `gate`: asked before a token is used; None when a person signs by hand with any token.
    `memory`: the folder of what is known about this machine: which PINs were refused. `patience`: how long a token may take.
    `by`: who logs in, by which it is decided whether a PIN may be shown.
    """

    base: Path
    gate: Gate | None = None
    memory: Path = field(default_factory=machine_folder)
    patience: Patience = PATIENCE
    by: Logins = Logins.BY_ITSELF


class Lack(NamedTuple):
    """A thing that the machine lacks or has wrongly: the key of the setting that names it, and the mistake in both languages."""

    key: str
    en: str
    zh: str


SettingsClass = type[SignerSettings]


@dataclass(frozen=True, slots=True)
class SignerKind:
    """One kind of signer; `cebd.signing.signers.kinds` lists them. `Any` stands for the settings of the kind.

    | field | meaning |
    | --- | --- |
    | `open` | makes a signer; raises TokenError; imports its library only when it is called: `cebd --help` is to be quick |
    | `presence` | what of the settings this machine lacks, given the folder that relative paths start at, and whether libraries may be loaded into this process; files and secrets that are named are there. The token is not asked |
    | `for_trials` | anyone who can read a file can sign: refused in production |
    | `can_be_lost` | the key may go away and come back while the daemon runs, as a token does |
    """  # noqa: E501  (a table)

    type: str
    settings: SettingsClass
    open: Callable[[Any, SignerContext], Signer]
    presence: Callable[[Any, Path, bool], Iterable[Lack]]
    for_trials: bool = False
    can_be_lost: bool = True
