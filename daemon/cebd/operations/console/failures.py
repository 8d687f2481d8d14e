"""Equal failures, each kind once: what customs refused under the same code, what the checks kept back for the same reason, and the
messages that wait for the same thing; with how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cebd.customs.customs_codes import customs_codes
from cebd.messages.description import message_types
from cebd.operations.console.record_query import RecordQuery
from cebd.operations.inquiries.overview import WaitingGroup
from cebd.operations.text import Text
from cebd.receipts.publishing.drop_receipt import meaning_of
from cebd.records.states import MessageState, State
from cebd.store.across.finding.groups import Group
from cebd.store.across.finding.pages import Filter
from cebd.store.console import questions
from cebd.store.transaction import Transaction

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


def failures(transaction: Transaction, counted: Mapping[Group, int], waiting: Sequence[WaitingGroup]) -> list[Failures]:
    """The kinds that there are: those that wait first, then the commonest."""
    refused: Counter[tuple[str, State, str | None]] = Counter()
    for group, count in counted.items():
        if group.state in (State.REFUSED, State.REJECTED):
            refused[group.type, group.state, group.status] += count
    return [*map(_waiting, waiting), *_refused(transaction, refused.most_common(_KINDS))]


def _waiting(group: WaitingGroup) -> Failures:
    found, message = group.first.problem, group.first.message
    decided = message.state in (MessageState.HELD, MessageState.ASKED)
    deeds = ("release",) if decided else ("retry", "hold")
    to_do = Text(found.fix_zh, found.fix_en)
    return Failures(message.type, Text(found.zh, found.en), to_do, group.count, "", found.id, (), deeds)


def _refused(
    transaction: Transaction, kinds: Sequence[tuple[tuple[str, State, str | None], int]]
) -> Iterator[Failures]:
    for (type_, state, status), count in kinds:
        query = RecordQuery(group=str(state), type=type_, code=status or "")
        wanted = Filter(type=type_, code=status)
        latest = questions.list_records(transaction, (state,), wanted, _EXAMINED).records
        if state is State.REJECTED:
            found = Counter(f"{one.problems[0].id} {one.problems[0].field or ''}" for one in latest if one.problems)
            name = message_types()[type_]
            text = Text(f"{name.zh}没有申报：有错误", f"{name.en}: not declared, with errors")
            to_do = Text("打开文件的回执，改正后重新放入。", "Open the receipt of the file, correct it, give it again.")
        else:
            found = Counter(f"{code.code} {code.text}" for one in latest for code in customs_codes(one.info or ""))
            entry = meaning_of(type_, state, status or "", None)
            text = Text(f"{status} {entry.zh}", f"{status} {entry.en}")
            to_do = Text(entry.next_zh, entry.next_en)
        yield Failures(type_, text, to_do, count, query.address, "", found.most_common(5))
