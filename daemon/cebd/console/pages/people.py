"""Accounts, their sessions, and the keys of programs."""

from __future__ import annotations

from starlette.responses import Response

from cebd.console.visit import Visit
from cebd.operations.console import accounts
from cebd.store.console.accounts import all_sessions


def people(visit: Visit) -> Response:
    """Who may come in, and who is."""
    store = visit.desk.store
    with store.read() as transaction:
        sessions = all_sessions(transaction)
    return visit.page(
        "people.html", accounts=accounts.list_accounts(store), sessions=sessions, keys=accounts.list_keys(store)
    )


def post(visit: Visit) -> Response:
    """Log an account out everywhere, or revoke a key."""
    form, desk = visit.form, visit.desk
    if "end" in form:
        accounts.end_sessions(desk.store, form["end"], visit.person.name)
    elif form.get("revoke", "").isdecimal():
        accounts.revoke_key(desk.store, int(form["revoke"][:12]), desk.clock.now())
    return visit.go("/people")
