"""The page `docs/law-and-practice.md`, made of the docstrings of `tests/conformance/test_practice.py`.

`PYTHONPATH=tests python -m builders.practice_page` writes it anew. A test's docstring says what is right, then, in a paragraph that begins
with `Source: `, where that is from; a class groups the tests of a chapter and its docstring is the chapter's heading.
"""

from __future__ import annotations

import ast
from pathlib import Path

from builders.papers import ROOT

TESTS = ROOT / "tests" / "conformance" / "test_practice.py"
PAGE = ROOT / "docs" / "law-and-practice.md"
_HEAD = """# Law and practice

What the message specification of 2022 does not say, or what has changed since, and what cebd does about it. Each row is held by a test;
this page is made of their docstrings (`PYTHONPATH=tests python -m builders.practice_page`), so change them there.
**[law]** is a published text of the authorities, **[paper]** the message specification or its schemas, **[seen]** public code or logs of
live installations.
"""


def page(tests: Path = TESTS) -> str:
    """The page as it is to be."""
    chapters = []
    for chapter in ast.parse(tests.read_text(encoding="utf-8")).body:
        if isinstance(chapter, ast.ClassDef):
            rows = [
                _row(test)
                for test in chapter.body
                if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
            ]
            heading = (ast.get_docstring(chapter) or "").strip().rstrip(".")
            chapters.append(
                f"## {heading}\n\n| what holds | source | test |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
            )
    return "\n".join((_HEAD, *chapters))


def _row(test: ast.FunctionDef) -> str:
    text, _, source = (ast.get_docstring(test) or "").partition("Source:")
    if not text.strip() or not source.strip():
        raise ValueError(f"{test.name}: a docstring says what is right, then `Source: `")
    cells = (text, source, f"`{test.name}`")
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
