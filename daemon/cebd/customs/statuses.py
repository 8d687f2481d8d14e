"""Record states, and what the customs' returns make of them.

A record's state is a function of all its returns. Customs' word outranks that of the e-port on the record, and this outranks the exchange
platform's word on the envelope, which gives no better time than our own: none of them is taken back by a lower one, however late. Within a
rank the latest by the customs' own time decides, and among those of one time the one that stands further along a declaration's way. The
order in which receipts arrive plays no part. Tax bills are remembered and decide nothing.

Customs have no status of a list for its cancellation: what says it is the 399 of the application (624). The list remembers that as
`cancel:399`, and is over.
"""

from __future__ import annotations

from collections.abc import Iterable

from cebd.records.states import ReturnedStatus, State

_SUCCEEDED = frozenset({"399", "800", "899"})
_REFUSED = frozenset({"4", "100", "599", "700"})
# Export: the text of 202205 ends 304, 404 and 608 with 120, their schema with 399.
_ENDS_AT_ENTRY = frozenset({"CEB311", "CEB411", "CEB511", "CEB303", "CEB403", "CEB607"})

CANCELLED = "cancel:399"  # the end of a list whose cancel application (623) was concluded (399)

# A declaration's way, as far as statuses tell it; processing errors (negative) come from the platform, before customs enter anything.
_WAY = (
    *("1", "2", "3", "4", "-", "120", "300", "500", "501", "502", "503", "505", "600"),
    *("399", "100", "599", "700", "800", "899", CANCELLED),
)
_OF_CUSTOMS = frozenset(_WAY[_WAY.index("120") :])
_PROGRESS = {status: place for place, status in enumerate(_WAY, 1)}

# Table 7-2, by message: "already exists", "already declared", and "older than what the platform has, not processed".
_ALREADY_THERE = {
    "CEB311": {"-301010", "-301014"},
    "CEB411": {"-401007", "-401012"},
    "CEB511": {"-504012", "-504015", "-505016"},
    "CEB513": {"-505012", "-505016"},
    "CEB621": {"-621004"},
    "CEB623": {"-623009"},
    "CEB625": {"-625022", "-625033"},
    "CEB711": {"-800003", "-800005"},
}
# The codes of export receipts are not published: of those the text decides.
_EXPORT = frozenset(
    {"CEB213", "CEB215", "CEB303", "CEB403", "CEB505", "CEB507", "CEB509", "CEB603", "CEB605", "CEB607", "CEB701"}
)
_SAYS_IT_IS_THERE = ("已存在", "已经申报过", "旧报文数据")
_TWO_MEANINGS = {"-625022": "已经申报过"}  # the code also says "not in a state to be changed": its text decides

# Table 7-2: customs were sent the declaration, only noting or reading their answer failed. To declare it again would declare it twice.
_REACHED_CUSTOMS = frozenset({"-621002", "-621008", "-623002", "-623006", "-625002", "-625202", "-625206"})

# The exchange platform's answer to an envelope (DxpRep) is kept as `dxp:CODE`, with the codes of table 7-1.
PLATFORM = "dxp:"
_PLATFORM_REFUSES = ("0", "1", "2")  # format, security, addressing; 3nnn are faults of the platform itself

# A tax bill of a list (816, 818) is kept as `tax:STATUS`, with the statuses of tax bills.
TAX = "tax:"

# What a summary application (701) became (792) is kept as `sum:STATUS`, with the status of the customs entry that was made of it.
SUMMARY = "sum:"


def is_notice(status: str) -> bool:
    """Whether that status is a tax bill's or a customs entry's, and so none of the record's own."""
    return status.startswith((TAX, SUMMARY))


def state_for(record_type: str, status: str) -> State | None:
    """The state a returnStatus puts a record in; None when it says nothing about it.

    Specification: remarks on returnStatus of each receipt; for DxpRep table 7-1, which has errors only. A platform's code that is neither
    zero nor in that table is not interpreted, and its own faults (3nnn) leave open what became of the message. A negative status is a
    refusal, but for those that say that customs have the declaration all the same. A cancelled list ends among the refused: nothing of it
    stands at customs, and nobody who ships what succeeded may take it for released.
    """
    if status.startswith(PLATFORM):
        return _of_platform(status.removeprefix(PLATFORM))
    if is_notice(status):
        return None
    if status in _SUCCEEDED or (status == "120" and record_type in _ENDS_AT_ENTRY):
        return State.SUCCEEDED
    if status in _REACHED_CUSTOMS:
        return State.ACKNOWLEDGED
    if status in _REFUSED or status.startswith("-") or status == CANCELLED:
        return State.REFUSED
    return State.ACKNOWLEDGED if status else None


def _of_platform(code: str) -> State | None:
    if code and not code.strip("0"):
        return State.ACKNOWLEDGED
    known = len(code) == 4 and code.isdecimal() and code.startswith(_PLATFORM_REFUSES)
    return State.REFUSED if known else None


def already_there(record_type: str, status: str, info: str) -> bool:
    """Whether a return says that the platform has this declaration already (table 7-2; of export declarations its text).

    After a send of unknown outcome that is evidence of its arrival; without such doubt it is a refusal like any other.
    """
    if record_type in _EXPORT:
        return status.startswith("-") and any(said in info for said in _SAYS_IT_IS_THERE)
    if status not in _ALREADY_THERE.get(record_type, ()):
        return False
    return _TWO_MEANINGS.get(status, "") in info


def in_order(past: Iterable[ReturnedStatus]) -> list[ReturnedStatus]:
    """Returns in the order in which they happened at the customs side; those without a time first."""
    return sorted(past, key=lambda one: (one.time, _progress(one.status), one.status, one.info))


def outcome(record_type: str, past: Iterable[ReturnedStatus]) -> tuple[State | None, ReturnedStatus | None]:
    """The state that all returns of a record put it in, and the return to be shown for it (see above for which decides).

    State None: nothing that was said decides anything; the record stays as it is. No return: only of tax bills was anything said.
    """
    told = [one for one in in_order(past) if not is_notice(one.status)]
    entries = sorted(told, key=lambda one: _rank(one.status))
    for one in reversed(entries):
        state = None if one.evidence else state_for(record_type, one.status)
        if state is not None:
            return state, one
    evidence = [one for one in entries if one.evidence]
    if evidence:
        return State.ACKNOWLEDGED, evidence[-1]
    return None, entries[-1] if entries else None


def _rank(status: str) -> int:
    """Whose word it is: 0 the exchange platform's on the envelope, 1 the e-port's, 2 customs'."""
    if status.startswith(PLATFORM):
        return 0
    return 2 if status in _OF_CUSTOMS else 1


def _progress(status: str) -> int:
    """How far along its way a declaration is that got this status."""
    return _PROGRESS.get("-" if status.startswith("-") else status, 0)
