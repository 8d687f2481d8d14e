"""What every table of the settings file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

Name = Annotated[str, StringConstraints(pattern=r"^[\w][\w.-]{0,63}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False)]

MISTAKE = "mistake"


class Table(BaseModel):
    """A table of the file: no key that it does not know, and never changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def mistake(en: str, zh: str) -> PydanticCustomError:
    """A mistake of a value, in the words of both languages; to be raised in a validator. Braces in the texts stay as they are."""
    return PydanticCustomError(MISTAKE, "{en}", {"en": en, "zh": zh})
