"""Where two persons are wanted, whoever entered something does not declare it: on no page, for nothing, and with no key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from builders.brought_in import a_book, bring, looked_at, post
from builders.consoles import DeclaredFile, TryConsole, Visitor, read_rows
from cebd.clock import CST
from cebd.documents.workbooks.entered import Document, as_json
from cebd.operations.console import accounts
from cebd.store.console.accounts import Role
from cebd.trial.rows import Line, inventory_rows, order_rows, write_workbook


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    made = TryConsole.at(tmp_path, "second_person = true\n")
    made.clock.moment = datetime.now(CST)  # trial lists are of today
    return made


def test_who_changed_a_draft_last_cannot_declare_it_and_sees_no_button(here: TryConsole) -> None:
    enters, declares = here.logged_in("li"), here.logged_in("wang")
    draft = enters.post("/drafts", type="CEB311", enterprise="trial").headers["location"]
    (row,) = order_rows(1)
    fields = {name if name.startswith("head.") else f"line.0.{name[5:]}": text for name, text in row.items()}
    enters.post(draft, action="save", first="0", **fields)
    assert 'value="declare"' not in enters.get(draft).text
    assert "须由另一位同事核对后申报" in enters.get(draft).text
    assert 'value="declare"' in declares.get(draft).text
    assert enters.post(draft, action="declare").status_code == 409
    assert not list(here.made.inbox.glob("*.json"))
    assert declares.post(draft, action="declare", **{"head.note": "再看一遍"}).status_code == 409, (
        "now he has entered it"
    )
    assert enters.post(draft, action="declare").status_code == 303
    assert list(here.made.inbox.glob("*.json"))
    journal = enters.get("/journal").text
    assert "li: CEB311" in journal


def test_who_may_only_declare_opens_what_somebody_else_entered_and_declares_it(here: TryConsole) -> None:
    enters, declares = here.logged_in("li", (Role.ENTER,)), here.logged_in("wang", (Role.DECLARE,))
    row, other = order_rows(2)
    address = bring(enters, "订单.xlsx", a_book([row | {"line.unit": "盒子"}, other])).headers["location"]
    assert post(enters, address, looked_at(enters, address), "declare").status_code == 403
    assert post(declares, address, looked_at(declares, address), "declare").status_code == 303
    assert len(list(here.made.inbox.glob("*.xlsx"))) == 1


def a_list(folder: Path, rows: Sequence[Line]) -> bytes:
    """A workbook of inventory lists."""
    write_workbook(folder / "lists.xlsx", "inventory", list(rows))
    return (folder / "lists.xlsx").read_bytes()


def brought_and_declared(here: TryConsole, enters: Visitor, declares: Visitor, content: bytes) -> str:
    """The name of a file that one brought in and the other declared."""
    address = bring(enters, "清单.xlsx", content).headers["location"]
    page = looked_at(declares, address)
    assert post(declares, address, page, "declare").status_code == 303
    (file,) = here.made.inbox.glob("*.xlsx")
    file.unlink()
    return file.name


def test_a_stored_list_is_not_declared_by_whoever_entered_it_alone_or_among_others(
    here: TryConsole, tmp_path: Path
) -> None:
    enters, declares = here.logged_in("li"), here.logged_in("wang")
    rows = [{**row, "head.appStatus": "1"} for row in inventory_rows(2)]
    name = brought_and_declared(here, enters, declares, a_list(tmp_path, rows))
    stored = DeclaredFile.of(here, tmp_path, "inventory", rows, name)
    for number in (1, 2):
        stored.answer(f"CT{number:010d}", "1")
    assert 'action="/records/1/declare"' not in enters.get("/records/1").text
    assert "（录入：li）" in enters.get("/records/1").text
    assert enters.post("/records/1/declare").status_code == 409
    page, status = enters.decide_for_all("do=declare")
    assert status == 0
    assert "另有 2 份由您录入" in page
    assert not list(here.made.inbox.glob("*.json"))
    assert declares.post("/records/1/declare").status_code == 303
    page, status = declares.decide_for_all("do=declare&order=" + rows[1]["head.orderNo"])
    assert status == 200
    assert len(list(here.made.inbox.glob("*.json"))) == 2


def test_what_is_held_is_not_released_by_whoever_entered_it(here: TryConsole, tmp_path: Path) -> None:
    enters, declares = here.logged_in("li"), here.logged_in("wang")
    rows = list(inventory_rows(2))
    name = brought_and_declared(here, enters, declares, a_list(tmp_path, rows))
    read_rows(here, tmp_path, "inventory", rows, name)
    read_rows(here, tmp_path, "order", list(order_rows(1, first=9)), "through the folder.xlsx")
    assert enters.decide_for_all("do=hold")[1] == 200, "to keep something back needs nobody else"
    page, status = enters.decide_for_all("do=release&group=held")
    assert status == 200
    assert "将处理 1 份单证" in page
    assert "另有 2 份由您录入" in page
    assert enters.decide_for_all("do=release&group=held")[1] == 0
    assert declares.decide_for_all("do=release&group=held")[1] == 200


def test_what_stays_behind_is_still_of_whoever_entered_it(here: TryConsole) -> None:
    enters, declares = here.logged_in("li"), here.logged_in("wang")
    rows = [row | ({"line.unit": "盒子"} if nth == 0 else {}) for nth, row in enumerate(order_rows(3))]
    brought_and_declared(here, enters, declares, a_book(rows))
    rest = "/imports/2"
    assert post(enters, rest, looked_at(enters, rest), "decide", **{"answer.0": "140 盒"}).status_code == 303
    assert 'value="declare"' not in looked_at(enters, rest)
    assert post(declares, rest, looked_at(declares, rest), "decide").status_code == 303, "and says nothing new"
    assert post(enters, rest, looked_at(enters, rest), "declare").status_code == 409
    assert post(declares, rest, looked_at(declares, rest), "declare").status_code == 303


def test_what_a_program_gives_waits_until_a_person_declares_it_and_is_one_file(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    documents = []
    for row in order_rows(2):
        head = {name[5:]: text for name, text in row.items() if name.startswith("head.")}
        documents.append(Document(head, ({name[5:]: text for name, text in row.items() if name[:5] == "line."},)))
    content, named = as_json("order", documents), {"authorization": f"Bearer {key}"}
    program = here.visitor().client

    def give() -> tuple[int, str]:
        answer = program.post("/api/drops", content=content, headers={**named, "content-type": "application/json"})
        return answer.status_code, str(answer.json()["name"])

    status, name = give()
    assert (status, give()) == (202, (202, name))
    assert not list(here.made.inbox.rglob("*.json"))
    assert program.get(f"/api/drops/{name}", headers=named).json()["state"] == "to be declared by a person"
    declares = here.logged_in("wang")
    assert re.findall(r'href="(/imports/\d+)"', declares.get("/imports").text) == ["/imports/1"]
    page = looked_at(declares, "/imports/1")
    assert "将申报 2 份" in page
    assert post(declares, "/imports/1", page, "declare").status_code == 303
    (file,) = here.made.inbox.glob("*.json")
    assert (file.name, file.read_bytes()) == (name, content)
    assert give() == (202, name)
    assert program.get(f"/api/drops/{name}", headers=named).json()["state"] == "waiting"
    assert len(list(here.made.inbox.glob("*.json"))) == 1
