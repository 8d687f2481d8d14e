"""People's data that platforms hide from whoever exports them: 王*, 138****0001, 文三路****."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cebd.rules.rule import Rule, each_text

_STAR = re.compile(r"[*＊]")
_HIDDEN_PART = re.compile(r"[*＊]{2}")  # of an address, where a single star may be a sign of somebody's own
_ADDRESS = "consigneeAddress"


def nobody_is_masked(*fields: str) -> Rule:
    """Names, telephones and addresses in these fields are whole: no part of them is hidden by stars.

    Customs hold the buyer's name against the police's register, and the consignee against the waybill. Masked identity numbers fail their
    check digit (CEBD-1306).
    """
    return each_text(
        "CEBD-1336",
        source="specification chapter 3, buyerName of 311 and payerName of 411: the real name; GACC 2018 No. 194",
        is_wrong=_is_masked,
        are_right=_have_no_star,
        head=fields,
    )


def _is_masked(name: str, text: str) -> bool:
    return (_HIDDEN_PART if name == _ADDRESS else _STAR).search(text) is not None


def _have_no_star(_name: str, texts: Sequence[str]) -> bool:
    return _STAR.search("".join(texts)) is None
