"""The console as an ASGI application: which address is which page, and what is needed to see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from cebd.clock import Clock
from cebd.console import words
from cebd.console.gate import Gate
from cebd.console.given_numbers import number_in
from cebd.console.live import Live
from cebd.console.pages import (
    api,
    batches,
    drafts,
    drops,
    figures,
    imports,
    journal,
    life,
    login,
    overview,
    people,
    records,
    remedy,
    service,
)
from cebd.console.visit import Desk, Handler, NotAllowed, Visit
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.operations.console import accounts
from cebd.operations.console.figures import RecentCharts
from cebd.operations.console.importing.correcting import Correcting
from cebd.operations.console.importing.imports import Imports
from cebd.operations.console.judging import Judge
from cebd.operations.text import Refused, Text
from cebd.settings import Settings
from cebd.store.console.accounts import Role
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed

if TYPE_CHECKING:
    from starlette.types import ASGIApp

log = structlog.get_logger("cebd")

_HERE = Path(__file__).parent
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_AT_ONCE = 4  # requests that are worked at; the others wait their turn, and the station's own work goes on
_A_YEAR = "public, max-age=31536000, immutable"

# Address, methods, what is needed to be let in, page.
PAGES: tuple[tuple[str, str, Role, Handler], ...] = (
    ("/", "GET", Role.VIEW, overview.overview),
    ("/now", "GET", Role.VIEW, overview.now),
    ("/search", "GET", Role.VIEW, records.search),
    ("/records", "GET", Role.VIEW, records.listed),
    ("/records/export", "GET", Role.VIEW, records.export),
    ("/records/buyer", "POST", Role.VIEW, records.of_buyer),
    ("/records/views", "GET", Role.VIEW, records.saved),
    ("/records/views", "POST", Role.VIEW, records.keep_view),
    ("/records/batch", "GET", Role.DECLARE, batches.ask),
    ("/records/batch", "POST", Role.DECLARE, batches.act),
    ("/records/{number}", "GET", Role.VIEW, records.record),
    ("/records/{number}/now", "GET", Role.VIEW, records.now),
    ("/records/{number}/message", "GET", Role.DECLARE, records.message),
    ("/records/{number}/correct", "POST", Role.ENTER, life.correct),
    ("/records/{number}/together", "GET", Role.VIEW, life.together),
    ("/records/{number}/change", "POST", Role.ENTER, life.change),
    ("/records/{number}/delete", "POST", Role.ENTER, life.delete),
    ("/records/{number}/cancel", "POST", Role.ENTER, life.cancel),
    ("/records/{number}/return", "GET", Role.ENTER, life.ask_return),
    ("/records/{number}/return", "POST", Role.ENTER, life.return_),
    ("/records/{number}/declare", "POST", Role.DECLARE, life.declare),
    ("/receipts/{number}", "GET", Role.DECLARE, records.receipt),
    ("/drops", "GET", Role.VIEW, drops.listed),
    ("/drops/{number}", "GET", Role.VIEW, drops.drop),
    ("/drops/{number}/now", "GET", Role.VIEW, drops.now),
    ("/drafts", "GET", Role.ENTER, drafts.listed),
    ("/drafts", "POST", Role.ENTER, drafts.begin),
    ("/drafts/{number}", "GET", Role.ENTER, drafts.draft),
    ("/drafts/{number}", "POST", Role.ENTER, drafts.post),
    ("/drafts/{number}/keep", "POST", Role.ENTER, drafts.keep),
    ("/drafts/{number}/remedy", "GET", Role.ENTER, remedy.ask),
    ("/drafts/{number}/remedy", "POST", Role.ENTER, remedy.write),
    ("/drafts/{number}/now", "GET", Role.ENTER, drafts.now),
    ("/imports", "GET", Role.ENTER, imports.listed),
    ("/imports", "POST", Role.ENTER, imports.receive),
    ("/imports/{number}", "GET", Role.ENTER, imports.one),
    ("/imports/{number}", "POST", Role.ENTER, imports.post),
    ("/imports/{number}/rows", "GET", Role.ENTER, imports.rows),
    ("/imports/{number}/rows", "POST", Role.ENTER, imports.correct),
    ("/imports/{number}/now", "GET", Role.ENTER, imports.now),
    ("/codes/{table}", "GET", Role.VIEW, drafts.codes),
    ("/service", "GET", Role.DECLARE, service.service),
    ("/figures", "GET", Role.VIEW, figures.charts),
    ("/tax", "GET", Role.VIEW, figures.tax),
    ("/records/{number}/evidence", "POST", Role.DECLARE, records.evidence),
    ("/drops/{number}/correct", "POST", Role.ENTER, drops.correct),
    ("/drops/{number}/evidence", "POST", Role.DECLARE, drops.evidence),
    ("/journal", "GET", Role.DECLARE, journal.journal),
    ("/account", "GET", Role.VIEW, people.own),
    ("/account", "POST", Role.VIEW, people.change_own),
    ("/people", "GET", Role.ADMINISTER, people.people),
    ("/people", "POST", Role.ADMINISTER, people.post),
    ("/logout", "POST", Role.VIEW, login.leave),
)


class Console:
    """The application at `app`."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._static = {path.name: path.read_bytes() for path in (_HERE / "static").iterdir() if path.suffix in _KINDS}
        store = store.for_visitors()
        self._turns = CapacityLimiter(_AT_ONCE)
        self._live = Live(store.database.mark)
        judge, brought_in = Judge(settings, store, clock), Imports(settings, store, clock)
        self._desk = Desk(
            settings,
            store,
            clock,
            self._templates(),
            judge,
            brought_in,
            Correcting(settings, store, clock, brought_in, judge),
            RecentCharts(store, [one.name for one in settings.enterprise], clock),
            self._live,
        )
        routes = [
            Route("/static/{name}", self._file, methods=["GET"]),
            Route("/login", self._answered(login.login, None), methods=["GET"]),
            Route("/login", self._answered(login.enter, None), methods=["POST"]),
            Route("/language/{language}", self._answered(login.language, None), methods=["GET"]),
            Route("/events", self._events, methods=["GET"]),
            Route("/api/openapi.json", self._of_program(api.description), methods=["GET"]),
            Route("/api/drops", self._of_program(api.give), methods=["POST"]),
            Route("/api/drops/{name}", self._of_program(api.drop), methods=["GET"]),
            *(Route(path, self._answered(handler, role), methods=[method]) for path, method, role, handler in PAGES),
        ]
        starlette = Starlette(routes=routes, exception_handlers={HTTPException: self._no_page})
        self.app: ASGIApp = Gate(starlette, settings.console.host_names, with_tls=self._desk.with_tls)

    def _templates(self) -> Environment:
        templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.globals.update(words.GLOBALS, static=self._address_of, live=self._live)
        templates.filters["when"] = words.when
        return templates

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {name: sha256(content).hexdigest()[:12] for name, content in self._static.items()}

    def _address_of(self, name: str) -> str:
        return f"/static/{name}?{self._digests[name]}"

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._static:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        kind = _KINDS[Path(name).suffix]
        return Response(self._static[name], media_type=kind, headers={"cache-control": _A_YEAR})

    async def _events(self, request: Request) -> Response:
        """That something has changed, to whoever is logged in. A page that nobody is logged in to asks no more (204)."""
        token = request.cookies.get(self._desk.session_cookie, "")
        store, clock = self._desk.store, self._desk.clock

        def is_in() -> bool:
            return accounts.who(store, token, clock.now(), by_itself=True) is not None

        async def may_stay() -> bool:
            return await run_sync(is_in, limiter=self._turns)

        if not await may_stay():
            return Response(status_code=HTTPStatus.NO_CONTENT)
        told = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = number_in(told, 19, None)
        return StreamingResponse(self._live.stream(after, may_stay), media_type="text/event-stream")

    async def _no_page(self, request: Request, error: Exception) -> Response:
        """Where there is nothing, or nothing that can be asked so."""
        assert isinstance(error, HTTPException)  # noqa: S101
        status = HTTPStatus(error.status_code)
        of_program = request.url.path.startswith("/api/")
        words = _NOT_OF_THE_API if of_program else _NO_PAGE if status is HTTPStatus.NOT_FOUND else _NOT_SO

        def say_so(_visit: Visit) -> Response:
            raise NotAllowed(status, *words)

        answer = await (self._of_program(say_so) if of_program else self._answered(say_so, None))(request)
        answer.headers.update(error.headers or {})
        return answer

    def _answered(self, handler: Handler, role: Role | None) -> Callable[[Request], Awaitable[Response]]:
        """The page, made in a thread: the store may keep it waiting. `role` None: nobody needs to be logged in."""

        def answer(request: Request, body: bytes) -> Response:
            token = request.cookies.get(self._desk.session_cookie, "")
            visit = Visit(self._desk, request, body, None, token)
            try:
                if token:
                    visit.account = accounts.who(
                        self._desk.store, token, self._desk.clock.now(), by_itself=request.url.path.endswith("/now")
                    )
                if role is not None:
                    if visit.account is None:
                        return login.ask(visit)
                    visit.require(role)
                    if request.method == "POST":
                        visit.require_form_token()
                return handler(visit)
            except Exception as error:
                return _said(visit, error)

        async def endpoint(request: Request) -> Response:
            return await run_sync(answer, request, await request.body(), limiter=self._turns)

        return endpoint

    def _of_program(self, handler: Callable[[Visit], Response]) -> Callable[[Request], Awaitable[Response]]:
        """The same for programs: they have a key and no session, and are answered in JSON."""

        def answer(request: Request, body: bytes) -> Response:
            visit = Visit(self._desk, request, body, None, "")
            try:
                return handler(visit)
            except Unreadable as error:
                return api.said(HTTPStatus.UNPROCESSABLE_ENTITY, error.problem.id, error.problem.zh, error.problem.en)
            except (NotAllowed, Refused) as error:
                status = error.status if isinstance(error, NotAllowed) else HTTPStatus.CONFLICT
                return api.said(status, "CEBD-2311", *error.text)
            except (TransactionFailed, OSError) as error:
                log.warning("the console could not take a drop", reason=str(error))
                return api.said(HTTPStatus.SERVICE_UNAVAILABLE, "CEBD-2312", *_BUSY)
            except Exception:
                log.exception("the console failed", address=request.url.path)
                return JSONResponse({"problem": "CEBD-1912", "zh": _FAILED[0], "en": _FAILED[1]}, 500)

        async def endpoint(request: Request) -> Response:
            return await run_sync(answer, request, await request.body(), limiter=self._turns)

        return endpoint


