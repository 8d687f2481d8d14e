"""Fifty foreign layouts: what is called sure is right, and so are nearly all columns when the proposal is taken as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from builders.foreign_layouts import ForeignLayout, a_sheet, foreign_layouts, name_of, proposed
from cebd.decisions.layout import PIECE, UNUSED, Certainty
from cebd.decisions.layout_sheet import lines_of, read_layout
from cebd.documents.proposing.proposal import proposal_of


# Of the fifty every seventh here; all of them in `./dev soak layouts`.
def test_what_is_called_sure_is_right_and_nearly_all_else() -> None:
    right, columns = judged(list(foreign_layouts())[::7])
    assert right / columns >= 0.95


def judged(layouts: Sequence[ForeignLayout]) -> tuple[int, int]:
    """How many columns are right as proposed, and how many there are. Asserts that each that is sure is right."""
    right = columns = 0
    for layout in layouts:
        proposal = proposed(layout)
        assert proposal.types[0] == layout.code, layout.name
        for one, (heading, field) in zip(proposal.columns, layout.columns, strict=True):
            is_right = name_of(one.field) == name_of(field)
            assert is_right or one.certainty is not Certainty.SURE, (layout.name, heading, one.field)
            right, columns = right + is_right, columns + 1
    return right, columns


def test_cells_alone_never_decide() -> None:
    """Headings that say nothing, over cells that look like just one field each."""
    rows = [("999999199001010016", "13800000000", "3304990099"), ("999999199001010024", "13900000000", "1901101000")]
    proposal = proposed(ForeignLayout("x", "CEB311", (("甲", "-"), ("乙", "-"), ("丙", "-")), tuple(rows)))
    assert {one.certainty for one in proposal.columns} == {Certainty.UNKNOWN}


def test_a_file_without_headings_and_a_very_wide_one_are_not_asked_about() -> None:
    data = ("T0000000001", "4407961999", "13800000000", "张三", "186.00", "奶粉", "900克")
    assert proposal_of("x", [a_sheet([data, data])], ()) is None
    assert proposal_of("x", [a_sheet([tuple(map(a_word, range(400)))])], ()) is None


def a_word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


@pytest.mark.parametrize("cells", [("盒子", "很多"), ("", "")])
def test_cells_that_do_not_fit_take_certainty_away(cells: tuple[str, str]) -> None:
    headings = (("订单编号", "-"), ("计量单位", "-"), ("数量", "-"), ("商品名称", "-"))
    proposal = proposed(ForeignLayout("x", "CEB311", headings, (("A1", *cells, "奶粉"), ("A2", *cells, "奶粉"))))
    assert [one.certainty for one in proposal.columns][1:3].count(Certainty.SURE) == 0


def test_pieces_of_an_address_are_proposed_as_such_and_chosen_so_mean_nothing_else() -> None:
    known = ("订单编号", "订购人姓名", "收货人姓名", "实际支付金额", "商品名称", "数量", "单价", "总价")
    headings = tuple((text, "-") for text in ("详细地址", "省", "市", *known))
    ours = ("奶粉", "2", "10", "20")
    cells = (
        ("文三路1号", "浙江省", "杭州市", "A1", "张三", "张三", "20", *ours),
        ("科技路1号", "广东省", "东莞市", "A2", "李四", "李四", "20", *ours),
    )
    proposal = proposed(ForeignLayout("x", "CEB311", headings, cells))
    assert [one.field for one in proposal.columns][1:3] == [PIECE, PIECE]
    lines = lines_of(proposal, "zh")
    assert [line[-1] for line in lines][1:3] == ["并入收货地址"] * 2
    read = read_layout([["单证类型", "电子订单"], ["列"], *lines], "张三", "")
    assert read.layout is not None
    assert (read.problems, read.layout.columns["省"]) == ((), UNUSED)


def test_an_amount_is_proposed_as_no_number_of_a_payment() -> None:
    known = ("订单编号", "订购人姓名", "收货人姓名", "商品名称", "数量", "单价", "总价", "付款")
    cells = (
        ("A1", "张三", "张三", "奶粉", "2", "10", "20", "20.5"),
        ("A2", "李四", "李四", "奶粉", "2", "10", "20", "21.3"),
    )
    proposal = proposed(ForeignLayout("x", "CEB311", tuple((text, "-") for text in known), cells))
    assert proposal.columns[-1].field != "OrderHead/payTransactionId"
