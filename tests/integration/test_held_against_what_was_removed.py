"""Years after a purchase its content is removed, and a later document is still held against what was declared then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from builders.desk import Desk, Rows, lists, orders
from builders.years import LONG_AGO, TODAY, grow_old, remove_old, settle
from cebd.declared.goods_archive import articles
from cebd.operations.retention.remove import retain
from cebd.records.kept import read_kept
from cebd.store.packing import unpack
from cebd.store.tables import drops, messages, records
from cebd.trial.rows import cancel_rows, identity_number, payment_rows, return_rows, waybill_rows

NUMBER = "52082026I000000001"
LAST_WEEK = "2026-11-20T09:00:00.000+08:00"
BUYER, TELEPHONE, IDENTITY, ADDRESS = "钱试一", "13800000001", "310101196002070013", "测试省示例市样本区2号2栋201室"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def rows(made: Any, **fields: str) -> Rows:
    """The rows of a first purchase, with `head_NAME` or `line_NAME` in place of what they say."""
    return [changed(row, **fields) for row in made(1)]


def changed(row: dict[str, str], **fields: str) -> dict[str, str]:
    return row | {name.replace("_", ".", 1): text for name, text in fields.items()}


def remove_all(desk: Desk) -> None:
    """Years pass, and the content of every file is removed."""
    with desk.store.write() as transaction:
        settle(transaction)
        grow_old(transaction)
        removed = remove_old(transaction, [desk.settings.enterprise[0].name])
    assert len(removed) == desk.count


def as_an_earlier_version_did(desk: Desk) -> None:
    """Of what was removed nothing was kept."""
    with desk.store.write() as transaction:
        transaction.execute(update(messages).values(kept=None))


def a_list(desk: Desk) -> dict[str, Any]:
    [record] = desk.drop("inventory", lists())
    desk.is_released(record, LAST_WEEK, NUMBER)
    return record


def found(record: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Problem, severity and field of what is said of the record."""
    return [(one["id"].removeprefix("CEBD-"), one["severity"], one["field"]) for one in record["problems"]]


