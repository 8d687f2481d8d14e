"""What the simulated customs side does out of the ordinary: delays, duplicates, rejections. A TOML file, or a value."""

from __future__ import annotations

import fnmatch
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class BadScenario(Exception):
    """The scenario file cannot be used; the message says which file, which setting and why."""


class Reject(BaseModel):
    """Records whose number (see Scenario) fits `key` (shell pattern) are answered with this status and text.

    `times`: how often each such record is rejected before it is accepted; without it, always.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(min_length=1)
    status: str = Field(pattern=r"^-?[0-9]{1,9}$")
    info: str = Field(default="参数校验不通过", min_length=1, max_length=900)
    times: int | None = Field(default=None, ge=1)


class Scenario(BaseModel):
    """All of it; the defaults are an ordinary, quick customs side. Times are in seconds.

    A record's number is the one its enterprise knows it by: of an order, a payment or a waybill its own, of the others the copNo.

    | setting | meaning |
    | --- | --- |
    | `answer_seconds`, `step_seconds` | from the arrival to the first return, and between returns of one record |
    | `duplicate_receipts` | the share of receipt files that come twice, 0 to 1 |
    | `shuffle`, `seed` | whether a later status may come first; the seed of all chance |
    | `reject` | see Reject |
    | `drop_receipts` | patterns of numbers of records that are never answered |
    | `not_released` | patterns of copNos of lists that are entered and go no further: they can be cancelled at any time |
    | `entered_at_once` | orders, payments and waybills are entered (120) at once; else they rest at 2 until their list is declared |
    | `tax_bills` | a released list gets a tax bill (816), which is summarised later (818) |
    | `returns_per_message` | at most so many returns in one receipt message (the schema allows 100) |
    | `returns_in_envelope` | receipts come as base64 in a DxpMsg |
    | `dxp_rep` | the exchange platform also answers each envelope that it takes |
    | `sm2_der` | an SM2 value in DER is taken, too, as some regions were seen to do; else only 64 bytes, r and s |
    | `http_refused` | over HTTP: the share of messages that are answered with an error in a body of 200, and not taken |
    | `http_silent`, `http_silent_seconds` | the share of messages that are taken and answered only after so long |
    | `http_answer_seconds` | how long each answer takes: receipts may come before it |
    | `http_pushed_twice` | the share of receipts that are brought again although they were taken |
    | `client_signs` | messages come unsigned: the official client signs them with its own card |
    | `trusted` | a certificate (PEM): signatures must be by it or by a certificate that it issued |
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_seconds: float = Field(default=0.2, ge=0)
    step_seconds: float = Field(default=0.3, ge=0)
    duplicate_receipts: float = Field(default=0.0, ge=0, le=1)
    shuffle: bool = False
    seed: int = 1
    reject: tuple[Reject, ...] = ()
    drop_receipts: tuple[str, ...] = ()
    not_released: tuple[str, ...] = ()
    entered_at_once: bool = False
    tax_bills: bool = False
    returns_per_message: int = Field(default=100, ge=1, le=100)
    returns_in_envelope: bool = False
    dxp_rep: bool = False
    sm2_der: bool = False
    client_signs: bool = False
    http_refused: float = Field(default=0.0, ge=0, le=1)
    http_silent: float = Field(default=0.0, ge=0, le=1)
    http_silent_seconds: float = Field(default=90.0, ge=0)
    http_answer_seconds: float = Field(default=0.0, ge=0)
    http_pushed_twice: float = Field(default=0.0, ge=0, le=1)
    trusted: Path | None = None

    def rejection(self, number: str, before: int = 0) -> Reject | None:
        """The rejection planned for the record of that number, which was rejected `before` times already."""
        for one in self.reject:
            if fnmatch.fnmatchcase(number, one.key) and (one.times is None or before < one.times):
                return one
        return None

    def silent(self, number: str) -> bool:
        """Whether that record is never answered."""
        return any(fnmatch.fnmatchcase(number, pattern) for pattern in self.drop_receipts)

    def stays_entered(self, number: str) -> bool:
        """Whether that list is never released."""
        return any(fnmatch.fnmatchcase(number, pattern) for pattern in self.not_released)

    def moment(self, arrived: datetime, step: int) -> datetime:
        """When the return of that step (0 is the first) is made. The milliseconds keep times apart where steps take none."""
        return arrived + timedelta(seconds=self.answer_seconds + self.step_seconds * step, milliseconds=step)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; `trusted` is taken from where the file is. Raises BadScenario."""
    try:
        scenario = Scenario.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadScenario(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: {error}") from None
    except ValidationError as error:
        raise BadScenario(f"{path}: {_sentence(error)}") from None
    if scenario.trusted is None:
        return scenario
    trusted = path.parent / scenario.trusted
    _check_certificate(path, trusted)
    return scenario.model_copy(update={"trusted": trusted})


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"{where}: {first['msg']}"
    model: Any = Reject if first["loc"][0] == "reject" else Scenario
    return f"{where} is no setting of a scenario; there are {', '.join(model.model_fields)}"


def _check_certificate(path: Path, trusted: Path) -> None:
    from cryptography import x509

    try:
        x509.load_pem_x509_certificate(trusted.read_bytes())
    except OSError as error:
        raise BadScenario(f"{path}: trusted: {trusted}: {error.strerror}") from None
    except ValueError:
        raise BadScenario(f"{path}: trusted: {trusted} is no certificate in PEM form") from None
