"""The figures that rules go by: published ones with their sources, and an enterprise's own in their place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import cebd.rules.figures
from builders.customs_messages import a_message
from builders.customs_messages import an_order as an_order_in_xml
from builders.papers import ROOT
from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.rules.business import broken_rules
from cebd.rules.figures import Figures, figures
from cebd.settings import Settings, SettingsError, load_settings

DEAR = {"商品价格": "6000", "总价": "6000", "单价": "3000", "代扣税款": "0", "实际支付金额": "6000"}


def settings_with(**own: Any) -> Settings:
    given = some_settings().model_dump()
    return Settings.model_validate({**given, "figures": own})


def told(opened: Opened) -> list[str]:
    return [one.id for one in opened.records[0].problems]


def test_the_published_figures_are_those_of_the_law() -> None:
    assert figures() == Figures(
        order_limit=Decimal(5000),
        annual_limit=Decimal(26000),
        rounding=Decimal("0.01"),
        return_days=30,
        waybill_months=6,
        arrival_days=45,
        oldest_years=130,
        earliest_year=2014,
        days_ahead=1,
    )


def test_each_published_figure_has_a_comment_that_names_its_source_and_a_setting() -> None:
    text = Path(cebd.rules.figures.__file__).with_name("figures.toml").read_text(encoding="utf-8")
    published = tomllib.loads(text)
    assert set(published) == set(Figures.model_fields)
    lines = text.splitlines()
    for name in published:
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{name} =")]
        assert lines[place - 1].startswith("# "), name


def test_the_example_shows_every_figure_as_published() -> None:
    shown = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"), parse_float=Decimal)["figures"]
    assert figures(shown) == figures()
    assert set(shown) == set(Figures.model_fields)


def test_a_limit_changed_in_the_settings_changes_the_verdict_on_a_workbook(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", table([an_order(**DEAR)]))
    assert told(Opened(path)) == ["CEBD-1307"]
    assert told(Opened(path, settings_with(order_limit=6000))) == []
    assert told(Opened(path, settings_with(order_limit=5999.99))) == ["CEBD-1307"]


def test_a_limit_changed_in_the_settings_changes_the_verdict_on_a_message(tmp_path: Path) -> None:
    path = tmp_path / "o.xml"
    path.write_bytes(a_message(an_order_in_xml("D-1")))
    assert told(Opened(path)) == []
    opened = Opened(path, settings_with(order_limit=19.99))
    assert told(opened) == ["CEBD-1307"]
    assert "19.99" in opened.records[0].problems[0].en


HEAD = {
    "goodsValue": "20",
    "freight": "0",
    "discount": "0",
    "taxTotal": "0",
    "acturalPaid": "20.05",
    "buyerIdType": "1",
    "buyerIdNumber": "999999199001010016",
    "appTime": "20260307000000",
}
LINE = {"gnum": "1", "qty": "1", "price": "20", "totalPrice": "20"}


@pytest.mark.parametrize(
    ("own", "gone", "come"),
    [
        ({"rounding": Decimal("0.06")}, "CEBD-1301", None),
        ({"rounding": Decimal("0.05")}, None, None),
        ({"days_ahead": 3}, "CEBD-1316", None),
        ({"days_ahead": 2}, None, None),
        ({"oldest_years": 36}, None, "CEBD-1310"),
        ({"oldest_years": 37}, None, None),
        ({"order_limit": Decimal("19.99")}, None, "CEBD-1308"),
        ({"order_limit": Decimal("19.99"), "annual_limit": Decimal("19.99")}, None, "CEBD-1307"),
    ],
)
def test_each_figure_decides_at_its_own_value(
    own: Mapping[str, Decimal | int], gone: str | None, come: str | None
) -> None:
    def verdict(known: Figures) -> set[str]:
        return {one.id for one in broken_rules("CEB311", HEAD, [LINE], known, date(2026, 3, 4))}

    assert verdict(figures()) == {"CEBD-1301", "CEBD-1316"}
    assert verdict(figures(own)) == ({"CEBD-1301", "CEBD-1316"} - {gone}) | ({come} if come else set())


def test_the_earliest_year_decides_what_is_a_slip() -> None:
    head = {**HEAD, "acturalPaid": "20", "appTime": "20200101000000"}
    for year, right in ((2020, True), (2021, False)):
        found = broken_rules("CEB311", head, [LINE], figures({"earliest_year": year}), date(2026, 3, 4))
        assert [one.id for one in found] == ([] if right else ["CEBD-1316"])


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("order_limit = 0", "figures.order_limit: Input should be greater than 0"),
        ('annual_limit = "much"', "figures.annual_limit: Input should be a valid decimal"),
        ("days_ahead = -1", "figures.days_ahead: Input should be greater than or equal to 0"),
        ("earliest_year = 14", "figures.earliest_year: Input should be greater than or equal to 1900"),
        ("order_limits = 1", "figures.order_limits: unknown setting; did you mean order_limit?"),
    ],
)
def test_a_figure_that_cannot_be_is_named_with_its_line(tmp_path: Path, line: str, mistake: str) -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    text = example[: example.index("[figures]")] + f"[figures]\n{line}\n"
    path = tmp_path / "cebd.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings(path)
    (error,) = raised.value.errors
    assert error == f"line {len(text.splitlines())}: {mistake}"
