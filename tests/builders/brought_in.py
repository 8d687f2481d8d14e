"""Files brought in on a page of the console, by a browser that is one in name alone."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import httpx2
from openpyxl import Workbook

from builders.consoles import Visitor
from builders.waiting import until


def a_book(rows: Sequence[Mapping[str, str]], headings: Mapping[str, str] | None = None) -> bytes:
    """A workbook with the element names as headings, or with others in their place."""
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    names = list(rows[0])
    book.active.append([(headings or {}).get(name, name.partition(".")[2]) for name in names])
    for row in rows:
        book.active.append([row[name] for name in names])
    book.save(content)
    return content.getvalue()


def bring(visitor: Visitor, name: str, content: bytes, **fields: str) -> httpx2.Response:
    data = {"token": visitor.token(), "enterprise": "trial", **fields}
    return visitor.client.post("/imports", data=data, files={"file": (name, content)})


def looked_at(visitor: Visitor, address: str) -> str:
    """The page once the file was looked at."""

    def page() -> str | None:
        text = visitor.get(address).text
        return None if "正在检查" in text else text

    return until(page, "the file is looked at")


def post(visitor: Visitor, address: str, page: str, action: str, **fields: str) -> httpx2.Response:
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision is not None
    return visitor.post(address, revision=revision[1], action=action, **fields)
