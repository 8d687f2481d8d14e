"""What people did, and what was done to the store as a whole: the journal, the latest first."""

from __future__ import annotations

from starlette.responses import Response

from cebd.console.given_numbers import number_in
from cebd.console.visit import Visit
from cebd.store.console.journal import journal_page

_PAGE = 100


def journal(visit: Visit) -> Response:
    """A page of it; `q`: only what has this text."""
    before, text = visit.query("before"), visit.query("q")[:100]
    number = number_in(before, 11, None)
    with visit.desk.store.read() as transaction:
        lines = journal_page(transaction, text, _PAGE, number)
    more = lines[-1].id if len(lines) == _PAGE else None
    return visit.page("journal.html", lines=lines, more=more, q=text)
