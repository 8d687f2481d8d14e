"""The receipt of a drop, made from the store: the state of each record, its history at customs, and its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, NamedTuple

from cebd.customs.book_files import Entry
from cebd.customs.code_book import arrived, entry_for, troubles
from cebd.customs.customs_codes import for_people
from cebd.customs.statuses import CANCELLED, already_there, in_order, is_customs_word, rests
from cebd.declared.consequences import Consequences
from cebd.messages.description import MessageType, message_types
from cebd.messages.relations import customs_number
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.book.numbers import bill_of
from cebd.receipts.publishing.places import place_of
from cebd.receipts.publishing.receipt import (
    Advice,
    CustomsNumbers,
    CustomsWord,
    DeclaredRecord,
    Receipt,
    ReceiptRecord,
    RecordPlace,
)
from cebd.records.edited_field import EditedField
from cebd.records.ids import DropId
from cebd.records.key import parts_of
from cebd.records.states import FINAL, UNSENT_RECORDS, DropOutcome, DropState, ReturnedStatus, State
from cebd.store.across.figures import ways_waited_for
from cebd.store.across.intervening.holding import HELD_BY_PERSON
from cebd.store.across.judged import judged_records
from cebd.store.across.receipt_content import (
    OutcomeCount,
    RecordOutcome,
    RecordToPublish,
    outcome_counts,
    records_to_publish,
)
from cebd.store.across.sending.again import repeated_messages, signed_by_client
from cebd.store.across.sending.order import HELD, WAITS_FOR_TURN
from cebd.store.conditions import PROGRESS, read_conditions
from cebd.store.corrections import Correction, corrected_by, corrections_of
from cebd.store.decided.decisions import decisions_of, remembered
from cebd.store.drops import Drop, load_drop
from cebd.store.history import statuses_of
from cebd.store.safety.environment import environment_in
from cebd.store.transaction import Transaction

UNREACHABLE = "CEBD-1601"
_KEPT_BACK = (State.REJECTED, State.HELD, State.READY, State.REPEAT)
_WORKED_ON = (DropState.FILING, DropState.FILED)


def receipt_of(transaction: Transaction, drop: Drop, published: str) -> Receipt:
    """The whole receipt; `published` is when it is written, ISO 8601."""
    return replace(receipt_head(transaction, drop, published), records=tuple(records_of(transaction, drop)))


def receipt_head(transaction: Transaction, drop: Drop, published: str) -> Receipt:
    """The receipt of the drop as a whole, without records."""
    problems = drop.problems
    if drop.repeat_of is not None:
        problems = (*problems, problem("CEBD-1404", file=load_drop(transaction, drop.repeat_of).name))
    chain, later = corrected_by(transaction, drop.id), corrections_of(transaction, drop.id)
    times, corrects = len(chain) + 1, _book(chain[0].stem) if chain else None
    replaced_by = tuple(_book(one.stem) for one in _latest(later))
    if corrects is not None:
        problems = (*problems, problem("CEBD-1750", book=corrects, times=times, **_beside(transaction, drop, chain[0])))
    if replaced_by:
        problems = (*problems, problem("CEBD-1751", books="、".join(replaced_by)))
    problems = (*problems, *_of_sending(transaction, drop.repeat_of or drop.id))
    own = {one.key: one for one in decisions_of(transaction, drop.repeat_of or drop.id)}
    counts = outcome_counts(transaction, drop.repeat_of or drop.id)
    by_state: Counter[str] = Counter()
    for of_state in counts:
        by_state[of_state.state.value] += of_state.records
    return Receipt(
        file=drop.name,
        sha256=drop.sha256,
        enterprise=drop.enterprise,
        received=drop.received,
        published=published,
        final=drop.state in _WORKED_ON and all(map(_waits_for_nothing, counts)),
        counts=dict(sorted(by_state.items())),
        problems=problems,
        environment=environment_in(transaction),
        saved=drop.saved,
        times=times,
        corrects=corrects,
        replaced_by=replaced_by,
        decisions=tuple(({one.key: one for one in remembered(transaction, drop.enterprise)} | own).values()),
    )


def _book(stem: str) -> str:
    """The workbook of the receipt of that stem, below the outbox."""
    place = place_of(stem)
    return (place.books / f"{place.name}.receipt.xlsx").as_posix()


def _beside(transaction: Transaction, drop: Drop, corrected: Correction) -> dict[str, Any]:
    """What a correction says of others of the same receipt that came before it; nothing where there are none."""
    others = [
        one for one in corrections_of(transaction, corrected.id) if one.corrects == corrected.id and one.id < drop.id
    ]
    if not others:
        return {"beside_zh": "", "beside_en": ""}
    books = "、".join(_book(one.stem) for one in others)
    return {
        "beside_zh": f"；同一份回执的另一份更正先放入（{books}），两份不同的行以那一份为准",
        "beside_en": f", but for rows that differ from an earlier correction of the same receipt: {books}",
    }


def _latest(corrections: Sequence[Correction]) -> list[Correction]:
    """Those of them that no other of them corrects: more than one where several persons correct side by side."""
    corrected = {one.corrects for one in corrections}
    return [one for one in corrections if one.id not in corrected]


def _of_sending(transaction: Transaction, drop_id: DropId) -> Iterator[Problem]:
    """Who signs where that is not the station, what was sent more than once, by whose wish, and how far long work is."""
    by_client = signed_by_client(transaction, drop_id)
    if by_client:
        yield problem("CEBD-1646", count=by_client)
    for repeated in repeated_messages(transaction, drop_id):
        by_zh, by = (f"，由 {repeated.by}", f", wanted by {repeated.by}") if repeated.by else ("", "")
        yield problem("CEBD-1647", value=repeated.guid, times=repeated.times, by_zh=by_zh, by=by)
    notes = {
        condition.key.removeprefix(PROGRESS): condition.problem
        for condition in read_conditions(transaction)
        if condition.key.startswith(PROGRESS)
    }
    if notes:
        yield from (notes[way] for way in ways_waited_for(transaction, drop_id) if way in notes)


def _waits_for_nothing(counted: OutcomeCount) -> bool:
    """Whether no answer need come to these records: they are at their end, or rest until somebody declares their list."""
    at_rest = counted.state is State.ACKNOWLEDGED and rests(counted.type, counted.status or "")
    return counted.state in FINAL or at_rest


def records_of(transaction: Transaction, drop: Drop) -> Iterator[ReceiptRecord]:
    """The drop's records (for a repeated file, the first file's), those of a file on hold with their consequences."""
    if drop.outcome is DropOutcome.HOLD and drop.repeat_of is None:
        return with_consequences(transaction, drop, transaction)
    return _records(transaction, drop)


def with_consequences(transaction: Transaction, drop: Drop, earlier: Transaction | None) -> Iterator[ReceiptRecord]:
    """The records of a file that is kept back, each with its consequence; `earlier`: the store of earlier declarations."""
    consequences = Consequences(earlier)
    told = (
        one for batch in judged_records(transaction, drop.id) for one in zip(batch, consequences.of(batch), strict=True)
    )
    for record, (judged, consequence) in zip(_records(transaction, drop), told, strict=True):
        # Of a file that changed after it was read, some messages may have gone.
        yield replace(record, consequence=consequence) if judged.state in _KEPT_BACK else record


def _records(transaction: Transaction, drop: Drop) -> Iterator[ReceiptRecord]:
    return (
        record for _, record in with_answers(transaction, records_to_publish(transaction, drop.repeat_of or drop.id))
    )


def with_answers(
    transaction: Transaction, batches: Iterable[Sequence[RecordToPublish]]
) -> Iterator[tuple[RecordToPublish, ReceiptRecord]]:
    """Each of these rows with what a receipt says of it; a batch at a time, because each of 100,000 has a history."""
    explained = lru_cache(maxsize=1024)(_explained)  # customs say the same of most of 100,000 records
    type_of = cache(message_types().__getitem__)
    for batch in batches:
        histories = statuses_of(transaction, {row.spoken_of for row in batch})
        for row in batch:
            yield row, _record(row, type_of(row.type), histories.get(row.spoken_of, ()), explained)


def meaning_of(type_: str, state: str, status: str, info: str | None) -> Entry:
    """The meaning of customs' latest answer about a record of that type and state."""
    if state == State.ACKNOWLEDGED and already_there(type_, status, info or ""):
        return arrived(type_)
    return entry_for(type_, status, info or "")


