"""Logging in and out, and the language of the pages."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import Response

from cebd.console.visit import LANGUAGE, SESSION, Visit
from cebd.operations.console import accounts

_A_YEAR = 31_536_000


def ask(visit: Visit) -> Response:
    """Nobody is logged in: to the page that asks, and back afterwards."""
    wanted = visit.request.url.path
    if visit.request.method == "GET" and wanted not in ("/", "/logout"):
        return visit.go(f"/login?next={quote(wanted)}")
    return visit.go("/login")


def login(visit: Visit) -> Response:
    """The page that asks for name and password."""
    return _asked(visit, HTTPStatus.OK, None)


def enter(visit: Visit, *, with_tls: bool) -> Response:
    """Name and password were given."""
    desk, form = visit.desk, visit.form
    name, address = form.get("name", "").strip()[:64], visit.request.client.host if visit.request.client else ""
    wait = desk.attempts.wait(name, address)
    if wait:
        minutes = -(-wait // 60)
        said = (
            f"失败次数太多，请 {minutes} 分钟后再试。",
            f"Too many attempts failed; try again in {minutes} minutes.",
        )
        return _asked(visit, HTTPStatus.TOO_MANY_REQUESTS, visit.say(*said))
    token = accounts.log_in(desk.store, name, form.get("password", ""), desk.clock.now())
    if token is None:
        desk.attempts.failed(name, address)
        return _asked(
            visit, HTTPStatus.UNAUTHORIZED, visit.say("帐号或密码不对。", "The name or the password is wrong.")
        )
    desk.attempts.succeeded(name)
    if visit.token:
        accounts.log_out(desk.store, visit.token)
    answer = visit.go(_own(form.get("next", "/")))
    answer.set_cookie(SESSION, token, httponly=True, samesite="strict", secure=with_tls, path="/")
    return answer


def leave(visit: Visit) -> Response:
    """The session is over, here and in the store."""
    accounts.log_out(visit.desk.store, visit.token)
    answer = visit.go("/login")
    answer.delete_cookie(SESSION, path="/")
    return answer


def language(visit: Visit) -> Response:
    """From now on in that language, on the page it was asked from."""
    answer = visit.go(_own(visit.query("next") or "/"))
    chosen = "en" if visit.request.path_params["language"] == "en" else "zh"
    answer.set_cookie(LANGUAGE, chosen, max_age=_A_YEAR, samesite="strict", path="/")
    return answer


def _asked(visit: Visit, status: HTTPStatus, said: str | None) -> Response:
    wanted = visit.form.get("next") if visit.body else visit.query("next")
    return visit.page("login.html", status, said=said, next=_own(wanted or "/"), name=visit.form.get("name", ""))


def _own(address: str) -> str:
    """An address of ours; anything else becomes the first page."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"
