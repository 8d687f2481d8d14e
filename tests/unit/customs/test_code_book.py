"""Every answer of customs and platforms is told in words: what happened, what it means for the declaration, what to do next."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from builders.clocks import StillClock
from builders.declared import a_list_return, a_receipt, an_open_store, declare, settle
from builders.papers import PAPERS, ROOT, needs_official
from cebd.customs.book_files import Entry
from cebd.customs.code_book import all_entries, arrived, entry_for, meanings, unknown
from cebd.customs.statuses import already_there, state_for
from cebd.problems.problem import catalogue
from cebd.receipts.publishing.publish import publish
from cebd.records.states import State

TYPES = ("CEB311", "CEB411", "CEB511", "CEB513", "CEB621", "CEB623", "CEB625", "CEB711")
EXPORT_TYPES = (
    *("CEB213", "CEB215", "CEB303", "CEB403", "CEB505", "CEB507", "CEB509"),
    *("CEB603", "CEB605", "CEB607", "CEB701"),
)
TEXTS = ("zh", "en", "cause_zh", "cause_en", "meaning_zh", "meaning_en", "next_zh", "next_en")

# The message a code of table 7-2 belongs to, by its number.
OWNERS = {"-301": "CEB311", "-401": "CEB411", "-504": "CEB511", "-505": "CEB513", "-621": "CEB621", "-623": "CEB623"}
OWNERS |= {"-625": "CEB625", "-800": "CEB711", "-101": "CEB621"}


def table(name: str) -> list[tuple[str, str]]:
    """Codes and texts of an official table."""
    with (PAPERS / "error-codes.csv").open(encoding="utf-8", newline="") as lines:
        return [(row["code"], row["text"]) for row in csv.DictReader(lines) if row["table"].startswith(name)]


class TestCompleteness:
    @needs_official
    def test_every_code_of_the_business_table_has_a_meaning_of_its_own(self) -> None:
        rows = table("7-2")
        assert len(rows) == 161
        found = [entry_for(OWNERS[code[:4]], code, text) for code, text in rows]
        assert [(one.code, one.sure) for one in found] == [(code, True) for code, _ in rows]
        assert {one.zh for one in found if found.count(one) > 1} == set()

    @needs_official
    def test_a_text_is_known_when_its_places_are_filled_in(self) -> None:
        for code, text in table("7-2"):
            filled = text.replace("[*]", "[B20260304000000001]").replace("*", "电商企业代码").replace("<br />", "\n")
            entry = entry_for(OWNERS[code[:4]], code, filled)
            assert (entry, entry.sure) == (entry_for(OWNERS[code[:4]], code, text), True)

    @needs_official
    def test_a_text_is_known_in_any_punctuation(self) -> None:
        for code, text in table("7-2"):
            entry = entry_for(OWNERS[code[:4]], code, re.sub(r"[，！。,!]", " ", text))
            assert (entry, entry.sure) == (entry_for(OWNERS[code[:4]], code, text), True)

    @needs_official
    def test_every_code_of_the_exchange_platform_has_a_meaning_whatever_was_declared(self) -> None:
        rows = table("7-1")
        assert len(rows) == 15
        for code, text in rows:
            found = [entry_for(type_, f"dxp:{code}", text) for type_ in TYPES]
            assert [(one.code, one.sure) for one in found] == [(f"dxp:{code}", True)] * len(TYPES)

    @needs_official
    def test_every_status_of_every_receipt_has_a_meaning_for_its_declaration(self) -> None:
        with (PAPERS / "fields-import.csv").open(encoding="utf-8", newline="") as lines:
            remarks = {
                row["message"]: row["chinese_doc"] for row in csv.DictReader(lines) if "returnStatus" in row["path"]
            }
        del remarks["CEB900Message"]  # negative numbers only
        assert len(remarks) == 8
        seen = 0
        for receipt, remark in remarks.items():
            listed = re.findall(r"(\d+)[^\d/）]+", remark.partition("（")[2].partition("）")[0])
            for status in listed:
                entry = entry_for(f"CEB{int(receipt[3:6]) - 1}", status, "")
                assert (entry.code, entry.sure) == (status, True), (receipt, status)
                seen += 1
        assert seen == 3 * 6 + 5 + 16 + 3 * 7

    @needs_official
    def test_every_status_of_every_export_receipt_has_a_meaning_for_its_declaration(self) -> None:
        with (PAPERS / "fields-export.csv").open(encoding="utf-8-sig", newline="") as lines:
            remarks = {
                row["message"]: row["chinese_doc"] for row in csv.DictReader(lines) if "returnStatus" in row["path"]
            }
        assert {f"CEB{int(receipt[3:6]) - 1}" for receipt in remarks} == set(EXPORT_TYPES)
        # The schema's remark on 510 is empty; what else the text of the specification (tables 2-7 to 2-77) lists beside the schema.
        listed = {receipt: re.findall(r"(\d+)[^\d/）]+", one.partition("（")[2]) for receipt, one in remarks.items()}
        listed["CEB510Message"] += ["1", "2", "3", "4", "100", "399"]
        for receipt, status in (("304", "120"), ("404", "120"), ("604", "500"), ("608", "120")):
            listed[f"CEB{receipt}Message"].append(status)
        told = [(f"CEB{int(receipt[3:6]) - 1}", status) for receipt, some in listed.items() for status in some]
        found = [entry_for(type_, status) for type_, status in told if status != "0"]
        assert [(one.code, one.sure) for one in found] == [(status, True) for _, status in told if status != "0"]
        assert len(found) == 9 * 6 + 10 + 11 + 4

    @pytest.mark.parametrize("entry", all_entries(), ids=lambda one: f"{one.code}-{'.'.join(one.types)}")
    def test_each_entry_says_all_in_both_languages(self, entry: Entry) -> None:
        for name in TEXTS:
            text = getattr(entry, name)
            assert text.strip() == text != ""
            assert bool(re.search("[一-鿿]", text)) == name.endswith("zh")
            assert not re.search(r"\{\w+\}", text)
            assert name in ("zh", "en") or text.endswith(("。", "."))

    def test_no_two_answers_share_their_advice_or_title(self) -> None:
        for name in ("zh", "en", "next_zh", "next_en"):
            told = Counter((getattr(one, name), one.types) for one in all_entries() if one.todo)
            assert [text for text, times in told.items() if times > 1] == []

    def test_each_advice_is_about_its_own_code_and_not_said_over_and_over(self) -> None:
        told = Counter(one.next_zh for one in all_entries() if one.todo)
        assert {text: times for text, times in told.items() if times > 2} == {}


class TestMeaning:
    def test_a_code_with_two_meanings_is_told_by_its_text(self) -> None:
        stale = entry_for("CEB621", "-621027", "保存失败，请确认状态并刷新重试")
        twice = entry_for("CEB621", "-621027", "请确认表体 gnum 无重复！")
        assert (stale.sure, twice.sure) == (True, True)
        assert "状态已变" in stale.zh
        assert "gnum" in twice.zh
        again = entry_for("CEB625", "-625022", "退货申请单[R1]已经申报过，请勿重复申报")
        late = entry_for("CEB625", "-625022", "退货申请单[R1]的申报状态不符合改单申报的条件")
        assert (again.sure, late.sure) == (True, True)
        assert "已经申报过" in again.zh
        assert "不允许变更" in late.zh

    @pytest.mark.parametrize(("type_", "code"), [("CEB621", "-621027"), ("CEB625", "-625022")])
    def test_a_code_with_two_meanings_and_no_text_tells_both_and_is_not_sure(self, type_: str, code: str) -> None:
        first, second = meanings(code)
        entry = entry_for(type_, code, "")
        assert not entry.sure
        assert first.zh in entry.zh
        assert second.zh in entry.zh

    def test_another_text_than_the_published_one_goes_first(self) -> None:
        entry = entry_for("CEB311", "-301010", "余额不足")
        assert not entry.sure
        assert entry.zh.startswith("可能是：")
        assert entry.next_zh.startswith("先读回执原文")

    def test_the_code_without_its_text_is_told_as_published_and_not_sure(self) -> None:
        entry = entry_for("CEB311", "-301010", "")
        assert (entry.sure, entry.zh) == (False, "电子口岸上已有相同编号的订单")

    def test_the_same_status_means_another_thing_for_another_declaration(self) -> None:
        titles = {type_: entry_for(type_, "100").next_zh for type_ in (*TYPES, *EXPORT_TYPES)}
        assert len(set(titles.values())) == len(TYPES) + len(EXPORT_TYPES)

    def test_a_status_that_the_declaration_does_not_have_is_not_sure(self) -> None:
        entry = entry_for("CEB311", "800", "放行")
        assert not entry.sure
        assert "不是订单的状态" in entry.zh
        assert "出库" not in entry.next_zh

    def test_a_code_of_another_declaration_is_not_sure(self) -> None:
        assert not entry_for("CEB311", "-621004", "清单[L1]已经申报过，请勿重复申报").sure

    @pytest.mark.parametrize("zeros", ["dxp:0", "dxp:00", "dxp:0000"])
    def test_a_platform_accepts_with_any_number_of_zeros(self, zeros: str) -> None:
        entry = entry_for("CEB311", zeros, "")
        assert (entry.zh, entry.todo) == ("交换平台已接收", False)

    def test_a_declaration_is_called_by_its_name(self) -> None:
        assert "该订单" in entry_for("CEB311", "4").meaning_zh
        assert "该清单" in entry_for("CEB621", "4").meaning_zh
        assert "该出口订单" in entry_for("CEB303", "4").meaning_zh

    def test_an_export_order_and_an_import_order_are_told_apart(self) -> None:
        for status in ("100", "120", "399"):
            assert entry_for("CEB303", status).meaning_zh != entry_for("CEB311", status).meaning_zh
        suspended = entry_for("CEB213", "600")
        assert (suspended.zh, suspended.todo, suspended.sure) == ("挂起", True, True)
        assert not entry_for("CEB311", "600").sure

    def test_export_is_spoken_of_only_where_it_is_named(self) -> None:
        named = {type_ for meaning in meanings("100") for type_ in meaning.types}
        assert named >= set(TYPES)
        assert not named & set(EXPORT_TYPES)
        assert [one.types for one in meanings("100", "CEB303")] == [("CEB303",)]
        assert [one.types for one in meanings("505")] == [("CEB213",)]

    def test_the_published_errors_are_the_import_ones_and_only_perhaps_those_of_export(self) -> None:
        entry = entry_for("CEB303", "-301010", "已存在相同编号的订单")
        assert (entry.sure, entry.zh) == (False, "可能是：电子口岸上已有相同编号的订单")

    @pytest.mark.parametrize("type_", [*TYPES, *EXPORT_TYPES])
    def test_what_succeeded_asks_for_nothing_and_what_was_refused_for_something(self, type_: str) -> None:
        for entry in all_entries():
            if type_ not in (entry.types or TYPES):
                continue
            state = state_for(type_, entry.code)
            assert entry.todo or state is not State.REFUSED, entry.code
            assert not entry.todo or state is not State.SUCCEEDED, entry.code

    def test_what_is_there_already_is_never_to_be_declared_anew_unchanged(self) -> None:
        told = [
            entry
            for entry in all_entries()
            for type_ in entry.types
            if entry.said and already_there(type_, entry.code, entry.said[-1])
        ]
        assert len(told) >= 14
        assert [one.code for one in told if "原样" in one.next_zh] == []

    @pytest.mark.parametrize("code", ["-621008", "-623006", "-625202", "-625206"])
    def test_what_was_sent_to_customs_after_all_is_not_to_be_dropped_again(self, code: str) -> None:
        (entry,) = meanings(code)
        assert "不要重新放入" in entry.next_zh
        assert "Do not drop the row again" in entry.next_en

    def test_an_arrival_after_a_doubt_is_no_refusal(self) -> None:
        entry = arrived("CEB311")
        assert (entry.todo, "已有此单" in entry.zh) == (False, True)


class TestOnTheReceipt:
    @staticmethod
    def published(folder: Path, *returns: str) -> tuple[dict[str, Any], str, str]:
        """The only record of the receipt JSON of a list L1 that was answered so; its row's column for customs, and that for problems."""
        with an_open_store(folder) as store:
            declare(store, "L1", code="CEB621")
            settle(store, a_receipt(*returns))
            receipt = publish(store, 1, folder, lambda path: [], StillClock())
        book = load_workbook(folder / "outbox" / "orders.receipt.xlsx")
        headings, row = ([cell.value for cell in row] for row in book.worksheets[0].iter_rows())
        told = {str(heading).split("\n")[0]: text for heading, text in zip(headings, row, strict=True)}
        said, advice = told["[cebd] 海关回执"], told["[cebd] 处理"]
        return receipt.records[0].as_json(), said, advice

    def test_a_refusal_tells_what_it_means_and_what_to_do_next_in_words_of_its_own(self, tmp_path: Path) -> None:
        info = "清单[L1]的购买金额超过单笔限额[[5000]]"
        record, said, advice = self.published(tmp_path, a_list_return("L1", "-621005", "100000", info))
        customs, (found,) = record["customs"], record["problems"]
        assert (customs["text_zh"], customs["info"]) == ("超过单次交易限值", info)
        assert "不能拆单规避" in customs["next_zh"]
        assert "must not be split" in customs["next_en"]
        assert "货物不能放行" in customs["meaning_zh"]
        assert found["id"] == "CEBD-1702"
        assert found["fix_zh"] == customs["meaning_zh"] + customs["next_zh"]
        assert said.startswith("-621005 超过单次交易限值")
        assert advice.index("不能拆单规避") < advice.index("CEBD-1702")

    def test_what_is_under_way_and_needs_someone_says_what_to_do(self, tmp_path: Path) -> None:
        record, _, advice = self.published(tmp_path, a_list_return("L1", "500", "100000"))
        assert record["state"] == "acknowledged"
        assert "查验区" in record["customs"]["next_zh"]
        assert "查验区" in advice

    def test_what_needs_nobody_has_no_advice(self, tmp_path: Path) -> None:
        record, said, _ = self.published(tmp_path, a_list_return("L1", "800", "100000"))
        assert record["customs"]["text_zh"] == "放行"
        assert "next_zh" not in record["customs"]
        assert said == "800 放行"