class _Explanation(NamedTuple):
    """A code's text, advice where something is to be done, and the element in which customs number such a record."""

    zh: str
    en: str
    advice: Advice | None
    number_name: str


_Explain = Callable[[str, str, str, str | None], _Explanation]  # of type, state, status and text


def _explained(type_: str, state: str, status: str, info: str | None) -> _Explanation:
    entry = meaning_of(type_, state, status, info)
    advice = Advice(entry.meaning_zh, entry.meaning_en, entry.next_zh, entry.next_en) if entry.todo else None
    return _Explanation(entry.zh, entry.en, advice, customs_number(type_) or "invtNo")


def _record(
    row: RecordToPublish, message: MessageType, statuses: Sequence[ReturnedStatus], explain: _Explain
) -> ReceiptRecord:
    outcome = row.outcome
    history = tuple(in_order(statuses) if len(statuses) > 1 else statuses)
    customs, numbers = _customs(row.type, outcome, explain)
    return ReceiptRecord(
        type=message.code,
        key=dict(zip(message.key, parts_of(row.key), strict=False)),
        place=RecordPlace(row.sheet, row.row, row.rows),
        state=outcome.state,
        guid=outcome.guid,
        message=row.message_guid,
        customs=customs,
        numbers=numbers,
        history=history,
        problems=_problems(row),
        tax_bill=bill_of(history) if history else None,
        cancelled=_is_cancelled(outcome),
        declared=_declared(row.type, row.declared, row.edits, explain) if row.declared is not None else None,
    )


