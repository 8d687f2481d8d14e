"""Fifty foreign layouts: what is called sure is right, and so are nearly all columns when the proposal is taken as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from builders.foreign_layouts import ForeignLayout, a_sheet, foreign_layouts, name_of, proposed
from cebd.decisions.layout import Certainty
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
