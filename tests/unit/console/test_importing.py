"""A workbook brought in on a page: looked at, decided of, declared; without a browser."""

from __future__ import annotations

import errno
import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from sqlalchemy import select, update

from builders.brought_in import a_book, bring, looked_at, post
from builders.consoles import TryConsole, Visitor, read_rows, taken
from cebd.documents.workbooks.entered import Document, as_json
from cebd.operations.console.importing.imports import FOLDER
from cebd.records.ids import DropId, MessageId
from cebd.store.across.judged import judged_records
from cebd.store.decided.decisions import decisions_of
from cebd.store.decided.layouts import known_layouts
from cebd.store.drops import load_drop
from cebd.store.messages import load_message
from cebd.store.store import Store
from cebd.store.tables import drops, records
from cebd.trial.rows import inventory_rows, order_rows


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


def states(store: Store, drop_id: DropId) -> list[tuple[str, str]]:
    with store.read() as transaction:
        rows = [one for batch in judged_records(transaction, drop_id) for one in batch]
    return [(one.key.rpartition("\x1f")[2] or one.key, str(one.state)) for one in rows]


def rows_with_bad_units(count: int, bad: int) -> list[dict[str, str]]:
    return [row | ({"line.unit": "盒子"} if nth < bad else {}) for nth, row in enumerate(order_rows(count))]


def test_a_file_is_looked_at_and_nothing_is_declared_before_a_person_says_so(here: TryConsole) -> None:
    visitor = here.logged_in()
    answer = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(5, 2)))
    page = looked_at(visitor, answer.headers["location"])
    assert "将申报 3 份" in page
    assert "2 份有错误" in page
    assert "盒子" in page
    assert not list(here.made.inbox.rglob("*.xlsx"))
    with here.store.read() as transaction:
        counts = [
            transaction.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in ("drops", "records")
        ]
    assert counts == [0, 0]


def test_one_decision_mends_all_rows_and_stands_on_each_in_the_receipt(here: TryConsole) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(6, 4))).headers["location"]
    page = looked_at(visitor, address)
    assert post(visitor, address, page, "decide", **{"answer.0": "140 盒"}).status_code == 303
    page = looked_at(visitor, address)
    assert "将申报 6 份" in page
    assert "4 处" in page
    assert post(visitor, address, page, "declare").status_code == 303
    (file,) = here.made.inbox.glob("*.xlsx")
    drop_id = taken(here, file)
    assert {state for _, state in states(here.store, drop_id)} == {"ready"}
    with here.store.read() as transaction:
        (decided,) = decisions_of(transaction, drop_id)
        found = [one for batch in judged_records(transaction, drop_id) for record in batch for one in record.problems]
    assert (decided.answer, decided.key.value, decided.who) == ("140 盒", "盒子", "li")
    assert [one.id for one in found if one.field == "unit"] == ["CEBD-1224"] * 4


def test_one_press_takes_the_only_suggestion_of_each_mistake(here: TryConsole) -> None:
    visitor = here.logged_in()
    units = ("盒子", "罐装", "122 盒", "142")
    rows = [row | {"line.unit": unit} for row, unit in zip(order_rows(4), units, strict=True)]
    address = bring(visitor, "订单.xlsx", a_book(rows)).headers["location"]
    page = looked_at(visitor, address)
    assert "没填的 2 种按唯一的建议处理" in page
    assert post(visitor, address, page, "as-suggested").status_code == 303
    page = looked_at(visitor, address)
    assert ("将申报 3 份" in page, "没填的" in page) == (True, False)


