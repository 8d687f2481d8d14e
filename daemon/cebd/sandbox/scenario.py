"""What the simulated customs side does out of the ordinary: delays, duplicates, rejections. A TOML file, or a value."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class BadScenario(Exception):
    """The scenario file cannot be used; the message says which line of it and why."""


class Reject(BaseModel):
    """Records whose order number or copNo fits `key` (shell pattern) are answered with this status and text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    status: str
    info: str = "参数校验不通过"


class Scenario(BaseModel):
    """All of it; the defaults are an ordinary, quick customs side. Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_seconds: float = Field(default=0.2, ge=0)
    step_seconds: float = Field(default=0.3, ge=0)
    duplicate_receipts: float = Field(default=0.0, ge=0, le=1)
    shuffle: bool = False
    seed: int = 1
    reject: tuple[Reject, ...] = ()
    drop_receipts: tuple[str, ...] = ()
    returns_per_message: int = Field(default=100, ge=1, le=100)
    returns_in_envelope: bool = False
    dxp_rep: bool = False
    trusted: Path | None = None

    def rejection(self, number: str) -> Reject | None:
        """The rejection planned for that order number or copNo."""
        return next((one for one in self.reject if fnmatch.fnmatchcase(number, one.key)), None)

    def silent(self, number: str) -> bool:
        """Whether that record is never answered."""
        return any(fnmatch.fnmatchcase(number, pattern) for pattern in self.drop_receipts)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises BadScenario."""
    try:
        return Scenario.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadScenario(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadScenario(f"{path}: {where}: {first['msg']}") from None
