"""Law since 2018 and what ports really do, where the official papers of 2022 say nothing or something else: one test for each such matter.

The docstrings make `docs/law-and-practice.md` (`builders.practice_page`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from builders.clocks import StillClock
from builders.customs_answers import KEYS, LIST_NO, an_answer, declare_n1
from builders.declared import SENT_AT, an_open_store, settle
from builders.desk import Desk
from builders.practice_page import PAGE, page
from builders.workbooks import some_settings
from cebd.clock import CST
from cebd.customs.code_book import all_entries, entry_for, foreseen
from cebd.customs.customs_codes import customs_codes
from cebd.customs.statuses import already_there, outcome, rests, state_for
from cebd.declared.checked_file import CheckedFile, Checking
from cebd.declared.lists.applications import ListApplications
from cebd.declared.suggestions import EarlierValues
from cebd.documents.open_file import open_file
from cebd.documents.reading.cells.values import fitting, text_of
from cebd.enterprise import Enterprise
from cebd.messages.description import message_type
from cebd.messages.parse import StatedTexts
from cebd.operations.check import check
from cebd.operations.settings.check import exceptions
from cebd.problems.problem import Place, catalogue, problem
from cebd.receipts.publishing.book.remarks import Wording, beside_record
from cebd.receipts.publishing.drop_receipt import records_of
from cebd.receipts.returned_goods import remind_of_returned_goods
from cebd.records.facts import Facts
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.records.states import ReturnedStatus, State
from cebd.rules.business import broken_rules
from cebd.rules.codes.tables import CodeFiles, tables_of
from cebd.rules.figures import figures
from cebd.sandbox.scenario import Scenario
from cebd.store.across.earlier.declared import in_force
from cebd.store.across.finding.pages import Filter, record_page
from cebd.store.beside.goods import KnownGoods, learn
from cebd.store.conditions import Conditions
from cebd.store.drops import load_drop
from cebd.store.store import Store
from cebd.store.tables import records
from cebd.trial.rows import inventory_rows, order_rows, payment_rows, waybill_rows, write_workbook

TODAY = date(2026, 3, 4)
FIGURES = figures()
LIST: tuple[dict[str, str], list[dict[str, str]]] = (
    {
        "buyerIdType": "1",
        "buyerIdNumber": "99999919900307008X",
        "tradeMode": "9610",
        "trafNo": "CZ1",
        "voyageNo": "CZ1",
        "billNo": "784-1",
        "netWeight": "1",
        "grossWeight": "1",
    },
    [{"gnum": "1", "gcode": "3304990099", "qty": "1", "qty1": "1", "price": "1", "totalPrice": "1"}],
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with an_open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_the_page_of_law_and_practice_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "PYTHONPATH=tests python -m builders.practice_page"


class TestStatuses:
    """What customs and the e-port answer"""

    @pytest.mark.parametrize("code", ["CEB311", "CEB411", "CEB511", "CEB303", "CEB403", "CEB505"])
    def test_an_order_at_2_is_declared_and_waits_for_its_list(self, code: str) -> None:
        """Orders, payments and waybills rest at 2 until their list is declared; the e-port sends the four documents to customs
        together, and only then all get 120 (or 100). 2 is enough to declare the list; a 2 that stays is normal. Where a port gives 120
        at once, that is fine.

        Source: [paper] table 7-2, -621002 四单回执解析失败, -301011; [seen] a simulator of customs and an importer's mock of customs, a
        payment company's call that ends at 2 (com.kzkj and others). No published sentence says either: the advice is true both
        ways.
        """
        entry = entry_for(code, "2", "新增申报成功")
        assert (state_for(code, "2"), rests(code, "2"), rests(code, "3"), entry.todo) == (
            *(State.ACKNOWLEDGED, True, True, False),
        )
        assert "现在就可以报清单，不要等 120" in entry.next_zh
        assert "do not wait for 120" in entry.next_en
        assert not rests("CEB621", "2")
        assert not rests(code, "dxp:0000")

    def test_no_advice_makes_anybody_wait_for_120_before_the_list(self) -> None:
        """No text tells to declare a list only once its order, payment or waybill is entered (120): that is a deadlock.

        Source: [seen] as above.
        """
        waiting = re.compile(
            r"等(?:它|其|原\S+)回?到 120|等它入库|(?:订单|支付单|运单|三者)都?入库后|入库（120）后再报|wait for its 120|once .{0,40}entered"
        )
        texts = [text for one in all_entries() for text in (one.next_zh, one.next_en, one.meaning_zh, one.meaning_en)]
        texts += [text for problem in catalogue().values() for text in problem.values()]
        assert len(texts) > 1500
        assert [text for text in texts if waiting.search(text)] == []
        assert "到 2 就可以重报清单" in entry_for("CEB621", "-621003", "清单申报失败").next_zh

    def test_a_deleted_order_is_gone_where_the_e_port_has_its_deletion(self, store: Store) -> None:
        """The deletion of an order rests at 2 as the order does: no list comes after it, so the number is free once the e-port has it.

        Source: follows from the above.
        """
        declare_n1(store, "CEB311")
        declare_n1(store, "CEB311", app_type="3", sent_at=SENT_AT + timedelta(minutes=5))
        with store.read() as transaction:
            assert in_force(transaction, "甲", "CEB311", KEYS["CEB311"][0])
        settle(store, an_answer("CEB311", "2", "091000"))
        with store.read() as transaction:
            assert not in_force(transaction, "甲", "CEB311", KEYS["CEB311"][0])

    @pytest.mark.parametrize("status", ["120", "399"])
    def test_a_waybill_status_is_declared_by_120_as_by_399(self, status: str) -> None:
        """A waybill status (513) ends with 120 or with 399, whichever the port gives.

        Source: [paper] table 3-28 gives 2, 3, 4, 100 and 120, the schema's remark 2, 3, 4, 100 and 399.
        """
        assert state_for("CEB513", status) is State.SUCCEEDED
        assert "都是成功" in entry_for("CEB513", status).meaning_zh

    @pytest.mark.parametrize("later", ["1", "2", "3", "4", "-621004", "dxp:0000", "120", "100", "600"])
    def test_nothing_undoes_a_release(self, later: str) -> None:
        """Statuses have ranks: the e-port's (1 to 4, negatives) below 100, 120, 300, 500 to 505 and 600, these below 399, 599, 700,
        800, 899. What the e-port says after a release changes nothing; "declared already" then belongs to the repeat. Equal seconds are
        normal.

        Source: [seen] logs of a port of 2023-08-07: 120 and 800 in one second, e-port statuses after them (Weasley-J).
        """
        released = ReturnedStatus("800", "放行", "2026-03-04T10:00:00.000+08:00")
        for time in ("2026-03-04T10:00:00.000+08:00", "2026-03-05T10:00:00.000+08:00"):
            told = [ReturnedStatus(later, "清单已经申报过，请勿重复申报", time), released]
            assert outcome("CEB621", told) == outcome("CEB621", told[::-1]) == (State.SUCCEEDED, released)

    @pytest.mark.parametrize(
        ("code", "status", "state"),
        [
            ("CEB625", "300", State.ACKNOWLEDGED),
            ("CEB625", "800", State.SUCCEEDED),
            ("CEB625", "600", State.ACKNOWLEDGED),
            ("CEB621", "600", State.ACKNOWLEDGED),
        ],
    )
    def test_returns_are_reviewed_and_released_and_lists_suspended(self, code: str, status: str, state: State) -> None:
        """A return application (626) may get 300, 600 and 800, which is its success; a list (622) may get 600 (suspended).

        Source: [seen] receipts with `300 [Code:1200;Desc:待人工审核]` and `800 [Code:2600;Desc:放行]`, a list with 600.
        """
        assert (state_for(code, status), entry_for(code, status).sure) == (state, True)

    def test_customs_own_codes_in_a_receipt_are_read_and_explained(self, store: Store, tmp_path: Path) -> None:
        """A returnInfo may carry codes of customs' own, `[Code:n;Desc:…]`, several of them, in either case: they are parsed, shown,
        explained, and records can be listed by them (`cebd list --code 1322`). A code explains a status; what to do is said of the
        code.

        Source: [seen] 1200, 1313, 1322, 13035, 1800, 2300, 2600 at live installations; published nowhere.
        """
        info = "[Code:1322;Desc:订单清单表体商品项不一致][code:13035;Desc:支付企业不一致]"
        assert customs_codes(info) == (("1322", "订单清单表体商品项不一致"), ("13035", "支付企业不一致"))
        entry = entry_for("CEB621", "100", info)
        assert (entry.zh, entry.sure) == ("海关退单：订单与清单的表体商品项不一致、支付企业不一致", True)
        assert entry.meaning_zh == entry_for("CEB621", "100").meaning_zh
        assert "逐项核对订单和清单" in entry.next_zh
        assert "payTransactionId" in entry.next_en
        good = "[Code:2300;Desc:审核通过],撤单申请审核通过,清单[51412026I000000001]已成功撤单"
        assert entry_for("CEB623", "399", good) == entry_for("CEB623", "399")
        unknown = entry_for("CEB621", "100", "[Code:4711;Desc:随附单证不符]")
        assert unknown.zh == "海关退单：随附单证不符（4711）"
        declare_n1(store, "CEB621")
        settle(store, an_answer("CEB621", "100", "100000", returnInfo=info))
        with store.read() as transaction:
            assert [
                len(record_page(transaction, Filter(code=code), 9).rows)
                for code in ("1322", "13035", "100", "132", "2")
            ] == [*(1, 1, 1, 0, 0)]
            (record,) = records_of(transaction, load_drop(transaction, DropId(1)))
        assert record.as_json()["customs"]["codes"] == [  # type: ignore[index]
            {"code": "1322", "text": "订单清单表体商品项不一致"},
            {"code": "13035", "text": "支付企业不一致"},
        ]

    def test_bad_news_under_a_good_status_is_noticed(self, store: Store) -> None:
        """A code of customs other than the good ones (1200, 1800, 2300, 2600) under a status that refuses nothing is named beside the
        row.

        Source: [seen] a test suite with 22001 支付企业未备案 and 22007 对应清单已放行 under status 2.
        """
        declare_n1(store, "CEB411")
        settle(store, an_answer("CEB411", "2", "100000", returnInfo="新增申报成功[Code:22001;Desc:支付企业未备案]"))
        with store.read() as transaction:
            (record,) = records_of(transaction, load_drop(transaction, DropId(1)))
        assert (record.state, [problem.id for problem in record.problems]) == (State.ACKNOWLEDGED, ["CEBD-1717"])
        assert "22001 支付企业未备案" in record.problems[0].zh
        assert "payCode" in record.problems[0].fix_zh
        settle(store, an_answer("CEB411", "120", "100100", returnInfo="[Code:1800;Desc:逻辑校验通过]"))
        with store.read() as transaction:
            (record,) = records_of(transaction, load_drop(transaction, DropId(1)))
        assert (record.state, record.problems) == (State.SUCCEEDED, ())

    def test_the_guid_in_brackets_is_kept_for_programs_and_left_out_for_people(self, store: Store) -> None:
        """A returnInfo quotes the declaration's guid in brackets: the receipt JSON keeps it, the workbook and the texts leave it out.

        Source: [seen] receipts of live installations.
        """
        guid = "0AB3C5D7-1111-2222-3333-0123456789AB"
        declare_n1(store, "CEB621")
        info = f"[Code:1313;Desc:超过年度限额][{guid}]"
        settle(store, an_answer("CEB621", "100", "100000", returnInfo=info))
        with store.read() as transaction:
            (record,) = records_of(transaction, load_drop(transaction, DropId(1)))
        assert record.as_json()["customs"]["info"] == info  # type: ignore[index]
        told = beside_record(record, Wording())
        assert "超过年度限额（1313）" in told["[cebd] 海关回执"]
        assert "超过年度限额（1313）" in told["[cebd] 处理"]
        assert guid not in "".join(told.values())

    def test_an_unknown_error_gets_what_its_range_tells(self) -> None:
        """A processing error that no table has gets the explanation of its documented range, and of no other.

        Source: [seen] -301020 验签失败 is in use and in no table; the published list is of 2018.
        """
        entry = entry_for("CEB311", "-301020", "验签失败")
        assert (entry.sure, entry.todo) == (False, True)
        assert entry.zh == "订单处理异常（代码 -301020 不在公布的错误表中）"
        assert "按编号，-301020 属于订单报文的处理错误" in entry.cause_zh

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
        file = CheckedFile("甲", None, "return.xlsx", lambda record, field, line: Place(None, 2))
        with store.read() as transaction:
            check = ListApplications(Checking(transaction, file, FIGURES, moment)).check
            found = check([application], lambda _: StatedTexts({}, ()))
            assert [problem.id for _, problem in found] == problems

    def test_returned_goods_may_come_back_to_a_central_return_warehouse(self) -> None:
        """Goods of 1210 may come back to a 退货中心仓, not only to the original supervised place; in pilots also in another district, so
        the return's customsCode may differ from the list's.

        Source: [law] GACC 2021 No. 70; [seen] pilots of cross-district returns.
        """
        for status in ("120", "399"):
            assert "退货中心仓" in entry_for("CEB625", status).next_zh
        assert "可与原清单不同" in message_type("CEB625").field("head", "customsCode").hint_zh

    def test_returned_goods_must_be_back_within_45_days_and_the_last_week_is_named(self, store: Store) -> None:
        """Returned goods are back at the supervised place within 45 days from the day of release; the last week is named in the state
        file.

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

    @pytest.mark.parametrize(
        ("note", "problems"),
        [
            ("|<甲公司><A Co.><0.3><><0>||A123456,1|", []),
            ("礼品|<甲公司><><><><>|", []),
            ("礼盒装", []),
            ("|<甲公司><A Co.><0.3>|", ["CEBD-1327"]),
            ("|＜甲公司＞＜A＞＜0.3＞＜＞＜0＞|", ["CEBD-1327"]),
            ("|<甲公司><A Co.><30%><><0>|", ["CEBD-1327"]),
        ],
    )
    def test_notes_on_trade_remedies_have_their_form_and_are_never_rewritten(
        self, note: str, problems: list[str]
    ) -> None:
        """The note of a goods line under anti-dumping or countervailing duty ends with `|<><><><><>|` and `|随附单据编号,商品序号|`. The
        form is checked (a warning), shown beside the field, and the note is sent as it was written.

        Source: [law] trade remedies of cross-border retail imports since 2024-09-04, in the form of GACC 2018 No. 7.
        """
        head, (line,) = LIST
        found = broken_rules("CEB621", head, [{**line, "note": note}], FIGURES, TODAY)
        assert [one.id for one in found] == problems
        field = message_type("CEB621").field("line", "note")
        assert fitting(field)(note) is None
        assert text_of(note, field) == note
        assert "|<原厂商中文名称><原厂商英文名称><反倾销税率><反补贴税率><是否符合价格承诺>|" in field.hint_zh

    def test_an_identity_number_with_a_small_x_has_the_capital_one_beside_it(self) -> None:
        """Customs take a capital X alone: a small one is a mistake, with the right number as suggestion.

        Source: [law] GB 11643; [seen] refusals for the small letter.
        """
        head, lines = LIST
        (found,) = broken_rules("CEB621", {**head, "buyerIdNumber": "99999919900307008x"}, lines, FIGURES, TODAY)
        assert (found.id, found.field, found.proved) == ("CEBD-1306", "buyerIdNumber", "99999919900307008X")

    @pytest.mark.parametrize(
        ("number", "problem"),
        [
            ("EA1234567", None),
            ("H12345678", None),
            ("12345678", None),
            ("ea1234567", ("CEBD-1328", "EA1234567")),
            ("EA12345678901", ("CEBD-1328", None)),
            ("99999919900307008X", ("CEBD-1328", None)),
        ],
    )
    def test_other_documents_have_the_forms_that_are_published(
        self, number: str, problem: tuple[str, str | None] | None
    ) -> None:
        """A document other than an identity card has the form of a passport, of a permit of residents of Hong Kong, Macao or Taiwan, or
        of an older residence card: a warning otherwise, and where the number is an identity card's.

        Source: [law] ICAO 9303 part 3, National Immigration Administration; [paper] buyerIdType: 2 is another document.
        """
        head, lines = LIST
        found = broken_rules("CEB621", {**head, "buyerIdType": "2", "buyerIdNumber": number}, lines, FIGURES, TODAY)
        assert [(one.id, one.proved) for one in found] == ([problem] if problem else [])
        assert catalogue()["CEBD-1328"]["severity"] == "warning"

    def test_an_order_that_costs_nothing_is_declared_and_said(self) -> None:
        """An amount paid of 0 or a price of 0 may be right (vouchers, gifts) and is often a slip: a warning.

        Source: [seen] lists returned for untrue prices.
        """
        head, (line,) = LIST
        found = broken_rules("CEB621", head, [{**line, "price": "0", "totalPrice": "0"}], FIGURES, TODAY)
        assert [(one.id, one.field) for one in found] == [("CEBD-1329", "price")]
        paid = broken_rules("CEB411", {"amountPaid": "0.00", "payCode": "4407961999"}, [], FIGURES, TODAY)
        assert [(one.id, one.field) for one in paid] == [("CEBD-1329", "amountPaid")]
        [order] = order_rows(1)
        order_head = {name.removeprefix("head."): text for name, text in order.items() if name.startswith("head.")}
        free = {**order_head, "goodsValue": "0", "taxTotal": "0", "acturalPaid": "0"}
        found = broken_rules(
            "CEB311", free, [{"gnum": "1", "price": "0", "totalPrice": "0", "qty": "1"}], FIGURES, TODAY
        )
        assert {one.field for one in found if one.id == "CEBD-1329"} >= {"acturalPaid", "price"}
        assert catalogue()["CEBD-1329"]["severity"] == "warning"

    def test_a_code_that_stands_for_no_goods_is_refused_before_customs_do(self) -> None:
        """9999999999 fills gcode and is no commodity code: an error, and it is said with which code the list would come back.

        Source: [law] tariff; [seen] e-commerce software enters it for goods that are not classified yet.
        """
        head, (line,) = LIST
        found = broken_rules("CEB621", head, [{**line, "gcode": "9999999999"}], FIGURES, TODAY)
        assert [(one.id, one.field) for one in found] == [("CEBD-1333", "gcode")]
        assert "severity" not in catalogue()["CEBD-1333"]
        assert [entry.code for entry in foreseen("CEB621", "CEBD-1333")] == ["-621001"]

    def test_goods_are_held_against_the_positive_list_and_the_tariff_where_the_enterprise_has_them(self) -> None:
        """Retail imports have a tariff number of the positive list (1,476 lines since 2022), and the statutory units of their code. Both
        change by the year and are published as documents: an enterprise puts its own tables beside the code tables, and a code or unit
        that is not theirs is warned of.

        Source: [law] list of goods of cross-border retail imports, as changed by announcement 7 of 2022; [paper] unit1 and unit2 of 621,
        errors -625011 and -625012.
        """
        tables = (("positive-list.csv", b"# 2022\ncode,name_zh\n33049900,a\n"),)
        tables += (("tariff.csv", b"# 2026\ncode,name_zh,unit1\n3304990099,a,035\n0101210010,b,035\n"),)
        own = tables_of(CodeFiles(Path("codes"), tables))
        head, (line,) = LIST

        def found(**changes: str) -> list[tuple[str, str]]:
            goods = [{**line, "unit1": "035", **changes}]
            return [(one.id, one.field) for one in broken_rules("CEB621", head, goods, FIGURES, TODAY, "", own)]

        assert found() == []
        assert found(gcode="0101210010") == [("CEBD-1334", "gcode")]
        assert found(unit1="011") == [("CEBD-1335", "unit1")]
        assert {catalogue()[one]["severity"] for one in ("CEBD-1334", "CEBD-1335")} == {"warning"}

    def test_what_customs_accepted_of_an_item_is_offered_and_never_filled_in(self, store: Store) -> None:
        """The code, units, country and record number of an item number are those of the enterprise's own lists that customs released.
        Where all of them agree, the value stands beside a missing or wrong one; the list is declared once a person has entered it.

        Source: [law] Customs Law, article 24: the declarant answers for what is declared.
        """
        with store.write() as transaction:
            learn(transaction, [KnownGoods("甲", "SKU1", "gcode", "3304990099")], 1)
        found = problem(
            "CEBD-1333", Place("清单", 2), field=message_type("CEB621").field("line", "gcode"), value="9999999999"
        )
        record = Record("CEB621", ("C-1", "A"), "G", "1", Place("清单", 2), (2,), "", b"", (found,))
        with store.read() as transaction:
            told = EarlierValues(transaction, "甲").suggest(record, {}, [{"itemNo": "SKU1", "gcode": "9999999999"}])
        assert [one.suggestion for one in told.problems] == ["3304990099"]
        assert not told.ready

    def test_what_is_left_of_a_buyers_year_is_an_estimate_and_said_to_be_one(self, desk: Desk) -> None:
        """A buyer may import 26,000 RMB a year, 5,000 RMB at once. A list after which less than 5,000 is left says how much, by the
        lists of this station that customs released this year: an estimate, for purchases elsewhere are not known here.

        Source: [law] Ministry of Finance, customs and tax administrations, 2018 No. 49.
        """
        assert (FIGURES.annual_limit, FIGURES.order_limit) == (26000, 5000)
        entry = catalogue()["CEBD-1418"]
        assert entry["severity"] == "notice"
        assert entry["zh"].startswith("估算：") and entry["en"].startswith("Estimate: ")
        assert "在别处的购买" in entry["fix_zh"] and "以海关为准" in entry["fix_zh"]
        dear = {"line.qty": "1", "line.price": "4500", "line.totalPrice": "4500"}
        buyer = {"head.buyerIdNumber": next(inventory_rows(1))["head.buyerIdNumber"]}
        rows = [row | buyer | dear for row in inventory_rows(6)]
        for number, record in enumerate(desk.drop("inventory", rows[:4])):
            desk.is_released(record, "2026-11-20T10:00:00.000+08:00", f"{number}")
        fifth, sixth = desk.drop("inventory", rows[4:])
        assert (fifth["ids"], sixth["ids"]) == (["CEBD-1418"], ["CEBD-1413"])
        assert "约剩 3500 元（限值 26000 元）" in fifth["problems"][0]["zh"]

    def test_what_is_only_stored_says_that_it_is_not_declared(self, desk: Desk) -> None:
        """appStatus 1 stores and does not declare: said on the cell before, and of status 1 afterwards.

        Source: [paper] appStatus of 621, 623, 625, 711.
        """
        assert catalogue()["CEBD-1340"]["zh"] == "业务状态（appStatus）为 1：只暂存，不申报"
        assert catalogue()["CEBD-1340"]["en"] == "appStatus is 1: stored only, not declared"
        assert "等于没有申报" in entry_for("CEB621", "1").meaning_zh
        [record] = desk.drop("inventory", [row | {"head.appStatus": "1"} for row in inventory_rows(1)])
        [said] = record["problems"]
        assert (record["state"], said["id"], said["field"]) == ("ready", "CEBD-1340", "appStatus")

    def test_the_one_who_pays_the_tax_is_called_as_the_tariff_law_calls_him(self) -> None:
        """The platform, the logistics company or the customs broker of retail imports is the withholding agent (扣缴义务人) of the Tariff
        Law: so it stands beside assureCode and on tax bills.

        Source: [law] Tariff Law, in force 2024-12-01, article 3.
        """
        assert "扣缴义务人" in message_type("CEB621").field("head", "assureCode").hint_zh
        assert "扣缴义务人" in message_type("CEB816").field("head", "assureCode").hint_zh
        assert "扣缴义务人" in message_type("CEB818").field("head", "assureCode").hint_zh
        assert "关税法第三条" in entry_for("CEB621", "tax:2").meaning_zh

    def test_a_list_of_a_platform_without_payment_data_for_customs_is_refused_and_explained(self) -> None:
        """Customs refuse every list of a platform that has not opened its raw payment data to them: `explain` says whose matter that
        is.

        Source: [law] GACC 2018 No. 165 and No. 179; [seen] 报文校验失败：电商平台[…]未对接海关总署179号公告….
        """
        info = "清单报文校验失败：电商平台[某平台]未对接海关总署179号公告数据实时抓取业务，无法正常申报"
        entry = entry_for("CEB621", "-621001", info)
        assert (entry.sure, entry.zh) == (True, "电商平台没有对接第 179 号公告的数据抓取")
        assert "该平台的清单都会被退回" in entry.next_zh
        assert entry_for("CEB621", "-621001", "清单报文校验失败[gcode]").zh == "清单字段校验失败"

    def test_nobody_is_sent_to_a_setting_for_the_encoding_of_an_sm2_signature(self) -> None:
        """An SM2 signature value is raw r and s, 64 bytes: there is no setting for its encoding, and no advice speaks of one. The
        simulated customs side refuses DER.

        Source: computed on two live SM2 signatures of a customs card (2023-07).
        """
        texts = [getattr(one, name) for one in all_entries() for name in ("cause_zh", "cause_en", "next_zh", "next_en")]
        assert [text for text in texts if re.search(r"SM2.{0,12}(?:编码|encoding)", text)] == []
        assert Scenario().sm2_der is False

    def test_every_import_declaration_is_signed_and_an_exception_is_named(self, tmp_path: Path) -> None:
        """All import declarations are signed, orders, payments and waybills too; `sign_all = false` is an exception and named by `cebd
        config check`.

        Source: [law] GACC 2018 No. 56, item 3 (in force 2018-06-30, repeals 2016 No. 57), GACC 2018 No. 113: transition until
        2018-09-30.
        """
        assert Enterprise.model_fields["sign_all"].default is True
        settings = some_settings()
        assert list(exceptions(settings)) == []
        unsigned = settings.enterprise[0].model_copy(update={"sign_all": False})
        (found,) = exceptions(settings.model_copy(update={"enterprise": (unsigned,)}))
        assert (found.id, found.severity, found.key.rpartition(".")[2]) == ("CEBD-2016", "warning", "sign_all")

    def test_an_enterprise_declares_only_what_it_is_registered_for(self, tmp_path: Path) -> None:
        """Orders come from the e-commerce enterprise or platform, payments from the payment company, waybills and their status from the
        logistics company, lists, cancel and return applications from the e-commerce enterprise or its agent, warehouse entries from the
        operator of the place: `declares` of an enterprise says what it may; nothing of another kind is declared for it.

        Source: [law] GACC 2018 No. 56, table 1.
        """
        settings = some_settings()
        (enterprise,) = settings.enterprise
        write_workbook(tmp_path / "lists.xlsx", "inventory", list(inventory_rows(1)))
        now = datetime(2026, 3, 4, 9, 0, tzinfo=CST)

        def opened(*declares: str) -> tuple[str | None, list[str], int]:
            own = enterprise.model_copy(update={"declares": declares})
            reader = open_file(tmp_path / "lists.xlsx", settings.reading_options, own, now)
            records = list(reader.records)
            return reader.type and reader.type.code, [problem.id for problem in reader.problems], len(records)

        assert opened() == opened("order", "inventory") == opened("CEB621") == ("CEB621", [], 1)
        assert opened("order", "payment") == (None, ["CEBD-1039"], 0)

    def test_the_guarantor_is_one_of_those_on_the_list(self) -> None:
        """assureCode is that of the declarant, the platform, the e-commerce enterprise or the logistics company of the list. Codes of
        another form (10 digits, 18 characters) are not compared: they may be the same enterprise's.

        Source: [law] GACC 2018 No. 56; [paper] assureCode of 621.
        """
        head, lines = LIST
        codes = {"agentCode": "4407961999", "ebpCode": "W0007", "ebcCode": "4407961998", "logisticsCode": "4407961888"}

        def found(guarantor: str) -> list[str]:
            record = {**head, **codes, "assureCode": guarantor}
            return [one.id for one in broken_rules("CEB621", record, lines, FIGURES, TODAY)]

        assert found("4407961888") == found("91440796MA000000X1") == []
        assert found("4407961777") == ["CEBD-1330"]

    def test_lists_are_declared_by_the_enterprise_whose_code_they_name(self) -> None:
        """agentCode of lists and applications is the code of the enterprise that declares, whose token signs; a warning otherwise. Codes of
        another form are not compared.

        Source: [law] GACC 2018 No. 56, table 1; [paper] error -621015 与卡信息不匹配.
        """
        head, lines = LIST

        def found(agent: str) -> list[str]:
            record = {**head, "agentCode": agent}
            return [one.id for one in broken_rules("CEB621", record, lines, FIGURES, TODAY, "4407961999")]

        assert found("4407961999") == found("91440796MA000000X1") == []
        assert found("4407961777") == ["CEBD-1332"]

    def test_a_list_is_cancelled_where_it_was_declared_and_may_be_returned_elsewhere(self) -> None:
        """customsCode of a cancel application is the district of the list, which its number begins with; that of a return may differ.

        Source: [paper] customsCode and invtNo of 623; [seen] pilots of cross-district returns.
        """
        record = {"invtNo": LIST_NO, "customsCode": "5208"}
        assert [one.id for one in broken_rules("CEB623", record, [], FIGURES, TODAY)] == ["CEBD-1331"]
        assert broken_rules("CEB623", {**record, "customsCode": "5141"}, [], FIGURES, TODAY) == []
        assert broken_rules("CEB625", record, [], FIGURES, TODAY) == []


