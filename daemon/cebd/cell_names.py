"""The letters by which spreadsheet programs name columns: the cell in the third column of row 12 is C12."""

from __future__ import annotations

from string import ascii_uppercase


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


def row_number(cell: str) -> int:
    """The row of a cell: AA12 -> 12."""
    return int(cell.lstrip(ascii_uppercase))
