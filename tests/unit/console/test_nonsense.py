"""Addresses and forms that no page of ours makes: each is answered in words, none breaks the console or changes anything."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from builders.consoles import TryConsole, read_rows
from cebd.console.app import PAGES
from cebd.store.tables import journal, messages, records
from cebd.trial.rows import order_rows

NONSENSE = (
    "",
    "0",
    "-1",
    "x",
    "1" * 40,
    "%00",
    "2026-02-30",
    "9999-12-31",
    "'; DROP TABLE records; --",
    "<b>",
    "\U0001f600",
)
NAMES = (
    "group",
    "type",
    "enterprise",
    "since",
    "until",
    "code",
    "order",
    "file",
    "buyer",
    "before",
    "q",
    "do",
    "waiting",
)
MORE = (
    "first",
    "last",
    "payer",
    "as",
    "lines",
    "next",
    "wanted",
    "mark",
    "note",
    "session",
    "qty.1",
    "remove",
    "action",
)


def test_nonsense_breaks_no_page_and_changes_nothing(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path)
    read_rows(here, tmp_path, "order", list(order_rows(2)))
    visitor = here.logged_in()
    token = visitor.token()
    visitor.post("/drafts", type="CEB311", enterprise="trial")

    def counted() -> list[int]:
        with here.store.read() as transaction:
            tables = (records, messages, journal)
            return [transaction.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    before = counted()
    broken = []
    for path, method, _role, _handler in PAGES:
        if path == "/logout" or path.endswith("/evidence"):  # they do what they are for
            continue
        for number, text in zip(("1", "999999999999", "x"), NONSENSE[-3:], strict=True):
            address = path.replace("{number}", number).replace("{table}", number).replace("{row}", number)
            given = dict.fromkeys((*NAMES, *MORE), text)
            if method == "GET":
                answer = visitor.client.get(address, params=given)
            else:
                answer = visitor.client.post(address, data={"token": token, **given}, params=given)
            if answer.status_code >= 500:
                broken.append((method, address, answer.status_code))
    for text in NONSENSE:
        status = visitor.client.get("/records", params=dict.fromkeys(NAMES, text)).status_code
        if status >= 500:
            broken.append(("GET", text, status))
    for address, given in (
        ("/records", {"before": f"{'9' * 20}-1"}),
        ("/tax", {"first": "20٣٣-01", "last": "20٣٣-01", "as": "xlsx"}),
        ("/codes/%00", {}),
    ):
        status = visitor.client.get(address, params=given).status_code
        if status >= 500:
            broken.append(("GET", address, status))
    for first in ("x", "-5", "٣"):
        status = visitor.client.post("/drafts/1", data={"token": token, "first": first}).status_code
        if status >= 500:
            broken.append(("POST", first, status))
    assert broken == []
    assert counted() == before
