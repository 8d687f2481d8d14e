"""The operator's manual as one page that any browser shows, made from the manual's source."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path

import cebd

NAMES = {"zh": "操作手册.html", "en": "Manual.html"}
_STYLE = (
    "body{max-width:52em;margin:2em auto;padding:0 1em;font:16px/1.6 'Microsoft YaHei','Noto Sans CJK SC',sans-serif}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}img{max-width:100%}"
    "code{background:#f2f2f2}"
)


def manual(language: str) -> bytes:
    """The manual in that language ("zh", "en"). Raises OSError."""
    from markdown_it import MarkdownIt

    source = (_folder() / language / "operator.md").read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(source)
    for token in (inner for block in tokens for inner in (block, *(block.children or ()))):
        if token.type == "link_open" and not str(token.attrs.get("href", "")).startswith("http"):
            token.attrs.pop("href")  # a page of the whole manual, which is not here
        if token.type == "image":
            token.attrs["src"] = _picture(str(token.attrs["src"]))
    body = parser.renderer.render(tokens, parser.options, {})
    title = escape(source.splitlines()[0].lstrip("# "))
    page = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>{body}</html>\n'
    return page.encode()


def _folder() -> Path:
    """Beside the package in a wheel; in a source tree among the documents."""
    package = Path(cebd.__file__).parent
    installed = package / "manual"
    return installed if installed.is_dir() else package.parents[1] / "docs" / "manual"


def _picture(source: str) -> str:
    name = Path(source).name
    places = (_folder() / "pictures" / name, _folder().parent / "pictures" / name)
    found = next((place for place in places if place.is_file()), None)
    return "" if found is None else f"data:image/png;base64,{b64encode(found.read_bytes()).decode()}"
