"""Records: found by any number, in lists, each on a page of its own."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import IO
from urllib.parse import parse_qsl

from starlette.responses import Response, StreamingResponse

from cebd.console.given_numbers import is_number
from cebd.console.pages.life import page_of
from cebd.console.visit import NotAllowed, Visit
from cebd.messages.description import declarations
from cebd.operations.console import record_query
from cebd.operations.console.record.buyer_year import buyer_year
from cebd.operations.console.record.offers import Offer
from cebd.operations.console.record_query import RecordQuery
from cebd.operations.evidence.collect import write_evidence
from cebd.records.facts import buyer_of
from cebd.records.ids import DropId, RecordId
from cebd.records.states import State
from cebd.store.across.finding.pages import Place
from cebd.store.console import questions, views
from cebd.store.console.questions import FoundRecord
from cebd.store.console.views import View
from cebd.store.databases.migrations import note
from cebd.store.messages import load_message

PAGE = 50
_NOT_IN_A_HEADER = re.compile("[^A-Za-z0-9._-]")  # names that stand in messages of others may have any sign
_BYTES_AT_ONCE = 256 * 1024
_EVIDENCE = Lock()  # of 100,000 rows it takes half a minute of a processor
_EVIDENCE_SECONDS = 5.0  # whoever comes meanwhile waits so long


def search(visit: Visit) -> Response:
    """What a number or a file's name finds; a single record is shown at once."""
    text = visit.query("q")[:200]
    found: list[FoundRecord] = []
    files = []
    if text:
        with visit.desk.store.read() as transaction:
            found = questions.find_records(transaction, text, PAGE)
            files = questions.find_drops(transaction, text, PAGE)
    if len(found) == 1 and not files:
        return visit.go(f"/records/{found[0].id}")
    return visit.page("search.html", q=text, records=found, drops=files)


def listed(visit: Visit) -> Response:
    """Records by any filter, a page at a time."""
    query, before = query_of(visit), visit.query("before")
    with visit.desk.store.read() as transaction:
        found = questions.list_records(transaction, query.states, query.filter, PAGE, _place(before))
        buyer, settings, now = bytes.fromhex(query.buyer), visit.desk.settings, visit.desk.clock.now()
        year = buyer_year(transaction, buyer, settings.figures, now) if buyer else None
    return visit.page(
        "records.html",
        records=found.records,
        more=None if found.before is None else "-".join(map(str, found.before)),
        query=query,
        types=declarations(),
        enterprises=[one.name for one in settings.enterprise],
        states=list(State),
        year=year,
    )


def of_buyer(visit: Visit) -> Response:
    """The records of a buyer. The number is posted, so that it stands in no address; what goes on is its digest."""
    number = visit.form.get("number", "").strip()[:64]
    digest = buyer_of("1", number)
    if not number or digest is None:
        raise NotAllowed(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "没有查找：请填写买家的身份证件号码。",
            "Nothing was looked for: enter the identity number of the buyer.",
        )
    return visit.go(f"/records?{RecordQuery(buyer=digest.hex()).address}")


def export(visit: Visit) -> Response:
    """The whole result as a workbook or as CSV."""
    query, store = query_of(visit), visit.desk.store
    day = f"{visit.desk.clock.now():%Y%m%d-%H%M%S}"
    if visit.query("as") == "csv":
        rows = record_query.as_csv(record_query.every_record(store, query))
        answer: Response = StreamingResponse(rows, media_type="text/csv; charset=utf-8")
        answer.headers["content-disposition"] = f'attachment; filename="documents-{day}.csv"'
        return answer
    return _bytes(record_query.as_workbook(store, query), f"documents-{day}.xlsx")


def query_of(visit: Visit) -> RecordQuery:
    """What the address asks."""
    return RecordQuery.of(visit.request.query_params)


def _place(before: str) -> Place | None:
    """Where the page begins, as the link to it says."""
    file, _, number = before.partition("-")
    if not all(is_number(part, 12) for part in (file, number)):
        return None
    return Place(DropId(int(file)), RecordId(int(number)))


# Saved views


@dataclass(frozen=True)
class CountedView:
    """A saved view with how many fit; `at_least`: there are more than were counted."""

    view: View
    count: int
    at_least: bool


