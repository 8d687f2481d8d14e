"""Customs code tables: the public copies, and an enterprise's own as spreadsheets save them, each mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.workbooks import some_settings
from cebd.documents.reading.cells.suggestion import code_of
from cebd.documents.reading.cells.values import fitting
from cebd.documents.templates.content import choices, pages
from cebd.messages.description import declarations, message_type
from cebd.operations.settings.machine import machine_faults
from cebd.operations.settings.told import table_ages
from cebd.rules.codes.tables import PUBLISHED, CodeFiles, table_names
from cebd.settings import Settings, SettingsError

UNIT = message_type("order").field("line", "unit")
COUNTRY = message_type("order").field("line", "country")
CURRENCY = message_type("order").field("line", "currency")
UNITS = "# 2026-04\ncode,name_zh\n035,千克\n901,盲盒\n"
TABLES = "countries, currencies, customs-districts, packages-2digit, trade-modes, transport-modes, units"
GOODS = "positive-list, tariff"
POSITIVE = "# 2022\ncode,name_zh\n04021000,奶粉\n3304990039,面膜\n"
TARIFF = "# 2026\ncode,name_zh,unit1,unit2\n1901101000,婴儿奶粉,035,\n3304990039,面膜,035,011\n"


def settings_with(folder: Path, **files: str | bytes) -> Settings:
    """Settings whose folder of code tables has these files; `_` in a name stands for `-`."""
    tables = folder / "codes"
    tables.mkdir(exist_ok=True)
    for name, content in files.items():
        path = tables / f"{name.replace('_', '-')}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return pointing_at(folder)


def pointing_at(folder: Path) -> Settings:
    return Settings.model_validate({**some_settings().model_dump(), "base": folder, "codes": {"folder": "codes"}})


def mistakes(settings: Settings) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        _ = settings.code_tables
    return raised.value.errors


# Which tables count


def test_without_settings_the_public_copies_count_and_say_that_they_are_of_2018() -> None:
    assert some_settings().code_tables is PUBLISHED
    assert ", ".join(table_names()) == TABLES
    assert {PUBLISHED[name].year for name in table_names()} == {"2018"}
    assert PUBLISHED["units"].names["035"] == "千克"


def test_every_field_that_goes_by_a_table_goes_by_one_that_there_is() -> None:
    named = {
        field.table
        for message in declarations()
        for field in (*message.head_fields, *message.line_fields)
        if field.table
    }
    assert named <= set(table_names())


def test_a_table_of_ones_own_takes_the_place_of_the_public_one_and_of_no_other(tmp_path: Path) -> None:
    tables = settings_with(tmp_path, units=UNITS).code_tables
    assert (tables["units"].year, dict(tables["units"].names)) == ("2026-04", {"035": "千克", "901": "盲盒"})
    assert tables["countries"] is PUBLISHED["countries"]
    assert PUBLISHED["units"].year == "2018"


def test_tables_stay_as_they_were_when_the_settings_first_asked_for_them(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, units=UNITS)
    before = settings.code_tables
    (tmp_path / "codes" / "units.csv").write_text("half a tab", encoding="utf-8")
    assert settings.code_tables is before
    assert mistakes(pointing_at(tmp_path)) != []


def test_an_empty_folder_leaves_the_public_copies(tmp_path: Path) -> None:
    assert dict(settings_with(tmp_path).code_tables.own) == {}


def test_notes_and_what_a_spreadsheet_leaves_beside_a_table_are_no_tables(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, units=UNITS)
    for name in ("README.txt", "~$units.xlsx", ".~lock.units.csv#", "._units.csv", "units.csv.bak"):
        (tmp_path / "codes" / name).write_bytes(b"\x00")
    assert set(settings.code_tables.own) == {"units"}


# As spreadsheets save them


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(UNITS.encode(), id="UTF-8"),
        pytest.param(UNITS.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(UNITS.encode("gbk"), id="GBK"),
        pytest.param(UNITS.replace(",", "\t").encode("utf-16"), id="UTF-16 with tabs"),
        pytest.param(UNITS.replace(",", ";").encode(), id="semicolons"),
        pytest.param(UNITS.replace("\n", "\r\n").encode("utf-8-sig"), id="line ends of Windows"),
        pytest.param(
            "# 2026-04,,\r\ncode,name_zh,\r\n035,千克,\r\n901,盲盒,\r\n,,\r\n".encode("gbk"), id="filled up with commas"
        ),
        pytest.param('# 2026-04\n"code","name_zh"\n"035","千克"\n"901","盲盒"\n'.encode(), id="all in quotes"),
        pytest.param('# 2026-04\n"code";"name_zh"\n"035";"千克"\n"901";"盲盒"\n'.encode(), id="quotes and semicolons"),
        pytest.param("＃2026-04\n\n# 公告 第12号\nName_ZH , Code\n千克, 035\n盲盒,901".encode(), id="by hand"),
    ],
)
def test_a_table_is_read_as_spreadsheets_save_it(content: bytes, tmp_path: Path) -> None:
    table = settings_with(tmp_path, units=content).code_tables["units"]
    assert (table.year, dict(table.names)) == ("2026-04", {"035": "千克", "901": "盲盒"})


@pytest.mark.parametrize(
    ("line", "year"),
    [("# 2026", "2026"), ("#2026年", "2026"), ("# 2026-04-01", "2026-04-01"), ("# 2027 海关总署公告", "2027")],
)
def test_the_first_line_says_how_old_the_table_is(line: str, year: str, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, units=UNITS.replace("# 2026-04", line))
    assert settings.code_tables["units"].year == year


def test_a_name_may_have_a_comma_within_quotes(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, units=UNITS + '902,"对,双"\n')
    assert settings.code_tables["units"].names["902"] == "对,双"


@given(st.binary(max_size=200))
def test_whatever_is_in_the_file_it_is_a_table_or_a_mistake_that_names_it(content: bytes) -> None:
    settings = pointing_at(Path("nowhere"))
    settings.__dict__["code_files"] = CodeFiles(Path("nowhere"), (("units.csv", content),))
    try:
        tables = settings.code_tables
    except SettingsError as error:
        assert all(one.startswith("units.csv: ") for one in error.errors)
    else:
        assert tables["units"].names


# Mistakes


NO_AGE = "the first line must say how old the table is: # and the year (# 2026), or with month and day (# 2026-04, # 2026-04-01)"
NO_CODES = "has no codes: fill it in, or take it out and the public copy counts"
HEADINGS = "the headings are code,name_zh and, if you like, full_name_zh, name_en, alpha3"
LOST = (
    "has lost the zeros in front of it (codes of this table have 3 characters or more): "
    "set the column to text and type it in full"
)
NO_CODE = (
    "is no code, which has letters and digits only; a spreadsheet makes numbers of codes: "
    "set the column to text and type it anew"
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", NO_CODES),
        (",,\n,,\n", NO_CODES),
        ("# 2026\n", NO_CODES),
        ("# 2026\ncode,name_zh\n", NO_CODES),
        ("code,name_zh\n035,千克\n", f"line 1: {NO_AGE}"),
        ("# units\ncode,name_zh\n035,千克\n", f"line 1: {NO_AGE}"),
        ("# 2026-4\ncode,name_zh\n035,千克\n", f"line 1: {NO_AGE}"),
        ("# 20260401\ncode,name_zh\n035,千克\n", f"line 1: {NO_AGE}"),
        ("# 2026\ncode,name\n035,千克\n", f"line 2: there is no column name_zh; {HEADINGS}"),
        ("# 2026\n035,千克\n", f"line 2: there is no column code and none name_zh; {HEADINGS}"),
        ("# 2026\ncode,name_zh,code\n035,千克,1\n", "line 2: the column code stands twice; remove one of them"),
        ("# 2026\ncode,name_zh\n035,千克\n35,克\n", f"line 4: 35 {LOST}"),
        ("# 2026\ncode,name_zh\n1.00E+02,千克\n", f"line 3: 1.00E+02 {NO_CODE}"),
        ("# 2026\ncode,name_zh\n０３５,千克\n", f"line 3: ０３５ {NO_CODE}"),
        (
            "# 2026\ncode,name_zh\n035,千克\n\n035,公斤\n",
            "line 5: the code 035 stands in line 3 already; remove one of them",
        ),
        ("# 2026\ncode,name_zh\n,千克\n", "line 3: there is no code in this row; fill it in or remove the row"),
        ("# 2026\ncode,name_zh\n035\n", "line 3: the code 035 has no name_zh; fill it in"),
        (
            "# 2026\ncode,name_zh,\n035,对,双\n",
            "line 3: there is a cell without a heading; put a name with a comma into quotes, or name the column",
        ),
        (
            '# 2026\ncode,name_zh\n035,"千克\n036,克\n',
            "line 4: quotes do not pair (unexpected end of data)",
        ),
        (
            b"# 2026\ncode,name_zh\n035,\xff\xff\n",
            "line 3: is neither UTF-8 nor GBK (GB 18030); save it anew as CSV UTF-8",
        ),
        (
            "# 2026\ncode,name_zh\n035,千\ufffd\n",
            "line 3: has characters that were lost or are no text; save it anew as CSV UTF-8",
        ),
        (b"# 2026\n\x00\n", "line 2: has characters that were lost or are no text; save it anew as CSV UTF-8"),
    ],
)
def test_a_broken_table_is_told_with_file_line_and_what_to_do(content: str | bytes, told: str, tmp_path: Path) -> None:
    assert mistakes(settings_with(tmp_path, units=content)) == [f"units.csv: {told}"]


def test_a_column_of_codes_that_lost_their_zeros_is_told_in_a_few_lines(tmp_path: Path) -> None:
    rows = "".join(f"{number},单位{number}\n" for number in range(1, 100))
    found = mistakes(settings_with(tmp_path, units=f"# 2026\ncode,name_zh\n{rows}"))
    assert found[:1] + found[-1:] == [f"units.csv: line 3: 1 {LOST}", "units.csv: and 94 more mistakes"]
    assert len(found) == 6


def test_every_broken_file_is_told_at_once(tmp_path: Path) -> None:
    assert mistakes(settings_with(tmp_path, units="", trade_modes="")) == [
        f"trade-modes.csv: {NO_CODES}",
        f"units.csv: {NO_CODES}",
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("unit.csv", "rename it units.csv"),
        ("Units.csv", "rename it units.csv"),
        ("units.CSV", "rename it units.csv"),
        ("packages.csv", "rename it packages-2digit.csv"),
        ("暂存.csv", "take it out, or give it one of these names"),
    ],
)
def test_a_table_that_no_field_goes_by_is_named_with_the_nearest_that_one_does(
    name: str, hint: str, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path)
    (tmp_path / "codes" / name).write_text(UNITS, encoding="utf-8")
    assert mistakes(settings) == [
        f"{name}: no field goes by a table of that name: {hint}. The tables are {TABLES}, {GOODS}"
    ]


def test_a_workbook_among_the_tables_is_to_be_saved_as_csv(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    (tmp_path / "codes" / "units.xlsx").write_bytes(b"PK")
    assert mistakes(settings) == ["units.xlsx: is a workbook, and tables are read from CSV: save it as CSV UTF-8"]


def test_a_folder_that_is_not_there_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        _ = pointing_at(tmp_path).code_tables
    assert str(raised.value) == (
        f"{tmp_path / 'codes'}: cannot be read: No such file or directory; "
        "correct codes.folder in the settings, or leave it out"
    )


# Where they count


def test_a_code_is_judged_by_the_table_of_ones_own_and_the_warning_says_how_old_it_is(tmp_path: Path) -> None:
    tables = settings_with(tmp_path, units=UNITS).code_tables
    assert fitting(UNIT, tables)("901") is None
    newer, public = fitting(UNIT, tables)("001"), fitting(UNIT)("901")
    assert (newer and (newer.id, newer.facts)) == (
        *("CEBD-1203", {"table": "units", "table_zh": "计量单位代码表", "year": "2026-04"}),
    )
    assert (public and (public.id, public.facts)) == (
        *("CEBD-1203", {"table": "units", "table_zh": "计量单位代码表", "year": "2018"}),
    )


def test_names_and_lost_zeros_are_told_by_the_table_of_ones_own(tmp_path: Path) -> None:
    units = UNITS.replace("code,name_zh", "code,name_zh,name_en").replace("盲盒", "盲盒,mystery box") + "019,新,\n"
    tables = settings_with(tmp_path, units=units).code_tables
    check = fitting(UNIT, tables)
    assert [wrong and wrong.id for wrong in map(check, ("盲盒", "mystery box", "19", "1"))] == [
        "CEBD-1220",
        "CEBD-1220",
        "CEBD-1218",
        "CEBD-1206",
    ]
    assert (code_of("units", "Mystery Box", tables), code_of("units", "盲盒")) == ("901", None)


def test_what_the_specification_closes_no_table_opens(tmp_path: Path) -> None:
    tables = settings_with(tmp_path, currencies="# 2026\ncode,name_zh\n502,美元\n142,人民币\n").code_tables
    wrong = fitting(CURRENCY, tables)("502")
    assert (wrong and wrong.id, fitting(CURRENCY, tables)("142")) == ("CEBD-1207", None)


def test_a_template_offers_the_codes_of_ones_own_and_says_how_old_they_are(tmp_path: Path) -> None:
    tables = settings_with(tmp_path, units=UNITS).code_tables
    assert choices(UNIT, tables) == {"035": "千克", "901": "盲盒"}
    (page,) = pages(message_type("order"), flat=True, codes=tables)
    columns = {(column.field.part, column.field.name): column for column in page.columns}
    unit, country = columns["line", "unit"], columns["line", "country"]
    assert unit.choices == {"035": "千克", "901": "盲盒"}
    assert "代码（2026-04 版）：035 千克；901 盲盒" in unit.note
    assert "Codes (as of 2026-04): 035, 901" in unit.note
    assert "Codes (as of 2018): choose one of the 243 in the list" in country.note
    assert "版）" not in columns["line", "currency"].note


# `cebd config check`


def test_config_check_tells_every_mistake_of_the_tables_beside_what_is_missing(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, units="# 2026\ncode,name_zh\n")
    [fault] = machine_faults(settings)
    assert (fault.key, fault.en) == ("codes.folder", f"{tmp_path / 'codes'}: units.csv: {NO_CODES}")
    assert machine_faults(some_settings()) == []


def test_config_check_says_how_old_each_table_is(tmp_path: Path) -> None:
    assert table_ages(settings_with(tmp_path, units=UNITS)).en == (
        "Code tables: countries 2018, currencies 2018, customs-districts 2018, packages-2digit 2018, "
        "trade-modes 2018, transport-modes 2018, units 2026-04 (own)"
    )


# Goods: tables without a public copy


def test_tables_of_goods_count_where_they_are_there_and_say_how_old_they_are(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, positive_list=POSITIVE, tariff=TARIFF)
    assert settings.code_tables.own["tariff"].by_code["3304990039"]["unit2"] == "011"
    assert table_ages(settings).zh.endswith("positive-list 2022 (own), tariff 2026 (own)")
    assert "tariff" not in table_ages(some_settings()).en


def test_a_table_of_goods_has_whole_codes_and_units_that_there_are(tmp_path: Path) -> None:
    short = "# 2022\ncode,name_zh\n4021000,奶粉\n"
    unnamed = "# 2026\ncode,name_zh\n1901101000,婴儿奶粉\n"
    by_name = "# 2026\ncode,name_zh,unit1\n1901101000,婴儿奶粉,千克\n3304990039,面膜,\n"
    assert "4021000 has lost the zeros in front" in mistakes(settings_with(tmp_path, positive_list=short))[0]
    assert "no column unit1" in mistakes(settings_with(tmp_path, positive_list=POSITIVE, tariff=unnamed))[0]
    found = mistakes(settings_with(tmp_path, tariff=by_name))
    assert ["1901101000 is 千克" in found[0], "3304990039 is empty" in found[1]] == [True, True]