def the(record: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    return next(one for one in record["problems"] if one["id"] == f"CEBD-{id_}")


class TestFourDocuments:
    def test_a_payment_of_another_amount_is_kept_back_with_what_the_order_says_was_paid(self, desk: Desk) -> None:
        desk.drop("order", orders())
        remove_all(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_amountPaid="281"))
        assert (record["state"], found(record)) == ("rejected", [("1421", "error", "amountPaid")])
        assert "281 与订单 T0000000001（文件 1.xlsx 第 2 行）的 280.39 不一致" in the(record, "1421")["zh"]

    @pytest.mark.parametrize(
        ("earlier", "later", "wrong"),
        [
            (
                "order",
                "payment",
                [
                    ({"head_payerName": "李四"}, ("1424", "warning", "payerName")),
                    ({"head_payerIdNumber": identity_number(9)}, ("1424", "warning", "payerIdNumber")),
                    ({"head_telephone": "13900000009"}, ("1424", "warning", "telephone")),
                ],
            ),
            (
                "order",
                "inventory",
                [
                    ({"line_qty": "4", "line_price": "64.25"}, ("1426", "error", "qty")),
                    ({"line_gname": "面包"}, ("1428", "warning", "gname")),
                    ({"head_buyerName": "李四"}, ("1429", "warning", "buyerName")),
                    ({"head_consigneeAddress": "别处1号"}, ("1431", "warning", "consigneeAddress")),
                    ({"head_freight": "12"}, ("1439", "warning", "freight")),
                ],
            ),
            ("order", "waybill", [({"head_consignee": "李四"}, ("1432", "warning", "consignee"))]),
            (
                "inventory",
                "waybill",
                [
                    ({"head_weight": "700"}, ("1435", "warning", "weight")),
                    ({"head_billNo": "784-00000099"}, ("1441", "warning", "billNo")),
                    ({"head_insuredFee": "5"}, ("1440", "warning", "insuredFee")),
                ],
            ),
            ("payment", "order", [({"head_buyerName": "李四"}, ("1424", "warning", "buyerName"))]),
        ],
    )
    def test_what_differs_is_said_as_before(self, desk: Desk, earlier: str, later: str, wrong: list[Any]) -> None:
        desk.drop(earlier, list(ROWS[earlier](len(wrong))))
        remove_all(desk)
        declared = desk.drop(
            later, [changed(row, **of) for row, (of, _) in zip(ROWS[later](len(wrong)), wrong, strict=True)]
        )
        for record, (_, problem) in zip(declared, wrong, strict=True):
            assert problem in found(record)

    def test_documents_that_agree_but_for_spelling_are_declared_without_a_word(self, desk: Desk) -> None:
        desk.drop(
            "order", rows(orders, head_consigneeAddress="测试省 示例市Ａ区1号", head_buyerTelephone="+86 138-0000-0001")
        )
        remove_all(desk)
        for later, fields in (
            ("payment", {}),
            ("waybill", {"head_consigneeAddress": "测试省示例市A区1号"}),
            ("inventory", {"head_consigneeAddress": "测试省示例市a区1号"}),
        ):
            [record] = desk.drop(later, rows(ROWS[later], **fields))
            assert (record["state"], found(record)) == ("ready", [])

    def test_a_waybill_that_its_list_does_not_name_is_told_with_both_numbers(self, desk: Desk) -> None:
        desk.drop("inventory", rows(lists, head_logisticsNo="YD0000000009"))
        remove_all(desk)
        [record] = desk.drop("waybill", rows(waybill_rows))
        said = the(record, "1433")
        assert (said["value"], "YD0000000009" in said["zh"]) == ("YD0000000001", True)

    def test_a_name_that_is_gone_is_not_shown_and_her_own_is(self, desk: Desk) -> None:
        desk.drop("order", orders())
        remove_all(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_payerName="李四"))
        said = the(record, "1424")
        assert (said["value"], "李四" in said["zh"], "李四" in said["en"]) == ("李四", True, True)
        assert "已随该单证按保存年限清除" in said["zh"]
        assert "was removed since" in said["en"]
        assert BUYER not in said["zh"] + said["en"]

    def test_a_second_payment_is_too_much(self, desk: Desk) -> None:
        desk.drop("order", orders())
        desk.drop("payment", rows(payment_rows))
        remove_all(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_payTransactionId="PAYT000000000002"))
        assert record["state"] == "rejected"
        assert ("1437", "error", "amountPaid") in found(record)

    def test_receipts_that_were_removed_are_not_written_anew(self, desk: Desk) -> None:
        desk.drop("order", orders())
        desk.drop("payment", [changed(row, **{"head_orderNo": "T0000000002"}) for row in payment_rows(2)])
        remove_all(desk)
        [payment] = desk.drop(
            "payment", rows(payment_rows, head_payerName="李四", head_payTransactionId="PAYT000000000009")
        )
        [_, order] = desk.drop("order", orders(2))
        assert "CEBD-1424" in payment["ids"]
        assert "CEBD-1437" in order["ids"]
        with desk.store.read() as transaction:
            removed = drops.c.removed.is_not(None)
            assert (
                transaction.execute(select(drops.c.id).where(removed, drops.c.changed > drops.c.published)).all() == []
            )
            said = select(records.c.problems).join(drops, drops.c.id == records.c.drop_id).where(removed)
            assert set(transaction.execute(said).scalars()) == {None}

    def test_of_what_an_earlier_version_removed_a_payment_that_differs_is_kept_back(self, desk: Desk) -> None:
        desk.drop("order", orders())
        remove_all(desk)
        as_an_earlier_version_did(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_amountPaid="281"))
        assert (record["state"], found(record)) == ("rejected", [("1453", "error", None)])
        [record] = desk.drop("payment", rows(payment_rows))
        assert (record["state"], found(record)) == ("ready", [])

    def test_there_a_difference_that_was_only_warned_of_still_is(self, desk: Desk) -> None:
        desk.drop("order", orders())
        remove_all(desk)
        as_an_earlier_version_did(desk)
        [record] = desk.drop("waybill", rows(waybill_rows, head_consignee="李四"))
        assert (record["state"], found(record)) == ("ready", [("1453", "warning", None)])

    def test_digests_of_an_earlier_version_are_made_anew_before_the_content_goes(self, desk: Desk) -> None:
        desk.drop("order", orders())
        with desk.store.write() as transaction:
            transaction.execute(update(records).values(shared=None))
        remove_all(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_amountPaid="281"))
        assert found(record) == [("1421", "error", "amountPaid")]