def test_the_good_rows_go_and_the_others_stay_to_be_mended_and_declared_later(here: TryConsole) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(5, 2))).headers["location"]
    assert post(visitor, address, looked_at(visitor, address), "declare").status_code == 303
    (file,) = here.made.inbox.glob("*.xlsx")
    assert sorted(state for _, state in states(here.store, taken(here, file))) == ["ready"] * 3 + ["rejected"] * 2
    assert "到导入页" in visitor.get(address).text
    rest = re.search(
        r'href="(/imports/\d+)">订单.xlsx</a> <span class="badge">申报后留下的', visitor.get("/imports").text
    )
    assert rest is not None
    page = looked_at(visitor, rest[1])
    assert "3 份以前已申报" in page
    assert post(visitor, rest[1], page, "decide", **{"answer.0": "140 盒"}).status_code == 303
    page = looked_at(visitor, rest[1])
    assert "将申报 2 份" in page
    post(visitor, rest[1], page, "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    second = taken(here, file)
    assert sorted(state for _, state in states(here.store, second)) == ["ready"] * 2 + ["repeat"] * 3


def test_rows_of_a_dropped_file_that_were_kept_back_are_corrected_on_the_page_and_the_others_go_no_second_time(
    here: TryConsole,
) -> None:
    visitor, file = here.logged_in(), here.made.inbox / "订单.xlsx"
    file.write_bytes(a_book(rows_with_bad_units(3, 1)))
    drop_id = taken(here, file)
    with here.store.write() as transaction:
        transaction.execute(update(drops).values(state="filed", outcome="done"))
        [kept_back] = transaction.execute(select(records.c.id).where(records.c.state == "rejected")).scalars()
    assert "改正没有申报的" in visitor.get(f"/drops/{drop_id}").text
    assert "改正后申报" in visitor.get(f"/records/{kept_back}").text
    address = visitor.post(f"/records/{kept_back}/correct").headers["location"]
    assert visitor.post(f"/drops/{drop_id}/correct").headers["location"] == address
    page = looked_at(visitor, address)
    assert "将申报 0 份；2 份以前已申报，不再申报；1 份有错误" in page
    post(visitor, address, page, "decide", **{"answer.0": "142"})
    page = looked_at(visitor, address)
    assert "将申报 1 份" in page
    post(visitor, address, page, "declare")
    [declared] = here.made.inbox.glob("订单-import*.xlsx")
    assert [state for _, state in states(here.store, taken(here, declared))] == ["ready", "repeat", "repeat"]


def test_a_file_that_was_changed_since_it_was_taken_is_not_brought_in_again(here: TryConsole) -> None:
    visitor, file = here.logged_in(), here.made.inbox / "订单.xlsx"
    file.write_bytes(a_book(rows_with_bad_units(1, 1)))
    drop_id = taken(here, file)
    with here.store.write() as transaction:
        transaction.execute(update(drops).values(state="filed", outcome="done"))
        drop = load_drop(transaction, drop_id)
    (here.made.inbox.parent / drop.place).write_bytes(b"other")
    answer = visitor.post(f"/drops/{drop_id}/correct")
    assert answer.status_code == 409
    assert "已不在原处，或已被改动" in answer.text


def test_a_heading_that_is_the_name_of_one_field_is_proposed_for_it_though_its_cells_are_wrong(
    here: TryConsole,
) -> None:
    visitor = here.logged_in()
    rows = [row | {"line.unit": "大箱"} for row in inventory_rows(2)]  # `country` stands twice: what is meant is asked
    address = bring(visitor, "清单.xlsx", a_book(rows)).headers["location"]
    page = looked_at(visitor, address)
    [asked] = re.findall(r'<tr role="row"><td[^>]*>unit</td>.*?</tr>', page)
    assert "建议，请核对" in asked
    assert 'value="计量单位 InventoryList/unit"' in asked
    assert visitor.get(f"{address}/rows").text.count("CEBD-1005") == len(rows)


def test_rows_that_are_not_to_be_declared_need_a_reason(here: TryConsole) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(3, 1))).headers["location"]
    page = looked_at(visitor, address)
    assert post(visitor, address, page, "decide", **{"answer.0": "不申报"}).status_code == 409
    assert post(visitor, address, page, "decide", **{"answer.0": "不申报", "reason.0": "样品"}).status_code == 303
    page = looked_at(visitor, address)
    assert "将申报 2 份" in page
    assert "样品" in page
    post(visitor, address, page, "take-0")
    assert "盒子" in looked_at(visitor, address)


def test_taken_for_another_document_its_columns_are_known_by_their_words(here: TryConsole) -> None:
    visitor = here.logged_in()
    content = "订单编号,收货地址,其他\nA1,杭州市,2\n".encode()
    address = bring(visitor, "平台.csv", content).headers["location"]
    looked_at(visitor, address)
    for code, chosen in (
        ("CEB311", ["订单编号 OrderHead/orderNo", "收货地址 OrderHead/consigneeAddress", ""]),
        ("CEB411", ["订单编号 PaymentHead/orderNo", "", ""]),
        (
            "CEB312",
            ["订单编号 OrderHead/orderNo", "收货地址 OrderHead/consigneeAddress", ""],
        ),  # no declaration: the first
    ):
        page = visitor.get(f"{address}?as={code}").text
        assert re.findall(r'name="field\.\d" value="([^"]*)"', page) == chosen, code
        words = re.findall(r'class="certainty (\w+)"', page)
        assert [word == "unknown" for word in words] == [not text for text in chosen], code


