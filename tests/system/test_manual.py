"""The manual: built as people build it, whole in both languages, and without any request to the outside."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from builders.once import once_for_all_workers

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built; any warning (a link that leads nowhere, a page that nobody can reach) fails."""

    def build() -> dict[str, str]:
        out = str(tmp_path_factory.mktemp("manual"))
        command = [sys.executable, "docs/manual/build.py", out]
        built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        return {"folder": out}

    return Path(once_for_all_workers("manual", build)["folder"])


def test_both_languages_have_the_same_pages(manual: Path) -> None:
    pages = [sorted(page.name for page in (manual / language).glob("*.html")) for language in LANGUAGES]
    assert pages[0] == pages[1]
    assert {"operator.html", "administrator.html", "tokens.html", "channels.html", "going-live.html"} <= set(pages[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_setting_and_command_is_in_it(manual: Path, language: str) -> None:
    problems = (manual / language / "problems.html").read_text(encoding="utf-8")
    catalogue = ROOT / "daemon" / "cebd" / "problems" / "catalogue"
    ids = {
        id_
        for file in catalogue.glob("*.toml")
        for id_ in re.findall(r"^\[(CEBD-\d+)\]", file.read_text("utf-8"), re.M)
    }
    assert len(ids) > 200
    assert {id_ for id_ in ids if f">{id_}<" not in problems} == set()
    settings = (manual / language / "settings.html").read_text(encoding="utf-8")
    keys = re.findall(r"^(?:# )?(\w+) = ", (ROOT / "config.example.toml").read_text("utf-8"), re.M)
    assert {key for key in keys if key not in settings} == set()
    commands = (manual / language / "commands.html").read_text(encoding="utf-8")
    for command in ("cebd run", "cebd config check", "cebd token revoke", "cebd queue release"):
        assert f"<h2>{command}<" in commands


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_asks_nothing_of_the_network(manual: Path, language: str) -> None:
    for page in (manual / language).glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"""<(?:script|img|link)\b[^>]*(?:src|href)=["']?(?:https?:)?//[^>]*>""", text) == [], page
