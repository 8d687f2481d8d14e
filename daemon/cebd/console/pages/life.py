"""What people do with a declared record: each becomes a draft, and that a file in the inbox like any other."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.visit import NotAllowed, Visit
from cebd.documents.workbooks.entered import Document
from cebd.operations.console.drafts import entry
from cebd.operations.console.importing.again import bring_in_again
from cebd.operations.console.record import applying
from cebd.operations.console.record.four_documents import side_by_side
from cebd.operations.console.record.offers import Offer
from cebd.operations.console.record.page import RecordPage, record_page
from cebd.operations.text import Refused
from cebd.problems.problem import mask
from cebd.records.record import DECLARED_STATUS
from cebd.store.console import drafts
from cebd.store.console.drafts import Draft
from cebd.store.drops import Drop, load_drop

_LONGEST_REASON = 1000


def page_of(visit: Visit) -> RecordPage:
    """The record in the address. Raises Refused."""
    desk = visit.desk
    with desk.store.read() as transaction:
        return record_page(transaction, visit.number("number"), desk.settings.figures, desk.clock.now())


def correct(visit: Visit) -> Response:
    """A draft with what was refused, to be mended; one that was begun already is opened again. What was kept back is mended in its file."""
    page = page_of(visit)
    if page.record.message_id is not None:
        return _new_version(visit, Offer.CORRECT)
    applying.require(page, Offer.CORRECT)
    with visit.desk.store.read() as transaction:
        drop = load_drop(transaction, page.record.drop_id)
    return correct_in_file(visit, drop)


def together(visit: Visit) -> Response:
    """The documents of its order side by side."""
    page = page_of(visit)
    with visit.desk.store.read() as transaction:
        found = side_by_side(transaction, page)
    return visit.page("together.html", record=page.record, found=found)


def correct_in_file(visit: Visit, drop: Drop) -> Response:
    """On to the import in which the rows of the file that were kept back are corrected. Raises Refused, OSError."""
    desk = visit.desk
    number = bring_in_again(desk.imports, desk.store, desk.settings, drop, visit.person.name)
    return visit.go(f"/imports/{number}")


def change(visit: Visit) -> Response:
    """The same of a declaration that customs have."""
    return _new_version(visit, Offer.CHANGE)


def delete(visit: Visit) -> Response:
    """A draft of its deletion."""
    return _new_version(visit, Offer.DELETE)


def _new_version(visit: Visit, offer: Offer) -> Response:
    page = page_of(visit)
    return _draft(visit, page, page.record.type, applying.texts_for(page, offer))


def declare(visit: Visit) -> Response:
    """Declare what is only stored at the e-port, as it stands there."""
    page = page_of(visit)
    stored = applying.texts_for(page, Offer.DECLARE)
    document = Document({**stored.head, "appStatus": DECLARED_STATUS}, stored.lines)
    desk, record = visit.desk, page.record
    number = entry.declare_at_once(
        desk.store,
        desk.settings,
        visit.person.name,
        record.enterprise,
        record.type,
        [document],
        desk.clock.now(),
        entered_by=page.entered_by,
    )
    return visit.go(f"/drafts/{number}")


def cancel(visit: Visit) -> Response:
    """A draft of the application to cancel the list."""
    page = page_of(visit)
    with visit.desk.store.read() as transaction:
        type_, document = applying.texts_for_cancelling(transaction, page)
    return _draft(visit, page, type_, document)


def ask_return(visit: Visit) -> Response:
    """The lines of the list, to choose what is returned."""
    return _return_form(visit, page_of(visit), None)


def return_(visit: Visit) -> Response:
    """A draft of the application to return what was chosen."""
    page, form = page_of(visit), visit.form
    wanted = {name.removeprefix("qty."): text for name, text in form.items() if name.startswith("qty.")}
    with visit.desk.store.read() as transaction:
        lines = applying.lines_to_return(transaction, page)
        reason = form.get("reason", "").strip()[:_LONGEST_REASON]
        try:
            type_, document = applying.texts_for_returning(transaction, page, lines, wanted, reason)
        except Refused as error:
            return _return_form(visit, page, visit.text(error.text))
    return _draft(visit, page, type_, document, anew=True)


def _return_form(visit: Visit, page: RecordPage, said: str | None) -> Response:
    with visit.desk.store.read() as transaction:
        lines = applying.lines_to_return(transaction, page)
    offered = next(one for one in page.offers if one.offer is Offer.RETURN)
    status = HTTPStatus.OK if said is None else HTTPStatus.UNPROCESSABLE_ENTITY
    form = visit.form if visit.body else {}
    return visit.page("return.html", status, page=page, lines=lines, offered=offered, said=said, form=form)


def _draft(visit: Visit, page: RecordPage, type_: str, document: Document, *, anew: bool = False) -> Response:
    """The draft of that about the record, if there is one that is not declared; `anew`: the person's own says from now on what the
    document says, one of somebody else stays as it is."""
    desk, about, by, now = visit.desk, page.record, visit.person.name, visit.desk.clock.now()
    with desk.store.read() as transaction:
        begun = [
            one
            for one in drafts.drafts_about(transaction, about.id, type_)
            if _app_type(one) == _stated(document) and not (anew and one.account != by)
        ]
    if not begun:
        number = entry.begin(desk.store, by, about.enterprise, type_, [document], now, about.id)
        return visit.go(f"/drafts/{number}")
    if anew:
        entry.save(desk.store, begun[0], by, [document], now)
    return visit.go(f"/drafts/{begun[0].id}")


def _app_type(draft: Draft) -> str:
    return _stated(entry.documents_of(draft)[0])


def _stated(document: Document) -> str:
    return document.head.get("appType", "1")


def differences_of(visit: Visit, draft: Draft) -> list[applying.Difference] | None:
    """What a draft about a record of its own type says otherwise; None for any other draft."""
    if draft.about is None:
        return None
    desk = visit.desk
    try:
        with desk.store.read() as transaction:
            page = record_page(transaction, draft.about, desk.settings.figures, desk.clock.now())
    except (Refused, NotAllowed):
        return None
    if page.texts is None or page.record.type != draft.type:
        return None
    return applying.differences(draft.type, page.texts, entry.documents_of(draft)[0])


def changes_in_words(visit: Visit, draft: Draft) -> str:
    """The same for the journal: each value before and after, identity numbers shortened."""
    return "; ".join(
        f"{one.element}{f'[{one.line}]' if one.line else ''}: "
        f"{mask(one.element, one.before)} -> {mask(one.element, one.after)}"
        for one in differences_of(visit, draft) or ()
    )
