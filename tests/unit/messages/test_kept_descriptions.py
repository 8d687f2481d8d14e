"""Descriptions are kept beside the schemas, hold for just these, and are what the schemas say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cebd.messages.described.from_schema import read_message
from cebd.messages.described.kept import FILE, kept, to_be_kept
from cebd.messages.description import message_type
from cebd.messages.schema_files import message_schemas, schema_dir, schemas_from


def test_what_is_kept_is_what_the_schemas_say() -> None:
    assert (schema_dir() / FILE).read_text(encoding="utf-8") == to_be_kept(), "make it anew: ./dev descriptions"


@pytest.mark.parametrize("code", message_schemas())
def test_a_description_comes_back_as_it_was_read(code: str) -> None:
    path = message_schemas()[code]
    assert kept(path) == read_message(path)


@pytest.mark.parametrize("changed", ["CEB311Message.xsd", "Base.xsd"])
def test_of_a_schema_that_has_changed_nothing_is_kept(tmp_path: Path, changed: str) -> None:
    shutil.copytree(schema_dir(), tmp_path / "schemas")
    path = tmp_path / "schemas" / "import" / changed
    path.write_bytes(path.read_bytes() + b"\n")
    with schemas_from(tmp_path / "schemas"):
        assert kept(message_schemas()["CEB311"]) is None
        assert message_type("CEB311").key == ("ebpCode", "ebcCode", "orderNo")


def test_where_nothing_is_kept_the_schemas_are_read(tmp_path: Path) -> None:
    shutil.copytree(schema_dir(), tmp_path / "schemas")
    (tmp_path / "schemas" / FILE).unlink()
    with schemas_from(tmp_path / "schemas"):
        assert message_type("CEB621").code == "CEB621"


def test_a_process_that_reads_descriptions_does_not_read_schemas() -> None:
    program = "import sys; from cebd.messages.description import read_descriptions as read; read(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()
    assert "cebd.messages.described.kept" in modules
    assert "xmlschema" not in modules
