"""A declared list in the console: changed, deleted, cancelled, returned, where its state allows; else it says why not."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders.consoles import DeclaredFile, TryConsole, Visitor
from cebd.clock import CST
from cebd.documents.workbooks.entered import entered
from cebd.operations.check import check
from cebd.store.console.accounts import Role
from cebd.trial.rows import inventory_rows, write_workbook

NUMBER, INVT = "CT0000000001", "52082026I000000001"


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


@pytest.fixture
def file(here: TryConsole, tmp_path: Path) -> DeclaredFile:
    here.clock.moment = datetime.now(CST)  # drafts are judged by the machine's clock
    return DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(1, lines=2)))


def page(visitor: Visitor) -> str:
    return str(visitor.get("/records/1").text)


def offered(visitor: Visitor) -> set[str]:
    """The buttons of the record's page."""
    return set(re.findall(r'action="/records/1/(\w+)"', page(visitor))) - {"evidence"}


def drafted(here: TryConsole, address: str) -> dict[str, str]:
    """The head of the draft at that address, as it would be declared."""
    visitor = here.visitor_of("li")
    fields = re.findall(r'name="head\.(\w+)" value="([^"]*)"', visitor.get(address).text)
    return dict(fields)


def test_a_list_nobody_has_answered_can_be_neither_changed_nor_cancelled_and_says_why(
    here: TryConsole, file: DeclaredFile
) -> None:
    visitor = here.logged_in()
    assert offered(visitor) == set()
    assert page(visitor).count("还没有答复") == 2
    assert "海关还没有给出清单编号" in page(visitor)
    assert "清单放行后才能申请退货" in page(visitor)
    assert visitor.post("/records/1/change").status_code == 409


def test_a_list_that_customs_have_is_changed_and_the_differences_are_shown(
    here: TryConsole, file: DeclaredFile
) -> None:
    file.answer(NUMBER, "120", list_number=INVT)
    visitor = here.logged_in()
    assert offered(visitor) == {"change", "delete", "cancel"}
    draft = visitor.post("/records/1/change").headers["location"]
    assert drafted(here, draft)["copNo"] == NUMBER
    visitor.post(draft, action="save", **{"head.netWeight": "0.5"})
    shown = visitor.get(draft).text
    changes = shown[shown.index('id="changes"') : shown.index('id="draft"')]
    assert re.findall(r"<ins>(.*?)</ins>", changes) == ["2", "0.5"]
    assert visitor.post("/records/1/change").headers["location"] == draft, "the change that was begun is gone on with"
    assert visitor.post("/records/1/delete").headers["location"] != draft


def test_a_deletion_says_app_type_3_and_everything_else_as_declared(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "120", list_number=INVT)
    visitor = here.logged_in()
    draft = visitor.post("/records/1/delete").headers["location"]
    assert visitor.post(draft, action="declare").status_code == 303
    (given,) = here.made.inbox.glob("*.json")
    (document,) = entered(given.read_bytes()).documents
    assert document.head["appType"] == "3"
    assert document.head["copNo"] == NUMBER
    assert len(document.lines) == 2


def test_a_refused_list_is_corrected_as_a_new_declaration(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "100", info="[Code:1310;Desc:毛重不对]")
    visitor = here.logged_in()
    assert offered(visitor) == {"correct"}
    draft = visitor.post("/records/1/correct").headers["location"]
    visitor.post(draft, action="declare", **{"head.note": "毛重已核对"})
    (given,) = here.made.inbox.glob("*.json")
    (document,) = entered(given.read_bytes()).documents
    assert (document.head["appType"], document.head["note"]) == ("1", "毛重已核对")


def test_a_cancellation_names_the_list_and_has_a_number_of_its_own(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "120", list_number=INVT)
    visitor = here.logged_in()
    draft = visitor.post("/records/1/cancel").headers["location"]
    head = drafted(here, draft)
    assert (head["invtNo"], head["copNo"]) == (INVT, f"{NUMBER}-C1")
    assert visitor.post(draft, action="declare", **{"head.reason": "消费者取消订单"}).status_code == 303


