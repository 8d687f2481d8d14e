"""Record states, and the effect of customs' returns on them.

A record's state is a function of all its returns. Customs' word outranks that of the e-port on the record, and this outranks the exchange
platform's word on the envelope, which gives no better time than our own: none of them is taken back by a lower one, however late. Within a
rank the latest by the customs' own time decides, and among those of one time the one that stands further along a declaration's way. The
order in which receipts arrive plays no part. Tax bills are remembered and decide nothing. The ranks stand in `code_book/statuses.toml`.

Orders, payments and waybills rest where the e-port has them, until their list is declared (`rests`): nothing more need come.

Customs have no status of a list for its cancellation: the 399 of the application (624) reports it. The list notes that as
`cancel:399`, and is over.
"""

from __future__ import annotations

from collections.abc import Iterable

from cebd.customs.book_files import ANY, PLATFORM, Effect, bare, book
from cebd.messages.relations import notice_marks
from cebd.records.states import FINAL, ReturnedStatus, State

RELEASED = ("800", "899")  # of a list: released, and concluded
CANCELLED = "cancel:399"  # the end of a list whose cancel application (623) was concluded (399)

_STATES = {
    Effect.ON_ITS_WAY: State.ACKNOWLEDGED,
    Effect.AT_REST: State.ACKNOWLEDGED,
    Effect.WITH_CUSTOMS: State.ACKNOWLEDGED,
    Effect.SUCCEEDED: State.SUCCEEDED,
    Effect.REFUSED: State.REFUSED,
}

TAX = "tax:"  # the prefix of a tax bill's statuses (`mark` in the schemas of 816, 818)

_OF_THE_EPORT = 1  # the rank of the e-port's word
_OF_CLIENT = {
    "sent": State.ACKNOWLEDGED,
    "failed": State.REFUSED,
}  # what the official client says of a message
_PLATFORM_REFUSES = ("0", "1", "2")  # format, security, addressing; 3nnn are faults of the platform itself


def is_notice(status: str) -> bool:
    """Whether that status is a tax bill's or a customs entry's: it decides nothing about the record."""
    mark, colon, _ = status.partition(":")
    return colon != "" and mark in notice_marks()


def state_for(record_type: str, status: str) -> State | None:
    """The state that a returnStatus gives a record; None when it decides nothing.

    Specification: remarks on returnStatus of each receipt; for DxpRep table 7-1, which has errors only. A platform's code that is neither
    zero nor in that table is not interpreted, and its own faults (3nnn) leave the message's outcome open. A negative status is a
    refusal, but for those that say that customs have the declaration all the same. A cancelled list ends among the refused: nothing of it
    stands at customs, and nobody who ships what succeeded may take it for released.
    """
    if status.startswith(PLATFORM):
        return _of_platform(status.removeprefix(PLATFORM))
    if is_notice(status):
        return None
    effects = book().effects.get(status, {})
    effect = effects.get(record_type, effects.get(ANY))
    if effect is not None:
        return _STATES[effect]
    if status.startswith("-"):
        return State.REFUSED
    return State.ACKNOWLEDGED if status else None


def rests(record_type: str, status: str) -> bool:
    """Whether an acknowledged declaration with that status waits for nothing: an order, a payment or a waybill that the e-port has.

    What a platform says of it after a send in doubt ("already there") shows as much.
    """
    if status.startswith("-"):
        return record_type in resting_types()
    effects = book().effects.get(status, {})
    return effects.get(record_type) is Effect.AT_REST


def resting_types() -> frozenset[str]:
    """The declarations that rest at a status of the e-port."""
    return frozenset(
        type_ for effects in book().effects.values() for type_, effect in effects.items() if effect is Effect.AT_REST
    ) - {ANY}


def _of_platform(code: str) -> State | None:
    if code and not code.strip("0"):
        return State.ACKNOWLEDGED
    if code in _OF_CLIENT:
        return _OF_CLIENT[code]
    refuses = len(code) == 4 and code.isdecimal() and code.startswith(_PLATFORM_REFUSES)
    return State.REFUSED if refuses else None


def already_there(record_type: str, status: str, info: str) -> bool:
    """Whether a return reports that the platform has this declaration already.

    After a send of unknown outcome that is evidence of its arrival; without such doubt it is a refusal like any other. The code decides
    (table 7-2); where it has several meanings, what their texts do not share; where it is in no table (platforms have some of their own:
    -304001), or a message's errors are not published, the text.
    """
    if not status.startswith("-"):
        return False
    entries = book().entries.get(status, ())
    if not entries or record_type not in book().types_with_errors:
        return any(text in info for text in book().already_there)
    meanings = [entry for entry in entries if record_type in entry.types]
    shared = set.intersection(*(set(entry.said) for entry in meanings)) if len(meanings) > 1 else set()
    return any(
        entry.effect is Effect.ALREADY_THERE
        and (len(meanings) == 1 or all(text in bare(info) for text in {*entry.said} - shared))
        for entry in meanings
    )


def in_order(statuses: Iterable[ReturnedStatus]) -> list[ReturnedStatus]:
    """Returned statuses in the order of the customs side's time; statuses without a time first."""
    ranks = book().ranks

    def order(status: ReturnedStatus) -> tuple[str, int, str, str]:
        ranked = ranks.get(_as_ranked(status.status))
        return status.time, ranked.place if ranked is not None else 0, status.status, status.info

    return sorted(statuses, key=order)


def outcome(record_type: str, statuses: Iterable[ReturnedStatus]) -> tuple[State | None, ReturnedStatus | None]:
    """The state that all returned statuses of a record determine, and the status to show for it (see above for the order).

    State None: no status decides anything; the record stays unchanged. No status: there were only notices.
    """
    own = [status for status in in_order(statuses) if not is_notice(status.status)]
    ranked = sorted(own, key=lambda status: _rank(record_type, status.status))
    for status in reversed(ranked):
        state = None if status.evidence else state_for(record_type, status.status)
        if state is not None:
            return state, status
    evidence = [status for status in ranked if status.evidence]
    if evidence:
        return State.ACKNOWLEDGED, evidence[-1]
    return None, ranked[-1] if ranked else None


def is_customs_word(record_type: str, status: str) -> bool:
    """Whether customs say so, and not the e-port or the exchange platform."""
    return _rank(record_type, status) > _OF_THE_EPORT


def _rank(record_type: str, status: str) -> int:
    """The rank of a status: 0 for the exchange platform's on the envelope, then the ranks of the code book; the last, customs' own, where a
    status that the book does not rank ends a declaration's way."""
    if status.startswith(PLATFORM):
        return _OF_THE_EPORT - 1
    ranks = book().ranks
    ranked = ranks.get(_as_ranked(status))
    if ranked is not None:
        return ranked.rank
    ends = not status.startswith("-") and state_for(record_type, status) in FINAL
    return max(ranked.rank for ranked in ranks.values()) if ends else _OF_THE_EPORT


def _as_ranked(status: str) -> str:
    """The name of a status in the ranks: all negative statuses share a name."""
    return "-" if status.startswith("-") else status
