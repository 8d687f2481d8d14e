"""The four documents at the simulated customs side: order, payment and waybill rest at 2 until the list that names them is declared."""

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
from cebd.sandbox.customs import Judged, judge
from cebd.sandbox.desk import Desk
from cebd.sandbox.hearing import Bench
from cebd.sandbox.home import prepare
from cebd.sandbox.register import Register
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import Line, inventory_rows, order_rows, payment_rows, waybill_rows

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

    def judge(self, code: str, rows: Iterable[Line]) -> Judged:
        bench = Bench(self.register, self.scenario, None, datetime.now(UTC))
        judged = judge(of_rows(code, rows, self.folder, self.key), bench)
        assert judged.refused is None
        self.register.enter({**entry, "arrival": "x"} for entry in judged.entries)
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