def test_unknown_headings_are_told_once_and_known_in_the_next_file(here: TryConsole) -> None:
    visitor, rows = here.logged_in(), list(order_rows(2))
    foreign = {name: f"Spalte {chr(65 + nth)}" for nth, name in enumerate(rows[0])}
    address = bring(visitor, "platform.xlsx", a_book(rows, foreign)).headers["location"]
    page = looked_at(visitor, f"{address}?as=CEB311")
    assert "无法识别" in page
    assert page.count('class="certainty unknown"') > 0
    missing = page[page.index("必填而没有对应列") :].partition("</p>")[0]
    assert "订单编号" in missing
    assert "电商平台代码" not in missing, "the settings say it"
    offered = dict(re.findall(r'<option value="([^"]* (\w+/\w+))">', page))
    named = {path: text for text, path in offered.items()}
    chosen = {
        f"field.{nth}": named[f"{'OrderList' if name.startswith('line.') else 'OrderHead'}/{name.partition('.')[2]}"]
        for nth, name in enumerate(foreign)
    }
    assert post(visitor, address, page, "map", type="CEB311", **chosen).status_code == 303
    page = looked_at(visitor, address)
    assert "将申报 2 份" in page
    post(visitor, address, page, "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    assert {state for _, state in states(here.store, taken(here, file))} == {"ready"}
    with here.store.read() as transaction:
        (layout,) = known_layouts(transaction, "trial")
    assert (layout.type, layout.who, len(layout.columns)) == ("CEB311", "li", len(foreign))
    again = bring(visitor, "platform-2.xlsx", a_book(list(order_rows(2, first=9)), foreign)).headers["location"]
    assert "将申报 2 份" in looked_at(visitor, again)


def test_what_was_brought_in_is_there_after_the_daemon_was_killed_and_left_over_folders_go(
    here: TryConsole, tmp_path: Path
) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(3, 1))).headers["location"]
    page = looked_at(visitor, address)
    post(visitor, address, page, "decide", **{"answer.0": "140 盒"})
    later = here.opened_again()
    again = later.visitor_of("li")
    assert "将申报 3 份" in looked_at(again, address)
    assert later.settings.store_dir.joinpath(FOLDER).is_dir()
    asked = post(again, address, looked_at(again, address), "remove")
    assert "不能恢复" in asked.text
    assert "订单.xlsx" in again.get("/imports").text
    post(again, address, looked_at(again, address), "remove", sure="1")
    assert not list(later.settings.store_dir.joinpath(FOLDER).iterdir())


def test_given_again_after_a_kill_it_is_one_file(here: TryConsole) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(list(order_rows(2)))).headers["location"]
    post(visitor, address, looked_at(visitor, address), "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    content = file.read_bytes()
    file.unlink()  # as if it had never been written
    page = visitor.get("/imports").text
    assert f'href="{address}">订单.xlsx' in page[page.index("还没有处理") :]
    assert visitor.post(address, action="again").status_code == 303
    assert file.read_bytes() == content
    taken(here, file)
    assert address not in visitor.get("/imports").text
    visitor.post(address, action="again")
    assert not file.exists()


def test_of_two_people_who_decide_at_once_the_second_is_told(here: TryConsole) -> None:
    visitor, other = here.logged_in(), here.logged_in("wang")
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(3, 1))).headers["location"]
    seen_by_both = looked_at(visitor, address)
    assert post(visitor, address, seen_by_both, "decide", **{"answer.0": "140 盒"}).status_code == 303
    looked_at(visitor, address)
    for action in ("decide", "declare"):
        late = post(other, address, seen_by_both, action, **{"answer.0": "142 个"})
        assert late.status_code == 409
        assert "在此期间" in late.text
    assert not list(here.made.inbox.glob("*.xlsx"))


