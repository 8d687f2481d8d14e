"""The four documents at the simulated customs side: three rest at 2 until their list is declared, which is held against them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from builders.customs_messages import SigningKey, make_key, needs_openssl, needs_xmlsec1
from builders.export_rows import export_rows
from builders.trial_messages import of_rows
from builders.waiting import until
from cebd.sandbox.desk import Desk
from cebd.sandbox.home import prepare
from cebd.sandbox.judging.customs import Judged, judge
from cebd.sandbox.judging.hearing import Bench
from cebd.sandbox.judging.register import Register
from cebd.sandbox.ledger import Entry
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import Line, cancel_rows, inventory_rows, order_rows, payment_rows, waybill_rows

pytestmark = [needs_xmlsec1, needs_openssl]
AT_ONCE = Scenario(entered_at_once=True)


@pytest.fixture(scope="module")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("rsa"))


class Customs:
    """Judges one arrival after the other, and learns from each as it would from its ledger."""

    def __init__(self, folder: Path, key: SigningKey, scenario: Scenario | None = None) -> None:
        self.folder, self.key = folder, key
        self.scenario = scenario or Scenario()
        self.register = Register()
        self.entries: list[Entry] = []

    def judge(self, code: str, rows: Iterable[Line]) -> Judged:
        bench = Bench(self.register, self.scenario, None, datetime.now(UTC))
        judged = judge(of_rows(code, rows, self.folder, self.key), bench)
        assert judged.refused is None
        self.register.enter({**entry, "arrival": "x"} for entry in judged.entries)
        self.entries += judged.entries
        return judged

    def told(self, code: str, rows: Iterable[Line]) -> list[list[str]]:
        return [[status for status, _ in one.life] for one in self.judge(code, rows).answered]

    def set_going(self, code: str, rows: Iterable[Line]) -> list[tuple[str, ...]]:
        """Type and number of each declaration that a list set going."""
        return sorted((one.type, *list(one.head.values())[:-1]) for one in self.judge(code, rows).set_going)


SELLER, CARRIER, PAYER = "4407961999", "4407961888", "4407961777"
FIRST = [
    ("CEB311", SELLER, SELLER, "T0000000001"),
    ("CEB411", "PAYT000000000001", PAYER),
    ("CEB511", "YD0000000001", CARRIER),
]


def test_an_order_rests_at_2_until_its_list_is_declared(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    for code, rows in (("order", order_rows(2)), ("payment", payment_rows(2)), ("waybill", waybill_rows(2))):
        assert customs.told(code, rows) == [["2"], ["2"]]
    assert customs.set_going("inventory", inventory_rows(1)) == FIRST
    assert customs.set_going("inventory", inventory_rows(1)) == []  # declared again, it changes nothing


def test_what_comes_after_its_list_is_entered_at_once(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("inventory", inventory_rows(1))
    assert customs.told("order", order_rows(2)) == [["2", "120"], ["2"]]


def test_a_list_that_is_only_stored_or_deleted_sets_nothing_going(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("order", order_rows(1))
    assert customs.set_going("inventory", [{**row, "head.appStatus": "1"} for row in inventory_rows(1)]) == []
    assert customs.set_going("inventory", inventory_rows(1)) == FIRST[:1]


def test_a_change_rests_as_the_order_did_and_is_entered_once(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("order", order_rows(1))
    assert customs.told("order", [{**row, "head.appType": "2"} for row in order_rows(1)]) == [["2"]]
    assert customs.set_going("inventory", inventory_rows(1)) == FIRST[:1]


def test_a_deleted_order_is_not_entered_and_its_number_is_free(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("order", order_rows(1))
    assert customs.told("order", [{**row, "head.appType": "3"} for row in order_rows(1)]) == [["2"]]
    assert customs.set_going("inventory", inventory_rows(1)) == []
    assert customs.told("order", order_rows(1)) == [["2", "120"]]


def test_a_port_of_the_other_habit_enters_them_at_once(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa, AT_ONCE)
    assert customs.told("order", order_rows(1)) == [["2", "120"]]
    assert customs.set_going("inventory", inventory_rows(1)) == []


def test_exports_rest_too(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    for code in ("CEB303", "CEB403", "CEB505"):
        assert customs.told(code, export_rows(code, "X1")) == [["2"]]
    rows = [{**row, "head.orderNo": "X1", "head.logisticsNo": "X1"} for row in export_rows("CEB603", "L1")]
    assert [type_ for type_, *_ in customs.set_going("CEB603", rows)] == ["CEB303", "CEB403", "CEB505"]


def test_after_a_restart_the_list_still_sets_them_going_and_each_is_answered_once(
    rsa: SigningKey, tmp_path: Path
) -> None:
    folder = tmp_path / "customs"
    prepare(folder)

    def worked(name: str, code: str, rows: Iterable[Line]) -> None:
        part = folder / "in" / f"{name}.part"
        part.write_bytes(of_rows(code, rows, tmp_path, rsa))
        desk = Desk(folder, Scenario(answer_seconds=0, step_seconds=0), lambda _: None)
        desk.start()
        part.rename(folder / "in" / f"{name}.xml")
        until(lambda: not any((folder / "in").iterdir()) and not any((folder / "pending").iterdir()), "all answered")
        desk.stop()

    def answers() -> list[tuple[str, str]]:
        told = []
        for path in (folder / "out").iterdir():
            for one in etree.parse(path).getroot():
                told.append((path.name.split("_")[0], one.findtext("{*}returnStatus") or ""))
        return sorted(told)

    worked("orders", "order", order_rows(1))
    assert answers() == [("CEB312Message", "2")]
    worked("lists", "inventory", inventory_rows(1))
    lists = [("CEB622Message", status) for status in ("120", "2", "800")]
    assert answers() == [("CEB312Message", "120"), ("CEB312Message", "2"), *lists]


def changed(rows: Iterable[Line], **fields: str) -> list[Line]:
    return [row | {name.replace("_", ".", 1): text for name, text in fields.items()} for row in rows]


GOODS, COMPANY = "[Code:1322;Desc:订单清单表体商品项不一致]", "[Code:13035;Desc:支付企业不一致]"
AMOUNT = "订单实际支付金额与支付单支付金额不一致"
NAMED = {"head_payCode": PAYER, "head_payName": "示例支付有限公司", "head_payTransactionId": "PAYT000000000001"}


@pytest.mark.parametrize(
    ("order", "payment", "info"),
    [
        ({}, {}, None),
        ({"line_unit": "035"}, {}, GOODS),
        ({"line_price": "1", "line_totalPrice": "1", "line_qty": "1"}, {}, GOODS),
        ({"line_qty": "2.00"}, {}, None),
        ({"line_itemName": "另一个名称"}, {}, None),
        (NAMED, {}, None),
        (NAMED, {"head_payCode": "4407961776"}, COMPANY),
        (NAMED, {"head_payCode": "91440300MA5EXAMPL1"}, None),
        (NAMED, {"head_amountPaid": "1"}, AMOUNT),
        ({"line_unit": "035", **NAMED}, {"head_payCode": "4407961776"}, f"{GOODS},{COMPANY}"),
    ],
)
def test_a_list_is_held_against_its_order_and_payment(
    rsa: SigningKey, tmp_path: Path, order: dict[str, str], payment: dict[str, str], info: str | None
) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("order", changed(order_rows(1), **order))
    customs.judge("payment", changed(payment_rows(1), **payment))
    [answer] = customs.judge("inventory", inventory_rows(1)).answered
    if info is None:
        assert answer.life[-1] == ("800", "放行")
    else:
        assert [answer.life[0][0], answer.life[1:]] == ["2", (("100", info),)]
        # Nothing was set going, and the list may be declared again once it is right.
        right = NAMED | {"head_payCode": payment.get("head_payCode", PAYER), "head_appType": "2"}
        customs.judge("order", changed(order_rows(1), **right))
        customs.judge(
            "payment", changed(payment_rows(1), **payment | {"head_appType": "2", "head_amountPaid": "280.39"})
        )
        assert [one[0] for one in customs.set_going("inventory", inventory_rows(1))] == ["CEB311", "CEB411"]


def test_parts_of_a_payment_are_added_up(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa)
    customs.judge("order", order_rows(1))
    for part, amount in (("A", "140.19"), ("B", "140.20")):
        customs.judge("payment", changed(payment_rows(1), head_payTransactionId=part, head_amountPaid=amount))
    assert customs.told("inventory", inventory_rows(1)) == [["2", "120", "800"]]


def test_a_buyer_s_year_has_26_000_and_a_cancelled_list_gives_it_back(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(tmp_path, rsa, Scenario(not_released=("*",)))
    dear = {"line_qty": "26", "line_price": "500", "line_totalPrice": "13000"}

    def lists(first: int, count: int = 1) -> list[Line]:
        one_buyer = {"head_buyerIdNumber": next(inventory_rows(1))["head.buyerIdNumber"]}
        return changed(inventory_rows(count, first=first), **dear, **one_buyer)

    assert customs.told("inventory", lists(1, count=3)) == [["2", "120"], ["2", "120"], ["2", "100"]]
    over = customs.judge("inventory", lists(4)).answered[0]
    assert over.life[-1] == ("100", "[Code:1313;Desc:超过年度限额]")
    [first] = [entry for entry in customs.entries if entry["key"].get("copNo") == "CT0000000001"]
    numbers = {"CT0000000001": first["invtNo"]}
    customs.judge("cancel", cancel_rows(1, numbers=numbers))
    assert customs.told("inventory", lists(5)) == [["2", "120"]]