def test_a_released_list_is_returned_by_line_within_its_days(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "800", list_number=INVT)
    visitor = here.logged_in()
    assert offered(visitor) == {"return"}
    assert "还剩 30 天" in page(visitor)
    assert "清单已放行，不能撤单" in page(visitor)
    form = visitor.get("/records/1/return").text
    assert re.findall(r'name="(qty\.\d+)"', form) == ["qty.1", "qty.2"]
    for wrong in ({}, {"qty.1": "99"}, {"qty.1": "-1"}, {"qty.1": "x"}, {"qty.1": "NaN"}):
        assert visitor.post("/records/1/return", **wrong).status_code == 422, wrong
    draft = visitor.post("/records/1/return", reason="七天无理由", **{"qty.2": "1"}).headers["location"]
    assert visitor.post(draft, action="declare").status_code == 303
    (given,) = here.made.inbox.glob("*.json")
    (document,) = entered(given.read_bytes()).documents
    assert (document.head["invtNo"], document.head["copNo"]) == (INVT, f"{NUMBER}-R1")
    assert [(line["gnum"], line["qty"]) for line in document.lines] == [("2", "1")]


def test_after_thirty_days_no_return_is_offered(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "800", list_number=INVT)
    here.clock.moment += timedelta(days=30)
    visitor = here.logged_in()
    assert "还剩 0 天" in page(visitor)
    here.clock.moment += timedelta(days=1)
    visitor = here.visitor_of("li")
    assert offered(visitor) == set()
    assert "已超过退货申请期限" in page(visitor)
    assert visitor.post("/records/1/return", **{"qty.1": "1"}).status_code == 409


def test_who_only_looks_is_offered_nothing(here: TryConsole, file: DeclaredFile) -> None:
    file.answer(NUMBER, "800", list_number=INVT)
    viewer = here.logged_in("wang", (Role.VIEW,))
    assert offered(viewer) == set()
    for what in ("change", "delete", "cancel", "return", "declare", "correct"):
        assert viewer.post(f"/records/1/{what}").status_code == 403


def test_an_application_that_is_entered_says_what_is_enough_and_its_mistakes_alone_keep_it_back(
    here: TryConsole, file: DeclaredFile
) -> None:
    file.answer(NUMBER, "120", list_number=INVT)
    file.answer(NUMBER, "800", list_number=INVT)
    visitor = here.logged_in()
    draft = visitor.post("/drafts", type="CEB623", enterprise="trial").headers["location"]
    assert "填清单编号和原因" in visitor.get(draft).text
    answer = visitor.post(draft, action="save", **{"head.invtNo": INVT, "head.reason": "消费者取消订单"})
    assert answer.status_code == 422
    mistakes = answer.text[answer.text.index('id="problems"') :].partition("</div>")[0]
    assert "不能撤销" in mistakes
    assert "取自清单" not in mistakes
    assert "取自清单" in answer.text
    other = visitor.post("/drafts", type="CEB311", enterprise="trial").headers["location"]
    assert "填清单编号和原因" not in visitor.get(other).text


def test_a_list_that_was_only_stored_is_declared_as_it_stands(here: TryConsole, tmp_path: Path) -> None:
    (row,) = inventory_rows(1)
    file = DeclaredFile.of(here, tmp_path, "inventory", [{**row, "head.appStatus": "1"}])
    file.answer(NUMBER, "1")
    visitor = here.logged_in()
    assert offered(visitor) == {"declare", "change", "delete"}
    assert visitor.post("/records/1/declare").status_code == 303
    (given,) = here.made.inbox.glob("*.json")
    (document,) = entered(given.read_bytes()).documents
    assert (document.head["appType"], document.head["appStatus"]) == ("1", "2")
    verdict = check(given, here.settings, here.settings.enterprise[0])
    assert (verdict.ready, [one.id for one in verdict.problems if one.severity == "error"]) == (1, [])


def test_a_list_that_passes_status_1_on_its_way_is_not_declared_a_second_time(here: TryConsole, tmp_path: Path) -> None:
    (row,) = inventory_rows(1)
    DeclaredFile.of(here, tmp_path, "inventory", [row]).answer(NUMBER, "1")
    write_workbook(tmp_path / "again.xlsx", "inventory", [{**row, "head.note": "改过"}])
    verdict = check(tmp_path / "again.xlsx", here.settings, here.settings.enterprise[0])
    assert (verdict.ready, {one.id for one in verdict.problems if one.severity == "error"}) == (0, {"CEBD-1402"})
    assert "declare" not in offered(here.logged_in())
