"""Drops: the files that were taken, each with its records and problems."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.pages.life import correct_in_file
from cebd.console.pages.records import evidence_of
from cebd.console.visit import NotAllowed, Visit
from cebd.receipts.publishing.drop_receipt import receipt_head
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, State
from cebd.store.console import questions

_PAGE = 50
_RECORDS = 100


def listed(visit: Visit) -> Response:
    """The latest, or those whose name has a text."""
    text = visit.query("q")[:200]
    with visit.desk.store.read() as transaction:
        found = questions.find_drops(transaction, text, _PAGE)
    return visit.page("drops.html", drops=found, q=text)


def drop(visit: Visit) -> Response:
    """Everything about one."""
    return visit.page("drop.html", **_facts(visit))


def now(visit: Visit) -> Response:
    """What of it changes by itself."""
    return visit.page("drop_now.html", **_facts(visit))


def correct(visit: Visit) -> Response:
    """What was kept back of it is corrected on the page of imports."""
    with visit.desk.store.read() as transaction:
        found = questions.drop_numbered(transaction, visit.number("number"))
    if found is None:
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个文件。", "There is no such file.")
    return correct_in_file(visit, found)


def evidence(visit: Visit) -> Response:
    """The file, its messages and receipts, to be shown to others."""
    return evidence_of(visit, str(visit.number("number")))


def _facts(visit: Visit) -> dict[str, object]:
    with visit.desk.store.read() as transaction:
        found = questions.drop_numbered(transaction, visit.number("number"))
        if found is None:
            raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个文件。", "There is no such file.")
        of = DropId(found.repeat_of or found.id)
        head = receipt_head(transaction, found, found.published_at or "")
        records = questions.records_of_file(transaction, of, _RECORDS)
    kept_back = found.outcome is DropOutcome.ERROR or bool(head.counts.get(State.REJECTED))
    is_message = found.name.lower().endswith(".xml")  # declared as it is
    return {"drop": found, "receipt": head, "records": records, "correctable": kept_back and not is_message}
