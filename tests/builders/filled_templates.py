"""Templates filled in as an enterprise's script would, and what cebd makes of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree
from openpyxl import load_workbook
from typer.testing import CliRunner

from cebd.cli.main import app
from cebd.documents.templates.workbook import write_template
from cebd.messages.description import MessageType

Values = dict[tuple[str, str], Any]


def cebd(*arguments: str | Path) -> tuple[int, str]:
    """A command's exit code and what it said."""
    ended = CliRunner().invoke(app, [*map(str, arguments)])
    return ended.exit_code, ended.stdout


def a_template(folder: Path, message: MessageType, *, flat: bool = False, name: str = "filled") -> Path:
    path = folder / f"{name}.xlsx"
    path.write_bytes(the_template(message, flat))
    return path


@cache
def the_template(message: MessageType, flat: bool) -> bytes:
    """The file as cebd writes it: nobody changes it, and it takes a while."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template(path, message, flat=flat)
        return path.read_bytes()


def fill(path: Path, message: MessageType, rows: list[Values], *, keep_example: bool = False) -> None:
    """Fill in by the headings: each row where its sheet begins, a head once for its lines."""
    book = load_workbook(path)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    line_names = {field.name for field in message.line_fields}
    for nth, sheet in enumerate(visible):
        if not keep_example:
            sheet.delete_rows(2)
        next_row = 3 if keep_example else 2
        written = set()
        of_lines = nth == 1
        for values in rows:
            number = values["head", str(message.group)]
            if len(visible) == 2 and not of_lines and number in written:
                continue
            written.add(number)
            for cell in sheet[1][1:]:
                parent, _, name = str(cell.value).split("\n")[1].rpartition("/")
                part = "line" if parent == message.line or (not parent and name in line_names) else "head"
                sheet.cell(next_row, cell.column, values.get((part, name)))
            next_row += 1
    book.save(path)


def messages_of(path: Path, station: Path, folder: Path, *named: str) -> list[etree._ElementTree]:
    """Converted and signed, as they would be sent; `named` are further options of the conversion."""
    code, said = cebd("convert", path, "-o", folder / "messages", "-c", station, "--json", *named)
    assert code == 0, said
    signed = []
    for nth, message in enumerate(json.loads(said)["messages"]):
        out = folder / f"signed-{nth}.xml"
        assert cebd("sign", message, "-o", out, "--signer", "trial", "-c", station)[0] == 0
        signed.append(etree.parse(out))
    return signed
