"""The consequence of each row before anything leaves: what customs would get of it, and what would come of that.

| kind | the row |
| --- | --- |
| new | is declared for the first time, or once more after a refusal |
| change, deletion | changes or deletes what was declared |
| unchanged | was declared with the same content and is not declared again |
| conflict | takes a number that another declaration has, or has it with other content: it is not declared |
| waits | is declared, and then waits for an order, payment or waybill that is not there yet |
| refused | breaks a rule: it is not declared; or it is, where the rule only warns (by the settings, of a buyer's year) and customs refuse |

The consequences rest on what the conversion found (`JudgedRecord`) and on earlier declarations; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cebd.customs.book_files import Entry
from cebd.customs.code_book import foreseen
from cebd.customs.customs_codes import CUSTOMS
from cebd.declared.awaited import Awaited, AwaitedDeclarations
from cebd.problems.problem import Problem, catalogue
from cebd.records.states import State
from cebd.store.across.judged import JudgedRecord
from cebd.store.records import ActiveRecord, active_records
from cebd.store.transaction import Transaction

_REPEATED = "CEBD-1403"
_CONFLICTS = ("CEBD-1401", "CEBD-1402", "CEBD-1414", "CEBD-1415", "CEBD-1416", "CEBD-1442")
_CHANGES, _DELETES = "2", "3"
_LIST_ALONE = ("inventory",)
_LIST, _OVER_THE_YEAR = "CEB621", "CEBD-1413"


class ConsequenceKind(StrEnum):
    """What becomes of a row; see above."""

    NEW = "new"
    CHANGE = "change"
    DELETION = "deletion"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    WAITS = "waits"
    REFUSED = "refused"


CONSEQUENCE_TEXTS = {
    ConsequenceKind.NEW: ("新申报", "new"),
    ConsequenceKind.CHANGE: ("变更", "change"),
    ConsequenceKind.DELETION: ("删除", "deletion"),
    ConsequenceKind.UNCHANGED: ("未变，不再申报", "unchanged"),
    ConsequenceKind.CONFLICT: ("冲突，不申报", "conflict"),
    ConsequenceKind.WAITS: ("申报后等待", "waits"),
    ConsequenceKind.REFUSED: ("会被退回", "refused"),
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """The declaration that a row changes, deletes or repeats: its file, when that came (ISO 8601), its state and customs' status."""

    file: str
    received: str
    state: str
    status: str | None

    def as_json(self) -> dict[str, object]:
        return {"file": self.file, "received": self.received, "state": self.state, "status": self.status}


@dataclass(frozen=True, slots=True)
class Consequence:
    """`zh` and `en` are whole sentences. `is_declared`: whether customs get the row now.

    `waits_for`: names of messages (`order`, `inventory`), and `file` where rows of the file have to be corrected first. `codes`: the
    answers by which it would be refused, as the code book has them (`-621005`, `customs:1322`). `problem`: the id of the one that decides.
    """

    kind: ConsequenceKind
    zh: str
    en: str
    is_declared: bool = True
    of: Earlier | None = None
    waits_for: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    problem: str | None = None

    def as_json(self) -> dict[str, object]:
        """For the receipt and `check --json`."""
        return {
            "kind": self.kind.value,
            "declared": self.is_declared,
            "zh": self.zh,
            "en": self.en,
            **({"of": self.of.as_json()} if self.of is not None else {}),
            **({"waits_for": list(self.waits_for)} if self.waits_for else {}),
            **({"codes": [code.removeprefix(CUSTOMS) for code in self.codes]} if self.codes else {}),
            **({"problem": self.problem} if self.problem is not None else {}),
        }


class Consequences:
    """Of records of a file. `earlier`: the store of earlier declarations; None where there is no station."""

    def __init__(self, earlier: Transaction | None) -> None:
        self._earlier = earlier
        self._awaited = None if earlier is None else AwaitedDeclarations(earlier)

    def of(self, records: Sequence[JudgedRecord]) -> list[Consequence]:
        """Of each of these records; they have the same type."""
        if not records:
            return []
        active: Mapping[str, ActiveRecord] = {}
        awaited: Sequence[tuple[Awaited, ...]] = [()] * len(records)
        if self._earlier is not None and self._awaited is not None:
            keys = [record.key for record in records]
            active = active_records(self._earlier, records[0].enterprise, records[0].type, keys)
            awaited = self._awaited.of(records)
        return [
            _consequence(record, active.get(record.key), waits_for)
            for record, waits_for in zip(records, awaited, strict=True)
        ]