def _said(visit: Visit, error: Exception) -> Response:
    """The page that says why not."""
    status, said = _reason(visit, error)
    if visit.wants_json:
        return JSONResponse({"said": visit.text(said)}, status)
    if visit.is_part:  # the page stays as it is; why a form was not taken is said before it
        answer = visit.page("said_part.html", status, said=said)
        answer.headers["hx-reswap"] = "none" if visit.request.method == "GET" else "beforebegin"
        return answer
    return visit.page("said.html", status, said=said)


def _reason(visit: Visit, error: Exception) -> tuple[HTTPStatus, Text | tuple[str, str]]:
    if isinstance(error, NotAllowed):
        return error.status, error.text
    if isinstance(error, Refused):
        return HTTPStatus.CONFLICT, error.text
    if isinstance(error, Unreadable):
        return HTTPStatus.CONFLICT, (error.problem.zh, error.problem.en)
    address = visit.request.url.path
    if isinstance(error, TransactionFailed | OSError):
        log.warning("the console could not answer", address=address, reason=str(error))
        return HTTPStatus.SERVICE_UNAVAILABLE, _BUSY
    log.error("the console failed", address=address, exc_info=error)
    return HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED


_BUSY = (
    "暂时无法完成，请稍后再试；仍不行请告知管理员。",
    "This cannot be done just now: try again in a moment, then tell the administrator.",
)
_NO_PAGE = (
    "没有这个页面：请检查地址，或从上方菜单进入。",
    "There is no such page: look at the address, or take the way of the menu.",
)
_NOT_OF_THE_API = (
    "没有这个地址，或不能这样使用：见 /api/openapi.json。",
    "There is no such address, or it is not used in this way: see /api/openapi.json.",
)
_NOT_SO = (
    "这个地址不能这样打开：请从上方菜单进入。",
    "This address is not opened in this way: take the way of the menu.",
)
_FAILED = ("程序出错，已记入日志；请告知管理员。", "Something failed, and stands in the log; tell the administrator.")
