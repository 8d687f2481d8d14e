"""The main job: a workbook dropped into the inbox comes back as receipts."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from builders.papers import CASES
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import inventory_rows, order_rows


def test_orders_and_lists_dropped_come_back_accepted_and_bad_rows_stay_behind(tmp_path: Path) -> None:
    orders = list(order_rows(4))
    orders[2]["line.totalPrice"] = "0.01"
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("一月订单.xlsx", "order", orders)
        station.drop_rows("lists.xlsx", "inventory", list(inventory_rows(3)))
        receipt = station.final_receipt("一月订单")
        lists = station.final_receipt("lists", words=3)
        assert station.stop() == 0
    assert receipt["counts"] == {"rejected": 1, "succeeded": 3}
    assert [one["id"] for one in receipt["records"][2]["problems"]] == ["CEBD-1302", "CEBD-1303"]
    assert {one["customs"]["status"] for one in lists["records"]} == {"800"}
    assert all(one["customs"]["preNo"] and one["customs"]["invtNo"] for one in lists["records"])
    assert [entry["status"] for entry in lists["records"][0]["history"]] == ["2", "120", "800"]
    accepted = [entry["guid"] for entry in read_ledger(station.customs_folder) if entry["verdict"] == "accepted"]
    assert sorted(accepted) == sorted(
        one["guid"] for one in receipt["records"] + lists["records"] if one["state"] == "succeeded"
    )
    book = load_workbook(station.receipt_book("一月订单"))
    sheet = book.worksheets[0]
    words = [str(row[0].value).partition("（")[0] for row in sheet.iter_rows(min_row=2)]
    assert words == ["已入库", "已入库", "未申报", "已入库"]
    assert list((station.outbox / "customs").rglob("*CEB622*.xml"))
    assert [path.name for path in (station.share / "done").rglob("*.xlsx")]
    assert sorted(path.name for path in station.inbox.rglob("*")) == [
        "查询",
        "预检",
    ]  # the folders of questions and previews alone
    assert not list((station.share / "working").iterdir())


def test_the_workbook_as_an_enterprise_made_it_is_accepted(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        station.drop("orders-flat-as-found.xls", (CASES / "orders-flat-as-found.xls").read_bytes())
        receipt = station.final_receipt("orders-flat-as-found")
    assert receipt["counts"] == {"succeeded": 12}
    doubled = next(one for one in receipt["records"] if one["key"]["orderNo"] == "V8527601895")
    assert doubled["place"]["rows"] == [4, 5]


def test_the_same_file_dropped_again_is_not_declared_again(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("a.xlsx", "order", list(order_rows(2)))
        station.final_receipt("a")
        original = next((station.share / "done").rglob("a.xlsx")).read_bytes()
        station.drop("b.xlsx", original)
        again = station.final_receipt("b")
    assert [one["id"] for one in again["problems"]] == ["CEBD-1404"]
    assert again["counts"] == {"succeeded": 2}
    assert len(read_ledger(station.customs_folder)) == 2


# A zip with an end, of which nothing else holds.
NO_WORKBOOK = b"PK\x03\x04 this is no workbook" + b"PK\x05\x06\0\0\0\0\1\0\1\0\x2e\0\0\0\0\0\0\0\0\0"


def test_what_is_no_declaration_goes_to_error_with_a_problem_file_in_words(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        station.drop("broken.xlsx", NO_WORKBOOK)
        station.drop("page.xml", b"<?xml version='1.0'?><html/>")
        station.drop(
            "half.xml",
            b"<?xml version='1.0'?><ceb:CEB311Message xmlns:ceb='http://www.chinaport.gov.cn/ceb'><a></ceb:CEB311Message>",
        )
        errors = station.share / "error"
        until(lambda: len(list(errors.glob("*.problem.txt"))) == 3, "three problem files")
        assert station.stop() == 0
    assert sorted(path.name for path in errors.iterdir() if path.suffix != ".txt") == [
        "broken.xlsx",
        "half.xml",
        "page.xml",
    ]
    ids = {"broken.xlsx": "CEBD-1021", "half.xml": "CEBD-1026", "page.xml": "CEBD-1002"}
    for name, id_ in ids.items():
        text = (errors / f"{name}.problem.txt").read_text(encoding="utf-8")
        assert id_ in text
        assert "declared" in text
        assert "申报" in text
    page = station.receipt("page")
    assert page is not None
    assert page["records"] == []
    assert "CEBD-1002" in str(list(load_workbook(station.receipt_book("page")).worksheets[0].values))


def test_run_once_works_off_what_is_there_and_stops(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("a.xlsx", "order", list(order_rows(3)))
        first = station.run_once()
        until(lambda: not list((station.customs_folder / "pending").iterdir()), "every answer given")
        second = station.run_once()
        receipt = station.receipt("a")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert receipt is not None
    assert receipt["counts"] == {"succeeded": 3}
