"""A text in both languages, as the operations give it to whoever shows it: the command line, the console."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        """On one line, Chinese first."""
        return f"{self.zh} {self.en}"


class Refused(Exception):
    """An operation cannot do what it is asked; `text` says why, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(str(self.text))