def test_what_cannot_be_read_is_said_and_no_folder_is_left(here: TryConsole) -> None:
    visitor = here.logged_in()
    page = looked_at(visitor, bring(visitor, "订单.xlsx", b"PK\x03\x04 no workbook").headers["location"])
    assert "CEBD-" in page
    assert "申报 0" not in page
    assert bring(visitor, "empty.xlsx", b"").status_code == 409
    for body in (b"", b"--x\r\n", b"--x\r\nno head", b"--x--", b"\xff" * 100):
        answer = visitor.client.post(
            "/imports", content=body, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code in (400, 403)
    assert len(list(here.settings.store_dir.joinpath(FOLDER).iterdir())) == 1


def test_nobody_brings_anything_in_without_the_right_to_enter_and_the_page_of_the_session(here: TryConsole) -> None:
    visitor = here.logged_in("wang", ())
    content = a_book(list(order_rows(1)))
    assert bring(visitor, "a.xlsx", content).status_code == 403
    entering = here.logged_in("li")
    assert bring(entering, "a.xlsx", content, token="0" * 32).status_code == 403


def blocks(page: str) -> dict[str, str]:
    """The records of a page of rows, by the row in which each begins."""
    return dict(re.findall(r'<form class="record" id="r(\d+)"(.*?)</form>', page, re.DOTALL))


def mend(visitor: Visitor, address: str, row: str, sheet: str = "Sheet", **cells: str) -> str:
    told = {"token": visitor.token(), "sheet": sheet, "row": row}
    fields = told | {f"cell.{name}": text for name, text in cells.items()}
    answer = visitor.client.post(f"{address}/rows", data=fields, headers={"hx-request": "true"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_cell_is_corrected_and_the_row_judged_again_at_once(here: TryConsole) -> None:
    visitor, rows = here.logged_in(), list(order_rows(4))
    rows[1]["line.unit"], rows[2]["head.buyerName"], rows[3]["line.unit"] = "盒子", "", "箱子"
    address = bring(visitor, "订单.xlsx", a_book(rows)).headers["location"]
    assert "将申报 1 份" in looked_at(visitor, address)
    shown = blocks(visitor.get(f"{address}/rows").text)
    assert set(shown) == {"3", "4", "5"}
    unit, buyer = (
        re.search(rf'name="(cell\.\w+)" value="{value}"', shown[row]) for row, value in (("3", "盒子"), ("4", ""))
    )
    assert unit is not None
    assert buyer is not None
    still_wrong = mend(visitor, address, "3", **{unit[1][5:]: "匣子"})
    assert "有错误" in still_wrong
    assert "可以申报" in mend(visitor, address, "3", **{unit[1][5:]: "140"})
    assert "可以申报" in mend(visitor, address, "4", **{buyer[1][5:]: "王五"})
    page = looked_at(visitor, address)
    assert "将申报 3 份" in page
    assert "箱子" in page
    assert "盒子" not in page
    assert set(blocks(visitor.get(f"{address}/rows").text)) == {"5"}
    post(visitor, address, page, "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    drop_id = taken(here, file)
    assert sorted(state for _, state in states(here.store, drop_id)) == ["ready"] * 3 + ["rejected"]
    with here.store.read() as transaction:
        found = [one for batch in judged_records(transaction, drop_id) for record in batch for one in record.problems]
    assert sorted((one.field, one.place.row) for one in found if one.id == "CEBD-1224") == [
        ("buyerName", 4),
        ("unit", 3),
    ]


def test_a_correction_outlives_the_daemon_and_goes_when_the_cell_says_again_what_the_file_says(
    here: TryConsole,
) -> None:
    visitor = here.logged_in()
    address = bring(visitor, "订单.xlsx", a_book(rows_with_bad_units(3, 2))).headers["location"]
    looked_at(visitor, address)
    unit = re.search(r'name="cell\.(\w+)" value="盒子"', visitor.get(f"{address}/rows").text)
    assert unit is not None
    mend(visitor, address, "2", **{unit[1]: "140"})
    later = here.opened_again().visitor_of("li")
    assert "将申报 2 份" in looked_at(later, address)
    assert "有错误" in mend(later, address, "2", **{unit[1]: "盒子"})
    assert "将申报 1 份" in looked_at(later, address)


def test_with_a_full_disk_nothing_is_kept_and_the_person_is_told(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, content = here.logged_in(), a_book(list(order_rows(1)))

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cebd.operations.console.importing.imports.write_file", full)
    answer = bring(visitor, "订单.xlsx", content)
    assert answer.status_code == 503
    assert "请稍后再试" in answer.text
    assert not list(here.settings.store_dir.joinpath(FOLDER).iterdir())
    assert "订单.xlsx" not in visitor.get("/imports").text
    monkeypatch.undo()
    address = bring(visitor, "订单.xlsx", content).headers["location"]
    assert "将申报 1 份" in looked_at(visitor, address)


def of_two_lines(rows: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """Orders of two lines of goods each, with the amounts that follow."""
    orders = []
    for row in rows:
        total = f"{2 * float(row['line.totalPrice']):.2f}"
        paid = f"{float(total) + float(row['head.taxTotal']):.2f}"
        head = {**row, "head.goodsValue": total, "head.acturalPaid": paid}
        orders.append([head, {**head, "line.gnum": "2"}])
    return orders


def a_book_of(*sheets: tuple[str, list[list[str]], list[str]]) -> bytes:
    """A workbook of these sheets: name, rows, and the areas of merged cells."""
    book, content = Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for name, rows, merged in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for area in merged:
            sheet.merge_cells(area)
    book.save(content)
    return content.getvalue()


def test_cells_of_a_file_with_merged_cells_are_corrected_on_the_page(here: TryConsole) -> None:
    visitor = here.logged_in()
    orders = of_two_lines(list(order_rows(2)))
    orders[0][1]["line.unit"] = "盒子"
    for line in orders[1]:
        line["head.buyerName"] = ""
    names = list(orders[0][0])
    heads = [nth for nth, name in enumerate(names) if name.startswith("head.")]
    rows = [
        [name.partition(".")[2] for name in names],
        *([line[name] for name in names] for of in orders for line in of),
    ]
    letters = [get_column_letter(nth + 1) for nth in heads]
    merged = [f"{letter}{first}:{letter}{first + 1}" for letter in letters for first in (2, 4)]
    address = bring(visitor, "订单.xlsx", a_book_of(("订单", rows, merged))).headers["location"]
    assert "2 份有错误" in looked_at(visitor, address)
    shown = blocks(visitor.get(f"{address}/rows").text)
    unit = re.search(r'name="cell\.(\w+)" value="盒子"', shown["2"])
    buyer = f"{letters[[names[nth] for nth in heads].index('head.buyerName')]}4"
    assert unit is not None
    assert "可以申报" in mend(visitor, address, "2", "订单", **{unit[1]: "140"})
    assert "可以申报" in mend(visitor, address, "4", "订单", **{buyer: "王五"})
    page = looked_at(visitor, address)
    assert "将申报 2 份" in page
    post(visitor, address, page, "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    assert [state for _, state in states(here.store, taken(here, file))] == ["ready"] * 2


def test_goods_on_a_sheet_of_their_own_are_corrected_with_their_order(here: TryConsole) -> None:
    visitor = here.logged_in()
    orders = of_two_lines(list(order_rows(3)))
    orders[1][1]["line.unit"] = "盒子"
    head_names = [name for name in orders[0][0] if name.startswith("head.")]
    line_names = ["head.orderNo", *(name for name in orders[0][0] if name.startswith("line."))]
    heads = [[name[5:] for name in head_names], *([of[0][name] for name in head_names] for of in orders)]
    goods = [[name[5:] for name in line_names], *([line[name] for name in line_names] for of in orders for line in of)]
    address = bring(visitor, "订单.xlsx", a_book_of(("订单", heads, []), ("商品", goods, []))).headers["location"]
    page = looked_at(visitor, address)
    assert "将申报 2 份" in page
    (row,), (shown,) = zip(*blocks(visitor.get(f"{address}/rows").text).items(), strict=True)
    assert row == "3"
    assert "商品 " in shown
    unit = re.search(r'name="cell\.([\w-]+)" value="盒子"', shown)
    assert unit is not None
    assert "有错误" in mend(visitor, address, "3", "订单", **{unit[1]: "匣子"})
    assert "可以申报" in mend(visitor, address, "3", "订单", **{unit[1]: "140"})
    page = looked_at(visitor, address)
    assert "将申报 3 份" in page
    post(visitor, address, page, "declare")
    (file,) = here.made.inbox.glob("*.xlsx")
    assert [state for _, state in states(here.store, taken(here, file))] == ["ready"] * 3


def test_a_message_in_xml_says_where_it_is_corrected(here: TryConsole) -> None:
    visitor = here.logged_in()
    read_rows(here, here.made.inbox.parent, "order", list(order_rows(1)))
    with here.store.read() as transaction:
        body = load_message(transaction, MessageId(1)).body
    wrong = body.replace(b"<ceb:unit>", b"<ceb:unit>x")
    page = looked_at(visitor, bring(visitor, "订单.xml", wrong).headers["location"])
    assert "重新导入" in page
    assert "放入" not in page[page.index("<main") :]


def test_what_a_program_gave_in_json_is_corrected_cell_by_cell(here: TryConsole) -> None:
    visitor = here.logged_in()
    (row,) = order_rows(1)
    head = {name[5:]: text for name, text in row.items() if name.startswith("head.")}
    line = {name[5:]: text for name, text in row.items() if name.startswith("line.")}
    content = as_json("order", [Document(head, ({**line, "unit": "盒子"},))])
    address = bring(visitor, "api.json", content).headers["location"]
    looked_at(visitor, address)
    page = visitor.get(f"{address}/rows").text
    ((row_number, shown),) = blocks(page).items()
    unit = re.search(r'name="cell\.(\w+)" value="盒子"', shown)
    sheet = re.search(r'name="sheet" value="([^"]*)"', shown)
    assert unit is not None
    assert sheet is not None
    assert "可以申报" in mend(visitor, address, row_number, sheet[1], **{unit[1]: "140"})