class TestBeforeAnythingLeaves:
    """Before anything leaves"""

    @pytest.mark.parametrize(
        ("problem_id", "codes"),
        [("CEBD-1307", ["-621005"]), ("CEBD-1413", ["customs:1313", "-621018"]), ("CEBD-1311", ["-621001"])],
    )
    def test_a_row_is_told_with_the_code_by_which_it_would_come_back(self, problem_id: str, codes: list[str]) -> None:
        """What would come back is said before it leaves, with the code that customs or the e-port would answer, in `cebd check`, in the
        receipt of a file on hold, and beside a file in inbox/预检, of which nothing is declared.

        Source: [paper] table 7-2; [seen] customs' own codes of live installations.
        """
        assert [entry.code for entry in foreseen("CEB621", problem_id)] == codes

    def test_the_row_itself_is_told_so_and_nothing_is_declared_by_asking(self, desk: Desk) -> None:
        """What becomes of a row is said of that row: refused, with its code, or declared; asking declares nothing.

        Source: [paper] table 7-2, -621005.
        """
        first, second = inventory_rows(2)
        write_workbook(desk.folder / "lists.xlsx", "inventory", [first | {"head.freight": "9000"}, second])
        told = check(desk.folder / "lists.xlsx", desk.settings, desk.settings.enterprise[0]).rows
        assert [(row.consequence.kind.value, row.consequence.is_declared, row.consequence.codes) for row in told] == [
            ("refused", False, ("-621005",)),
            ("new", True, ()),
        ]
        with desk.store.read() as transaction:
            assert transaction.execute(select(records)).all() == []

    @pytest.mark.parametrize(
        ("document", "differs", "problem_id", "code"),
        [
            ("payment", {"head.amountPaid": "300"}, "CEBD-1421", None),
            ("payment", {"head.payCode": "4407961776"}, "CEBD-1422", "customs:13035"),
            ("inventory", {"line.unit": "035"}, "CEBD-1426", "customs:1322"),
            ("inventory", {"head.buyerName": "钱试二"}, "CEBD-1429", None),
            ("waybill", {"head.consignee": "钱试二"}, "CEBD-1432", None),
            ("inventory", {"head.freight": "12"}, "CEBD-1439", None),
        ],
    )
    def test_the_four_documents_of_a_purchase_are_compared_before_they_leave(
        self, desk: Desk, document: str, differs: dict[str, str], problem_id: str, code: str | None
    ) -> None:
        """Order, payment, waybill and list that this station knows are compared by content, whichever comes later: goods line by line
        (1322), payment company (13035) and amount paid (by all payments of the order) as errors; buyer, payer, consignee, platform, seller,
        address, names, weights, freight and bill of lading as warnings. What differs stands on the cell of the later document, with what
        the other says, and in both receipts.

        Source: [seen] `[Code:1322;Desc:订单清单表体商品项不一致]`, `[Code:13035;Desc:支付企业不一致]` of live installations;
        [paper] table 3-3 (consignee 必须与电子运单一致), gnum and gname of 621; [law] GACC 2018 No. 194 (payer).
        """
        rows = {
            "payment": list(payment_rows(1)),
            "inventory": list(inventory_rows(1)),
            "waybill": list(waybill_rows(1)),
        }
        [paid] = rows["payment"]
        named = {f"head.{name}": paid[f"head.{name}"] for name in ("payCode", "payName", "payTransactionId")}
        desk.drop("order", [row | named for row in order_rows(1)])
        [record] = desk.drop(document, [row | differs for row in rows[document]])
        [said] = [one for one in record["problems"] if one["id"] == problem_id]
        assert (said["field"], said["severity"]) == (
            *(name.partition(".")[2] for name in differs),
            catalogue()[problem_id].get("severity", "error"),
        )
        assert "T0000000001" in said["zh"]
        assert [entry.code for entry in foreseen("CEB621", problem_id)] == ([code] if code else [])


