"""Rules that ask what was declared before: said of the new record, on its cell, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from cebd.cli.starter import make_station
from cebd.clock import CST, iso
from cebd.config import Settings, load_settings
from cebd.documents.convert import convert
from cebd.documents.trial_rows import identity_number, inventory_rows, order_rows, write_workbook
from cebd.store.store import Store
from cebd.store.tables import drops, history, receipts, records

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=CST)
Rows = list[dict[str, str]]


class StoppedClock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


class Desk:
    """A station's store and settings, into which files are converted one after the other."""

    def __init__(self, folder: Path) -> None:
        make_station(folder / "station", port=2222)
        self.folder = folder
        self.settings: Settings = load_settings(folder / "station" / "cebd.toml")
        self.store = Store.open(self.settings.store_dir)
        self.count = 0
        self.now = NOW

    def ruled(self, **rules: str) -> None:
        self.settings = self.settings.model_copy(update={"rules": {f"CEBD-{id_[1:]}": w for id_, w in rules.items()}})

    def drop(self, code: str, rows: Rows) -> list[dict[str, Any]]:
        """Convert a workbook of these rows; the records it gave, with the ids of their problems."""
        self.count += 1
        path = self.folder / f"{self.count}.xlsx"
        write_workbook(path, code, rows)
        return self._convert(path)

    def _convert(self, path: Path) -> list[dict[str, Any]]:
        enterprise = self.settings.enterprise[0]
        facts = {"enterprise": enterprise.name, "name": path.name, "stem": path.stem, "sha256": path.name}
        facts |= {"received": iso(self.now), "state": "claimed", "source": path.name, "place": path.name}
        with self.store.write() as connection:
            drop_id = connection.execute(insert(drops).values(**facts)).inserted_primary_key[0]
        with self.store.write() as connection:
            convert(
                connection, drop_id, path, self.settings, enterprise, StoppedClock(self.now), None, lambda _root: False
            )
        with self.store.read() as connection:
            query = select(records).where(records.c.drop_id == drop_id).order_by(records.c.id)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            row["problems"] = json.loads(row["problems"] or "[]")
            row["ids"] = [one["id"] for one in row["problems"]]
        return rows

    def becomes(self, record: Mapping[str, Any], state: str, **values: object) -> None:
        """Customs (or the wire) brought the record there."""
        with self.store.write() as connection:
            query = update(records).where(records.c.id == record["id"]).values(state=state, **values)
            connection.execute(query)

    def is_released(self, record: Mapping[str, Any], time: str, invt_no: str) -> None:
        self.becomes(record, "succeeded", status="800", time=time, invt_no=invt_no)
        with self.store.write() as connection:
            told = {"channel": "c", "name": invt_no, "sha256": invt_no, "received": time, "state": "applied"}
            receipt_id = connection.execute(
                insert(receipts).values(**told, copied=True, content=b"")
            ).inserted_primary_key[0]
            said = {"record_id": record["id"], "receipt_id": receipt_id, "status": "800", "info": "放行", "time": time}
            connection.execute(insert(history).values(**said, evidence=False))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def orders(count: int = 1, **head: str) -> Rows:
    return [row | {f"head.{name}": text for name, text in head.items()} for row in order_rows(count)]


def lists(count: int = 1, *, first: int = 1, lines: int = 1, **head: str) -> Rows:
    rows = inventory_rows(count, first=first, lines=lines)
    return [row | {f"head.{name}": text for name, text in head.items()} for row in rows]


def cell(record: Mapping[str, Any], id_: str) -> tuple[str | None, str | None]:
    """The field and the cell on which the problem stands."""
    found = next(one for one in record["problems"] if one["id"] == id_)
    return found["field"], found["cell"]


# Changes and deletions