def saved(visit: Visit) -> Response:
    """The account's views, each with its count."""
    with visit.desk.store.read() as transaction:
        counted = [
            CountedView(view, number, number >= record_query.COUNTED)
            for view in views.views_of(transaction, visit.person.name)
            if (number := record_query.count(transaction, RecordQuery.of(dict(parse_qsl(view.query))))) >= 0
        ]
    return visit.page("views.html", views=counted)


def keep_view(visit: Visit) -> Response:
    """Keep the query of a list under a name, or forget one."""
    form, name = visit.form, visit.form.get("name", "").strip()[:40]
    query = RecordQuery.of(dict(parse_qsl(form.get("query", ""))))
    with visit.desk.store.write() as transaction:
        if is_number(form.get("remove", ""), 12):
            views.remove_view(transaction, visit.person.name, int(form["remove"]))
        elif name and not views.keep_view(transaction, visit.person.name, name, query.address):
            raise NotAllowed(
                HTTPStatus.CONFLICT,
                f"最多保存 {views.MOST} 个常用查询，请先删除不用的。",
                f"At most {views.MOST} views are kept: remove one first.",
            )
    return visit.go(f"/records?{query.address}")


def record(visit: Visit) -> Response:
    """Everything about one."""
    return visit.page("record.html", page=page_of(visit), Offer=Offer)


def now(visit: Visit) -> Response:
    """What of it changes by itself."""
    return visit.page("record_now.html", page=page_of(visit), Offer=Offer)


def message(visit: Visit) -> Response:
    """The bytes of its message, as they were signed."""
    with visit.desk.store.read() as transaction:
        found = questions.record_numbered(transaction, visit.number("number"))
        if found is None or found.message_id is None:
            raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这份报文。", "There is no such message.")
        stored = load_message(transaction, found.message_id)
    return _bytes(stored.body, f"{stored.type}_{stored.cop_msg_id}.xml")


def receipt(visit: Visit) -> Response:
    """The bytes of a receipt, as they came."""
    with visit.desk.store.read() as transaction:
        stored = questions.receipt_numbered(transaction, visit.number("number"))
    if stored is None:
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这份回执。", "There is no such receipt.")
    return _bytes(stored.content(), f"receipt-{stored.id}.xml")


def _bytes(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{_NOT_IN_A_HEADER.sub("_", name)}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def evidence(visit: Visit) -> Response:
    """Everything about it that can be shown to others: the file, the bytes as they were signed and sent, the receipts."""
    with visit.desk.store.read() as transaction:
        found = questions.record_numbered(transaction, visit.number("number"))
    if found is None:
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这份单证。", "There is no such document.")
    return evidence_of(visit, found.guid)


def evidence_of(visit: Visit, ref: str) -> Response:
    """The evidence of what that names, as a ZIP file; one is made at a time. It stands in the journal who took it."""
    if not _EVIDENCE.acquire(timeout=_EVIDENCE_SECONDS):
        raise NotAllowed(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "正在生成另一个证据包：请等它下载后再试。",
            "Another evidence is being made: wait until it is downloaded, then try again.",
        )
    try:
        return _evidence(visit, ref)
    finally:
        _EVIDENCE.release()


def _evidence(visit: Visit, ref: str) -> Response:
    desk = visit.desk
    # Beside the store: of a file of many rows it is large, and temporary folders lie in memory. It has no name, so nothing is left of it.
    made = tempfile.TemporaryFile(dir=desk.settings.store_dir)  # noqa: SIM115  # closed once it is sent
    try:
        collected = write_evidence(desk.settings, ref, made)
        with desk.store.write() as transaction:
            note(transaction, "evidence taken", f"{visit.person.name}: {ref}, {collected.head}")
        return _stream(made, f"evidence-{ref[:40]}.zip")
    except BaseException:
        made.close()
        raise


def _stream(made: IO[bytes], name: str) -> Response:
    size = made.seek(0, os.SEEK_END)
    made.seek(0)

    def parts() -> Iterator[bytes]:
        with made:
            yield from iter(partial(made.read, _BYTES_AT_ONCE), b"")

    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(size)}
    return StreamingResponse(parts(), media_type="application/octet-stream", headers=headers)
