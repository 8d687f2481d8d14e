"""An enterprise's own code tables on their way from the settings to cells, messages, templates and the start of the daemon."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from builders.customs_messages import a_message
from builders.customs_messages import an_order as an_order_in_xml
from builders.new_station import new_station
from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.cli.main import app
from cebd.messages.schema_files import schema_dir
from cebd.settings import Settings, SettingsError, load_settings
from cebd.station.run import run_station

UNITS = "# 2026-04\ncode,name_zh\n035,千克\n122,件\n901,盲盒\n"


def settings_with(folder: Path, units: str = UNITS) -> Settings:
    (folder / "codes").mkdir(exist_ok=True)
    (folder / "codes" / "units.csv").write_text(units, encoding="gbk")
    return Settings.model_validate({**some_settings().model_dump(), "base": folder, "codes": {"folder": "codes"}})


def station_with(folder: Path, units: str = UNITS) -> Path:
    """The settings file of a station whose code tables are its own."""
    made = new_station(folder / "station", 2222).settings
    (made.parent / "codes").mkdir()
    (made.parent / "codes" / "units.csv").write_text(units, encoding="gbk")
    made.write_text(made.read_text(encoding="utf-8") + '\n[codes]\nfolder = "codes"\n', encoding="utf-8")
    return made


def cebd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_workbook_is_judged_by_them_and_the_warning_says_how_old_they_are(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="901"), an_order("D-0002", 计量单位="001")]))
    new, old = Opened(book, settings_with(tmp_path)).records
    assert ([one.id for one in new.problems], [one.id for one in old.problems]) == ([], ["CEBD-1203"])
    assert "units (as of 2026-04)" in old.problems[0].en
    assert "计量单位代码表（2026-04 版）" in old.problems[0].zh
    assert [[one.id for one in record.problems] for record in Opened(book).records] == [["CEBD-1203"], []]


def test_a_name_that_they_alone_have_is_taken_for_its_code_and_said(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="盲盒")]))
    (said,) = Opened(book, settings_with(tmp_path)).records[0].problems
    assert (said.id, said.severity) == ("CEBD-1221", "notice")
    assert "901" in said.zh
    assert [(one.id, one.suggestion) for one in Opened(book).records[0].problems] == [("CEBD-1220", None)]


def test_a_message_is_judged_by_them(tmp_path: Path) -> None:
    path = tmp_path / "o.xml"
    path.write_bytes(a_message(an_order_in_xml("D-1")).replace(b"<ceb:unit>122<", b"<ceb:unit>901<"))
    for settings, told in ((settings_with(tmp_path), []), (some_settings(), ["CEBD-1203"])):
        assert [one.id for one in Opened(path, settings).records[0].problems] == told


def test_each_public_copy_says_how_old_it_is() -> None:
    for path in (schema_dir() / "codes").glob("*.csv"):
        assert path.read_text(encoding="utf-8").startswith("# 2018\n"), path.name


def test_a_template_offers_them_when_the_settings_are_named(tmp_path: Path) -> None:
    made = cebd("template", "order", "-o", tmp_path / "o.xlsx", "--flat", "-c", station_with(tmp_path))
    assert made.exit_code == 0, made.output
    book = load_workbook(tmp_path / "o.xlsx")
    hidden = next(sheet for sheet in book.worksheets if sheet.sheet_state == "hidden")
    columns = {column[0]: [code for code in column[1:] if code] for column in hidden.iter_cols(values_only=True)}
    assert columns["units"] == ["035 千克", "122 件", "901 盲盒"]
    assert len(columns["countries"]) == 243


def test_check_goes_by_them(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="901")]))
    assert "CEBD-1203" not in cebd("check", book, "-c", station_with(tmp_path)).output
    assert "CEBD-1203" in cebd("check", book).output


def test_explain_says_how_a_table_is_brought_up_to_date() -> None:
    told = cebd("explain", "CEBD-1203").output
    assert "存为 ‹table›.csv" in told
    assert "save the customs' new table as ‹table›.csv" in told
    assert told.count("[codes]") == 2


def test_config_check_says_how_old_the_tables_are_or_what_is_wrong_with_them(tmp_path: Path) -> None:
    settings = station_with(tmp_path)
    checked = cebd("config", "check", "-c", settings)
    assert (checked.exit_code, checked.output.splitlines()[-1].rpartition(", ")[2]) == (0, "units 2026-04 (own)")
    (settings.parent / "codes" / "units.csv").write_text("# 2026\ncode,name_zh\n35,千克\n", encoding="utf-8")
    checked = cebd("config", "check", "-c", settings)
    assert checked.exit_code == 2
    assert "units.csv: line 3: 35 has lost the zeros in front of it" in checked.output


def test_a_station_with_a_broken_table_takes_no_file(tmp_path: Path) -> None:
    path = station_with(tmp_path, units="# 2026\ncode,name_zh\n")
    dropped = a_workbook(path.parent / "share" / "inbox" / "o.xlsx", table([an_order()]))
    with pytest.raises(SettingsError, match=r"units\.csv: has no codes"):
        run_station(load_settings(path), threading.Event(), once=True)
    assert dropped.exists()
    assert not (path.parent / "store").exists()


@pytest.mark.parametrize("command", ["check", "convert", "template"])
def test_a_command_that_needs_the_tables_says_what_is_wrong_with_them(command: str, tmp_path: Path) -> None:
    settings = station_with(tmp_path, units="# 2026\ncode,name_zh\n")
    book = a_workbook(tmp_path / "o.xlsx", table([an_order()]))
    what: list[str | Path] = ["order", "-o", tmp_path / "new.xlsx"] if command == "template" else [book]
    what += ["-o", tmp_path / "out"] if command == "convert" else []
    told = cebd(command, *what, "-c", settings)
    assert isinstance(told.exception, SettingsError)
    assert "units.csv: has no codes" in str(told.exception)
    assert not (tmp_path / "new.xlsx").exists()
