"""Logging in and out, and the language of the pages."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from cebd.console.visit import LANGUAGE, Visit, own_address
from cebd.operations.console import accounts

_A_YEAR = 31_536_000
_LOGGED_OUT = (
    "没有保存：您已退出登录。请不要关闭本页，在另一个标签页登录后回到这里，填写的内容会接着保存。",
    "Not kept: you are logged out. Leave this page open, log in in another tab, and come back: what you typed is kept then.",
)


def ask(visit: Visit) -> Response:
    """Nobody is logged in: to the page that asks, and back afterwards to the page that is seen now."""
    if visit.wants_json:
        said = visit.say(*_LOGGED_OUT)
        return JSONResponse({"said": said}, HTTPStatus.UNAUTHORIZED)
    address = "/login" if visit.here == "/" else f"/login?next={quote(visit.here, safe='/')}"
    if visit.is_part:  # not the part alone: the whole page goes there
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": address})
    return visit.go(address)


def login(visit: Visit) -> Response:
    """The page that asks for name and password."""
    return _asked(visit, HTTPStatus.OK, None)


def enter(visit: Visit) -> Response:
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
    desk.attempts.succeeded(name, address)
    if visit.token:
        accounts.log_out(desk.store, visit.token)
    answer = visit.go(own_address(form.get("next", "/")))
    answer.set_cookie(desk.session_cookie, token, httponly=True, samesite="strict", secure=desk.with_tls, path="/")
    return answer


def leave(visit: Visit) -> Response:
    """The session is over, here and in the store."""
    accounts.log_out(visit.desk.store, visit.token)
    answer = visit.go("/login")
    desk = visit.desk
    answer.delete_cookie(desk.session_cookie, httponly=True, samesite="strict", secure=desk.with_tls, path="/")
    return answer


def language(visit: Visit) -> Response:
    """From now on in that language, on the page it was asked from."""
    answer = visit.go(own_address(visit.query("next") or "/"))
    chosen = "en" if visit.request.path_params["language"] == "en" else "zh"
    answer.set_cookie(LANGUAGE, chosen, max_age=_A_YEAR, samesite="strict", path="/")
    return answer


def _asked(visit: Visit, status: HTTPStatus, said: str | None) -> Response:
    wanted = visit.form.get("next") if visit.body else visit.query("next")
    return visit.page("login.html", status, said=said, next=own_address(wanted or "/"), name=visit.form.get("name", ""))
