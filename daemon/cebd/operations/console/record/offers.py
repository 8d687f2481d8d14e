"""What may be done with a declared record, as its state allows; and why not, where it does not.

The checks of the file that comes of it decide in the end: here only what they would refuse for the state is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cebd.customs.statuses import CANCELLED
from cebd.declared.changes import FINAL_STATUSES, STORED
from cebd.messages.description import message_types
from cebd.messages.relations import cancelling, returning
from cebd.operations.text import Text
from cebd.records.states import State
from cebd.store.console.questions import FoundRecord


class Offer(StrEnum):
    """Something that may be done with a record."""

    DECLARE = "declare"  # it is only stored at the e-port: declare it as it stands there
    CORRECT = "correct"  # it was refused: declare it again with other content
    CHANGE = "change"  # appType 2
    DELETE = "delete"  # appType 3
    CANCEL = "cancel"  # apply that customs cancel the list
    RETURN = "return"  # apply to return goods of the list


@dataclass(frozen=True, slots=True)
class Offered:
    """`why_not` None: it may be done. `note`: what is to be known before."""

    offer: Offer
    why_not: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What else counts. `only_stored`: it asked the e-port to store it and not to take it as declared. `released`: the day of the list's
    release; `applications`: about the list, none of them refused; `return_days` and `arrival_days` from the release on;
    `replaced`: its number is that of another declaration now.
    """

    today: date
    only_stored: bool
    released: date | None
    applications: Sequence[FoundRecord]
    return_days: int
    arrival_days: int
    replaced: bool


def offers(record: FoundRecord, known: Known) -> tuple[Offered, ...]:
    """Everything that people do with such a record, each allowed or with the reason why not."""
    if record.message_id is None:
        return (Offered(Offer.CORRECT, _why_not_mended(record, known)),) if record.state is State.REJECTED else ()
    return tuple(_offers(record, known))


def _offers(record: FoundRecord, known: Known) -> Iterator[Offered]:
    newer = None if record.active else _NOT_THE_LATEST
    if record.status == STORED and known.only_stored:
        yield Offered(Offer.DECLARE, newer)
    if any(field.name == "appType" for field in message_types()[record.type].head_fields):
        if record.state is State.REFUSED:
            yield Offered(Offer.CORRECT, newer or (_USED_UP if record.status == CANCELLED else None))
        else:
            why_not = newer or _why_unchanged(record)
            yield Offered(Offer.CHANGE, why_not)
            yield Offered(Offer.DELETE, why_not)
    if record.type in cancelling().values():
        yield Offered(Offer.CANCEL, newer or _why_not_cancelled(record, known))
    if record.type in returning().values():
        yield _return(record, known, newer)


def _why_not_mended(record: FoundRecord, known: Known) -> Text | None:
    """Of a row that was kept back: it is corrected in its file, on the page of imports."""
    if known.replaced:
        return _NOT_THE_LATEST
    return _IN_XML if record.file.lower().endswith(".xml") else None


def _why_unchanged(record: FoundRecord) -> Text | None:
    if record.app_type == "3":
        return Text("这一份是删除申报，不能再修改或删除。", "This is a deletion: it is neither changed nor deleted.")
    if record.state in _UNDER_WAY:
        return Text("还没有答复，收到答复后才能修改或删除。", "Nobody has answered it yet: wait for the answer.")
    if _is_list(record) and record.status in FINAL_STATUSES:
        return Text(
            "清单已放行或已结束，不能修改或删除；需要时可申请退货。",
            "The list is released or over: it is neither changed nor deleted; its goods can be returned.",
        )
    return None


def _why_not_cancelled(record: FoundRecord, known: Known) -> Text | None:
    pending = next((one for one in known.applications if one.type in cancelling()), None)
    if pending is not None:
        number = " ".join(pending.key.values())
        return Text(f"已申请撤单：{number}。", f"Its cancellation is applied for already: {number}.")
    if known.released is not None or record.status in FINAL_STATUSES:
        return Text("清单已放行，不能撤单；可以申请退货。", "The list is released: return its goods instead.")
    if record.state is State.REFUSED:
        return Text("清单没有成立，不必撤单。", "Customs do not have the list: there is nothing to cancel.")
    if not record.invt_no:
        return Text(
            "海关还没有给出清单编号，暂时不能撤单。", "Customs have not numbered the list yet: wait for its number."
        )
    return None if record.state is State.ACKNOWLEDGED else _UNANSWERED


def _return(record: FoundRecord, known: Known, newer: Text | None) -> Offered:
    if newer is not None:
        return Offered(Offer.RETURN, newer)
    if known.released is None or not record.invt_no:
        return Offered(Offer.RETURN, Text("清单放行后才能申请退货。", "Goods are returned once the list is released."))
    last = known.released + timedelta(days=known.return_days)
    left = (last - known.today).days
    if left < 0:
        return Offered(
            Offer.RETURN,
            Text(
                f"已超过退货申请期限：{known.released} 放行，{last} 截止。",
                f"It is too late: released on {known.released}, to be applied for until {last}.",
            ),
        )
    arrival = known.released + timedelta(days=known.arrival_days)
    note = Text(
        f"还剩 {left} 天（{last} 截止）；货物须在 {arrival} 前运抵。",
        f"{left} days left (until {last}); the goods must be back by {arrival}.",
    )
    return Offered(Offer.RETURN, None, note)


def _is_list(record: FoundRecord) -> bool:
    return record.type in cancelling().values()


_UNDER_WAY = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.HELD)
_UNANSWERED = Text("还没有答复，收到答复后才能撤单。", "Nobody has answered it yet: wait for the answer.")
_NOT_THE_LATEST = Text(
    "同一编号后来又申报过，请打开最新的一份。", "The same number was declared again later: open the latest one."
)
_USED_UP = Text(
    "清单已撤销，原编号不能再用，请换编号重新录入。",
    "The list is cancelled and its number used up: enter it anew under another number.",
)
_IN_XML = Text(
    "XML 报文按原样申报：请在生成它的软件中改正，重新导出后再导入，或重新录入。",
    "A message in XML is declared as it is: correct it in the software that made it, export it once more and bring it in; "
    "or enter it anew.",
)
