"""The first page: what needs a person, what is under way, what is done; the station's troubles, its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from cebd.console.visit import Visit
from cebd.messages.description import MessageType, message_types
from cebd.operations.console.failures import failures, unresolved_of
from cebd.operations.console.record_query import GROUPS, NEEDS_ME
from cebd.operations.inquiries.overview import grouped
from cebd.operations.inquiries.status import StationStatus, station_status
from cebd.records.states import State
from cebd.store.across.finding.groups import Group
from cebd.store.across.finding.pages import Filter
from cebd.store.console import questions

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
    """The same for everybody: made once for each change, and once a minute for what time alone brings about."""
    key = (visit.desk.live.number, f"{visit.desk.clock.now():%d%H%M}")
    return visit.desk.overview.of(key, lambda: _made(visit))


def _made(visit: Visit) -> dict[str, object]:
    status: StationStatus = station_status(visit.desk.settings)
    with visit.desk.store.read() as transaction:
        counted = questions.counts_by_group(transaction)
        held = questions.held_by_type(transaction)
        unresolved = unresolved_of(transaction, counted)
        found = failures(transaction, unresolved, grouped(status.overview.waiting))
        needing = questions.list_records(transaction, NEEDS_ME, Filter(unresolved=True), _LATEST).records
        drops = questions.find_drops(transaction, "", _LATEST)
    counts = _counts(counted, unresolved, held)
    return {
        "counts": counts,
        "needs": sum(one.needs for one in counts),
        "failures": found,
        "station": status,
        "needing": needing,
        "drops": drops,
    }


def _counts(counted: Mapping[Group, int], unresolved: Mapping[Group, int], held: Mapping[str, int]) -> list[TypeCounts]:
    of_types: dict[str, dict[str, int]] = {}
    for group, number in counted.items():
        name = next((name for name, states in GROUPS.items() if group.state in states), None)
        counts = of_types.setdefault(group.type, dict.fromkeys(GROUPS, 0))
        is_over = group.state in (State.REFUSED, State.REJECTED)
        if name is not None:
            counts[name] += unresolved.get(group, 0) if is_over else number
    for type_, number in held.items():  # they count as ready
        of_types[type_]["underway"] -= number
        of_types[type_]["needs"] += number
    return [TypeCounts(message_types()[type_], **counts) for type_, counts in sorted(of_types.items())]
