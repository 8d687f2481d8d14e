"""A template filled in becomes messages that the official schema accepts, whichever form it has and whichever program saved it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from builders.filled_templates import Values, a_template, cebd, fill, messages_of
from builders.papers import needs_official, official_schema
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.documents.workbooks.sheets import read_sheets
from cebd.messages.description import Field, MessageType, declarations, message_type
from cebd.rules.codes.tables import PUBLISHED
from cebd.trial.rows import inventory_rows, order_rows

FORMS = [(message, flat) for message in declarations() for flat in (False, True)]
every_form = pytest.mark.parametrize(
    ("message", "flat"), FORMS, ids=[f"{message.name}{'-flat' if flat else ''}" for message, flat in FORMS]
)
SOFFICE = shutil.which("soffice")


def rows_of_samples(message: MessageType, count: int) -> list[Values]:
    """Records of one line each, made of the description's samples; their countries and units differ."""
    rows = []
    for nth in range(count):
        values: Values = {}
        for field in (*message.head_fields, *message.line_fields):
            values[field.part, field.name] = a_value(field, nth)
        for name in {str(message.group), "orderNo", "logisticsNo"}:  # numbers that belong to one record alone
            if number := values.get(("head", name)):
                values["head", name] = f"{number[: -len(str(nth)) - 1]}X{nth}"
        if number := values.get(("head", "invtNo")):  # one application about a list at a time
            values["head", "invtNo"] = f"{number[:-1]}{nth}"
        rows.append(values)
    return rows


def a_value(field: Field, nth: int) -> str | None:
    if field.sample and field.table in ("countries", "units"):
        return [field.sample, *PUBLISHED[field.table].names][nth]
    if field.name == "appStatus":
        return "2"  # declared, not only stored
    return field.sample or (field.closed[0] if field.closed else None)


def from_trial(rows: Iterator[dict[str, str]]) -> list[Values]:
    made = []
    for row in rows:
        keys = (key.partition(".") for key in row)
        made.append({(part, name): row[f"{part}.{name}"] for part, _, name in keys})
    return made


def check(path: Path) -> dict[str, Any]:
    code, said = cebd("check", path, "--json")
    verdict: dict[str, Any] = json.loads(said)
    assert code == (0 if verdict["ready"] == verdict["records"] > 0 else 3)
    return verdict


@needs_official
@every_form
@pytest.mark.parametrize("keep_example", [True, False], ids=["example-kept", "example-deleted"])
def test_a_filled_template_is_declared_whole_and_fits_the_official_schema(
    message: MessageType, flat: bool, keep_example: bool, station: Path, tmp_path: Path
) -> None:
    path = a_template(tmp_path, message, flat=flat)
    fill(path, message, rows_of_samples(message, 3), keep_example=keep_example)
    verdict = check(path)
    assert (verdict["type"], verdict["records"], verdict["ready"]) == (message.code, 3, 3), verdict
    assert verdict["problems"] == []  # an example that was kept is not mentioned
    declared = messages_of(path, station, tmp_path)
    for one in declared:
        assert official_schema("import-business-202205.xsd").validate(one), official_schema(
            "import-business-202205.xsd"
        ).error_log
    assert sum(len(one.findall(f"{{*}}{message.record}")) for one in declared) == 3
    assert all(EXAMPLE not in (one.getroot().xpath("string()")) for one in declared)


@every_form
def test_the_example_without_its_marks_would_be_a_right_record(
    message: MessageType, flat: bool, tmp_path: Path
) -> None:
    path = a_template(tmp_path, message, flat=flat)
    book = load_workbook(path)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            for cell in sheet[2]:
                if cell.value == EXAMPLE:
                    cell.value = None if cell.column == 1 else "A1"
    book.save(path)
    verdict = check(path)
    assert (verdict["records"], verdict["ready"], verdict["problems"]) == (1, 1, [])


@needs_official
@pytest.mark.parametrize("flat", [False, True], ids=["two-sheets", "flat"])
@pytest.mark.parametrize(
    ("kind", "rows"), [("order", order_rows), ("inventory", inventory_rows)], ids=["order", "inventory"]
)
def test_records_of_several_lines_keep_them_in_either_form(
    kind: str, rows: Any, flat: bool, station: Path, tmp_path: Path
) -> None:
    message = message_type(kind)
    path = a_template(tmp_path, message, flat=flat)
    lines = [{("head", "appType"): "1", ("line", "currency"): "142", **row} for row in from_trial(rows(4, lines=3))]
    fill(path, message, lines, keep_example=False)
    verdict = check(path)
    assert (verdict["ready"], verdict["problems"]) == (4, [])
    (declared,) = messages_of(path, station, tmp_path)
    assert official_schema("import-business-202205.xsd").validate(declared), official_schema(
        "import-business-202205.xsd"
    ).error_log
    assert [len(one.findall(f"{{*}}{message.line}")) for one in declared.findall(f"{{*}}{message.record}")] == [3] * 4


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_a_template_saved_by_libreoffice_is_the_same_to_cebd(tmp_path: Path) -> None:
    made = []
    for message, flat in FORMS:
        path = a_template(tmp_path, message, flat=flat, name=f"{message.name}-{flat}")
        fill(path, message, rows_of_samples(message, 2), keep_example=True)
        made.append(path)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    saved = tmp_path / "saved"
    subprocess.run(
        [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), *map(str, made)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    for path in made:
        before, after = read_sheets(path), read_sheets(saved / path.name)
        assert [sheet.name for sheet in after] == [sheet.name for sheet in before]
        assert [list(sheet.rows()) for sheet in after] == [list(sheet.rows()) for sheet in before]
        first, again = check(path), check(saved / path.name)
        assert {**again, "file": ""} == {**first, "file": ""}
        assert again["ready"] == 2
        sheet = load_workbook(saved / path.name).worksheets[0]
        assert sheet["B1"].comment is not None
        assert sheet.column_dimensions["B"].number_format == "@"
        assert sheet.data_validations.dataValidation
