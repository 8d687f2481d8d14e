"""Records: found by any number, in lists, each on a page of its own."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.pages.overview import GROUPS
from cebd.console.visit import NotAllowed, Visit
from cebd.documents.workbooks.entered import Document
from cebd.messages.description import declarations
from cebd.operations.console import entry, record_page
from cebd.records.ids import DropId, RecordId
from cebd.records.states import State
from cebd.store.across.finding.pages import Filter, Place
from cebd.store.console import drafts, questions
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
    return visit.page("record.html", page=_page(visit), offers=record_page.Offer)


def now(visit: Visit) -> Response:
    """What of it changes by itself."""
    return visit.page("record_now.html", page=_page(visit), offers=record_page.Offer)


def _page(visit: Visit) -> record_page.RecordPage:
    with visit.desk.store.read() as transaction:
        return record_page.record_page(transaction, visit.number("number"))


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


# What may be done with one


def correct(visit: Visit) -> Response:
    """A draft with what was declared, to be mended; one that was begun already is opened again."""
    page = _page(visit)
    texts = record_page.texts_for_correction(page)
    return _draft(visit, page, page.record.type, Document(texts.head, tuple(texts.lines)))


def cancel(visit: Visit) -> Response:
    """A draft of the application to cancel the list."""
    page = _page(visit)
    type_, texts = record_page.texts_for_cancelling(page)
    return _draft(visit, page, type_, Document(texts.head))


def _draft(visit: Visit, page: record_page.RecordPage, type_: str, document: Document) -> Response:
    desk, about = visit.desk, page.record
    with desk.store.read() as transaction:
        begun = drafts.draft_about(transaction, about.id, type_)
    number = begun.id if begun else None
    if number is None:
        by = visit.person.name
        number = entry.begin(desk.store, by, about.enterprise, type_, [document], desk.clock.now(), about.id)
    return visit.go(f"/drafts/{number}")
