"""The contents of the templates and of the manual."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cebd.documents.templates.goods import Goods
from cebd.documents.templates.workbook import write_template
from cebd.messages.description import declarations
from cebd.operations.handouts.manual import NAMES, manual
from cebd.rules.codes.tables import Tables
from cebd.rules.figures import Figures

_SIX = ("CEB311", "CEB411", "CEB511", "CEB621", "CEB623", "CEB625")
_ON_ONE_SHEET = ("CEB625",)  # of what its lines say most comes from a list


@dataclass(frozen=True)
class OwnValues:
    """What templates of an enterprise have of its own: by message code, the defaults of its settings; its goods archive; the figures of
    the rules (None: the published ones)."""

    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    goods: Sequence[Goods] = ()
    figures: Figures | None = None


def made_files(codes: Tables, languages: Sequence[str], own: OwnValues = OwnValues()) -> Iterator[tuple[str, bytes]]:
    """Name and content of each; `codes`: the tables that the templates choose from; `languages` ("zh", "en") of the manual.

    Raises OSError.
    """
    with tempfile.TemporaryDirectory(prefix="cebd-") as scratch:
        for message in declarations():
            if message.code in _SIX:
                path = Path(scratch) / f"{message.code}.xlsx"
                defaults, flat = own.defaults.get(message.code), message.code in _ON_ONE_SHEET
                write_template(
                    path, message, flat=flat, codes=codes, defaults=defaults, goods=own.goods, figures=own.figures
                )
                yield f"{message.zh} {message.en}.xlsx", path.read_bytes()
    for language in languages:
        yield NAMES[language], manual(language)
