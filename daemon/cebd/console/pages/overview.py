"""The first page: what needs a person, what is under way, what is done; the station's troubles, its tokens."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from cebd.console.visit import Visit
from cebd.messages.description import MessageType, message_types
from cebd.operations.inquiries.status import StationStatus, station_status
from cebd.records.states import State
from cebd.store.across.finding.pages import Filter
from cebd.store.console import questions

NEEDS_ME = (State.REJECTED, State.HELD, State.REFUSED)
UNDER_WAY = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.ACKNOWLEDGED)
DONE = (State.SUCCEEDED,)
GROUPS = {"needs": NEEDS_ME, "underway": UNDER_WAY, "done": DONE}
_LATEST = 8


@dataclass(frozen=True)
class TypeCounts:
    """Of a kind of document, how many records stand in each of the three groups."""

    type: MessageType
    needs: int
    underway: int
    done: int


def overview(visit: Visit) -> Response:
    """The whole page."""
    return visit.page("overview.html", **_facts(visit))


def now(visit: Visit) -> Response:
    """What of it changes by itself."""
    return visit.page("overview_now.html", **_facts(visit))


def _facts(visit: Visit) -> dict[str, object]:
    with visit.desk.store.read() as transaction:
        counted = questions.counts_by_type(transaction)
        needing = questions.list_records(transaction, NEEDS_ME, Filter(), _LATEST).records
        drops = questions.find_drops(transaction, "", _LATEST)
    types = sorted({type_ for type_, _ in counted})
    counts = [
        TypeCounts(message_types()[type_], *(sum(counted.get((type_, s), 0) for s in of) for of in GROUPS.values()))
        for type_ in types
    ]
    status: StationStatus = station_status(visit.desk.settings)
    return {"counts": counts, "station": status, "needing": needing, "drops": drops}
