"""A few list numbers are enough to cancel lists or to return their goods: the rest comes from what this station declared, and is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from builders.desk import Desk, lists
from cebd.documents.open_file import open_file
from cebd.documents.worker import choice
from cebd.messages.description import message_type
from cebd.messages.parse import records_by_guid, stated_texts
from cebd.store.messages import message_body
from cebd.store.tables import drops, records
from cebd.trial.rows import cancel_rows

NUMBER = "52082026I000000001"
OTHER = "52082026I000000002"
LAST_WEEK = "2026-11-20T09:00:00.000+08:00"
CANCEL = ("清单编号", "撤单原因")
RETURN = ("清单编号", "退货原因", "序号", "数量")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def drop(desk: Desk, headings: tuple[str, ...], *rows: tuple[object, ...]) -> list[dict[str, Any]]:
    """Convert a workbook with just these columns."""
    desk.count += 1
    book = Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    path = desk.folder / f"{desk.count}.xlsx"
    book.save(path)
    return desk.convert(path)


def a_list(desk: Desk, *, released: bool = False, lines: int = 1, **head: str) -> dict[str, Any]:
    """A list that customs numbered, released last week or not."""
    [record] = desk.drop("inventory", lists(lines=lines, **head))
    if released:
        desk.is_released(record, LAST_WEEK, NUMBER)
    else:
        desk.becomes(record, "acknowledged", status="120", invt_no=NUMBER)
    return record


def declared(desk: Desk, record: Mapping[str, Any]) -> Any:
    """What the message says of the record."""
    with desk.store.read() as connection:
        stored = records_by_guid(message_body(connection, record["message_id"]))
    return stated_texts(message_type(record["type"]), stored[record["guid"]])


def the(record: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    return next(one for one in record["problems"] if one["id"] == id_)


# What is taken


def test_a_list_number_and_a_reason_cancel_the_list(desk: Desk) -> None:
    a_list(desk)
    [record] = drop(desk, CANCEL, (NUMBER, "消费者取消订单"))
    assert (record["type"], record["state"], set(record["ids"])) == ("CEB623", "ready", {"CEBD-1227"})
    said = declared(desk, record).head
    wanted = {"customsCode": "5208", "orderNo": "T0000000001", "logisticsNo": "YD0000000001", "invtNo": NUMBER}
    wanted |= {"reason": "消费者取消订单", "appType": "1", "copNo": "C52082026I000000001"}
    assert {name: said[name] for name in wanted} == wanted
    of_list = declared(desk, first_record(desk)).head
    same = ("ebpCode", "ebpName", "ebcCode", "ebcName", "logisticsCode", "logisticsName", "agentCode", "agentName")
    same += ("buyerIdType", "buyerIdNumber", "buyerName", "buyerTelephone")
    assert {name: said[name] for name in same} == {name: of_list[name] for name in same}


def first_record(desk: Desk) -> dict[str, Any]:
    with desk.store.read() as connection:
        return dict(connection.execute(select(records).order_by(records.c.id)).mappings().first() or {})


def test_what_was_taken_is_shown_on_the_row_and_the_identity_number_not_in_full(desk: Desk) -> None:
    a_list(desk)
    [record] = drop(desk, CANCEL, (NUMBER, "消费者取消订单"))
    told = [one["zh"] for one in record["problems"]]
    assert any("订单编号 T0000000001" in text and "1.xlsx" in text for text in told)
    assert any("企业内部编号 C52082026I000000001（自动编号）" in text for text in told)
    assert {one["cell"] for one in record["problems"]} == {"A2"}
    assert {one["severity"] for one in record["problems"]} == {"notice"}
    number = declared(desk, record).head["buyerIdNumber"]
    assert not any(number in text for text in told)


def test_goods_are_returned_by_list_number_line_and_quantity(desk: Desk) -> None:
    a_list(desk, released=True, lines=2)
    [record] = drop(desk, RETURN, (NUMBER, "七天无理由", 1, 1), (NUMBER, "七天无理由", 2, 2))
    assert (record["type"], record["state"], set(record["ids"])) == ("CEB625", "ready", {"CEBD-1227"})
    said, of_list = declared(desk, record), declared(desk, first_record(desk))
    for line, bought, quantity in zip(said.lines, of_list.lines, ("1", "2"), strict=True):
        assert {name: line[name] for name in ("gnum", "gcode", "gname", "unit")} == {
            name: bought[name] for name in ("gnum", "gcode", "gname", "unit")
        }
        assert line["qty"] == quantity


def test_the_only_line_of_a_list_needs_no_number_and_one_of_several_is_asked_for(desk: Desk) -> None:
    a_list(desk, released=True)
    [record] = drop(desk, ("清单编号", "退货原因", "数量"), (NUMBER, "不要了", 1))
    assert record["state"] == "ready"
    [other] = desk.drop("inventory", lists(first=2, lines=2))
    desk.is_released(other, LAST_WEEK, OTHER)
    [record] = drop(desk, ("清单编号", "退货原因", "数量"), (OTHER, "不要了", 1))
    assert record["state"] == "rejected"
    assert [one["zh"] for one in record["problems"] if one["severity"] == "error"] == [the(record, "CEBD-1228")["zh"]]
    assert re.search(r"1 \S+；2 \S+", the(record, "CEBD-1228")["zh"])


@pytest.mark.parametrize(
    ("heading", "number"), [("订单编号", "T0000000001"), ("企业内部编号", "CT0000000001"), ("清单编号", NUMBER)]
)
def test_a_list_is_named_by_its_number_its_order_or_its_own_number(desk: Desk, heading: str, number: str) -> None:
    a_list(desk)
    [record] = drop(desk, (heading, "撤单原因"), (number, "不要了"))
    assert (record["state"], declared(desk, record).head["invtNo"]) == ("ready", NUMBER)


def test_what_the_sheet_says_is_declared_and_a_number_that_the_list_does_not_have_is_a_mistake_in_its_cell(
    desk: Desk,
) -> None:
    a_list(desk)
    [record] = drop(desk, (*CANCEL, "企业内部编号"), (NUMBER, "不要了", "MY-1"))
    assert (record["state"], declared(desk, record).head["copNo"]) == ("ready", "MY-1")
    [record] = drop(desk, (*CANCEL, "订单编号", "企业内部编号"), (NUMBER, "不要了", "T0000000009", "MY-2"))
    found = the(record, "CEBD-1449")
    assert (record["state"], found["cell"], found["field"]) == ("rejected", "C2", "orderNo")
    assert "T0000000001" in found["zh"]


def test_what_the_list_says_goes_before_the_settings_which_are_the_same_for_all(desk: Desk) -> None:
    a_list(desk)
    [enterprise] = desk.settings.enterprise
    given = enterprise.model_copy(update={"defaults": {"cancel": {"ebpName": "别的平台", "reason": "不要了"}}})
    desk.settings = desk.settings.model_copy(update={"enterprise": (given,)})
    [record] = drop(desk, ("清单编号", "撤单原因"), (NUMBER, None))
    said = declared(desk, record).head
    assert said["reason"] == "不要了"
    assert said["ebpName"] == declared(desk, first_record(desk)).head["ebpName"]


def test_an_xml_message_is_never_filled_in(desk: Desk) -> None:
    a_list(desk)
    [record] = drop(desk, CANCEL, (NUMBER, "不要了"))
    with desk.store.read() as connection:
        content = message_body(connection, record["message_id"])
    short = re.sub(rb"<ceb:orderNo>[^<]*</ceb:orderNo>", b"", content)
    assert short != content
    assert {one["state"] for one in desk.drop_xml(short)} <= {"rejected"}


def test_reasons_on_one_sheet_and_lines_on_another_meet_by_the_number_of_the_list(desk: Desk) -> None:
    a_list(desk, released=True, lines=2)
    book = Workbook()
    for row in (("清单编号", "退货原因"), (NUMBER, "不要了")):
        book.active.append(row)
    lines = book.create_sheet("商品")
    for row in (("清单编号", "序号", "数量"), (NUMBER, 1, 1), (NUMBER, 2, 1)):
        lines.append(row)
    book.save(desk.folder / "two.xlsx")
    [record] = desk.convert(desk.folder / "two.xlsx")
    assert (record["state"], len(declared(desk, record).lines)) == ("ready", 2)


@pytest.mark.parametrize(("folder", "type_"), [(None, None), ("cancel", "CEB623")])
def test_a_bare_column_of_numbers_is_an_application_only_in_the_folder_of_one(
    desk: Desk, folder: str | None, type_: str | None
) -> None:
    book = Workbook()
    for row in (("清单编号",), (NUMBER,)):
        book.active.append(row)
    path = desk.folder / "numbers.xlsx"
    book.save(path)
    settings = desk.settings
    opened = open_file(path, settings.reading_options, settings.enterprise[0], desk.now, folder)
    assert (opened.type.code if opened.type else None) == type_


# What may not be


def test_the_same_file_dropped_again_cancels_nothing_twice(desk: Desk) -> None:
    a_list(desk)
    [first] = drop(desk, CANCEL, (NUMBER, "不要了"))
    [again] = drop(desk, CANCEL, (NUMBER, "不要了"))
    assert (again["state"], again["repeat_of"]) == ("repeat", first["id"])
    [changed] = drop(desk, CANCEL, (NUMBER, "地址错了"))
    assert (changed["state"], [i for i in changed["ids"] if i != "CEBD-1227"]) == ("rejected", ["CEBD-1451"])
    [other] = drop(desk, (*CANCEL, "企业内部编号"), (NUMBER, "不要了", "MY-1"))
    assert (other["state"], "CEBD-1448" in other["ids"]) == ("rejected", True)
    desk.becomes(first, "refused", status="100")
    [anew] = drop(desk, CANCEL, (NUMBER, "地址错了"))
    assert anew["state"] == "ready"


def test_goods_of_one_list_come_back_in_parts_each_under_a_number_of_its_own_and_no_part_twice(desk: Desk) -> None:
    a_list(desk, released=True, lines=3)
    parts = [drop(desk, RETURN, (NUMBER, "不要了", line, 1))[0] for line in (1, 2, 3)]
    assert [(part["state"], declared(desk, part).head["copNo"]) for part in parts] == [
        ("ready", f"R{NUMBER}"),
        ("ready", f"R{NUMBER}2"),
        ("ready", f"R{NUMBER}3"),
    ]
    for line, part in ((2, parts[1]), (1, parts[0]), (3, parts[2])):
        [again] = drop(desk, RETURN, (NUMBER, "不要了", line, 1))
        assert (again["state"], again["repeat_of"]) == ("repeat", part["id"])


def test_a_return_that_may_be_an_earlier_one_changed_waits_for_a_person(desk: Desk) -> None:
    a_list(desk, released=True, lines=2)
    drop(desk, RETURN, (NUMBER, "不要了", 1, 1))
    for rows in ([(NUMBER, "不要了", 1, 2)], [(NUMBER, "不要了", 1, 1), (NUMBER, "不要了", 2, 1)]):
        [record] = drop(desk, RETURN, *rows)
        assert record["state"] == "rejected"
        assert "在“企业内部编号”列为这一次另填一个编号" in the(record, "CEBD-1451")["fix_zh"]
    [own] = drop(desk, (*RETURN, "企业内部编号"), (NUMBER, "不要了", 2, 1, "MY-1"))
    assert own["state"] == "ready"
    [same] = drop(desk, RETURN, (NUMBER, "不要了", 2, 1))
    assert (same["state"], same["repeat_of"]) == ("repeat", own["id"])


def test_a_refused_part_is_returned_again_under_its_number(desk: Desk) -> None:
    a_list(desk, released=True, lines=2)
    first, second = (drop(desk, RETURN, (NUMBER, "不要了", line, 1))[0] for line in (1, 2))
    desk.becomes(second, "refused", status="100")
    [again] = drop(desk, RETURN, (NUMBER, "质量问题", 2, 1))
    assert (again["state"], declared(desk, again).head["copNo"]) == ("ready", f"R{NUMBER}2")
    [same] = drop(desk, RETURN, (NUMBER, "不要了", 1, 1))
    assert same["repeat_of"] == first["id"]


def test_two_rows_of_a_file_do_not_cancel_one_list(desk: Desk) -> None:
    a_list(desk)
    rows = drop(desk, (*CANCEL, "企业内部编号"), (NUMBER, "不要了", "MY-1"), (NUMBER, "不要了", "MY-2"))
    assert [row["state"] for row in rows] == ["ready", "rejected"]
    assert "MY-1" in the(rows[1], "CEBD-1448")["zh"]


def test_a_released_list_is_returned_and_one_that_is_not_is_cancelled(desk: Desk) -> None:
    a_list(desk, released=True)
    [record] = drop(desk, CANCEL, (NUMBER, "不要了"))
    assert (record["state"], "CEBD-1408" in record["ids"]) == ("rejected", True)
    [other] = desk.drop("inventory", lists(first=2))
    desk.becomes(other, "acknowledged", status="120", invt_no=OTHER)
    [record] = drop(desk, RETURN, (OTHER, "不要了", 1, 1))
    assert (record["state"], "CEBD-1409" in record["ids"]) == ("rejected", True)


def test_a_cancelled_list_is_neither_cancelled_nor_returned(desk: Desk) -> None:
    record = a_list(desk)
    desk.becomes(record, "refused", status="cancel:399")
    for headings, row in ((CANCEL, (NUMBER, "不要了")), (RETURN, (NUMBER, "不要了", 1, 1))):
        [application] = drop(desk, headings, row)
        assert [one["id"] for one in application["problems"] if one["severity"] == "error"] == ["CEBD-1445"]


def test_no_more_is_returned_than_was_bought_less_what_is_returned_already(desk: Desk) -> None:
    a_list(desk, released=True)  # two of its only line
    headings = (*RETURN, "企业内部编号")
    [first] = drop(desk, headings, (NUMBER, "不要了", 1, 1, "R-1"))
    assert first["state"] == "ready"
    [second] = drop(desk, headings, (NUMBER, "不要了", 1, 2, "R-2"))
    assert (second["state"], "已申请退货 1" in the(second, "CEBD-1410")["zh"]) == ("rejected", True)
    both = drop(desk, headings, (NUMBER, "不要了", 1, 1, "R-3"), (NUMBER, "不要了", 1, 1, "R-4"))
    assert [row["state"] for row in both] == ["ready", "rejected"]
    desk.becomes(first, "refused", status="100")
    [third] = drop(desk, headings, (NUMBER, "不要了", 1, 1, "R-5"))
    assert third["state"] == "ready"


def test_a_list_that_is_not_known_here_is_one_mistake_and_not_twenty(desk: Desk) -> None:
    [record] = drop(desk, CANCEL, (NUMBER, "不要了"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1443"])
    assert record["problems"][0]["cell"] == "A2"
    assert "申报海关代码、订单编号" in record["problems"][0]["zh"]


def test_the_settings_platform_does_not_hide_the_list_of_another(desk: Desk) -> None:
    a_list(desk, ebpCode="9900000008")
    [enterprise] = desk.settings.enterprise
    given = enterprise.model_copy(update={"defaults": {"cancel": {"ebpCode": "9900000001"}}})
    desk.settings = desk.settings.model_copy(update={"enterprise": (given,)})
    [record] = drop(desk, ("订单编号", "撤单原因"), ("T0000000001", "不要了"))
    assert (record["state"], declared(desk, record).head["ebpCode"]) == ("ready", "9900000008")


def test_what_a_program_gives_as_json_is_completed_like_a_sheet(desk: Desk) -> None:
    a_list(desk, released=True)
    document = {"head": {"invtNo": NUMBER, "reason": "不要了"}, "lines": [{"gnum": "1", "qty": "1"}]}
    path = desk.folder / "returns.json"
    path.write_text(json.dumps({"v": 1, "type": "return", "documents": [document]}), encoding="utf-8")
    [record] = desk.convert(path)
    assert (record["state"], declared(desk, record).lines[0]["unit"]) == ("ready", "142")


def test_a_document_of_two_that_a_program_has_mixed_up_is_kept_back_though_its_list_is_known(desk: Desk) -> None:
    a_list(desk, released=True)
    document = {"head": {"invtNo": NUMBER, "reason": "不要了"}, "lines": [{"gnum": "1", "qty": "1"}]}
    path = desk.folder / "returns.json"
    path.write_text(json.dumps({"v": 1, "type": "return", "documents": [document, document]}), encoding="utf-8")
    assert {record["state"] for record in desk.convert(path)} == {"rejected"}


def test_a_whole_application_without_a_number_of_its_own_is_numbered_where_its_list_is_known_and_kept_back_elsewhere(
    desk: Desk,
) -> None:
    whole = [{name: text for name, text in row.items() if name != "head.copNo"} for row in cancel_rows(1)]
    [record] = desk.drop("cancel", whole)
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1443"])
    a_list(desk)
    [record] = desk.drop("cancel", whole)
    assert (record["state"], declared(desk, record).head["copNo"]) == ("ready", f"C{NUMBER}")


def test_nothing_is_taken_from_another_enterprises_list(desk: Desk) -> None:
    a_list(desk)
    with desk.store.write() as connection:
        connection.execute(update(records).values(enterprise="乙"))
        connection.execute(update(drops).values(enterprise="乙"))
    [record] = drop(desk, CANCEL, (NUMBER, "不要了"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1447"])


def test_a_list_that_customs_have_not_numbered_waits(desk: Desk) -> None:
    desk.drop("inventory", lists())
    [record] = drop(desk, ("订单编号", "撤单原因"), ("T0000000001", "不要了"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1446"])


def test_two_lists_under_one_order_number_are_asked_for(desk: Desk) -> None:
    for nth, (number, platform) in enumerate(((NUMBER, "9900000001"), (OTHER, "9900000008")), 1):
        [record] = desk.drop("inventory", lists(first=nth, orderNo="T9", ebpCode=platform))
        desk.becomes(record, "acknowledged", status="120", invt_no=number)
    [record] = drop(desk, ("订单编号", "撤单原因"), ("T9", "不要了"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1444"])
    [record] = drop(desk, ("订单编号", "电商平台代码", "撤单原因"), ("T9", "9900000008", "不要了"))
    assert declared(desk, record).head["invtNo"] == OTHER


def test_a_cut_off_list_number_is_the_only_thing_said(desk: Desk) -> None:
    a_list(desk)
    [record] = drop(desk, CANCEL, ("5.2082E+17", "不要了"))
    assert record["ids"] == ["CEBD-1217"]


@pytest.mark.parametrize("whose", ["another file", "another file of another enterprise", "the same file"])
def test_a_list_that_other_software_declared_is_cancelled_once_too(desk: Desk, whose: str) -> None:
    first, second = ([row | {"head.copNo": number} for row in cancel_rows(1)] for number in ("X-1", "X-2"))
    if whose == "the same file":
        rows = desk.drop("cancel", [*first, *second])
    else:
        rows = desk.drop("cancel", first)
        if whose.endswith("enterprise"):
            second = first
            with desk.store.write() as connection:
                connection.execute(update(records).values(enterprise="乙"))
                connection.execute(update(drops).values(enterprise="乙"))
        rows += desk.drop("cancel", second)
    assert [row["state"] for row in rows] == ["ready", "rejected"]
    assert "X-1" in the(rows[1], "CEBD-1448")["zh"]


# Many at once


def test_five_hundred_numbers_ask_the_store_by_blocks_and_from_another_process_alike(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = desk.drop("inventory", lists(500))
    with desk.store.write() as connection:
        for row in many:
            number = f"52082026I{row['row']:09d}"
            connection.execute(
                update(records)
                .where(records.c.id == row["id"])
                .values(invt_no=number, state="acknowledged", status="120")
            )
    asked: list[str] = []

    def note(_1: object, _2: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    rows = [(f"52082026I{row['row']:09d}", "不要了") for row in many]
    event.listen(Engine, "before_cursor_execute", note)
    try:
        applications = drop(desk, CANCEL, *rows)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert {row["state"] for row in applications} == {"ready"}
    assert len([statement for statement in asked if statement.startswith("SELECT")]) < 60
    with desk.store.write() as connection:
        connection.execute(update(records).where(records.c.type == "CEB623").values(state="refused", status="100"))
    monkeypatch.setattr(choice, "LARGE_BYTES", 0)
    assert {row["state"] for row in drop(desk, CANCEL, *rows)} == {"ready"}
