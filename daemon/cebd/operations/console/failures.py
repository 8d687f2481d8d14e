"""Equal failures, each kind once: what customs refused under the same code, what the checks kept back for the same reason, and the
messages that wait for the same thing; with how many there are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cebd.customs.customs_codes import customs_codes
from cebd.messages.description import message_types
from cebd.operations.console.record_query import RecordQuery
from cebd.operations.inquiries.overview import WaitingGroup
from cebd.operations.text import Text
from cebd.receipts.publishing.drop_receipt import meaning_of
from cebd.records.states import MessageState, State
from cebd.store.across.finding.groups import Group
from cebd.store.console import questions
from cebd.store.transaction import Transaction

COUNTED = 10_000  # of a group; more are so many that their number no longer matters
_EXAMINED = 300  # the latest of a kind, for what they have in common
_KINDS = 12


@dataclass(frozen=True, slots=True)
class Failures:
    """A kind. `query`: the records; `waiting`: the reason of messages that wait (the id of a problem), empty for records that are over;
    `count`: of records, of those that wait of messages. `causes`: the commonest reasons among the latest, with their numbers. `deeds`: what
    may be done with all of them."""

    type: str
    text: Text
    to_do: Text
    count: int
    query: str
    waiting: str = ""
    causes: Sequence[tuple[str, int]] = ()
    deeds: Sequence[str] = ()


def failures(
    transaction: Transaction, unresolved: Mapping[Group, int], waiting: Sequence[WaitingGroup]
) -> list[Failures]:
    """The kinds that there are: those that wait first, then the commonest. `unresolved`: how many records of groups that were refused or
    kept back somebody has to look after.
    """
    kinds: dict[tuple[str, State, str | None], list[Group]] = {}
    for group in unresolved:
        kinds.setdefault((group.type, group.state, group.status), []).append(group)
    numbers = {kind: sum(unresolved[group] for group in groups) for kind, groups in kinds.items()}
    commonest = sorted(kinds, key=lambda kind: -numbers[kind])[:_KINDS]
    return [
        *map(_waiting, waiting),
        *(_refused(transaction, kind, kinds[kind], numbers[kind]) for kind in commonest),
    ]


def unresolved_of(transaction: Transaction, groups: Iterable[Group]) -> dict[Group, int]:
    """Of groups that were refused or kept back, how many records somebody has to look after; groups without any are left out."""
    wanted = [group for group in groups if group.state in (State.REFUSED, State.REJECTED)]
    counts = {group: questions.count_unresolved(transaction, group, COUNTED) for group in wanted}
    return {group: count for group, count in counts.items() if count}


def _waiting(group: WaitingGroup) -> Failures:
    found, message = group.first.problem, group.first.message
    decided = message.state in (MessageState.HELD, MessageState.ASKED)
    deeds = ("release",) if decided else ("retry", "hold")
    to_do = Text(found.fix_zh, found.fix_en)
    return Failures(message.type, Text(found.zh, found.en), to_do, group.count, "", found.id, (), deeds)


def _refused(
    transaction: Transaction, kind: tuple[str, State, str | None], groups: Sequence[Group], count: int
) -> Failures:
    type_, state, status = kind
    latest = [said for group in groups for said in questions.latest_of_group(transaction, group, _EXAMINED)]
    query = RecordQuery(group="needs", type=type_, code=status or "").address
    if state is State.REJECTED:
        found = Counter(_named(json.loads(problems)) for _, problems in latest if problems and problems != "[]")
        name = message_types()[type_]
        text = Text(f"{name.zh}没有申报：有错误", f"{name.en}: not declared, with errors")
        to_do = Text(
            "打开其中一份或它的文件，点“改正”；也可以在文件的回执里改正后重新放入。",
            "Open one of them, or its file, and press Correct; or correct the receipt of the file and drop it.",
        )
    else:
        found = Counter(f"{code.code} {code.text}" for info, _ in latest for code in customs_codes(info or ""))
        entry = meaning_of(type_, state, status or "", None)
        text, to_do = Text(f"{status} {entry.zh}", f"{status} {entry.en}"), Text(entry.next_zh, entry.next_en)
    return Failures(type_, text, to_do, count, query, "", found.most_common(5))


def _named(problems: Sequence[Mapping[str, str]]) -> str:
    return f"{problems[0]['id']} {problems[0].get('field') or ''}".rstrip()
