"""A visit: one request, whose it is and in which language; and the desk, which is what all visits share."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cebd.clock import Clock
from cebd.console.attempts import Attempts
from cebd.console.given_numbers import is_number
from cebd.console.live import Live
from cebd.console.not_allowed import NotAllowed
from cebd.console.remembered import Remembered
from cebd.console.upload import Upload, is_upload, parse_upload
from cebd.operations.console.drafts.open_pages import OpenPages
from cebd.operations.console.figures import RecentCharts
from cebd.operations.console.importing.correcting import Correcting
from cebd.operations.console.importing.imports import Imports
from cebd.operations.console.judging import Judge
from cebd.operations.text import Text
from cebd.settings import Settings
from cebd.store.console.accounts import Account, Role
from cebd.store.store import Store

_MOST_FIELDS = 20_000  # some hundred lines that were pasted
LANGUAGE = "cebd_language"
_SESSION = "cebd_session"


@dataclass(frozen=True)
class Desk:
    """The station's store and settings, the templates, what judges documents, files brought in, who tried to log in lately, and
    from which page drafts were saved."""

    settings: Settings
    store: Store
    clock: Clock
    templates: Environment
    judge: Judge
    imports: Imports
    correcting: Correcting
    charts: RecentCharts
    live: Live
    overview: Remembered[dict[str, object]] = field(default_factory=Remembered)
    attempts: Attempts = field(default_factory=Attempts)
    open_pages: OpenPages = field(default_factory=OpenPages)

    @property
    def with_tls(self) -> bool:
        """Whether browsers reach it by https."""
        return self.settings.console.listen_cert is not None

    @property
    def session_cookie(self) -> str:
        """Under which name a browser keeps its session. Nobody else can set a cookie with this prefix (RFC 6265bis, 4.1.3)."""
        return f"__Host-{_SESSION}" if self.with_tls else _SESSION


@dataclass
class Visit:
    """`account` None: nobody is logged in. `token`: what the browser keeps of its session."""

    desk: Desk
    request: Request
    body: bytes = field(repr=False)
    account: Account | None
    token: str = field(repr=False)

    @property
    def language(self) -> str:
        """zh or en: as chosen in this browser, else the station's; Chinese first."""
        chosen = self.request.cookies.get(LANGUAGE)
        if chosen in ("zh", "en"):
            return chosen
        return "en" if self.desk.settings.station.language == "en" else "zh"

    def say(self, zh: str, en: str) -> str:
        """The text in the language of the visit."""
        return en if self.language == "en" else zh

    def text(self, text: Text | tuple[str, str]) -> str:
        """The same of a text that has both."""
        return self.say(*text)

    @property
    def person(self) -> Account:
        """Who is logged in; a page for which a role is needed has somebody."""
        assert self.account is not None  # noqa: S101
        return self.account

    def require(self, role: Role) -> None:
        """Raises NotAllowed."""
        if not self.person.may(role):
            raise NotAllowed(
                HTTPStatus.FORBIDDEN,
                "您的帐号没有此项权限，请联系管理员。",
                "Your account may not do this; ask the administrator.",
            )

    def needs_another(self, entered_by: str | None) -> bool:
        """Whether the settings want another person to declare what that account entered than whoever is logged in."""
        return self.desk.settings.console.second_person and entered_by == self.person.name

    @property
    def form(self) -> Mapping[str, str]:
        """What was posted; of a name that comes twice, the last."""
        if self.is_upload:
            return self.upload.fields
        if not hasattr(self, "_form"):
            try:
                pairs = parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            except ValueError:
                raise NotAllowed(
                    HTTPStatus.BAD_REQUEST, "提交的内容无法读取。", "What was sent cannot be read."
                ) from None
            self._form = dict(pairs)
        return self._form

    @property
    def is_part(self) -> bool:
        """Whether a page that is open asks for a part of itself."""
        return "hx-request" in self.request.headers

    @property
    def wants_json(self) -> bool:
        """Whether a script of ours asks, which shows what it is told."""
        return self.request.headers.get("accept") == "application/json"

    @property
    def here(self) -> str:
        """The address of the page that the person sees: that of this request, or the page from which a form or a part is asked."""
        headers, shown = self.request.headers, str(self.request.url)
        if self.is_part or self.request.method not in ("GET", "HEAD"):
            shown = headers.get("hx-current-url") or headers.get("referer") or "/"
        parts = urlsplit(shown)
        return own_address(f"{parts.path}?{parts.query}" if parts.query else parts.path)

    @property
    def is_upload(self) -> bool:
        return is_upload(self.request.headers.get("content-type", ""))

    @cached_property
    def upload(self) -> Upload:
        """The form with a file. Raises NotAllowed."""
        return parse_upload(self.request.headers.get("content-type", ""), self.body)

    def number(self, name: str) -> int:
        """A number in the address. Raises NotAllowed."""
        given = str(self.request.path_params.get(name, ""))
        if not is_number(given, 12):
            raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个页面。", "There is no such page.")
        return int(given)

    def query(self, name: str) -> str:
        """What the address asks, without blanks around it."""
        return self.request.query_params.get(name, "").strip()

    @property
    def form_token(self) -> str:
        """What every form carries: no page of another site knows it."""
        return sha256(b"form" + self.token.encode()).hexdigest()[:32]

    def require_form_token(self) -> None:
        """Raises NotAllowed for a form that no page of this session made."""
        given = self.form.get("token") or self.request.headers.get("x-form-token", "")
        if not hmac.compare_digest(given.encode(), self.form_token.encode()):
            raise NotAllowed(
                HTTPStatus.FORBIDDEN,
                "页面已过期：请返回，刷新页面后再试。",
                "This page is out of date: go back, load it again and try once more.",
            )

    # Answers

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: object) -> Response:
        """A page of that template."""
        made = self.desk.templates.get_template(template).render(
            visit=self, t=self.say, text=self.text, account=self.account, Role=Role, **values
        )
        return HTMLResponse(made, status)

    def go(self, address: str) -> Response:
        """The browser goes on to another page of ours."""
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def own_address(address: str) -> str:
    """An address of ours; anything else becomes the first page."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"


__all__ = ["Desk", "Handler", "NotAllowed", "Visit", "own_address"]
Handler = Callable[[Visit], Response]
