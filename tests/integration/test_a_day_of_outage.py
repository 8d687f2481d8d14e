"""The line is down for a day while a thousand records wait. Time is simulated; ten thousand records: `./dev soak outage`."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.declared import an_open_store
from builders.outage import RETRY_BUDGET_A_DAY, Outage
from cebd.transport.channel import Failed, InDoubt


def test_after_a_day_without_a_line_everything_goes_in_its_order_little_by_little_and_nothing_is_left_unsaid(
    tmp_path: Path,
) -> None:
    with an_open_store(tmp_path) as store:
        outage = Outage(tmp_path, store, 1000)
        assert outage.pass_by(hours=24) == []
        assert outage.port.tries_in_vain <= RETRY_BUDGET_A_DAY
        assert outage.explained() == {"CEBD-1601": 10}
        outage.port.is_down = False
        assert outage.pass_by(hours=0.1) == [1, 2, 4, 3]
        assert [sorted(file) for file in outage.by_file()] == outage.by_file()
        assert sorted(outage.arrived()) == [f"{number:08}" for number in range(0, 1000, 100)]
        outage.answer_all_but_the_last()
        outage.name_overdue()
        assert outage.states() == {"succeeded": 900, "sent": 100}
        assert outage.explained() == {"CEBD-1718": 1}


@pytest.mark.parametrize("hours", [0.2, 0.5, 1, 2.2])
def test_the_messages_of_a_file_go_in_their_order_however_often_they_were_tried_meanwhile(
    tmp_path: Path, hours: float
) -> None:
    with an_open_store(tmp_path) as store:
        outage = Outage(tmp_path, store, 1000)
        outage.pass_by(hours)
        outage.port.is_down = False
        outage.pass_by(hours=0.2)
        assert [len(file) for file in outage.by_file()] == [3, 2, 3, 2]
        assert [sorted(file) for file in outage.by_file()] == outage.by_file()


@pytest.mark.parametrize(
    "trouble",
    [
        Failed("CEBD-1606", "No space left on device"),
        InDoubt("HTTP 502 Bad Gateway", "CEBD-1667"),
    ],
    ids=lambda trouble: trouble.reason,
)
def test_an_other_side_that_takes_nothing_for_hours_is_tried_as_seldom_as_a_line_that_is_down(
    tmp_path: Path, trouble: Failed | InDoubt
) -> None:
    with an_open_store(tmp_path) as store:
        outage = Outage(tmp_path, store, 1000)
        outage.port.trouble = trouble
        outage.pass_by(hours=6)
        assert outage.port.tries_in_vain <= RETRY_BUDGET_A_DAY * 6 / 24 + 12
        outage.port.is_down = False
        outage.pass_by(hours=0.5)
        assert sorted(outage.arrived()) == [f"{number:08}" for number in range(0, 1000, 100)]
        if isinstance(trouble, Failed):
            assert [sorted(file) for file in outage.by_file()] == outage.by_file()


def test_a_line_that_breaks_again_is_started_slowly_again(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        outage = Outage(tmp_path, store, 1000)
        outage.pass_by(hours=1)
        outage.port.is_down = False
        outage.port.fails_again = {3}
        assert outage.pass_by(hours=0.1) == [1, 2, 1, 2, 4]
        assert len(set(outage.arrived())) == 10
