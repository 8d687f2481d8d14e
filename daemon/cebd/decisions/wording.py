"""Texts of the sheets that ask a person, in the language of the station. They are read again in whichever language they were written.

A text of both languages stands as `行数 Rows`: the Chinese up to the first blank, then the English.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Language = Literal["zh", "en", "both"]
LANGUAGES: tuple[Language, ...] = ("zh", "en", "both")


def worded(text: str, language: Language) -> str:
    """`行数 Rows` as `行数` or `Rows`; of both the whole."""
    zh, _, en = text.partition(" ")
    return text if language == "both" or not en else zh if language == "zh" else en


def of_both(zh: str, en: str, language: Language, between: str = "\n") -> str:
    """The text for those who read it; of both the Chinese one first."""
    return zh if language == "zh" else en if language == "en" else f"{zh}{between}{en}"


def sheet_names(text: str) -> dict[Language, str]:
    """`cebd 决定 Decisions` as the sheet is called in each language."""
    own, _, name = text.partition(" ")
    return {language: f"{own} {worded(name, language)}" for language in LANGUAGES}


def by_wording(texts: Iterable[str]) -> dict[str, str]:
    """Each of these texts, by every wording that it has."""
    return {worded(text, language): text for text in texts for language in LANGUAGES}
