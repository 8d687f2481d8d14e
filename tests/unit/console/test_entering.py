"""Entering a document in forms, and giving documents by program: what becomes a file in the inbox, and what does not."""

from __future__ import annotations

import errno
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from builders.consoles import TryConsole, Visitor, taken
from cebd.clock import iso
from cebd.documents.workbooks.entered import Document, as_json, entered
from cebd.operations.console import accounts
from cebd.store.across.retention import OldFile, let_go
from cebd.trial.rows import inventory_rows, order_rows


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


class Fields(HTMLParser):
    """What a form of a page would post, as a browser does it; `marked`: the fields that say they are wrong."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.marked: set[str] = set()
        self._select = ""
        self.feed(page[page.index('id="draft"') :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name = told.get("name") or ""
        if tag == "input" and name:
            self.values[name] = told.get("value") or ""
            if told.get("aria-invalid"):
                self.marked.add(name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in told or self._select not in self.values):
            self.values[self._select] = told.get("value") or ""


_FOR_SCRIPTS = {"accept": "application/json"}


def entered_row(row: dict[str, str]) -> dict[str, str]:
    """A flat row as the fields of a form; what the form does not ask is left out."""
    fields = {name: text for name, text in row.items() if name.startswith("head.")}
    return fields | {
        f"line.0.{name[5:]}": text for name, text in row.items() if name.startswith("line.") and name != "line.gnum"
    }


def begun(visitor: Visitor, type_: str) -> str:
    return str(visitor.post("/drafts", type=type_, enterprise="trial").headers["location"])


def send(visitor: Visitor, draft: str, fields: dict[str, str], action: str) -> tuple[int, str]:
    known = Fields(visitor.get(draft).text).values
    answer = visitor.client.post(draft, data={**known, **fields, "action": action})
    return answer.status_code, answer.text


def test_a_list_that_was_entered_becomes_one_file_in_the_inbox_with_what_was_entered(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = inventory_rows(1)
    draft = begun(visitor, "CEB621")
    status, page = send(visitor, draft, entered_row(row), "save")
    assert status == 200, re.findall(r"<li.*?</li>", page, re.DOTALL)
    assert "检查通过" in page
    assert not list(here.made.inbox.glob("*.json"))
    assert send(visitor, draft, {}, "declare")[0] == 303
    (file,) = here.made.inbox.glob("*.json")
    (document,) = entered(file.read_bytes()).documents
    assert document.head["copNo"] == row["head.copNo"]
    assert document.lines[0]["gcode"] == row["line.gcode"]
    again = visitor.post(draft, action="declare")
    assert again.status_code == 303
    assert len(list(here.made.inbox.glob("*.json"))) == 1
    late = visitor.post(f"{draft}/keep", base="of a page from before", **{"head.note": "x"})
    assert (late.status_code, "这份草稿已经申报" in late.text) == (409, True)


def test_every_mistake_is_said_at_its_field_and_all_at_once(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    wrong = {"head.buyerName": "", "head.goodsValue": "twelve", "line.0.qty": "x", "line.0.unit": ""}
    status, page = send(visitor, begun(visitor, "CEB311"), {**entered_row(row), **wrong}, "save")
    assert status == 422
    assert Fields(page).marked == set(wrong)
    for name in wrong:
        assert f'href="#{name.replace(".", "-")}"' in page
    assert Fields(page).values["head.goodsValue"] == "twelve"  # nothing that was typed is lost


def test_what_the_checks_refuse_is_never_declared(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    status, _ = send(visitor, begun(visitor, "CEB311"), {**entered_row(row), "line.0.totalPrice": "0.01"}, "declare")
    assert status == 422
    assert not list(here.made.inbox.glob("*.json"))


def test_an_empty_form_says_that_nothing_is_filled_in_and_nothing_of_files(here: TryConsole) -> None:
    visitor = here.logged_in()
    status, page = send(visitor, begun(visitor, "CEB621"), {}, "declare")
    assert status == 422
    assert "还没有填写任何内容" in page
    assert "文件" not in page[page.index("CEBD-") : page.index("</li>", page.index("CEBD-"))]
    assert not list(here.made.inbox.glob("*.json"))


def test_what_was_typed_is_kept_without_saving(here: TryConsole) -> None:
    visitor = here.logged_in()
    draft = begun(visitor, "CEB311")
    known = Fields(visitor.get(draft).text).values
    answer = visitor.client.post(f"{draft}/keep", data={**known, "head.orderNo": "A-1"})
    assert answer.status_code == 200
    assert Fields(visitor.get(draft).text).values["head.orderNo"] == "A-1"
    assert "A-1" in visitor.get("/drafts").text


def test_while_typing_fields_say_what_is_wrong_and_amounts_are_offered_and_not_filled_in(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    draft = begun(visitor, "CEB311")
    typed = {
        **entered_row(row),
        "line.0.qty": "3",
        "line.0.price": "2.50",
        "line.0.unit": "盒子",
        "head.goodsValue": "7",
    }
    typed |= {
        "line.0.totalPrice": "7.50",
        "head.freight": "1",
        "head.taxTotal": "0",
        "head.discount": "0",
        "head.acturalPaid": "",
    }
    known = Fields(visitor.get(draft).text).values
    told = visitor.client.post(f"{draft}/keep", data={**known, **typed}).json()
    fields = told["fields"]
    assert told["ready"] is False
    assert fields["line.0.unit"]["wrong"]
    assert (fields["head.goodsValue"]["offer"], fields["head.acturalPaid"]["offer"]) == ("7.5", "8.5")
    kept = Fields(visitor.get(draft).text).values
    assert (kept["head.goodsValue"], kept["head.acturalPaid"]) == ("7", "")


def test_many_lines_stand_on_pages_and_none_gets_lost(here: TryConsole) -> None:
    visitor = here.logged_in()
    draft = begun(visitor, "CEB311")
    lines = {f"line.{nth}.itemNo": f"N{nth}" for nth in range(20)}
    assert send(visitor, draft, lines, "lines-1")[0] == 303
    page = visitor.get(f"{draft}?lines=1").text
    fields = {**Fields(page).values, "line.0.itemNo": "N20", "line.1.itemNo": "N21", "action": "save"}
    visitor.client.post(draft, data=fields)
    first = Fields(visitor.get(draft).text).values
    second = Fields(visitor.get(f"{draft}?lines=1").text).values
    assert [first[f"line.{nth}.itemNo"] for nth in (0, 19)] == ["N0", "N19"]
    assert [second[f"line.{nth}.itemNo"] for nth in (0, 1)] == ["N20", "N21"]


def test_lines_stay_as_many_as_they_are_however_often_what_is_typed_is_kept(here: TryConsole) -> None:
    visitor = here.logged_in()
    draft = begun(visitor, "CEB311")

    def numbers() -> list[str]:
        pages = (Fields(visitor.get(f"{draft}?lines={page}").text).values for page in (0, 1))
        return [text for page in pages for name, text in page.items() if name.endswith(".itemNo") and text]

    pasted = {f"line.{nth}.itemNo": f"N{nth}" for nth in range(25)}  # more than stand on a page
    typed = {**Fields(visitor.get(draft).text).values, **pasted}
    for _ in range(3):
        assert visitor.client.post(f"{draft}/keep", data=typed).status_code == 200
    assert numbers() == [f"N{nth}" for nth in range(25)]
    emptied = {**Fields(visitor.get(draft).text).values, "line.1.itemNo": "", "line.2.itemNo": ""}
    for _ in range(3):
        visitor.client.post(f"{draft}/keep", data=emptied)
    assert numbers() == ["N0", *(f"N{nth}" for nth in range(3, 25))]


def test_a_mistake_is_said_at_its_line_behind_one_that_is_empty(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    draft = begun(visitor, "CEB311")
    third = {name.replace("line.0.", "line.2."): text for name, text in entered_row(row).items()}
    typed = {**Fields(visitor.get(draft).text).values, **third, "line.2.qty": "x"}
    told = visitor.client.post(f"{draft}/keep", data=typed).json()["fields"]
    assert told["line.2.qty"]["wrong"]
    assert "line.0.qty" not in told


def test_a_form_says_nothing_of_cells_of_a_workbook(here: TryConsole) -> None:
    visitor = here.logged_in()
    page = visitor.get(begun(visitor, "CEB621")).text
    assert "订购人的 18 位身份证号，末位 X 用大写。" in page
    assert 'title="10 位海关商品编码：8 位税则号列加 2 位附加编号。"' in page
    assert "单元格" not in page


@pytest.mark.parametrize("type_", ["CEB311", "CEB411", "CEB511", "CEB513", "CEB621", "CEB623", "CEB625", "CEB711"])
def test_each_declaration_has_a_form_of_at_most_sixty_kilobytes(here: TryConsole, type_: str) -> None:
    visitor = here.logged_in()
    draft = begun(visitor, type_)
    lines = {f"line.{nth}.{name}": "1" for nth in range(20) for name in ("qty", "gcode", "itemNo")}
    send(visitor, draft, lines, "save")
    assert 3_000 < len(visitor.get(draft).content) <= 60_000


def test_a_file_put_into_the_inbox_twice_is_the_same_file(here: TryConsole) -> None:
    """Killed between the draft's name and the file, a person gives it again from its page."""
    visitor = here.logged_in()
    (row,) = order_rows(1)
    draft = begun(visitor, "CEB311")
    send(visitor, draft, entered_row(row), "declare")
    (file,) = here.made.inbox.glob("*.json")
    content = file.read_bytes()
    file.unlink()  # as if it had never been written
    assert visitor.post(draft, action="again").status_code == 303
    assert file.read_bytes() == content