def _consequence(record: JudgedRecord, active: ActiveRecord | None, awaited: Sequence[Awaited]) -> Consequence:
    of = None if active is None else Earlier(active.file, active.received, active.state, active.status)
    for problem in record.problems:
        if problem.id == _REPEATED:
            return Consequence(
                ConsequenceKind.UNCHANGED, f"{problem.zh}。", f"{problem.en}.", False, of, problem=problem.id
            )
    errors = [problem for problem in record.problems if problem.severity == "error"]
    against = errors[0] if errors else _declared_all_the_same(record)
    if against is not None:
        return _refused(record.type, against, None if errors else of, is_declared=not errors)
    consequence = _waiting(_declared(record.app_type, of), awaited)
    if record.state in (State.HELD, State.REJECTED):  # for what is wrong elsewhere in its file
        consequence = replace(
            consequence,
            zh=f"{consequence.zh}整份文件改好后才申报。",
            en=f"{consequence.en} Nothing of the file is declared before it is corrected.",
            is_declared=False,
            waits_for=(*consequence.waits_for, "file"),
        )
    return consequence


def _declared(app_type: str, of: Earlier | None) -> Consequence:
    if app_type not in (_CHANGES, _DELETES):
        if of is not None and of.state == State.REFUSED:
            zh, en = f"重新申报：文件 {of.file} 中的那一次被退回。", f"Declared anew: in {of.file} it was refused."
            return Consequence(ConsequenceKind.NEW, zh, en, of=of)
        return Consequence(ConsequenceKind.NEW, "作为新单申报。", "Declared as new.")
    kind, zh, en = (
        (ConsequenceKind.CHANGE, "变更", "Changes")
        if app_type == _CHANGES
        else (ConsequenceKind.DELETION, "删除", "Deletes")
    )
    if of is None:
        return Consequence(kind, f"{zh}先前的申报（本站没有查到）。", f"{en} what was declared elsewhere.")
    day = of.received[:10]
    return Consequence(
        kind, f"{zh}文件 {of.file}（{day}）中的申报。", f"{en} the declaration in {of.file} ({day}).", of=of
    )


def _waiting(consequence: Consequence, awaited: Sequence[Awaited]) -> Consequence:
    if not awaited:
        return consequence
    names = tuple(one.name for one in awaited)
    if names == _LIST_ALONE:  # which is as it should be
        zh, en = "到状态 2 后等它的清单。", "At status 2 it rests until its list comes."
        return replace(consequence, zh=consequence.zh + zh, en=f"{consequence.en} {en}", waits_for=names)
    zh, en = "、".join(one.zh for one in awaited), " and ".join(one.en for one in awaited)
    return replace(
        consequence,
        kind=ConsequenceKind.WAITS,
        zh=f"{consequence.zh}要等{zh}，四单到齐海关才处理。",
        en=f"{consequence.en} It waits for {en}: customs deal with the four documents together.",
        waits_for=names,
    )


def _refused(type_: str, against: Problem, of: Earlier | None, *, is_declared: bool) -> Consequence:
    answers = foreseen(type_, against.id)
    zh, en = f"{against.zh}。", f"{against.en}."
    if answers:
        told_zh, told_en = (
            _coded((entry, entry.zh) for entry in answers),
            _coded((entry, entry.en) for entry in answers),
        )
        zh += f"发出去会被退单：{told_zh}。"
        en += f" Sent, it would be refused: {told_en}."
    if is_declared:
        zh, en = f"{zh}仍会发出。", f"{en} It is sent all the same."
    kind = ConsequenceKind.CONFLICT if against.id in _CONFLICTS and not is_declared else ConsequenceKind.REFUSED
    codes = tuple(entry.code for entry in answers)
    return Consequence(kind, zh, en, is_declared, of, codes=codes, problem=against.id)


def _coded(answers: Iterable[tuple[Entry, str]]) -> str:
    return "; ".join(f"{entry.code.removeprefix(CUSTOMS)} {title}" for entry, title in answers)


def _declared_all_the_same(record: JudgedRecord) -> Problem | None:
    """The first warning of the record that is an error elsewhere, or a buyer's year, where customs are known to refuse for it."""
    for problem in record.problems:
        was_error = catalogue().get(problem.id, {}).get("severity", "error") == "error"
        is_refused = was_error or (record.type == _LIST and problem.id == _OVER_THE_YEAR)
        if problem.severity == "warning" and is_refused and foreseen(record.type, problem.id):
            return problem
    return None
