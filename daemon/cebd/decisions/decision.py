"""A decision: for every row whose field says this value and breaks this rule, what is declared in its place, or that it is not declared.

It holds for the rows of the file whose receipt workbook it was written into; remembered, for later files of the enterprise, too, until it
is taken back. The store keeps each with who saved the workbook, when, and what had been decided before (`cebd.store.decided.decisions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cebd.problems.problem import Problem, shorten
from cebd.records.record import SKIPPED

NOT_DECLARED = "不申报"  # as an answer: such rows are not declared; a reason is needed
EMPTY = "（空）"  # of a value and of an answer: nothing
DECIDED, UNFIT = "CEBD-1224", "CEBD-1225"  # what a cell is told of a decision
# What a cell has lost (digits, signs) may have been another thing in each row.
_OF_EACH_ROW = frozenset(("CEBD-1205", "CEBD-1211", "CEBD-1216", "CEBD-1217", "CEBD-1336"))
_FAMILIES = (
    "CEBD-12",
    "CEBD-13",
)  # of cells and of records; what the station declared before is a matter of each record


class Key(NamedTuple):
    """The mistake: message code, id of the problem, name of the element, and what the cell says."""

    type: str
    rule: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of a mistake. `answer`: the text to declare, EMPTY or NOT_DECLARED; this one has a `reason`.

    `remember`: it holds for later files. `who` saved the workbook, `at` (ISO 8601) when; `before`: what had been decided until then.
    """

    key: Key
    answer: str
    reason: str = ""
    remember: bool = False
    who: str = ""
    at: str = ""
    before: str | None = None

    @property
    def text(self) -> str:
        """What the cell is taken to say."""
        return "" if self.answer == EMPTY else self.answer

    @property
    def by(self) -> str:
        """Who decided, and when, for a sentence."""
        return " ".join(filter(None, (self.who, self.at[:16].replace("T", " "))))

    def as_json(self) -> dict[str, object]:
        """For the receipt JSON."""
        return {
            **self.key._asdict(),
            "decision": self.answer,
            "reason": self.reason,
            "remember": self.remember,
            "by": self.who,
            "at": self.at,
            "before": self.before,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Decision:
        """The decision from the output of `as_json` (`Any`: parsed JSON). Raises KeyError."""
        key = Key(values["type"], values["rule"], values["field"], values["value"])
        rest = (values.get(name) or "" for name in ("by", "at"))
        who, at = map(str, rest)
        return cls(key, values["decision"], values["reason"], bool(values["remember"]), who, at, values.get("before"))


InForce = Mapping[Key, Decision]


class Told(NamedTuple):
    """A row of the sheet of decisions, as somebody saved it. `answer` is None where there is none.

    `earlier`, `earlier_remember`: what the sheet said when cebd wrote it: an answer that is gone since is taken back; `by`: whose that
    was, as the sheet says.
    """

    key: Key
    answer: str | None
    reason: str
    remember: bool
    earlier: str | None
    earlier_remember: bool
    by: str = ""

    @property
    def is_unchanged(self) -> bool:
        return self.answer == self.earlier and self.remember == self.earlier_remember

    @property
    def is_taken_back(self) -> bool:
        return self.answer is None and self.earlier is not None


class Answers(NamedTuple):
    """The rows of a sheet of decisions, and who saved the workbook, when (ISO 8601); both empty where nothing tells."""

    told: tuple[Told, ...] = ()
    who: str = ""
    at: str = ""


NO_ANSWERS = Answers()


def key_of(type_: str, problem: Problem) -> Key | None:
    """The mistake that a problem of such a record is; None where it is no matter of equal values: nobody can decide of them together."""
    field, value = problem.field, problem.value
    if problem.severity != "error" or not problem.place.cell or field is None or value is None:
        return None
    is_other = problem.id in _OF_EACH_ROW or problem.id == SKIPPED
    if is_other or not problem.id.startswith(_FAMILIES) or field.endswith("IdNumber"):
        return None
    is_cut = value.endswith("...") and shorten(None, value + "x") != value + "x"
    return None if is_cut else Key(type_, problem.id, field, folded(value))


def folded(value: str) -> str:
    """The value as keys have it: a workbook that another program saved may have other blanks and line ends."""
    return " ".join(value.split())


def in_force(remembered: Sequence[Decision], answers: Answers) -> dict[Key, Decision]:
    """What holds for a file: what its workbook says, before what is remembered.

    What a workbook repeats of remembered decisions does not hold any more where one was taken back, or changed, since.
    """
    holding = {decision.key: decision for decision in remembered}
    for told in answers.told:
        known = holding.get(told.key)
        if told.answer is None:
            if told.is_taken_back and told.earlier_remember:
                holding.pop(told.key, None)
        elif told.is_unchanged and told.remember:
            if known is None or known.answer != told.answer:
                continue
        else:
            who, at = (told.by, "") if told.is_unchanged else (answers.who, answers.at)
            holding[told.key] = Decision(told.key, told.answer, told.reason, told.remember, who, at, told.earlier)
    return holding
