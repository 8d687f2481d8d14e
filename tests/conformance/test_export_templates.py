"""A template of an export declaration, filled in and named to cebd, becomes messages that the official export schema accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from builders.filled_templates import Values, a_template, cebd, fill, messages_of
from builders.papers import needs_official, official_schema
from cebd.cell_names import column_letters
from cebd.documents.templates.content import MARK_HEADING, choices
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.messages.description import Field, MessageType, declarations, message_type

DECLARED = declarations(export=True)
FORMS = [(message, flat) for message in DECLARED for flat in ((False, True) if message.line else (False,))]
every_form = pytest.mark.parametrize(
    ("message", "flat"), FORMS, ids=[f"{message.name}{'-flat' if flat else ''}" for message, flat in FORMS]
)

NO_RULES = ["CEBD-1036"]  # the notice that only the form of export declarations is checked


def shown(path: Path) -> tuple[Any, list[Worksheet]]:
    """The workbook and those of its sheets that an operator sees."""
    book = load_workbook(path)
    return book, [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]


def a_record(message: MessageType, number: str) -> Values:
    """Every field that has a sample or a closed value, under a number of its own."""
    fields = (*message.head_fields, *message.line_fields)
    values: Values = {(one.part, one.name): one.sample or (one.closed[0] if one.closed else None) for one in fields}
    declared = {("head", "appStatus"): "2"} if ("head", "appStatus") in values else {}  # not only stored
    return {**values, **declared, ("head", str(message.group)): number}


def said(verdict: dict[str, Any]) -> list[str]:
    return [problem["id"] for problem in verdict["problems"]]


def check(path: Path, message: MessageType) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads(cebd("check", path, "--as", str(message.name), "--json")[1])
    return verdict


@needs_official
@every_form
@pytest.mark.parametrize("keep_example", [True, False], ids=["example-kept", "example-deleted"])
def test_a_filled_export_template_is_declared_whole_and_fits_the_official_schema(
    message: MessageType, flat: bool, keep_example: bool, station: Path, tmp_path: Path
) -> None:
    path = a_template(tmp_path, message, flat=flat)
    fill(path, message, [a_record(message, number) for number in ("X1", "X2", "X3")], keep_example=keep_example)
    verdict = check(path, message)
    assert (verdict["type"], verdict["records"], verdict["ready"]) == (message.code, 3, 3), verdict["problems"]
    assert said(verdict) == NO_RULES  # an example that was kept is not mentioned
    [declared] = messages_of(path, station, tmp_path, "--as", str(message.name))
    assert official_schema("export-business-202205.xsd").validate(declared), official_schema(
        "export-business-202205.xsd"
    ).error_log
    records = declared.findall(f"{{*}}{message.record}")
    numbers = [one.findtext(f".//{{*}}{message.group}") for one in records]
    assert numbers == ["X1", "X2", "X3"]
    assert EXAMPLE not in "".join(map(str, declared.getroot().itertext()))


@every_form
def test_the_example_without_its_marks_would_be_a_right_record(
    message: MessageType, flat: bool, tmp_path: Path
) -> None:
    path = a_template(tmp_path, message, flat=flat)
    book, sheets = shown(path)
    for sheet in sheets:
        for cell in sheet[2]:
            if cell.value == EXAMPLE:
                cell.value = None if cell.column == 1 else "A1"
    book.save(path)
    verdict = check(path, message)
    assert (verdict["records"], verdict["ready"], said(verdict)) == (1, 1, NO_RULES)


@every_form
def test_every_field_has_its_column_and_every_code_its_list(message: MessageType, flat: bool, tmp_path: Path) -> None:
    _, sheets = shown(a_template(tmp_path, message, flat=flat))
    columns: dict[str, str] = {}
    listed: dict[str, str] = {}
    for sheet in sheets:
        assert sheet["A1"].value == MARK_HEADING
        columns |= {f"{sheet.title}!{column_letters(cell.column - 1)}": str(cell.value) for cell in sheet[1][1:]}
        for rule in sheet.data_validations.dataValidation:
            if rule.type != "list":
                continue
            column = str(rule.sqref).rstrip("0123456789").partition("2:")[0]
            listed[f"{sheet.title}!{column}"] = str(rule.formula1)
    made = ("guid", "appTime")
    fields = [one for one in (*message.head_fields, *message.line_fields) if one.name not in made]
    numbers_again = len(sheets) - 1  # the lines' sheet says which head they belong to
    assert len(columns) == len(fields) + numbers_again
    with_codes = [one for one in fields if choices(one)]
    assert sorted(columns[at].partition("\n")[0].lstrip("* ") for at in listed) == sorted(
        label(one, fields) for one in with_codes
    )
    of_flags = [listed[at] for at in listed if columns[at].endswith(("appType", "appStatus"))]
    assert of_flags == ['"1 新增,2 变更,3 删除"', '"1 暂存,2 申报"']


def label(field: Field, fields: list[Field]) -> str:
    """The Chinese label, with the part before it where head and lines share it."""
    shared = any(field.zh in (one.zh, one.name, one.en, *one.aliases) for one in fields if one is not field)
    return f"{'表头' if field.part == 'head' else '表体'}{field.zh}" if shared else field.zh


def test_the_command_says_how_an_export_template_is_to_be_dropped(tmp_path: Path) -> None:
    code, said = cebd("template", "export-order", "-o", tmp_path / "e.xlsx")
    assert (code, "inbox/export-order/" in said) == (0, True)
    assert "inbox/" not in cebd("template", "order", "-o", tmp_path / "o.xlsx")[1]


@needs_official
@pytest.mark.parametrize("flat", [False, True], ids=["two-sheets", "flat"])
@pytest.mark.parametrize("name", ["export-arrival", "export-summary"])
def test_a_record_that_needs_no_lines_is_declared_without(name: str, flat: bool, station: Path, tmp_path: Path) -> None:
    message = message_type(name)
    path = a_template(tmp_path, message, flat=flat)
    without = {("line", field.name): None for field in message.line_fields}
    fill(path, message, [{**a_record(message, "X1"), **without}])
    verdict = check(path, message)
    assert (verdict["ready"], said(verdict)) == (1, NO_RULES)
    [declared] = messages_of(path, station, tmp_path, "--as", str(message.name))
    assert official_schema("export-business-202205.xsd").validate(declared), official_schema(
        "export-business-202205.xsd"
    ).error_log
    assert declared.findall(f"{{*}}{message.record}/{{*}}{message.line}") == []
