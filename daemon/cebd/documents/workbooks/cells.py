"""The cells of a workbook: content beside texts."""

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
