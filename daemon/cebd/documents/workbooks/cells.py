"""The cells of a workbook: content beside texts, and the letters of columns."""

from __future__ import annotations

NO_RESULT = "#无结果 no result"


class Faulty(str):
    """A cell whose value the workbook does not have, shown as this text. `problem` names the reason; `stored` is the text in its place."""

    problem: str
    stored: str

    def __new__(cls, shown: str, problem: str, stored: str = "") -> Faulty:
        made = super().__new__(cls, shown)
        made.problem = problem
        made.stored = stored
        return made


class Shown(str):
    """A number whose format adds leading zeros: as text the visible digits, as an amount the number itself."""

    number: float

    def __new__(cls, shown: str, number: float) -> Shown:
        made = super().__new__(cls, shown)
        made.number = number
        return made


def column_letters(index: int) -> str:
    """The letters of a 0-based column: 0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(cell: str) -> int:
    """The 0-based column of a cell or of letters: A -> 0, AA12 -> 26; -1 without letters."""
    number = 0
    for letter in cell.rstrip("0123456789"):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
