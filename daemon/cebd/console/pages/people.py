"""Accounts, their sessions, and the keys of programs."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.given_numbers import is_number
from cebd.console.visit import Visit
from cebd.operations.console import accounts
from cebd.operations.text import Refused
from cebd.store.console.accounts import all_sessions


def people(visit: Visit) -> Response:
    """Who may come in, and who is."""
    store = visit.desk.store
    with store.read() as transaction:
        sessions = all_sessions(transaction)
    return visit.page(
        "people.html",
        accounts=accounts.list_accounts(store),
        sessions=sessions,
        keys=accounts.list_keys(store),
        here=accounts.digest(visit.token),
    )


def own(visit: Visit) -> Response:
    """The account of whoever is logged in: its browsers, another password."""
    return _own(visit, HTTPStatus.OK, None)


def change_own(visit: Visit) -> Response:
    """Another password, which logs out every browser of the account; or one browser is logged out."""
    form, desk, name = visit.form, visit.desk, visit.person.name
    if "session" in form:
        with desk.store.read() as transaction:
            mine = {one.digest for one in all_sessions(transaction) if one.account == name}
        if form["session"] in mine:
            accounts.end_session(desk.store, form["session"], name)
        return visit.go("/account")
    address = visit.request.client.host if visit.request.client else ""
    if desk.attempts.wait(name, address):
        return _own(
            visit,
            HTTPStatus.TOO_MANY_REQUESTS,
            visit.say("失败次数太多，请稍后再试。", "Too many attempts failed; wait."),
        )
    try:
        changed = accounts.change_password(desk.store, name, form.get("old", ""), form.get("new", ""))
    except Refused as error:
        return _own(visit, HTTPStatus.UNPROCESSABLE_ENTITY, visit.text(error.text))
    if not changed:
        desk.attempts.failed(name, address)
        return _own(visit, HTTPStatus.UNPROCESSABLE_ENTITY, visit.say("原密码不对。", "The old password is wrong."))
    return visit.go("/login")


def _own(visit: Visit, status: HTTPStatus, said: str | None) -> Response:
    with visit.desk.store.read() as transaction:
        sessions = [one for one in all_sessions(transaction) if one.account == visit.person.name]
    here = accounts.digest(visit.token)
    return visit.page("account.html", status, sessions=sessions, here=here, said=said)


def post(visit: Visit) -> Response:
    """Log an account out everywhere, or revoke a key."""
    form, desk = visit.form, visit.desk
    if "end" in form:
        accounts.end_sessions(desk.store, form["end"], visit.person.name)
    elif "session" in form:
        accounts.end_session(desk.store, form["session"][:64], visit.person.name)
    elif is_number(form.get("revoke", ""), 12):
        accounts.revoke_key(desk.store, int(form["revoke"]), desk.clock.now())
    return visit.go("/people")