def _is_cancelled(outcome: RecordOutcome) -> bool:
    """Whether the enterprise had the list cancelled; its state stays `refused`, for customs have nothing of it any more."""
    return outcome.state is State.REFUSED and outcome.status == CANCELLED


def _declared(type_: str, outcome: RecordOutcome, edits: tuple[EditedField, ...], explain: _Explain) -> DeclaredRecord:
    customs, numbers = _customs(type_, outcome, explain)
    return DeclaredRecord(outcome.state, outcome.guid, customs, numbers, _is_cancelled(outcome), edits)


def _customs(type_: str, outcome: RecordOutcome, explain: _Explain) -> tuple[CustomsWord | None, CustomsNumbers | None]:
    if outcome.status is None:
        return None, None
    explanation = explain(type_, outcome.state.value, outcome.status, outcome.info)
    word = CustomsWord(outcome.status, explanation.zh, explanation.en, outcome.info, outcome.time, explanation.advice)
    return word, CustomsNumbers(outcome.pre_no, outcome.invt_no, explanation.number_name)


def _problems(row: RecordToPublish) -> tuple[Problem, ...]:
    """The problems found by cebd, customs' refusal, the reason why the record waits, and a missing receipt."""
    problems, outcome, waiting = row.problems, row.outcome, row.waiting
    if outcome.state is State.REFUSED:
        problems = (*problems, _refusal(row.type, outcome))
    elif outcome.status is not None and (told := troubles(outcome.info or "")):
        codes = "、".join(f"{code.code} {code.text}".strip() for code in told)
        entry = meaning_of(row.type, outcome.state, outcome.status, outcome.info)
        noticed = problem("CEBD-1717", status=outcome.status, codes=codes)
        problems = (*problems, replace(noticed, fix_zh=entry.next_zh, fix_en=entry.next_en))
    if waiting is None:
        return problems
    if outcome.state is State.SENT and outcome.status is None:
        return (*problems, waiting)
    if waiting.id in (*WAITS_FOR_TURN, HELD, HELD_BY_PERSON):
        return (*problems, waiting)
    if outcome.state in UNSENT_RECORDS:
        return (*problems, problem(_waits_for(outcome.state, waiting.id)))
    return problems


def _waits_for(state: State, reason: str) -> str:
    """The operator's problem for a waiting record; `reason` is the administrator's problem."""
    if reason == "CEBD-2120":
        return "CEBD-2123"
    if state is State.IN_DOUBT:
        return "CEBD-1748"
    if reason.startswith("CEBD-15"):
        return "CEBD-1744"
    if reason == UNREACHABLE:
        return "CEBD-1745"
    return "CEBD-1746" if reason.startswith("CEBD-16") else "CEBD-1747"


def _refusal(type_: str, outcome: RecordOutcome) -> Problem:
    """Customs' refusal, with the advice for its code instead of the general advice."""
    status = outcome.status
    entry = meaning_of(type_, outcome.state, status or "", outcome.info)
    said = for_people(outcome.info or "")
    if status == CANCELLED:
        refusal = problem("CEBD-1705", info=said)
    else:
        by_zh, by_en = ("海关", "customs") if is_customs_word(type_, status or "") else ("电子口岸", "the e-port")
        refusal = problem("CEBD-1702", status=status, info=said, by_zh=by_zh, by_en=by_en)
    return replace(
        refusal,
        fix_zh=f"{entry.meaning_zh}{entry.next_zh}",
        fix_en=f"{entry.meaning_en} {entry.next_en}",
    )
