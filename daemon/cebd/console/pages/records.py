"""Records: found by any number, in lists, each on a page of its own."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.pages.life import page_of
from cebd.console.pages.overview import GROUPS
from cebd.console.visit import NotAllowed, Visit
from cebd.messages.description import declarations
from cebd.operations.console.offers import Offer
from cebd.records.ids import DropId, RecordId
from cebd.records.states import State
from cebd.store.across.finding.pages import Filter, Place
from cebd.store.console import questions
from cebd.store.console.questions import FoundRecord
from cebd.store.messages import load_message

PAGE = 50


def search(visit: Visit) -> Response:
    """What a number or a file's name finds; a single record is shown at once."""
    text = visit.query("q")[:200]
    found: list[FoundRecord] = []
    files = []
    if text:
        with visit.desk.store.read() as transaction:
            found = questions.find_records(transaction, text, PAGE)
            files = questions.find_drops(transaction, text, PAGE)
    if len(found) == 1 and not files:
        return visit.go(f"/records/{found[0].id}")
    return visit.page("search.html", q=text, records=found, drops=files)


def listed(visit: Visit) -> Response:
    """Records by group or state, type and enterprise, a page at a time."""
    group, type_, enterprise, before = (visit.query(name) for name in ("group", "type", "enterprise", "before"))
    states = GROUPS.get(group) or ((State(group),) if group in list(State) else ())
    wanted = Filter(type=type_ or None, enterprise=enterprise or None)
    with visit.desk.store.read() as transaction:
        found = questions.list_records(transaction, states, wanted, PAGE, _place(before))
    return visit.page(
        "records.html",
        records=found.records,
        more=None if found.before is None else "-".join(map(str, found.before)),
        group=group,
        type=type_,
        enterprise=enterprise,
        types=declarations(),
        enterprises=[one.name for one in visit.desk.settings.enterprise],
        states=list(State),
    )


def _place(before: str) -> Place | None:
    """Where the page begins, as the link to it says."""
    file, _, number = before.partition("-")
    if not (file.isdecimal() and number.isdecimal() and len(before) < 30):
        return None
    return Place(DropId(int(file)), RecordId(int(number)))


def record(visit: Visit) -> Response:
    """Everything about one."""
    return visit.page("record.html", page=page_of(visit), Offer=Offer)


def now(visit: Visit) -> Response:
    """What of it changes by itself."""
    return visit.page("record_now.html", page=page_of(visit), Offer=Offer)


def message(visit: Visit) -> Response:
    """The bytes of its message, as they were signed."""
    with visit.desk.store.read() as transaction:
        found = questions.record_numbered(transaction, visit.number("number"))
        if found is None or found.message_id is None:
            raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这份报文。", "There is no such message.")
        stored = load_message(transaction, found.message_id)
    return _bytes(stored.body, f"{stored.type}_{stored.cop_msg_id}.xml")


def receipt(visit: Visit) -> Response:
    """The bytes of a receipt, as they came."""
    with visit.desk.store.read() as transaction:
        stored = questions.receipt_numbered(transaction, visit.number("number"))
    if stored is None:
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这份回执。", "There is no such receipt.")
    return _bytes(stored.content(), f"receipt-{stored.id}.xml")


def _bytes(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
