"""Codes of enterprises and numbers of lists: their form only, who they belong to is known to customs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Violation, rule

_CODE_CHARACTERS = (10, 18)
_LIST_NUMBER = re.compile(r"\d{8}[IE]\d{9}\Z", re.ASCII)


def enterprise_codes(*fields: str) -> Rule:
    """These codes, where they are given, have 10 characters (customs registration) or 18 (social credit code).

    Never asked of ebpCode: platforms that are not registered have an id of the e-port's, of any length. A warning only: customs may know
    codes of other lengths.
    """

    def of_another_length(columns: RecordColumns) -> Iterator[int]:
        for name in fields:
            yield from columns.heads_where(name, lambda text: text and len(text) not in _CODE_CHARACTERS)

    @rule(
        "CEBD-1325",
        source="specification chapter 3, agentCode: 10-digit customs or 18-character credit code",
        screen=of_another_length,
    )
    def codes_have_their_length(record: RecordTexts) -> Iterator[Violation]:
        for name in fields:
            text = record.head.get(name)
            if text and len(text) not in _CODE_CHARACTERS:
                yield Violation("CEBD-1325", "head", -1, name, {"length": len(text)})

    return codes_have_their_length


def _declared_by_others(columns: RecordColumns) -> Iterable[int]:
    return columns.heads_where("agentCode", lambda code: _is_another(code, columns.declarant))


@rule(
    "CEBD-1332",
    source="GACC 2018 No. 56, table 1; error -621015: the declarant is who signs",
    screen=_declared_by_others,
)
def declarant_is_the_enterprise(record: RecordTexts) -> Iterator[Violation]:
    """agentCode is the code of the enterprise that declares. A warning only: at some ports a third party transmits for the declarant. Codes
    of another form (10 digits, 18 characters) are not compared: they may be the same enterprise's."""
    if _is_another(record.head.get("agentCode", ""), record.declarant):
        yield Violation("CEBD-1332", "head", -1, "agentCode", {"own": record.declarant})


def _is_another(code: str, own: str) -> bool:
    return code != own and len(code) == len(own)


@rule(
    "CEBD-1326",
    source="specification chapter 3, invtNo of 816: district, year, I or E, serial number",
    screen=lambda columns: columns.heads_where("invtNo", lambda number: number and not _LIST_NUMBER.match(number)),
)
def list_number_is_formed(record: RecordTexts) -> Iterator[Violation]:
    """invtNo, where it is given, is 4 digits of the district, 4 of the year, I or E, 9 digits. A warning only: customs made it, not we."""
    number = record.head.get("invtNo")
    if number and not _LIST_NUMBER.match(number):
        yield Violation("CEBD-1326", "head", -1, "invtNo", {})
