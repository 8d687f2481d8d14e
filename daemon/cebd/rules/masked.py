"""People's data that platforms hide from whoever exports them: 王*, 138****0001, 文三路****."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Violation, rule

_STARS = "*＊"
_HIDDEN_PART = re.compile(r"[*＊]{2}")  # of an address, where a single star may be a sign of somebody's own
_ADDRESS = "consigneeAddress"


def nobody_is_masked(*fields: str) -> Rule:
    """Names, telephones and addresses in these fields are whole: no part of them is hidden by stars.

    Customs hold the buyer's name against the police's register, and the consignee against the waybill. Masked identity numbers fail their
    check digit (CEBD-1306).
    """

    def masked(columns: RecordColumns) -> Iterator[int]:
        for name in fields:
            yield from columns.heads_where(name, partial(_is_masked, name))

    @rule(
        "CEBD-1336",
        source="specification chapter 3, buyerName of 311 and payerName of 411: the real name; GACC 2018 No. 194",
        screen=masked,
    )
    def people_are_named(record: RecordTexts) -> Iterator[Violation]:
        for name in fields:
            if _is_masked(name, record.head.get(name, "")):
                yield Violation("CEBD-1336", "head", -1, name, {})

    return people_are_named


def _is_masked(name: str, text: str) -> bool:
    return _HIDDEN_PART.search(text) is not None if name == _ADDRESS else any(star in text for star in _STARS)
