"""What the simulated customs side was given, to look at: a page (`/`) and the ledger as JSON (`/ledger`), on this machine alone.

The page has no script; everything that came from outside is escaped, and the page forbids whatever else a browser might run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from html import escape
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from cebd.listening.door import Door
from cebd.listening.listener import Listener
from cebd.sandbox.ledger import Entry, read_ledger

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SHOWN = 200
_HOSTS = ["127.0.0.1", "localhost"]  # a page of elsewhere whose name leads here does not get the ledger
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = (
    "body{font:14px/1.5 sans-serif;margin:1.5em}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:2px 8px;text-align:left;vertical-align:top}th{background:#eee}"
    ".rejected{background:#ffc7ce}.repeated{background:#ffe0b2}"
)


def page_of(folder: Path, port: int = 0) -> Listener:
    """The page of the customs side in that folder, not started yet; `port` 0 takes a free one."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    async def page(_request: Request) -> Response:
        entries = await asyncio.to_thread(read_ledger, folder)
        return HTMLResponse(_page(folder, entries), headers=_HEADERS)

    async def ledger(_request: Request) -> Response:
        entries = await asyncio.to_thread(read_ledger, folder)
        return JSONResponse({"v": 1, "entries": entries}, headers=_HEADERS)

    app = Starlette(
        routes=[Route("/", page), Route("/ledger", ledger)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
    )
    return Listener(app, Door("127.0.0.1", port, sources=(ip_network("127.0.0.0/8"),), largest_bytes=64 * 1024))


def _page(folder: Path, entries: Sequence[Entry]) -> str:
    counts = Counter((str(entry.get("type")), str(entry.get("verdict"))) for entry in entries)
    of_all = "".join(_row((type_, verdict, number), verdict) for (type_, verdict), number in sorted(counts.items()))
    last = "".join(_entry(entry) for entry in reversed(entries[-_SHOWN:]))
    waiting = sum(1 for path in (folder / "pending").glob("*.xml")) if (folder / "pending").is_dir() else 0
    headings = ("时间 time", "类型 type", "单号 number", "结论 verdict", "状态 status", "签名 signature", "文件 file")
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        f"<title>模拟海关 Simulated customs</title><style>{_STYLE}</style></head><body>"
        "<h1>模拟海关 Simulated customs side</h1>"
        f"<p>收到的申报 {len(entries)} 份，待发出的回执文件 {waiting} 个；每 5 秒更新。"
        f"{len(entries)} records came, {waiting} files of receipts are still to go out. "
        '<a href="/ledger">账簿 ledger (JSON)</a></p>'
        f"<table>{_headings(('类型 type', '结论 verdict', '份数 records'))}{of_all}</table>"
        f"<h2>最近 {_SHOWN} 份 the latest</h2><table>{_headings(headings)}{last}</table></body></html>"
    )


def _entry(entry: Entry) -> str:
    key = entry.get("key")
    number = " ".join(map(str, key.values())) if isinstance(key, dict) else ""
    cells = (str(entry.get("time", ""))[:19], entry.get("type"), number)
    more = (entry.get(name, "") for name in ("verdict", "status", "signature", "file"))
    return _row((*cells, *more), str(entry.get("verdict")))


def _headings(texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<th>{escape(text)}</th>" for text in texts) + "</tr>"


def _row(cells: Sequence[object], verdict: str) -> str:
    of_cells = "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
    return f'<tr class="{escape(verdict, quote=True)}">{of_cells}</tr>'
