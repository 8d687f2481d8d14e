"""When a person is asked what a file's columns are: nobody knows its headings, or what is needed is not among those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cebd.decisions.layout import KnownLayout, Proposal
from cebd.documents.proposing.proposal import has_drifted, proposal_of
from cebd.documents.reading.layouts import OWN_SHEETS
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import message_types
from cebd.problems.problem import Problem, problem

# A column that is needed, one that nobody knows, one that may be several things.
_MISSING, _UNKNOWN, _UNCLEAR = "CEBD-1004", "CEBD-1006", "CEBD-1005"
_MAX_NAMED = 8

Asked = tuple[Proposal | None, list[Problem]]


@dataclass(frozen=True)
class Asking:
    """`name`: the file's; `layouts`: what people said of headings; `is_told`: this file's are known by that or by the settings."""

    name: str
    layouts: Sequence[KnownLayout]
    is_told: bool

    def of_unknown(self, sheets: Iterable[Sheet]) -> Asked:
        """Of a file that is not recognised: what is asked, and the words about it."""
        return self._asked(sheets)

    def of_incomplete(self, sheets: Iterable[Sheet], problems: Iterable[Problem]) -> Asked:
        """Of a file that is recognised and lacks columns, while it has others that nobody knows; that has columns which may mean the same;
        or whose headings were once told, and are not quite the same now."""
        own = [sheet for sheet in sheets if sheet.name not in OWN_SHEETS]
        found = list(problems)
        missing = [one for one in found if one.id == _MISSING]
        # One that stands on a cell is said together with the unknown heading there.
        unknown = any(one.id == _UNKNOWN for one in found) or any(one.place.cell for one in missing)
        unclear = any(one.id == _UNCLEAR for one in found)
        if self.is_told or not ((missing and unknown) or unclear or has_drifted(own, self.layouts)):
            return None, []
        return self._asked(own)

    def _asked(self, sheets: Iterable[Sheet]) -> Asked:
        proposal = proposal_of(self.name, [sheet for sheet in sheets if sheet.name not in OWN_SHEETS], self.layouts)
        if proposal is None:
            return None, []
        said = [problem("CEBD-1090", value=f"{Path(self.name).stem}.xlsx")]
        if len(proposal.types) > 1:
            messages = [message_types()[code] for code in proposal.types]
            zh, en = "、".join(one.zh for one in messages), " / ".join(one.en for one in messages)
            said.append(problem("CEBD-1096", types_zh=zh, types=en))
        if proposal.drift_of:
            new, gone = ("、".join(names[:_MAX_NAMED]) for names in proposal.drift)
            said.append(
                problem(
                    "CEBD-1095",
                    value=proposal.drift_of,
                    new=new or "none",
                    gone=gone or "none",
                    new_zh=new or "无",
                    gone_zh=gone or "无",
                )
            )
        return proposal, said
