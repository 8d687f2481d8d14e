"""What `cebd check` must find, and must not find: a sample of what `./dev bench check-accuracy` measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.judging import check, false_alarms, judge, shown
from corpus.kinds import ALL
from corpus.layouts import LAYOUTS, Layout
from corpus.making import KINDS, right_file, right_file_of, wrong_file

_RIGHT = 20  # files without a layout of a platform's
_SAMPLE = [kind for kind in range(len(KINDS)) if kind % 2 or KINDS[kind].suffixes != ALL]  # the rest is the benchmark's


@pytest.mark.parametrize("kind", _SAMPLE, ids=[KINDS[kind].name for kind in _SAMPLE])
def test_a_mistake_is_named_on_its_cell(kind: int, tmp_path: Path) -> None:
    path, planted = wrong_file(tmp_path, 7000 + kind, KINDS[kind], more=1)
    for one in judge(planted, check(path, planted)):
        assert one.named, one
        assert one.suggested is not False, one


@pytest.mark.parametrize("seed", range(_RIGHT))
def test_nothing_is_said_against_what_is_right(seed: int, tmp_path: Path) -> None:
    path, _ = right_file(tmp_path, 90_000 + seed)
    assert [shown(one) for one in false_alarms(check(path))] == []


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.name for layout in LAYOUTS])
def test_nothing_is_said_against_what_a_platform_exports(layout: Layout, tmp_path: Path) -> None:
    path, _ = right_file_of(layout, tmp_path, 90_000)
    assert [shown(one) for one in false_alarms(check(path))] == []


def test_there_are_mistakes_of_every_kind() -> None:
    planted = {kind.id for kind in KINDS}
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 320
    assert planted >= {f"CEBD-{number}" for number in range(1201, 1221)}
    assert planted >= {f"CEBD-{number}" for number in (*range(1301, 1309), *range(1310, 1318), 1324, 1325, 1326)}