class TestUnknown:
    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("-301099", "订单"),
            ("-401099", "支付单"),
            ("-504099", "运单"),
            ("-505099", "运单状态"),
            ("-621099", "清单"),
            ("-623099", "撤销申请单"),
            ("-625099", "退货申请单"),
            ("-800099", "入库明细单"),
            ("-1", "CEB900"),
            ("dxp:0500", "格式"),
            ("dxp:1500", "安全"),
            ("dxp:2500", "地址"),
            ("dxp:3500", "系统级"),
            ("dxp:4500", "自定"),
            ("777", "未公布的状态"),
        ],
    )
    def test_of_an_unknown_code_its_family_is_told(self, code: str, said: str) -> None:
        entry = unknown(code)
        assert not entry.sure
        assert said in entry.zh + entry.cause_zh
        assert code in entry.zh

    @given(st.sampled_from([*TYPES, *EXPORT_TYPES, "CEB999", ""]), st.text(max_size=12), st.text(max_size=30))
    def test_whatever_comes_something_is_said(self, type_: str, status: str, info: str) -> None:
        entry = entry_for(type_, status, info)
        assert all(getattr(entry, name) for name in TEXTS)

    def test_without_a_code_there_is_no_meaning(self) -> None:
        assert meanings("-301099") == ()
        assert meanings("800", "CEB311") == ()


def test_every_meaning_is_written_down_where_it_is_looked_for() -> None:
    """The files go into the wheel with the package, which holds whatever lies in it."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    files = sorted((ROOT / "daemon" / "cebd" / "customs" / "code_book").iterdir())
    assert wheel["packages"] == ["daemon/cebd"]
    assert "exclude" not in wheel
    assert {path.suffix for path in files} == {".toml"}
    codes = {raw["code"] for path in files for raw in tomllib.loads(path.read_text(encoding="utf-8")).get("entry", ())}
    assert codes == {entry.code for entry in all_entries()}


def test_the_book_is_not_opened_before_it_is_asked() -> None:
    asked = "import sys, cebd.cli.main; print('cebd.customs.code_book' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "False"


def test_ids_of_problems_are_no_codes_of_the_book() -> None:
    assert not set(catalogue()) & {entry.code for entry in all_entries()}