class TestApplications:
    def test_another_buyer_than_the_list_has_is_kept_back(self, desk: Desk) -> None:
        a_list(desk)
        remove_all(desk)
        other = {"head_buyerIdNumber": identity_number(9), "head_buyerName": "李四"}
        [record] = desk.drop("cancel", rows(cancel_rows, **other))
        assert {("1449", "error", "buyerIdNumber"), ("1450", "warning", "buyerName")} <= set(found(record))
        assert BUYER not in the(record, "1450")["zh"] + the(record, "1450")["en"]
        assert "旧的单据" in the(record, "1449")["fix_zh"]

    def test_the_same_buyer_is_the_same(self, desk: Desk) -> None:
        a_list(desk)
        remove_all(desk)
        [record] = desk.drop("cancel", list(cancel_rows(1)))
        assert [one[0] for one in found(record)] == ["1408"]

    def test_no_more_is_returned_than_was_bought_less_what_was_returned(self, desk: Desk) -> None:
        a_list(desk)
        [first] = desk.drop("return", rows(return_rows, line_qty="1"))
        desk.becomes(first, "succeeded", status="399")
        remove_all(desk)
        [second] = desk.drop("return", rows(return_rows, head_copNo="R-2"))
        assert "原清单的数量是 2，已申请退货 1" in the(second, "1410")["zh"]
        [third] = desk.drop("return", rows(return_rows, head_copNo="R-3", line_qty="1"))
        assert "CEBD-1410" not in third["ids"]

    def test_a_short_application_is_told_that_the_content_of_the_list_is_gone_and_not_the_list(
        self, desk: Desk
    ) -> None:
        a_list(desk)
        remove_all(desk)
        [record] = desk.drop("cancel", [{"head.invtNo": NUMBER, "head.reason": "消费者取消订单"}])
        assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1454"])
        assert "1.xlsx" in the(record, "1454")["zh"]

    def test_of_a_list_of_which_nothing_was_kept_it_is_said_that_nothing_was_compared(self, desk: Desk) -> None:
        a_list(desk)
        remove_all(desk)
        as_an_earlier_version_did(desk)
        [record] = desk.drop("cancel", list(cancel_rows(1)))
        assert [one[0] for one in found(record)] == ["1408", "1455"]


class TestWhatIsKept:
    def test_goods_that_customs_accepted_are_learned_before_their_list_goes(self, desk: Desk) -> None:
        a_list(desk)
        with desk.store.write() as transaction:
            grow_old(transaction)
        removed = retain(desk.settings, desk.store, datetime.fromisoformat(TODAY), "a test")
        assert len(removed.plan.files) == 1
        assert articles(desk.store, "trial", 10)["SKU0001"]["gcode"] == "2106909090"

    def test_nothing_that_a_person_wrote_of_herself(self, desk: Desk) -> None:
        for code, made in ROWS.items():
            desk.drop(code, rows(made))
        remove_all(desk)
        with desk.store.read() as transaction:
            kept = [unpack(one).decode() for one in transaction.execute(select(messages.c.kept)).scalars()]
        assert len(kept) == 4
        assert "280.39" in kept[0]
        texts = (BUYER, TELEPHONE, IDENTITY, ADDRESS, "复合维生素片")
        assert [text for text in texts for one in kept if text in one] == []

    def test_the_same_name_in_two_messages_is_not_the_same_digest(self, desk: Desk) -> None:
        desk.drop("order", orders())
        desk.drop("inventory", rows(lists))
        remove_all(desk)
        with desk.store.read() as transaction:
            kept = [read_kept(unpack(one)) for one in transaction.execute(select(messages.c.kept)).scalars()]
        names = [stated.head["buyerName"] for of_message in kept for stated in of_message.values()]
        assert len(set(names)) == 2

    def test_a_second_retention_keeps_what_the_first_kept(self, desk: Desk) -> None:
        desk.drop("order", orders())
        remove_all(desk)
        with desk.store.write() as transaction:  # a late answer was written into its receipt
            transaction.execute(update(drops).values(published_at="2025-01-01T00:00:00+08:00", removed=LONG_AGO))
            assert len(remove_old(transaction, [desk.settings.enterprise[0].name])) == 1
        [record] = desk.drop("payment", rows(payment_rows, head_amountPaid="281"))
        assert found(record) == [("1421", "error", "amountPaid")]

    def test_a_message_whose_bytes_are_damaged_goes_too(self, desk: Desk) -> None:
        desk.drop("order", orders())
        with desk.store.write() as transaction:
            transaction.execute(update(messages).values(body=b"damaged"))
        remove_all(desk)
        [record] = desk.drop("payment", rows(payment_rows, head_amountPaid="281"))
        assert found(record) == [("1453", "error", None)]


ROWS = {"order": orders, "payment": payment_rows, "waybill": waybill_rows, "inventory": lists}
