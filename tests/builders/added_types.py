"""`added_types.py SETTINGS FOLDER COMMAND ...`: cebd with the schemas and the code book of that folder, and those settings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CASE = Path(__file__).parents[1] / "cases" / "added_type"
SCRIPT = Path(__file__)


def add_stock_counts(folder: Path) -> Path:
    """A folder with all schemas and the whole code book, and the three files of a message type that no specification has (CEB911)."""
    from cebd.customs import book_files
    from cebd.messages.schema_files import schema_dir

    shutil.copytree(schema_dir(), folder / "schemas")
    shutil.copytree(Path(book_files.__file__).parent / "code_book", folder / "code_book")
    for schema in CASE.glob("*.xsd"):
        shutil.copy(schema, folder / "schemas" / "import")
    shutil.copy(CASE / "stock-count.toml", folder / "code_book")
    return folder


@contextmanager
def types_from(folder: Path) -> Iterator[None]:
    """Messages and codes are those of that folder meanwhile."""
    from cebd.customs.book_files import book_from
    from cebd.messages.schema_files import schemas_from

    with schemas_from(folder / "schemas"), book_from(folder / "code_book"):
        yield


def main() -> None:
    settings, folder, *command = sys.argv[1:]
    os.environ["CEBD_CONFIG"] = settings
    sys.argv = ["cebd", *command]
    from cebd.cli.main import main as cebd

    with types_from(Path(folder)):
        cebd()


if __name__ == "__main__":
    main()
