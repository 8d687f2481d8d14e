"""The note of goods under trade remedies, put together on a page: the attached document itself is handed in at the portal."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from cebd.console.given_numbers import number_in
from cebd.console.visit import NotAllowed, Visit
from cebd.documents.workbooks.entered import Document
from cebd.messages.description import message_type
from cebd.operations.console.drafts import entry
from cebd.operations.console.drafts.open_pages import OpenPage
from cebd.rules.trade_remedy import TradeRemedy, note_with, remedy_in
from cebd.store.console.drafts import Draft

OF_LISTS = ("CEB621",)


def ask(visit: Visit) -> Response:
    """The goods of the list, and what the note of one of them says."""
    found = _draft(visit)
    nth = number_in(visit.query("line"), 4, 1)
    return _form(visit, found, nth, None)


def write(visit: Visit) -> Response:
    """Write it into the note of the line; it is kept with the draft."""
    found, form = _draft(visit), visit.form
    document = entry.documents_of(found)[0]
    nth = number_in(form.get("line", ""), 4, 0)
    if not 1 <= nth <= len(document.lines):
        return _form(visit, found, 1, visit.say("请选择商品。", "Choose the goods."))
    remedy = TradeRemedy(*(form.get(name, "").strip() for name in TradeRemedy._fields))
    texts = dict(document.lines[nth - 1])
    note = note_with(texts.get("note", ""), remedy)
    longest = message_type(found.type).field("line", "note").max_length
    if note is None or (longest is not None and len(note) > longest):
        said = visit.say(
            "没有写入：税率写 0.3 这样的数，可以不填；名称和单据编号中不能有 < > | ，单据编号和商品序号要么都填，要么都不填；整个备注最多 "
            f"{longest} 个字符。",
            "Nothing was written: a rate is a number like 0.3, or nothing; names and the document's number have no < > | in "
            f"them; that number and its line go together; the whole note has at most {longest} characters.",
        )
        return _form(visit, found, nth, said, remedy)
    lines = [*document.lines]
    lines[nth - 1] = {**texts, "note": note}
    desk = visit.desk
    written, by = [Document(document.head, tuple(lines))], visit.person.name
    seen = form.get("base")
    page = None if seen is None else OpenPage(desk.open_pages, "", seen)
    try:
        entry.save(desk.store, found, by, written, desk.clock.now(), page)
    except entry.ChangedElsewhere as error:
        said = visit.say(
            "没有写入：在您打开本页之后，这份草稿改过。请核对商品，再写入一次。",
            "Nothing was written: the draft has changed since you opened this page. Look at the goods, then write it once more.",
        )
        return _form(visit, error.current, nth, said, remedy)
    return visit.go(f"/drafts/{found.id}/remedy?line={nth}")


def _draft(visit: Visit) -> Draft:
    with visit.desk.store.read() as transaction:
        found = entry.the_draft(transaction, visit.number("number"))
    if found.type not in OF_LISTS or found.file is not None:
        raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个页面。", "There is no such page.")
    return found


def _form(visit: Visit, found: Draft, nth: int, said: str | None, typed: TradeRemedy | None = None) -> Response:
    lines = entry.documents_of(found)[0].lines
    nth = max(1, min(nth, len(lines)))
    note = lines[nth - 1].get("note", "") if lines else ""
    status = HTTPStatus.OK if said is None else HTTPStatus.UNPROCESSABLE_ENTITY
    remedy, base = typed or remedy_in(note) or TradeRemedy(), entry.mark_of(found)
    values = {"draft": found, "lines": lines, "nth": nth, "note": note, "remedy": remedy, "base": base}
    return visit.page("remedy.html", status, **values, said=said)