def test_what_a_full_disk_kept_from_the_inbox_stands_on_the_page_of_drafts_until_it_is_given_again(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    draft = begun(visitor, "CEB311")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cebd.operations.console.giving._write", full)
        assert send(visitor, draft, entered_row(row), "declare")[0] == 303
    assert not list(here.made.inbox.glob("*.json"))
    page = visitor.get("/drafts").text
    assert f'href="{draft}">' in page[page.index("还没有处理") :]
    assert "再次提交" in visitor.get(draft).text
    assert visitor.post(draft, action="again").status_code == 303
    assert len(list(here.made.inbox.glob("*.json"))) == 1


def test_what_a_colleague_typed_meanwhile_is_not_lost_but_shown_before_yours_counts(here: TryConsole) -> None:
    li, wang = here.logged_in("li"), here.logged_in("wang")
    draft = begun(li, "CEB311")
    of_li, of_wang = Fields(li.get(draft).text).values, Fields(wang.get(draft).text).values
    li.client.post(draft, data={**of_li, "head.orderNo": "A-1", "action": "save"})
    typed = {**of_wang, "head.orderNo": "B-1", "action": "declare"}
    kept = wang.client.post(f"{draft}/keep", data=typed, headers={"accept": "application/json"})
    assert kept.status_code == 409
    assert "li" in kept.json()["said"]
    answer = wang.client.post(draft, data=typed)
    assert answer.status_code == 409
    assert re.findall(r"<(?:del|ins)>(.*?)</", answer.text) == ["A-1", "B-1"]
    assert Fields(li.get(draft).text).values["head.orderNo"] == "A-1"
    again = Fields(answer.text).values
    assert again["head.orderNo"] == "B-1", "nothing that was typed is lost"
    wang.client.post(draft, data={**again, "action": "save"})
    assert Fields(li.get(draft).text).values["head.orderNo"] == "B-1"


def test_of_two_tabs_of_one_account_the_second_is_told_what_the_first_has_saved(here: TryConsole) -> None:
    visitor = here.logged_in("li")
    draft = begun(visitor, "CEB311")
    first, second = (Fields(visitor.get(draft).text).values for _ in range(2))
    for typed in ("A", "A-1", "A-1", "A-12"):  # its page keeps the old mark where an answer is lost
        answer = visitor.client.post(f"{draft}/keep", data={**first, "head.orderNo": typed})
        assert answer.status_code == 200
    kept = visitor.client.post(f"{draft}/keep", data={**second, "head.orderNo": "B-1"}, headers=_FOR_SCRIPTS)
    assert (kept.status_code, "您的帐号在另一个页面也改了" in kept.json()["said"]) == (409, True)
    shown = visitor.client.post(draft, data={**second, "head.orderNo": "B-1", "action": "declare"})
    assert (shown.status_code, re.findall(r"<(?:del|ins)>(.*?)</", shown.text)) == (409, ["A-12", "B-1"])
    visitor.client.post(draft, data={**Fields(shown.text).values, "action": "save"})
    late = visitor.client.post(f"{draft}/keep", data={**first, "head.orderNo": "A-123"})
    assert (late.status_code, Fields(visitor.get(draft).text).values["head.orderNo"]) == (409, "B-1")


def test_what_was_typed_first_does_not_come_back_when_it_arrives_last(here: TryConsole) -> None:
    visitor = here.logged_in("li")
    draft = begun(visitor, "CEB311")
    page = Fields(visitor.get(draft).text).values
    arrived = [("1", "A", 200), ("3", "A-12", 200), ("2", "A-1", 409), ("4", "A-123", 200)]
    for sent, typed, status in arrived:
        answer = visitor.client.post(f"{draft}/keep", data={**page, "sent": sent, "head.orderNo": typed})
        assert (sent, answer.status_code) == (sent, status)
    assert Fields(visitor.get(draft).text).values["head.orderNo"] == "A-123"


def test_a_page_goes_on_after_a_restart_with_what_it_was_told_was_kept(here: TryConsole) -> None:
    visitor = here.logged_in("li")
    draft = begun(visitor, "CEB311")
    page = Fields(visitor.get(draft).text).values
    base = visitor.client.post(f"{draft}/keep", data={**page, "head.orderNo": "A"}).json()["base"]
    again = here.opened_again().visitor()
    again.client.cookies = visitor.client.cookies
    assert again.client.post(f"{draft}/keep", data={**page, "base": base, "head.orderNo": "A-1"}).status_code == 200


def test_a_note_on_trade_remedies_is_not_overwritten_by_the_draft_in_another_tab_nor_written_into_other_goods(
    here: TryConsole,
) -> None:
    visitor = here.logged_in("li")
    (row,) = inventory_rows(1)
    draft = begun(visitor, "CEB621")
    send(visitor, draft, entered_row(row), "save")
    form = Fields(visitor.get(draft).text).values
    parts = {"line": "1", "maker_zh": "某公司", "maker": "Maker", "anti_dumping": "0.3", "countervailing": ""}
    seen = re.findall(r'name="base" value="(\w+)"', visitor.get(f"{draft}/remedy").text)[0]
    remedy = {**parts, "undertaking": "", "document": "", "item": "", "base": seen}
    assert visitor.post(f"{draft}/remedy", **remedy).status_code == 303
    assert visitor.client.post(f"{draft}/keep", data={**form, "line.0.gname": "别的"}).status_code == 409
    stale = visitor.post(f"{draft}/remedy", **{**remedy, "maker": "Other"})
    assert (stale.status_code, 'value="Other"' in stale.text) == (422, True)
    assert "没有写入：在您打开本页之后" in stale.text


def test_a_draft_is_thrown_away_once_it_was_asked_and_the_journal_names_it(here: TryConsole) -> None:
    visitor = here.logged_in()
    empty, draft = begun(visitor, "CEB311"), begun(visitor, "CEB311")
    send(visitor, draft, {"head.orderNo": "A-1"}, "save")
    status, page = send(visitor, draft, {}, "remove")
    assert (status, "A-1" in page) == (200, True)
    assert "A-1" in visitor.get("/drafts").text
    assert visitor.post(draft, action="remove", sure="1").headers["location"] == "/drafts"
    assert visitor.post(empty, action="remove").headers["location"] == "/drafts", "nothing was entered in it"
    assert "A-1" not in visitor.get("/drafts").text
    assert "li: trial CEB311 A-1" in visitor.get("/journal").text


def test_whoever_is_logged_out_while_typing_is_told_and_goes_on_after_logging_in_elsewhere(here: TryConsole) -> None:
    visitor = here.logged_in()
    draft = begun(visitor, "CEB311")
    typed = {**Fields(visitor.get(draft).text).values, "head.orderNo": "A-1"}
    accounts.end_sessions(here.store, "li", "admin")
    answer = visitor.client.post(f"{draft}/keep", data=typed, headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert "请不要关闭本页" in answer.json()["said"]


def test_what_was_entered_goes_with_its_file_after_the_years(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    draft, other = begun(visitor, "CEB311"), begun(visitor, "CEB311")
    send(visitor, other, {"head.orderNo": "A-1"}, "save")
    send(visitor, draft, entered_row(row), "declare")
    (file,) = here.made.inbox.glob("*.json")
    drop_id = taken(here, file)
    now = iso(here.clock.now())
    old = OldFile(drop_id, "trial", file.stem, "done", "", now, ())
    with here.store.write() as transaction:
        let_go(transaction, [old], [], [], now)
        kept = [str(one.content) for one in transaction.exec_driver_sql("SELECT content FROM drafts")]
    assert len(kept) == 1
    assert "A-1" in kept[0]
    assert "没有这份草稿" in visitor.get(draft).text


def test_the_note_of_goods_under_trade_remedies_is_put_together_and_kept(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = inventory_rows(1)
    draft = begun(visitor, "CEB621")
    send(visitor, draft, {**entered_row(row), "line.0.note": "易碎"}, "save")
    assert f'href="{draft}/remedy"' in visitor.get(draft).text
    parts = {"maker_zh": "某化工", "maker": "ACME", "anti_dumping": "0.3", "countervailing": "", "undertaking": "1"}
    wrong = visitor.post(f"{draft}/remedy", line="1", **{**parts, "anti_dumping": "30%"}, document="", item="")
    assert wrong.status_code == 422
    assert 'value="30%"' in wrong.text
    assert visitor.post(f"{draft}/remedy", line="1", **parts, document="SF1", item="2").status_code == 303
    note = Fields(visitor.get(draft).text).values["line.0.note"]
    assert note == "易碎|<某化工><ACME><0.3><><1>||SF1,2|"
    assert 'value="SF1"' in visitor.get(f"{draft}/remedy?line=1").text
    assert visitor.post(f"{draft}/remedy", line="9", **parts, document="", item="").status_code == 422
    assert visitor.get(f"{begun(visitor, 'CEB311')}/remedy").status_code == 404


# Given by a program


def an_order() -> bytes:
    (row,) = order_rows(1)
    head = {name[5:]: text for name, text in row.items() if name.startswith("head.")}
    line = {name[5:]: text for name, text in row.items() if name.startswith("line.")}
    return as_json("order", [Document(head, (line,))])


def given(here: TryConsole, key: str, content: bytes, kind: str = "application/json") -> tuple[int, dict[str, str]]:
    answer = here.visitor().client.post(
        "/api/drops", content=content, headers={"authorization": f"Bearer {key}", "content-type": kind}
    )
    return answer.status_code, answer.json()


def test_a_program_with_a_key_gives_documents_and_the_same_again_is_one_file(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    status, told = given(here, key, an_order())
    assert (status, told["type"], told["documents"], told["enterprise"]) == (202, "CEB311", 1, "trial")
    assert given(here, key, an_order())[1]["name"] == told["name"]
    (file,) = here.made.inbox.glob("*.json")
    assert (file.name, file.read_bytes()) == (told["name"], an_order())
    waiting = here.visitor().get(f"/api/drops/{told['name']}", authorization=f"Bearer {key}").json()
    assert waiting["state"] == "waiting"


def test_a_revoked_key_and_no_key_are_refused_and_nothing_is_written(here: TryConsole) -> None:
    number, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    accounts.revoke_key(here.store, number, here.clock.now())
    for wrong in (key, "", "cebd_x"):
        assert given(here, wrong, an_order())[0] == 401
    assert here.logged_in().client.post("/api/drops", content=an_order()).status_code == 401  # a session is no key
    assert not list(here.made.inbox.glob("*.json"))


def test_a_program_with_a_wrong_key_keeps_no_other_from_being_heard(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    assert {given(here, "cebd_of_nobody", an_order())[0] for _ in range(60)} == {401}
    assert given(here, key, an_order())[0] == 202


def test_what_is_no_document_is_refused_with_an_id_and_both_languages(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    status, told = given(here, key, b'{"v": 1, "type": "cheese", "documents": [{}]}')
    assert (status, told["problem"]) == (422, "CEBD-1085")
    assert "cheese" in told["en"]
    assert "cheese" in told["zh"]
    assert given(here, key, an_order(), "text/plain")[0] == 415
    assert not list(here.made.inbox.glob("*.json"))


def test_what_would_be_too_large_for_the_reader_of_drops_is_refused_at_once(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    monkeypatch.setattr("cebd.documents.workbooks.entered.MAX_BYTES", 2**20)
    status, told = given(here, key, b" " * 2**20 + an_order())
    assert (status, told["problem"]) == (422, "CEBD-1085")
    assert "1 MB" in told["zh"]
    assert not list(here.made.inbox.glob("*.json"))


def test_the_description_for_programs_names_every_field_of_every_declaration(here: TryConsole) -> None:
    told = here.visitor().get("/api/openapi.json").json()
    schemas = told["components"]["schemas"]
    assert {name for name in schemas if name.startswith("CEB")} == {
        "CEB311", "CEB411", "CEB511", "CEB513", "CEB621", "CEB623", "CEB625", "CEB711",
    }  # fmt: skip
    one = schemas["CEB311"]["properties"]["documents"]["items"]["properties"]
    stated = json.loads(an_order())["documents"][0]
    assert stated["head"].keys() <= one["head"]["properties"].keys()
    assert stated["lines"][0].keys() <= one["lines"]["items"]["properties"].keys()


def test_what_keys_and_accounts_did_stands_in_the_journal(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    given(here, key, an_order())
    visitor = here.logged_in()
    (row,) = order_rows(1, first=7)
    send(visitor, begun(visitor, "CEB311"), entered_row(row), "declare")
    with here.store.read() as transaction:
        told = [" ".join(map(str, line)) for line in transaction.exec_driver_sql("SELECT event, detail FROM journal")]
    assert any(line.startswith("declared in the console li: CEB311") for line in told)
    assert any(line.startswith("given by a program erp (1): trial") for line in told)
    assert any(line.startswith("logged in li") for line in told)
    assert not any(key in line for line in told)
