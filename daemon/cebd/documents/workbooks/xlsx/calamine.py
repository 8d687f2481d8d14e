"""The fast reader (calamine), given a workbook made here: the sheets that were looked over, and of the other parts only what it needs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import Archive, damaged
from cebd.documents.workbooks.xlsx.parts import BookParts


def reader_of(archive: Archive, book: BookParts, sheets: dict[str, bytes]) -> Any:
    """The fast reader on a zip of these sheets, whose texts stand in their cells, and of what they need. Raises Unreadable."""
    import python_calamine as calamine

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        styles = book.beside("styles.xml").casefold()
        needed = ("_rels/.rels", book.workbook, book.relations)
        for name in (*needed, *(one for one in archive.names if one.casefold() == styles)):
            packed.writestr(name, archive.small_part(name))
        for name, content in sheets.items():
            packed.writestr(name, content)
    made.seek(0)
    with read_errors():
        return calamine.CalamineWorkbook.from_filelike(made)


def table_of(reader: Any, name: str) -> Any:
    """The sheet of that name laid out as a table. Raises Unreadable."""
    with read_errors():
        return reader.get_sheet_by_name(name)


@contextmanager
def read_errors() -> Iterator[None]:
    """What the fast reader says of a file as Unreadable."""
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError:
        raise refused("CEBD-1020") from None
    except (calamine.CalamineError, OSError, ValueError, LookupError) as error:
        raise damaged(str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine's own failure is no Exception
            raise
        raise damaged("内容自相矛盾", "its content contradicts itself") from None
