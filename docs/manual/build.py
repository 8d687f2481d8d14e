"""Builds the manual, Chinese and English, as pages that need no network: `./dev docs [FOLDER]` (default: build/docs).

What stands in the code already is made from it (`reference.py`): settings, commands, messages, problems, the customs' codes. A warning is
an error: a page that nobody can reach, a link that leads nowhere, an unknown name.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from reference import LANGUAGES, Language, pages
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TITLES = {"zh": "cebd 手册", "en": "The cebd manual"}
# These come with the packages, too.
SHIPPED = ("service-debian", "service-windows")
SHIPPED_SUFFIX = {"zh": ".zh.md", "en": ".md"}
SPHINX_LANGUAGES = {"zh": "zh_CN", "en": "en"}


def build(out: Path) -> None:
    """Write `out`/zh and `out`/en, and a page that leads to both. Raises SystemExit for a warning."""
    for language in LANGUAGES:
        _build(language, out)
    (out / "index.html").write_text(
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>cebd</title>'
        '<p><a href="zh/index.html">中文手册</a></p><p><a href="en/index.html">English manual</a></p></html>\n',
        encoding="utf-8",
    )


def _build(language: Language, out: Path) -> None:
    source = out / ".source" / language
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(HERE / language, source)
    shutil.copytree(ROOT / "docs" / "pictures", source / "pictures", ignore=shutil.ignore_patterns("*.py"))
    for page in SHIPPED:
        shutil.copyfile(ROOT / "docs" / f"{page}{SHIPPED_SUFFIX[language]}", source / f"{page}.md")
    for name, text in pages(language).items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    settings = {
        "project": TITLES[language],
        "language": SPHINX_LANGUAGES[language],
        "extensions": "myst_parser",
        "html_theme": "furo",
        "html_title": TITLES[language],
        "html_show_sourcelink": "0",
        "html_copy_source": "0",
        "myst_heading_anchors": "3",
    }
    options = [option for name, value in settings.items() for option in ("-D", f"{name}={value}")]
    code = build_main(["-C", "-W", "--keep-going", "-q", "-b", "html", *options, str(source), str(out / language)])
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs")
