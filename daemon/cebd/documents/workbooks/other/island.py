"""What a web page that Excel or a shop system wrote says of its sheets, for Excel alone: `<x:ExcelWorksheet>` in its head.

Source: Microsoft, Office HTML and XML Reference, "ExcelWorksheet", "Visible", "WorksheetSource".
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_BEGIN, _END = re.compile(r"<x:ExcelWorksheet\s*>", re.IGNORECASE), re.compile("</x:ExcelWorksheet", re.IGNORECASE)
_NAME = re.compile(r"<x:Name>([^<]*)</x:Name>", re.IGNORECASE)
_SOURCE = re.compile(r"<x:WorksheetSource\s+HRef\s*=\s*[\"']?#([^\"'\s>/]+)", re.IGNORECASE)
_HIDDEN = re.compile(r"<x:Visible>\s*Sheet(?:Very)?Hidden\s*</x:Visible>", re.IGNORECASE)
_MAX_SHEETS, _MAX_CHARACTERS = 255, 8192


class SheetTold(NamedTuple):
    """A sheet as the page describes it. `source`: the id of the element that it shows; empty where the page does not say."""

    name: str
    source: str
    hidden: bool


NOT_TOLD = SheetTold("", "", hidden=False)


def sheets_told(page: str) -> list[SheetTold]:
    """The sheets that the page describes, in their order; none in a page without a word to Excel."""
    told = []
    for begin in _BEGIN.finditer(page):
        body = page[begin.end() : begin.end() + _MAX_CHARACTERS]
        end = _END.search(body)
        body = body[: end.start()] if end else body
        name, source = _NAME.search(body), _SOURCE.search(body)
        told.append(
            SheetTold(
                html.unescape(name[1]).strip() if name else "",
                html.unescape(source[1]) if source else "",
                _HIDDEN.search(body) is not None,
            )
        )
        if len(told) == _MAX_SHEETS:
            break
    names = [one.name for one in told]
    return [one if names.count(one.name) == 1 else one._replace(name="") for one in told]
