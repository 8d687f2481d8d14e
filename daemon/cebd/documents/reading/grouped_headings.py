"""Headings in two rows: a group above (`收货人`, merged across its columns), and under it what belongs to the group (`姓名`, `电话`).

| upper row | lower row | read as |
| --- | --- | --- |
| `订单编号`, merged down | nothing | `订单编号` |
| `收货人信息`, merged across | `姓名` | `收货人姓名` |
| `商品信息`, merged across | `单价` | `单价`: it says enough by itself |

Only merged cells make a group (in a text file what its two rows of headings show, `text/heading_groups.py`): a title above a column of
data is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cebd.documents.workbooks.chunks import Row
from cebd.documents.workbooks.sheet import Sheet

_ENDING = re.compile(r"\s*(信息|资料|情况|明细|部分|栏)?\s*[:：]?\s*\Z")


@dataclass(frozen=True)
class HeadingCells:
    """A row that may hold headings, and by column (from 0) the group that stands above a heading.

    `is_under_a_title`: what stands above is a single text, which may be the sheet's title.
    """

    texts: list[str]
    groups: dict[int, str] = field(default_factory=dict)
    is_under_a_title: bool = False

    @property
    def names(self) -> list[str]:
        """What people call these headings: `收货人/姓名` of one in a group."""
        groups = {} if self.is_under_a_title else self.groups
        return [f"{groups[at]}/{text}" if text and at in groups else text for at, text in enumerate(self.texts)]


def heading_cells(sheet: Sheet) -> list[HeadingCells]:
    """The first rows of a sheet as headings, from row 1 on; what is merged into a row from above stands in it."""
    rows = [[str(cell).strip() for cell in row] for row in sheet.top]
    above: list[list[str]] = [[], *rows]
    found = [HeadingCells([*row], {}, sum(map(bool, above[at])) < 2) for at, row in enumerate(rows)]
    for (top, left), (bottom, right) in sheet.merged_at_top:
        if top >= len(rows) - 1 or left >= len(rows[top]) or not rows[top][left]:
            continue
        text = rows[top][left]
        if left == right and bottom > top:
            for below in range(top + 1, min(bottom + 1, len(found))):
                _put(found[below].texts, left, text)
        elif right > left:
            lower = found[bottom + 1] if bottom + 1 < len(found) else None
            group = _ENDING.sub("", text)
            if lower is not None and group:
                lower.groups.update(dict.fromkeys(range(left, right + 1), group))
    return found


def _put(texts: list[str], index: int, text: str) -> None:
    texts += [""] * (index + 1 - len(texts))
    texts[index] = texts[index] or text


def is_under_its_groups(cells: HeadingCells, row: Row) -> bool:
    """Whether headings of that row stand above it, or belong to groups."""
    return bool(cells.groups) or cells.texts != [str(cell).strip() for cell in row]
