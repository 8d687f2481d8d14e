"""What a token calls SM2: PKCS#11 has no numbers for its key type and mechanism, each maker took its own.

Those of some makers stand in `sm2_tokens/`, a file for each. `verified = false`: taken from a public header, never tried on a device. The
signer tries them with a signature of its own before it signs a message, so that wrong numbers sign nothing.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from cebd.settings_table import Table, mistake

if TYPE_CHECKING:
    from cebd.signing.tokens.pkcs11.keys import Sm2Call

_MAKERS = Path(__file__).with_name("sm2_tokens")
Number = Annotated[int, Field(ge=0, lt=1 << 32)]


class Sm2Numbers(Table):
    """What a token calls SM2: its maker, where cebd knows the numbers, or the numbers themselves.

    `signs`: what the token is given, the SM3 digest or the text, which it digests itself with the usual user id.
    """

    maker: str | None = None
    key_type: Number | None = None
    mechanism: Number | None = None
    signs: Literal["digest", "text"] = "digest"

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Sm2Numbers:
        numbers = (self.key_type, self.mechanism)
        if self.maker is None and None in numbers:
            raise mistake(
                "name the maker, or both key_type and mechanism", "请写 maker，或同时写 key_type 和 mechanism"
            )
        if self.maker is not None and numbers != (None, None):
            raise mistake("write the maker or the numbers, not both", "maker 与编号只写其一")
        if self.maker is not None and self.maker not in makers():
            known = ", ".join(makers())
            raise mistake(
                f"the numbers of {self.maker} are not known here; known are {known}; else write key_type and mechanism",
                f"不知道 {self.maker} 的编号；已知：{known}；否则请写 key_type 和 mechanism",
            )
        return self

    def looked_up(self) -> Sm2Numbers:
        """The numbers, the maker's where it is named."""
        return self if self.maker is None else makers()[self.maker]

    def call(self) -> Sm2Call:
        """The same as a plain value, for the process that has the token."""
        from cebd.signing.tokens.pkcs11.keys import Sm2Call

        numbers = self.looked_up()
        return Sm2Call(numbers.key_type or 0, numbers.mechanism or 0, numbers.signs == "text")


@cache
def makers() -> dict[str, Sm2Numbers]:
    """The numbers of each known maker."""
    known = {}
    for path in sorted(_MAKERS.glob("*.toml")):
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        numbers = {key: value for key, value in values.items() if key not in ("verified", "source")}
        known[path.stem] = Sm2Numbers.model_validate(numbers)
    return known
