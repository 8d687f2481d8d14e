"""What stands first beside a row: that which keeps it back."""

from __future__ import annotations

from cebd.messages.description import message_type
from cebd.problems.problem import Place, problem
from cebd.receipts.publishing.book.remarks import Wording, in_column, in_comment

CELL = Place("S", 2, "A2")
TAKEN = problem("CEBD-1227", CELL, value="L1", file="l.xlsx", taken="订单编号 D1")
RELEASED = problem("CEBD-1408", CELL, value="L1", released="2026-11-28")
CURRENCY = problem("CEBD-1221", CELL, field=message_type("order").field("head", "currency"), name="人民币", code="142")


def test_what_was_taken_from_a_list_stands_behind_the_reason_why_nothing_is_declared() -> None:
    text = in_column([TAKEN, RELEASED], "S", Wording())
    assert text.index("不能撤销") < text.index("取自清单")
    comment = in_comment([TAKEN, RELEASED], "zh")
    assert comment.index("不能撤销") < comment.index("取自清单")


def test_a_cell_that_counts_for_the_head_and_the_goods_says_its_notice_once() -> None:
    assert in_column([CURRENCY, CURRENCY], "S", Wording()).count("人民币") == 1


def test_a_row_of_totals_says_what_it_is_and_not_that_the_heading_says_it() -> None:
    total = problem("CEBD-1035", Place("S", 9), value="9")
    assert in_column([total], "S", Wording(of_file=frozenset([total]))) == "第 9 行是合计行，没有申报"
