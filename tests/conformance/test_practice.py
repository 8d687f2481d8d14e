"""Law since 2018 and what ports really do, where the official papers of 2022 say nothing or something else: one test for each such matter.

The docstrings make `docs/law-and-practice.md` (`builders.practice_page`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.customs_answers import LIST_NO, an_answer, declare_n1
from builders.declared import an_open_store, settle
from builders.practice_page import PAGE, page
from cebd.clock import CST
from cebd.customs.statuses import already_there
from cebd.declared.checked_file import CheckedFile, Checking
from cebd.declared.list_applications import ListApplications
from cebd.messages.description import message_type
from cebd.problems.problem import Place
from cebd.receipts.returned_goods import remind_of_returned_goods
from cebd.records.facts import Facts
from cebd.records.record import Record
from cebd.rules.business import broken_rules
from cebd.rules.figures import figures
from cebd.store.conditions import Conditions
from cebd.store.store import Store

TODAY = date(2026, 3, 4)
FIGURES = figures()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with an_open_store(tmp_path) as opened:
        yield opened


def test_the_page_of_law_and_practice_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "PYTHONPATH=tests python -m builders.practice_page"


class TestStatuses:
    """What customs and the e-port answer"""

    def test_an_order_that_is_there_already_is_known_by_the_words_too(self) -> None:
        """A platform says "already there" with codes of its own: where a code is in no table, the words decide.

        Source: [seen] `-304001 处理失败，业务主键重复入库失败`, open code of a clearance system (com.kzkj).
        """
        info = "处理失败，业务主键重复入库失败，原订单报送时间对应状态为[20231108101500: 2-申报]"
        assert already_there("CEB311", "-304001", info)
        assert already_there("CEB303", "-304001", info)
        assert not already_there("CEB311", "-304001", "处理失败，系统异常")
        assert not already_there(
            "CEB621", "-301010", "已存在相同编号的订单"
        )  # a published code means what the table says


class TestImport:
    """Import"""

    def test_1239_is_a_bonded_import_and_names_its_warehouse(self) -> None:
        """网购保税进口A (1239) is a bonded import: account book, warehouse and item record numbers as for 1210, from China (142).

        Source: [law] GACC 2016 No. 75, GACC 2018 No. 194; [paper] chapter 3, 621: 保税模式必填.
        """
        bare = {"tradeMode": "1239", "country": "601", "netWeight": "1", "grossWeight": "1", "packNo": "1"}
        line = {"gnum": "1", "gcode": "3304990099", "qty": "1", "qty1": "1", "price": "1", "totalPrice": "1"}
        found = {(one.id, one.field) for one in broken_rules("CEB621", bare, [line], FIGURES, TODAY)}
        asked = {("CEBD-1311", name) for name in ("emsNo", "areaCode", "areaName", "itemRecordNo")}
        assert found == asked | {("CEBD-1313", "country")}

    @pytest.mark.parametrize(
        ("moment", "problems"),
        [
            (datetime(2026, 4, 3, 23, 59, tzinfo=CST), []),
            (datetime(2026, 4, 4, 0, 0, tzinfo=CST), ["CEBD-1409"]),
        ],
    )
    def test_a_return_is_applied_for_within_thirty_whole_days(
        self, store: Store, moment: datetime, problems: list[str]
    ) -> None:
        """A return is applied for within 30 days from the day of release: days of the calendar in China, and day 30 counts to its end.

        Source: [law] GACC 2018 No. 194, GACC 2020 No. 45.
        """
        declare_n1(store, "CEB621")
        settle(store, an_answer("CEB621", "800", "235959", invtNo=LIST_NO))  # 2026-03-04
        application = Record(
            "CEB625", ("R1", "A"), "G", "1", Place(None, 2), (2,), "", b"", (), facts=Facts(list_no=LIST_NO)
        )
        file = CheckedFile("甲", None, "return.xlsx", lambda record, field: Place(None, 2))
        with store.read() as transaction:
            check = ListApplications(Checking(transaction, file, FIGURES, moment)).check
            assert [problem.id for _, problem in check([application])] == problems

    def test_returned_goods_must_be_back_within_45_days_and_the_last_week_is_named(self, store: Store) -> None:
        """Returned goods are back at the supervised place within 45 days from the day of release; the last week is named in the state file.

        Source: [law] GACC 2018 No. 194, GACC 2020 No. 45: the condition of tax relief and of the buyer's yearly allowance.
        """
        declare_n1(store, "CEB621")
        declare_n1(store, "CEB625", list_no=LIST_NO, active=True)
        released = an_answer("CEB621", "800", "120000", invtNo=LIST_NO)  # 2026-03-04, so the last day is 2026-04-18
        settle(store, released, an_answer("CEB625", "120", "130000"))

        def named(month: int, day: int) -> list[str]:
            clock = StillClock(datetime(2026, month, day, 9, 0, tzinfo=CST))
            conditions = Conditions(store, clock)
            remind_of_returned_goods(store, clock, conditions, ["甲", "乙"], FIGURES.arrival_days)
            return [condition.problem.zh for condition in conditions.current()]

        assert named(4, 10) == []
        assert named(4, 11) == named(4, 18) == [f"有 1 张清单的退货须尽快运抵，最早的是 {LIST_NO}，最迟 2026-04-18"]
        assert named(4, 19) == []
        settle(store, an_answer("CEB625", "399", "140000"))
        assert named(4, 15) == []


class TestExport:
    """Export"""

    @pytest.mark.parametrize("code", ["CEB603", "CEB213"])
    def test_direct_exports_to_businesses_and_overseas_warehouses_have_their_trade_modes(self, code: str) -> None:
        """9710 (B2B direct export) and 9810 (export to an overseas warehouse) are trade modes beside 9610, 1210 and 1239.

        Source: [law] GACC 2020 No. 75, GACC 2021 No. 47; [paper] 2.11.4, revision notes.
        """
        assert set(message_type(code).field("head", "tradeMode").closed) == {"9610", "1210", "1239", "9710", "9810"}

    def test_an_order_of_type_w_is_a_booking_of_an_overseas_warehouse(self) -> None:
        """orderType W is 海外仓订仓单: orderNo is then the booking's number and ebpName the warehouse. E is to consumers, B to businesses.

        Source: [paper] text and revision notes; the schema's own remark (外综服) is older.
        """
        field = message_type("CEB303").field("head", "orderType")
        assert "W 海外仓订仓单" in field.hint_zh
        assert "overseas warehouse" in field.hint_en
        assert "外综服" not in field.hint_zh
