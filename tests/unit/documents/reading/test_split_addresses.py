"""Addresses that a platform exports in pieces: 省, 市, 区 and the rest in columns of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.documents.reading.split_addresses import whole_address

PLACE = {"收货人省份": "浙江省", "城市": "杭州市", "区/县": "西湖区"}


def a_row(address: str | None, number: str = "D-0001", place: dict[str, str] = PLACE) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for heading, value in an_order(number).items():
        row |= {**place, "详细地址": address} if heading == "收货地址" else {heading: value}
    return row


def addresses(opened: Opened) -> list[str]:
    return [text for record in opened.records for text in re.findall("<ceb:consigneeAddress>(.*?)</", record.xml)]


def test_an_address_in_pieces_is_declared_whole_and_says_so(tmp_path: Path) -> None:
    rows = [a_row("文三路1号", "D-0001"), a_row("浙江省杭州市西湖区文三路2号", "D-0002")]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert addresses(opened) == ["浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区文三路2号"]
    assert "CEBD-1006" not in {one.id for one in opened.problems}  # no piece is left out
    (told,) = (one for one in opened.problems if one.id == "CEBD-1081")
    assert (told.severity, told.place.cell) == ("notice", "T1")
    assert "收货人省份、城市、区/县、详细地址" in told.zh
    assert "浙江省杭州市西湖区文三路1号" in told.zh


def test_a_mapping_that_leaves_the_pieces_out_has_them_in_the_address_all_the_same(tmp_path: Path) -> None:
    told = {"收货人省份": "-", "城市": "-", "区/县": "-", "详细地址": "OrderHead/consigneeAddress"}
    settings = some_settings({"told": {"type": "order", "files": ["o*"], "columns": told}})
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([a_row("文三路1号")])), settings)
    assert addresses(opened) == ["浙江省杭州市西湖区文三路1号"]
    assert "CEBD-1081" in opened.said()


def test_many_rows_are_read_as_one_is(tmp_path: Path) -> None:
    rows = [a_row(f"文三路{nth}号", f"D-{nth:04d}") for nth in range(1, 41)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert addresses(opened) == [f"浙江省杭州市西湖区文三路{nth}号" for nth in range(1, 41)]


def test_an_empty_address_is_not_made_of_its_city(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([a_row(None)])))
    assert opened.ready == []
    assert [one.id for one in opened.records[0].problems] == ["CEBD-1201"]


@pytest.mark.parametrize("place", [{"城市": "杭州市"}, {"省": "浙江省", "收货人省份": "广东省"}])
def test_without_a_single_province_nothing_is_put_together(tmp_path: Path, place: dict[str, str]) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([a_row("文三路1号", place=place)])))
    assert addresses(opened) == ["文三路1号"]
    assert [one.value for one in opened.problems if one.id == "CEBD-1006"] == [*place]


@pytest.mark.parametrize(
    ("pieces", "address", "whole"),
    [
        (("浙江省", "杭州市", "西湖区"), "西湖区文三路1号", "浙江省杭州市西湖区文三路1号"),
        (("浙江省", "杭州市", "西湖区"), "西湖大道1号", "浙江省杭州市西湖区西湖大道1号"),
        (("浙江省", "杭州市", "西湖区"), "浙江杭州西湖文三路1号", "浙江杭州西湖文三路1号"),
        (("浙江省", "杭州市", ""), "文三路1号", "浙江省杭州市文三路1号"),
        (("北京", "北京市", "东城区"), "北京路1号", "北京市东城区北京路1号"),
        (("北京市", "市辖区", "东城区"), "1号", "北京市东城区1号"),
        (("浙江省 杭州市 西湖区",), "文三路1号", "浙江省杭州市西湖区文三路1号"),
        (("浙江省/杭州市/西湖区",), "浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区文三路1号"),
        (("", "", ""), "文三路1号", "文三路1号"),
    ],
)
def test_what_the_address_begins_with_is_not_said_twice(pieces: tuple[str, ...], address: str, whole: str) -> None:
    assert whole_address(pieces, address) == whole
