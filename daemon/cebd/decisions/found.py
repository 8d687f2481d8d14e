"""What people decided, as a file tells it: what was found in it beside its records."""

from __future__ import annotations

from typing import NamedTuple

from cebd.decisions.decision import NO_ANSWERS, Answers
from cebd.decisions.layout import KnownLayout, Proposal


class Found(NamedTuple):
    """The answers on its sheet of decisions; what its headings may mean, where that is to be asked (`proposal`); and what it says of the
    headings of others (`layout`), where it is the workbook that was asked."""

    answers: Answers = NO_ANSWERS
    proposal: Proposal | None = None
    layout: KnownLayout | None = None


NOTHING_FOUND = Found()
