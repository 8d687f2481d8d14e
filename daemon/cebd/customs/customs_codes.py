"""The codes of customs' own that a returnInfo may carry, `[Code:1322;Desc:订单清单表体商品项不一致]`: one or several, in either case.

They are published nowhere; the book explains those that were seen (`customs:1322`, see `code_book/customs-codes.toml`). A returnInfo also
quotes the declaration's guid in brackets, which nobody need read: `for_people` leaves it out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CUSTOMS = "customs:"
_CODE = re.compile(r"\[\s*code\s*[:：]\s*(\d{1,9})\s*[;；,，]\s*desc\s*[:：]\s*([^\[\]]*?)\s*\]", re.IGNORECASE)
_GUID = re.compile(r"\s*[\[［](?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32})[\]］]")


class CustomsCode(NamedTuple):
    """A code with customs' words for it."""

    code: str
    text: str

    @property
    def booked(self) -> str:
        """The code as the book has it: `customs:1322`."""
        return f"{CUSTOMS}{self.code}"

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "text": self.text}


def customs_codes(info: str) -> tuple[CustomsCode, ...]:
    """The codes in a returnInfo, in their order."""
    if "[" not in info:
        return ()
    return tuple(CustomsCode(code, text) for code, text in _CODE.findall(info))


def for_people(info: str) -> str:
    """A returnInfo as it is shown: without guids in brackets, and a code after its words: `订单清单表体商品项不一致（1322）`."""
    if "[" not in info and "［" not in info:
        return info
    shown = _CODE.sub(lambda code: f"{code[2]}（{code[1]}）" if code[2] else code[1], info)
    return _GUID.sub("", shown).strip(" ,，;；")
