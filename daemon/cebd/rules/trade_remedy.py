"""What the note of a goods line says of trade remedies, in the form that customs read: after whatever else it says,

    |<maker, Chinese><maker, original name><anti-dumping rate><countervailing rate><price undertaking: 1 or 0>||document number,goods line|

Trade remedies of cross-border retail imports, since 2024-09-04; the form is that of GACC 2018 No. 7.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_RATE = r"(?:[0-9]+(?:\.[0-9]+)?)?"
_FORM = re.compile(
    rf"(.*)\|<([^<>|]*)><([^<>|]*)><({_RATE})><({_RATE})><([01]?)>\|(?:\|?([^<>|,]+),([0-9]+)\|)?", re.DOTALL
)


class TradeRemedy(NamedTuple):
    """The parts of it, as texts: rates like 0.3, `undertaking` 1 or 0, `item` the line of the attached document; empty: not said."""

    maker_zh: str = ""
    maker: str = ""
    anti_dumping: str = ""
    countervailing: str = ""
    undertaking: str = ""
    document: str = ""
    item: str = ""


def remedy_in(note: str) -> TradeRemedy | None:
    """What a note says; None for one that says nothing of trade remedies, or not in this form."""
    found = _FORM.fullmatch(note)
    return None if found is None else TradeRemedy(*(text or "" for text in found.groups()[1:]))


def note_with(note: str, remedy: TradeRemedy) -> str | None:
    """The note with these parts at its end, in the place of those that it had; None where they are not of that form."""
    had = _FORM.fullmatch(note)
    attached = f"|{remedy.document},{remedy.item}|" if remedy.document or remedy.item else ""
    values = "".join(f"<{text}>" for text in remedy[:5])
    made = f"{note if had is None else had[1]}|{values}|{attached}"
    return made if remedy_in(made) == remedy else None