def test_a_change_of_what_was_never_declared_is_not_sent(desk: Desk) -> None:
    [record] = desk.drop("order", orders(appType="2"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1405"])
    assert cell(record, "CEBD-1405")[0] == "appType"


def test_a_change_of_what_other_software_declared_goes_when_the_settings_say_so(desk: Desk) -> None:
    desk.ruled(_1405="warning")
    [record] = desk.drop("order", orders(appType="2"))
    assert (record["state"], record["ids"]) == ("ready", ["CEBD-1405"])


@pytest.mark.parametrize("state", ["ready", "signed", "sent", "in_doubt"])
def test_a_change_waits_for_the_receipt_of_what_it_changes(desk: Desk, state: str) -> None:
    [first] = desk.drop("order", orders())
    desk.becomes(first, state)
    [record] = desk.drop("order", orders(appType="2", consignee="李四"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1406"])


@pytest.mark.parametrize("state", ["acknowledged", "succeeded"])
def test_an_order_that_customs_have_is_changed(desk: Desk, state: str) -> None:
    [first] = desk.drop("order", orders())
    desk.becomes(first, state, status="120")
    [record] = desk.drop("order", orders(appType="2", consignee="李四"))
    assert (record["state"], record["ids"]) == ("ready", [])


@pytest.mark.parametrize("status", ["800", "899", "700"])
def test_a_list_that_left_customs_is_changed_no_more(desk: Desk, status: str) -> None:
    [first] = desk.drop("inventory", lists())
    desk.becomes(first, "succeeded", status=status)
    [record] = desk.drop("inventory", lists(appType="2", consigneeAddress="上海市"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1406"])


def test_what_was_deleted_may_be_declared_anew_but_not_changed(desk: Desk) -> None:
    [first] = desk.drop("order", orders())
    desk.becomes(first, "succeeded", status="120")
    [deletion] = desk.drop("order", orders(appType="3"))
    assert deletion["state"] == "ready"
    desk.becomes(deletion, "succeeded", status="120")
    [change] = desk.drop("order", orders(appType="2", consignee="李四"))
    assert change["ids"] == ["CEBD-1405"]
    [anew] = desk.drop("order", orders(consignee="王五"))
    assert (anew["state"], anew["ids"]) == ("ready", [])


@pytest.mark.parametrize("app_type", ["2", "3"])
def test_a_change_or_deletion_that_customs_refused_leaves_what_was_declared_standing(desk: Desk, app_type: str) -> None:
    [first] = desk.drop("order", orders())
    desk.becomes(first, "succeeded", status="120")
    [refused] = desk.drop("order", orders(appType=app_type, consignee="李四"))
    desk.becomes(refused, "refused", status="-301011")
    [anew] = desk.drop("order", orders(consignee="王五"))
    assert (anew["state"], anew["ids"]) == ("rejected", ["CEBD-1402"])
    [change] = desk.drop("order", orders(appType="2", consignee="王五"))
    assert (change["state"], change["ids"]) == ("ready", [])


def test_a_change_that_was_refused_because_there_is_nothing_to_change_does_not_bar_the_declaration(desk: Desk) -> None:
    desk.ruled(_1405="warning")
    [change] = desk.drop("order", orders(appType="2"))
    desk.becomes(change, "refused", status="-301009")
    [first] = desk.drop("order", orders())
    assert (first["state"], first["ids"]) == ("ready", [])


# What a list stands on


def test_a_list_whose_order_was_refused_is_not_sent(desk: Desk) -> None:
    [order] = desk.drop("order", orders())
    desk.becomes(order, "refused", status="-301008")
    [record] = desk.drop("inventory", lists())
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1411"])
    assert cell(record, "CEBD-1411") == ("orderNo", "B2")


def test_a_list_whose_order_was_refused_and_then_corrected_is_sent(desk: Desk) -> None:
    [order] = desk.drop("order", orders())
    desk.becomes(order, "refused", status="-301008")
    [again] = desk.drop("order", orders(consignee="李四"))
    assert again["state"] == "ready"
    [record] = desk.drop("inventory", lists())
    assert (record["state"], record["ids"]) == ("ready", [])


def test_a_list_without_its_order_is_sent_with_a_warning_where_orders_are_declared_here(desk: Desk) -> None:
    desk.drop("order", orders())
    first, second = desk.drop("inventory", lists(2))
    assert (first["state"], first["ids"]) == ("ready", [])
    assert (second["state"], second["ids"]) == ("ready", ["CEBD-1412"])


def test_a_list_is_not_asked_for_orders_where_nobody_declares_them_here(desk: Desk) -> None:
    [record] = desk.drop("inventory", lists())
    assert record["ids"] == []


def test_an_order_stands_in_one_list_only(desk: Desk) -> None:
    desk.drop("inventory", lists())
    [record] = desk.drop("inventory", lists(copNo="ANOTHER1", logisticsNo="YD9"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1414"])
    assert cell(record, "CEBD-1414") == ("orderNo", "B2")


def test_a_waybill_number_is_free_again_after_half_a_year(desk: Desk) -> None:
    desk.drop("inventory", lists())
    [record] = desk.drop("inventory", lists(copNo="ANOTHER1", orderNo="T9"))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1414"])
    desk.now = NOW.replace(year=2027, month=6, day=10)
    [record] = desk.drop("inventory", lists(copNo="ANOTHER2", orderNo="T9", declTime="20270610", ieDate="20270610"))
    assert (record["state"], record["ids"]) == ("ready", [])


def test_an_order_whose_list_was_refused_or_cancelled_goes_into_another(desk: Desk) -> None:
    [first] = desk.drop("inventory", lists())
    desk.becomes(first, "refused", status="100")
    [second] = desk.drop("inventory", lists(copNo="ANOTHER1"))
    assert (second["state"], second["ids"]) == ("ready", [])
    desk.becomes(second, "acknowledged", status="120", invt_no="52082026I000000001")
    [application] = desk.drop("cancel", cancels("52082026I000000001"))
    assert application["state"] == "ready"
    desk.becomes(application, "succeeded", status="399")
    [third] = desk.drop("inventory", lists(copNo="ANOTHER2"))
    assert (third["state"], third["ids"]) == ("ready", [])


# Applications


def applications(invt_no: str, cop_no: str) -> dict[str, str]:
    [row] = inventory_rows(1)
    shared = ("customs", "order", "ebp", "ebc", "logistics", "buyer", "agent")
    head = {name: text for name, text in row.items() if name.startswith(tuple(f"head.{one}" for one in shared))}
    return head | {"head.copNo": cop_no, "head.invtNo": invt_no, "head.reason": "消费者取消"}


def cancels(invt_no: str) -> Rows:
    return [applications(invt_no, "CANCEL1")]


def returns(invt_no: str, **line: str) -> Rows:
    goods = {"gnum": "1", "gcode": "2106909090", "gname": "复合维生素片", "qty": "2", "unit": "142"} | line
    return [applications(invt_no, "RETURN1") | {f"line.{name}": text for name, text in goods.items()}]


def a_released_list(desk: Desk, time: str) -> str:
    [record] = desk.drop("inventory", lists())
    desk.is_released(record, time, "52082026I000000001")
    return "52082026I000000001"


def test_a_list_that_was_released_is_not_cancelled(desk: Desk) -> None:
    number = a_released_list(desk, "2026-11-20T09:00:00.000+08:00")
    [record] = desk.drop("cancel", cancels(number))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1408"])


def test_a_list_that_is_not_known_here_may_be_cancelled_with_a_warning(desk: Desk) -> None:
    [record] = desk.drop("cancel", cancels("52082026I000000009"))
    assert (record["state"], record["ids"]) == ("ready", ["CEBD-1407"])


def test_goods_are_returned_within_thirty_days_of_their_release(desk: Desk) -> None:
    number = a_released_list(desk, "2026-10-26T10:00:01.000+08:00")
    [record] = desk.drop("return", returns(number))
    assert (record["state"], record["ids"]) == ("ready", [])


def test_goods_are_not_returned_later_nor_before_their_release(desk: Desk) -> None:
    number = a_released_list(desk, "2026-10-26T09:59:59.000+08:00")
    [record] = desk.drop("return", returns(number))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1409"])
    [other] = desk.drop("inventory", lists(first=2))
    desk.becomes(other, "acknowledged", status="120", invt_no="52082026I000000002")
    [record] = desk.drop("return", [row | {"head.copNo": "R2"} for row in returns("52082026I000000002")])
    assert "CEBD-1409" in record["ids"]


@pytest.mark.parametrize("line", [{"gnum": "2"}, {"gcode": "1901101000"}, {"qty": "2.5"}])
def test_only_what_the_list_had_is_returned(desk: Desk, line: dict[str, str]) -> None:
    number = a_released_list(desk, "2026-11-20T09:00:00.000+08:00")
    [record] = desk.drop("return", returns(number, **line))
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1410"])


# A buyer's year


def an_order_over(amount: str, number: int) -> Rows:
    [row] = order_rows(1, first=number)
    money = {"goodsValue": amount, "taxTotal": "0", "acturalPaid": amount, "buyerIdNumber": identity_number(7)}
    line = {"line.price": amount, "line.qty": "1", "line.totalPrice": amount}
    return [row | {f"head.{name}": text for name, text in money.items()} | line]


def test_the_order_with_which_a_buyer_passes_the_annual_limit_goes_with_a_warning(desk: Desk) -> None:
    rows = [row for number in range(1, 7) for row in an_order_over("4500", number)]
    found = desk.drop("order", rows)
    assert [record["ids"] for record in found] == [[], [], [], [], [], ["CEBD-1413"]]
    assert {record["state"] for record in found} == {"ready"}
    [later] = desk.drop("order", an_order_over("1", 8))
    assert later["ids"] == ["CEBD-1413"]
    assert "27001 元" in later["problems"][0]["zh"] and "26000 元" in later["problems"][0]["zh"]


def test_a_new_year_begins_anew_and_refused_orders_do_not_count(desk: Desk) -> None:
    for record in desk.drop("order", [row for number in range(1, 7) for row in an_order_over("4500", number)]):
        if record["key"].endswith(("1", "2")):
            desk.becomes(record, "refused", status="100")
    [record] = desk.drop("order", an_order_over("4500", 8))
    assert record["ids"] == []
    [record] = desk.drop("order", an_order_over("4500", 9))
    assert record["ids"] == ["CEBD-1413"]
    desk.now = NOW.replace(year=2027, month=1, day=1)
    [record] = desk.drop("order", an_order_over("4500", 10))
    assert record["ids"] == []


def test_the_identity_number_is_not_told_in_full(desk: Desk) -> None:
    for number in range(1, 8):
        [record] = desk.drop("order", an_order_over("4500", number))
    assert identity_number(7) not in json.dumps(record["problems"], ensure_ascii=False)
