"""The contents of the templates and of the manual."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cebd.documents.templates.workbook import write_template
from cebd.messages.description import declarations
from cebd.operations.handouts.manual import NAMES, manual
from cebd.rules.codes import Tables

_SIX = ("CEB311", "CEB411", "CEB511", "CEB621", "CEB623", "CEB625")


def made_files(codes: Tables, languages: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each; `codes`: the tables that the templates choose from; `languages` ("zh", "en") of the manual.

    Raises OSError.
    """
    with tempfile.TemporaryDirectory(prefix="cebd-") as scratch:
        for message in declarations():
            if message.code in _SIX:
                path = Path(scratch) / f"{message.code}.xlsx"
                write_template(path, message, codes=codes)
                yield f"{message.zh} {message.en}.xlsx", path.read_bytes()
    for language in languages:
        yield NAMES[language], manual(language)
