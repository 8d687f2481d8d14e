"""A message type added by two schemas and one file of the code book: declared, answered, named and explained like every other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from builders import processes
from builders.added_types import SCRIPT, add_stock_counts, types_from
from builders.stations import TryStation
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import Line

ROWS: list[Line] = [
    {
        "head.customsCode": "5165",
        "head.copNo": f"CNT{number}",
        "head.keeperCode": "4407961666",
        "head.countDate": "20260304",
        "line.gnum": str(line),
        "line.itemNo": f"SKU{line}",
        "line.qty": "3",
    }
    for number in (1, 2)
    for line in (1, 2)
]


@pytest.fixture
def types(tmp_path: Path) -> Iterator[Path]:
    folder = add_stock_counts(tmp_path / "types")
    with types_from(folder):
        yield folder


def cebd(station: TryStation, types: Path, *command: str) -> str:
    ended = processes.run((station.settings_path, types, *command), script=SCRIPT, environment=station.environment())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_type_of_three_files_goes_all_the_way_and_has_its_name_everywhere(types: Path, tmp_path: Path) -> None:
    with TryStation(tmp_path, audited=False) as station:
        station.start(SCRIPT, (str(types), "run"))
        station.drop_rows("counts.xlsx", "stock-count", ROWS)
        receipt = station.final_receipt("counts", words=3)
        template = cebd(station, types, "template", "stock-count", "-o", str(tmp_path / "template.xlsx"))
        explained = cebd(station, types, "explain", "120", "--type", "stock-count")
        error = cebd(station, types, "explain", "-911001")
        shown, listed = cebd(station, types, "show", "CNT1", "--lang", "both"), cebd(station, types, "list")
        assert station.stop() == 0
        cebd(station, types, "audit")
        ledger = read_ledger(station.customs_folder)
    records = receipt["records"]
    assert [(record["type"], record["key"]["copNo"], record["state"]) for record in records] == [
        ("CEB911", "CNT1", "succeeded"),
        ("CEB911", "CNT2", "succeeded"),
    ]
    assert [entry["status"] for entry in records[0]["history"]] == ["2", "3", "120"]
    assert records[0]["customs"]["text_zh"] == "海关已登记盘点单"
    assert records[0]["customs"]["text_en"] == "Customs have recorded the stock count"
    assert {(entry["type"], entry["signature"]) for entry in ledger} == {("CEB911", "valid")}
    assert [record["customs"]["cntNo"] for record in records] == [entry["cntNo"] for entry in ledger]
    assert [problem["id"] for problem in receipt["problems"]] == ["CEBD-1036"]  # said once: no rule runs on it
    assert "保税仓盘点单" in receipt["problems"][0]["zh"]
    assert "Bonded stock count" in receipt["problems"][0]["en"]
    book = load_workbook(station.receipt_book("counts"))
    cells = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert "[cebd] 盘点单编号" in cells
    assert any("海关已登记盘点单" in text for text in cells)
    assert "保税仓盘点单（CEB911）" in template
    assert "Bonded stock count (CEB911)" in template
    assert all("盘点单" in text and "stock count" in text for text in (explained, error, shown))
    assert "CEB911" in listed


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("schemas/import/CEB911Message.xsd", 'number="cntNo"', 'nubmer="cntNo"', "d:message has no nubmer"),
        ("schemas/import/CEB911Message.xsd", 'key="copNo keeperCode"', 'key="copNo keepCode"', "no element keepCode"),
        ("code_book/stock-count.toml", 'effect = "succeeded"', 'effect = "suceeded"', "effect is one of"),
    ],
)
def test_a_mistake_in_its_files_is_said_before_a_station_runs(
    types: Path, tmp_path: Path, file: str, old: str, new: str, reason: str
) -> None:
    path = types / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with TryStation(tmp_path, audited=False) as station:
        ended = processes.run(
            (station.settings_path, types, "run", "--once"), script=SCRIPT, environment=station.environment()
        )
    assert ended.returncode == 1
    assert f"{path}:" in ended.stderr
    assert reason in ended.stderr
    assert not (station.store / "cebd.sqlite").exists()