class TestExport:
    """Export"""

    def test_exports_are_addressed_to_the_receiver_of_exports(self) -> None:
        """Import messages go to DXPEDCCEB0000002, export messages to DXPEDCCEB0000003; an enterprise may name others, each for its kind.

        Source: [seen] a signing tool, a mock of customs' returns and a second system (zhengjin-me/CustomsSignature and others).
        """
        (enterprise,) = some_settings().enterprise
        fields = Enterprise.model_fields
        assert (fields["receiver"].default, fields["receiver_export"].default) == (
            "DXPEDCCEB0000002",
            "DXPEDCCEB0000003",
        )
        own = enterprise.model_copy(update={"receiver": "DXPEDCCEB0000009"})
        assert (own.receiver_of(export=False), own.receiver_of(export=True)) == ("DXPEDCCEB0000009", "DXPEDCCEB0000003")

    @pytest.mark.parametrize("code", ["CEB603", "CEB213"])
    def test_direct_exports_to_businesses_and_overseas_warehouses_have_their_trade_modes(self, code: str) -> None:
        """9710 (B2B direct export) and 9810 (export to an overseas warehouse) are trade modes beside 9610, 1210 and 1239.

        Source: [law] GACC 2020 No. 75, GACC 2021 No. 47; [paper] 2.11.4, revision notes.
        """
        assert set(message_type(code).field("head", "tradeMode").closed) == {"9610", "1210", "1239", "9710", "9810"}

    def test_an_order_of_type_w_is_a_booking_of_an_overseas_warehouse(self) -> None:
        """orderType W is 海外仓订仓单: orderNo is then the booking's number and ebpName the warehouse. E is to consumers, B to
        businesses.

        Source: [paper] text and revision notes; the schema's own remark (外综服) is older.
        """
        field = message_type("CEB303").field("head", "orderType")
        assert "W 海外仓订仓单" in field.hint_zh
        assert "overseas warehouse" in field.hint_en
        assert "外综服" not in field.hint_zh

    def test_no_export_list_waits_for_a_receipt_of_payment(self) -> None:
        """Receipts of payment (403) are no longer asked of 9610 and of exports to businesses; overseas warehouses need no filing. 403
        is neither suggested nor waited for.

        Source: [law] GACC 2024 No. 167, in force 2024-12-15.
        """
        assert "出口清单不用等它" in entry_for("CEB403", "100").meaning_zh
        texts = [text for one in all_entries() if "CEB603" in one.types for text in (one.cause_zh, one.next_zh)]
        assert len(texts) > 20
        assert [text for text in texts if "收款" in text] == []

    def test_exports_come_back_in_another_district(self) -> None:
        """Goods exported as 9610 may come back in another customs district: customsCode of 213 and 215 may differ from the list's.

        Source: [law] GACC announcement of 2026-03-13, nationwide from 2026-04-01 (its wording was not seen first-hand).
        """
        for code in ("CEB213", "CEB215"):
            (field,) = [one for one in message_type(code).head_fields if one.name == "customsCode"]
            assert "可跨关区退货" in field.hint_zh
            assert "another district" in field.hint_en
