"""One decision for many records: first what it would do, then done with a note."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from cebd.console.visit import NotAllowed, Visit
from cebd.operations.console import batches
from cebd.operations.console.batches import Deed, Wanted
from cebd.operations.console.record_query import RecordQuery
from cebd.problems.problem import catalogue

_LONGEST_NOTE = 300


def ask(visit: Visit) -> Response:
    """What the deed would do with the records of a query, or of the messages that wait for a reason."""
    wanted, deed = _wanted(dict(visit.request.query_params)), _deed(visit.query("do"))
    shown = batches.preview(visit.desk.store, visit.desk.settings, wanted, deed, visit.person.name)
    told = {**wanted.query.given, **({"waiting": wanted.waiting} if wanted.waiting else {})}
    return visit.page("batch.html", shown=shown, wanted=urlencode(told), Deed=Deed)


def act(visit: Visit) -> Response:
    """Do what was shown."""
    form, desk = visit.form, visit.desk
    wanted, deed = _wanted(dict(parse_qsl(form.get("wanted", "")))), _deed(form.get("do", ""))
    note = form.get("note", "").strip()[:_LONGEST_NOTE]
    by, now = visit.person.name, desk.clock.now()
    count = batches.carry_out(desk.store, desk.settings, wanted, deed, form.get("mark", ""), by, note, now)
    return visit.page("batch_done.html", deed=deed, count=count, back=f"/records?{wanted.query.address}", Deed=Deed)


def _wanted(given: dict[str, str]) -> Wanted:
    waiting = given.get("waiting", "")
    return Wanted(RecordQuery.of(given), waiting if waiting in catalogue() else "")


def _deed(name: str) -> Deed:
    if name not in list(Deed):
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个页面。", "There is no such page.")
    return Deed(name)
