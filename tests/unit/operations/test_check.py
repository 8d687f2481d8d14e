"""What cebd would make of a file, as values: whoever shows them needs no command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from builders.new_station import new_station
from cebd.operations import check
from cebd.operations.convert import convert
from cebd.operations.text import Refused
from cebd.settings import Settings, load_settings
from cebd.trial.rows import Line, order_rows, write_workbook

NOBODY = check.settings_of_nobody().enterprise[0]


def a_workbook(folder: Path, rows: list[Line]) -> Path:
    path = folder / "orders.xlsx"
    write_workbook(path, "order", rows)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(new_station(tmp_path / "station", port=2222).settings)


def test_a_verdict_counts_records_and_names_each_problem_on_its_cell(tmp_path: Path) -> None:
    rows = list(order_rows(3))
    rows[1]["head.buyerName"] = ""
    verdict = check.check(a_workbook(tmp_path, rows), None, NOBODY)
    assert (verdict.type, verdict.records, verdict.ready, verdict.rejected, verdict.repeats) == ("CEB311", 3, 2, 1, 0)
    assert [(problem.id, problem.field, problem.place.row) for problem in verdict.problems] == [
        ("CEBD-1201", "buyerName", 3)
    ]
    assert not verdict.is_clean


def test_a_file_that_is_nothing_of_ours_has_a_verdict_as_well(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    verdict = check.check(path, None, NOBODY)
    assert (verdict.type, verdict.records, verdict.is_clean) == (None, 0, False)
    assert [problem.severity for problem in verdict.problems] == ["error"]


def test_a_verdict_says_in_both_languages_whether_earlier_declarations_were_looked_at(
    settings: Settings, tmp_path: Path
) -> None:
    verdict = check.check(a_workbook(tmp_path, list(order_rows(1))), settings, settings.enterprise[0])
    assert not verdict.compared
    assert verdict.comparison.zh.startswith("未与此前的申报核对")
    assert verdict.comparison.en == "Not compared with earlier declarations: no station store found."


def test_a_kind_that_there_is_not_is_refused_in_both_languages_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        check.check(a_workbook(tmp_path, list(order_rows(1))), None, NOBODY, "ordre")
    assert "没有名为 ordre 的" in refused.value.text.zh
    assert "order, CEB311" in refused.value.text.en


def test_a_conversion_writes_a_file_for_each_message_and_tells_where(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = convert(a_workbook(tmp_path, list(order_rows(101))), settings, settings.enterprise[0], None, out)
    assert sorted(out.iterdir()) == sorted(made.messages)
    assert [etree.parse(path).getroot().tag for path in made.messages] == [
        "{http://www.chinaport.gov.cn/ceb}CEB311Message"
    ] * 2
    assert made.as_json()["messages"] == [str(path) for path in made.messages]
    assert not settings.store_dir.exists()
