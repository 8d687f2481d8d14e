"""Entering documents: forms made of the message descriptions, judged by the same checks as files, declared as files."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from cebd.console.forms import (
    LINES_ON_A_PAGE,
    SheetForm,
    document_of,
    drafted,
    empty_document,
    first_line,
    posted_lines,
)
from cebd.console.given_numbers import number_in
from cebd.console.pages import life
from cebd.console.visit import NotAllowed, Visit
from cebd.documents.workbooks.entered import Document, as_json
from cebd.messages.description import declarations, message_type
from cebd.messages.parse import StatedTexts
from cebd.operations.console import giving
from cebd.operations.console.drafts import entry
from cebd.operations.console.drafts.open_pages import OpenPage
from cebd.operations.console.judging import Judged
from cebd.operations.console.record import applying
from cebd.operations.console.record.declared_texts import declared_texts
from cebd.operations.text import Refused
from cebd.rules.codes.tables import table_names
from cebd.store.console import drafts, questions
from cebd.store.console.accounts import Role
from cebd.store.console.drafts import Draft
from cebd.store.drops import Drop
from cebd.store.messages import load_message

_LISTED = 100


def listed(visit: Visit) -> Response:
    """The drafts that nobody has declared yet, and what a new one may be."""
    with visit.desk.store.read() as transaction:
        found = drafts.open_drafts(transaction, _LISTED)
        waiting = drafts.drafts_not_taken(transaction, _LISTED)
    return visit.page(
        "drafts.html",
        drafts=[drafted(one) for one in found],
        waiting=[drafted(one) for one in waiting],
        types=declarations(),
        enterprises=[one.name for one in visit.desk.settings.enterprise],
    )


def begin(visit: Visit) -> Response:
    """A new draft, empty or like a record."""
    desk, form = visit.desk, visit.form
    if "like" in form:
        return _like(visit, form["like"])
    try:
        message = message_type(form.get("type", ""))
        enterprise = desk.settings.enterprise_named(form.get("enterprise", ""))
    except KeyError:
        raise NotAllowed(HTTPStatus.BAD_REQUEST, "请选择企业和单证。", "Choose an enterprise and a document.") from None
    if message.role != "declaration":
        raise NotAllowed(HTTPStatus.BAD_REQUEST, "这不是可申报的单证。", "That is nothing to be declared.")
    empty = empty_document(message.code)
    number = entry.begin(desk.store, visit.person.name, enterprise.name, message.code, [empty], desk.clock.now())
    return visit.go(f"/drafts/{number}")


def _like(visit: Visit, number: str) -> Response:
    """A new document like that record, without the numbers that belong to that one alone. Raises Refused."""
    desk = visit.desk
    with desk.store.read() as transaction:
        record = questions.record_numbered(transaction, number_in(number, 12, 0))
        message = None
        if record is not None and record.message_id is not None:
            message = load_message(transaction, record.message_id)
    texts = None if record is None else declared_texts(record, message)
    if record is None or texts is None:
        raise Refused("这份单证没有报文，无法复制。", "This document is in no message and cannot be copied.")
    alike = entry.without_numbers(record.type, Document(texts.head, tuple(texts.lines)))
    by, now = visit.person.name, desk.clock.now()
    return visit.go(f"/drafts/{entry.begin(desk.store, by, record.enterprise, record.type, [alike], now)}")


def draft(visit: Visit) -> Response:
    """The form; of one that is declared, where its file is."""
    found = _draft(visit)
    if found.file is not None:
        return _declared(visit, found, "draft_declared.html")
    return _form(visit, found, None)


def now(visit: Visit) -> Response:
    """Where the file of a declared draft is."""
    return _declared(visit, _draft(visit), "draft_declared_now.html")


def keep(visit: Visit) -> Response:
    """What was typed so far is kept and judged: by field what is wrong, what a code means, and what may belong there."""
    saved = _saved(visit, _draft(visit))
    judged = _judged(visit, saved)
    form = _sheet_form(visit, saved, judged, _page_posted(visit))
    in_form = dict(enumerate(posted_lines(form.message, visit.form)))  # lines without anything are not judged
    fields = {
        _name_in(in_form, one.name): {
            "wrong": one.wrong,
            "said": [visit.say(f.problem.zh, f.problem.en) for f in one.found],
            "fix": [visit.say(f.problem.fix_zh, f.problem.fix_en) for f in one.found],
            "named": one.named,
            "offer": one.offer,
        }
        for one in form.fields
        if one.found or one.named or one.offer
    }
    return JSONResponse({"ready": judged.may_go, "fields": fields, "base": entry.mark_of(saved)})


def _name_in(in_form: Mapping[int, int], name: str) -> str:
    part, _, rest = name.partition(".")
    nth, _, field = rest.partition(".")
    return f"line.{in_form.get(int(nth), int(nth))}.{field}" if part == "line" else name


def post(visit: Visit) -> Response:
    """Save and judge; declare; more lines; throw away."""
    found, action = _draft(visit), visit.form.get("action", "save")
    if found.file is not None:
        if action == "again":
            visit.require(Role.DECLARE)
            entry.give(visit.desk.store, visit.desk.settings, found)
        return visit.go(f"/drafts/{found.id}")
    if action == "remove":
        return _remove(visit, found)
    try:
        saved = _saved(visit, found)
    except entry.ChangedElsewhere as error:
        return _two_versions(visit, error.current)
    if action.startswith("lines-") and action[6:].isdecimal():
        return visit.go(f"/drafts/{found.id}?lines={action[6:]}#lines")
    judged = _judged(visit, saved)
    if action == "declare":
        visit.require(Role.DECLARE)
        if judged.may_go:
            desk, said = visit.desk, life.changes_in_words(visit, saved)
            entry.declare(desk.store, saved, desk.settings, visit.person.name, desk.clock.now(), said)
            return visit.go(f"/drafts/{found.id}")
    return _form(visit, saved, judged)


def _remove(visit: Visit, found: Draft) -> Response:
    """One in which something was entered is asked about first."""
    shown = drafted(found)
    if visit.form.get("sure") or found.content == as_json(found.type, [empty_document(found.type)]).decode():
        entry.remove(visit.desk.store, found, visit.person.name, shown.number)
        return visit.go("/drafts")
    return visit.page("sure.html", what=shown.number, back=f"/drafts/{found.id}", action="remove")


def _two_versions(visit: Visit, current: Draft) -> Response:
    """What the person has typed, not saved, with what it says otherwise than the version of another page; saved again, it counts."""
    mine, theirs = document_of(current, visit.form), entry.documents_of(current)[0]
    typed = replace(current, content=as_json(current.type, [mine]).decode())
    form = _sheet_form(visit, typed, None, _page_posted(visit))
    told = applying.differences(current.type, StatedTexts(theirs.head, theirs.lines), mine)
    return _page(visit, form, typed, HTTPStatus.CONFLICT, base=entry.mark_of(current), others=told)


def _page(visit: Visit, form: SheetForm, found: Draft, status: HTTPStatus, **values: object) -> Response:
    told = {"judged": None, "changes": None, "others": None, **values}
    return visit.page("draft.html", status, form=form, draft=found, page=secrets.token_urlsafe(8), **told)


def codes(visit: Visit) -> Response:
    """A code table: as a page, or as JSON for the lists beside the fields."""
    name, tables = visit.request.path_params["table"], visit.desk.settings.code_tables
    if name not in tables.own and name not in table_names():
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个代码表。", "There is no such table of codes.")
    table = tables[name]
    if visit.query("as") == "json":
        answer = JSONResponse([[code, name] for code, name in table.names.items()])
        answer.headers["cache-control"] = "private, max-age=3600"
        return answer
    text = visit.query("q")
    rows = [(code, name) for code, name in table.names.items() if text in code or text in name]
    return visit.page("codes.html", table=table, rows=rows[:300], count=len(rows), q=text)


def _draft(visit: Visit) -> Draft:
    with visit.desk.store.read() as transaction:
        return entry.the_draft(transaction, visit.number("number"))


def _saved(visit: Visit, found: Draft) -> Draft:
    desk = visit.desk
    document = document_of(found, visit.form)
    seen, by = visit.form.get("base"), visit.person.name
    nth = number_in(visit.form.get("sent", ""), 12, 0)
    page = None if seen is None else OpenPage(desk.open_pages, visit.form.get("page", ""), seen, nth)
    return entry.save(desk.store, found, by, [document], desk.clock.now(), page)


def _judged(visit: Visit, found: Draft) -> Judged:
    desk = visit.desk
    return desk.judge.judge(found.content.encode(), giving.enterprise_of(desk.settings, found.enterprise))


def _page_posted(visit: Visit) -> int:
    return first_line(visit.form) // LINES_ON_A_PAGE


def _sheet_form(visit: Visit, found: Draft, judged: Judged | None, page: int) -> SheetForm:
    settings = visit.desk.settings
    filled = entry.defaults_of(settings, found.enterprise, found.type)
    return SheetForm.of(found, filled, settings.code_tables, judged, page)


def _form(visit: Visit, found: Draft, judged: Judged | None) -> Response:
    page = number_in(visit.query("lines"), 3, 0)
    if judged is not None and visit.form.get("first", "").isdecimal():
        page = _page_posted(visit)
    form = _sheet_form(visit, found, judged, page)
    status = HTTPStatus.OK if judged is None or judged.may_go else HTTPStatus.UNPROCESSABLE_ENTITY
    changes, base = life.differences_of(visit, found), entry.mark_of(found)
    return _page(visit, form, found, status, judged=judged, changes=changes, base=base)


def _declared(visit: Visit, found: Draft, template: str) -> Response:
    taken: Drop | None = None
    if found.file is not None:
        taken = giving.taken(visit.desk.store, found.enterprise, found.file, found.content.encode())
    records = []
    if taken is not None:
        with visit.desk.store.read() as transaction:
            records = questions.records_of_file(transaction, taken.id, 1)
    return visit.page(template, draft=drafted(found), taken=taken, records=records)
