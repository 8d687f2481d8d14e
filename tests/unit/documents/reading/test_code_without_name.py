"""A file that names an enterprise without its code, or the other way round, where the settings have both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders.workbooks import Opened, a_workbook, an_order, some_settings, table

DEFAULTS = {"ebpCode": "9900000001", "ebpName": "测试平台有限公司"}


def opened(path: Path, left_out: str, *values: str | None, heading: str) -> Opened:
    rows: list[dict[str, Any]] = [an_order(f"D-{nth:04d}", **{heading: value}) for nth, value in enumerate(values)]
    for row in rows:
        del row[left_out]
    return Opened(a_workbook(path / "o.xlsx", table(rows)), some_settings(defaults={"order": DEFAULTS}))


@pytest.mark.parametrize("rows", [1, 80])  # alone, and side by side with many others
def test_another_platform_is_not_declared_under_our_code(tmp_path: Path, rows: int) -> None:
    names = [*["测试平台"] * (rows - 1), "天猫国际"]
    file = opened(tmp_path, "电商平台代码", *names, heading="电商平台名称")
    *others, record = file.records
    assert all(one.problems == () for one in others)
    (found,) = record.problems
    assert (found.id, found.place.cell, found.value) == ("CEBD-1229", f"B{rows + 1}", "天猫国际")
    assert "没有“电商平台代码”，默认的 9900000001 属于“测试平台有限公司”" in found.zh


def test_our_name_is_not_declared_under_another_code(tmp_path: Path) -> None:
    file = opened(tmp_path, "电商平台名称", "9900000001", "9900000009", None, heading="电商平台代码")
    assert [[one.id for one in record.problems] for record in file.records] == [[], ["CEBD-1229"], []]


def test_a_file_with_both_declares_what_it_says(tmp_path: Path) -> None:
    row = an_order(电商平台代码="9900000009", 电商平台名称="天猫国际")
    file = Opened(a_workbook(tmp_path / "o.xlsx", table([row])), some_settings(defaults={"order": DEFAULTS}))
    assert file.ready == ["D-0001"]
