"""The preview of a file that was brought in: what it is taken for, its equal mistakes, what would become of each row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cebd.decisions.decision import Key
from cebd.decisions.groups import Group, first_rows, groups_of, rows_decided
from cebd.decisions.layout import Proposal
from cebd.decisions.offers import label_of, offers_of
from cebd.declared.consequences import ConsequenceKind, Consequences
from cebd.operations.check import Verdict
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.key import parts_of
from cebd.store.across.judged import judged_records
from cebd.store.decided.layouts import proposal_for
from cebd.store.transaction import Transaction

_SAMPLES = 50  # rows that are named of each kind
_MOST_GROUPS = 200  # that a page offers


@dataclass(frozen=True, slots=True)
class EqualMistakes:
    """A group of them: in how many rows, where the first ones are (`C5、C12`), and which values may be meant."""

    key: Key
    label: str
    rows: int
    places: str
    problem: Problem
    offers: tuple[str, ...]

    @classmethod
    def of(cls, group: Group) -> EqualMistakes:
        """The group as a page shows it. A value that is proved is the only offer."""
        offers = (group.suggestion,) if group.suggestion else offers_of(group.key)
        return cls(group.key, label_of(group.key), group.rows, first_rows(group), group.first, offers)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row by its place and business key, with what becomes of it, in words."""

    sheet: str | None
    row: int | None
    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class Preview:
    """`type`: a message's code, None where the file was not recognised; then `proposal` says what its headings may be. `records` were read,
    `ready` would be declared now, `repeats` were declared before. `kinds`: how many rows there are of each consequence, `rows` the first.

    `problems` are those of the file as a whole; `decided`: in how many cells each decision is followed, by message code, field and value.
    `groups_left_out`: groups of fewer rows than those named. `revision`: of what was said of the file when this was made.
    """

    revision: int
    type: str | None
    records: int
    ready: int
    repeats: int
    problems: tuple[Problem, ...]
    groups: tuple[EqualMistakes, ...] = ()
    groups_left_out: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[str, tuple[ShownRow, ...]] = field(default_factory=dict)
    decided: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    proposal: Proposal | None = None
    waiting_for_file: bool = False

    @property
    def staying(self) -> int:
        """Records that would stay behind."""
        return self.records - self.ready - self.repeats

    def as_text(self) -> str:
        """For the file beside the trial; `from_text` reads it."""
        told: dict[str, Any] = {
            "revision": self.revision,
            "type": self.type,
            "counts": [self.records, self.ready, self.repeats],
            "problems": [one.as_stored() for one in self.problems],
            "groups": [
                [[*one.key], one.label, one.rows, one.places, one.problem.as_stored(), one.offers]
                for one in self.groups
            ],
            "left_out": self.groups_left_out,
            "kinds": dict(self.kinds),
            "rows": {
                kind: [[one.sheet, one.row, one.key, one.zh, one.en] for one in rows]
                for kind, rows in self.rows.items()
            },
            "decided": [[*of, count] for of, count in self.decided.items()],
            "proposal": None if self.proposal is None else self.proposal.as_text(),
            "waiting": self.waiting_for_file,
        }
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Preview:
        """Raises ValueError, KeyError and TypeError for what is none."""
        told: dict[str, Any] = json.loads(text)
        groups = (
            EqualMistakes(Key(*key), label, rows, places, Problem.from_json(found), tuple(offers))
            for key, label, rows, places, found, offers in told["groups"]
        )
        records, ready, repeats = told["counts"]
        return cls(
            told["revision"],
            told["type"],
            records,
            ready,
            repeats,
            tuple(map(Problem.from_json, told["problems"])),
            tuple(groups),
            told["left_out"],
            told["kinds"],
            {kind: tuple(ShownRow(*row) for row in rows) for kind, rows in told["rows"].items()},
            {(type_, field_name, value): count for type_, field_name, value, count in told["decided"]},
            None if told["proposal"] is None else Proposal.from_text(told["proposal"]),
            told["waiting"],
        )


def preview_of(
    tried: Transaction, drop_id: DropId, verdict: Verdict, revision: int, earlier: Transaction | None
) -> Preview:
    """The preview of a file that was converted into a store of its own. `earlier`: the station's store."""
    kinds: dict[str, int] = {}
    rows: dict[str, list[ShownRow]] = {}
    mistakes: list[tuple[str, tuple[Problem, ...]]] = []
    of_records: set[Problem] = set()
    consequences = Consequences(earlier)
    waiting = False
    for batch in judged_records(tried, drop_id):
        for record, consequence in zip(batch, consequences.of(batch), strict=True):
            kind = consequence.kind.value
            kinds[kind] = kinds.get(kind, 0) + 1
            waiting = waiting or "file" in consequence.waits_for
            if len(named := rows.setdefault(kind, [])) < _SAMPLES:
                key = " ".join(parts_of(record.key))
                named.append(ShownRow(record.sheet, record.row, key, consequence.zh, consequence.en))
            if record.problems:
                mistakes.append((record.type, record.problems))
                of_records.update(record.problems)
    groups = groups_of(mistakes)
    shown = tuple(map(EqualMistakes.of, groups[:_MOST_GROUPS]))
    return Preview(
        revision,
        verdict.type,
        verdict.records,
        verdict.ready,
        verdict.repeats,
        tuple(one for one in verdict.problems if one not in of_records),
        shown,
        len(groups) - len(shown),
        {kind.value: kinds[kind.value] for kind in ConsequenceKind if kind.value in kinds},
        {kind: tuple(named) for kind, named in rows.items()},
        rows_decided(mistakes),
        proposal_for(tried, drop_id),
        waiting,
    )
