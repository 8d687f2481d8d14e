"""A file that cannot be read at all, with the problem that says why."""

from __future__ import annotations

from cebd.problems.problem import Problem, problem


class Unreadable(Exception):
    """Nothing of the file is declared; `problem` says why, for a person. A plain reason is said in Chinese and English, parted by ` / `."""

    def __init__(self, why: str | Problem) -> None:
        if isinstance(why, str):
            self.reason_zh, _, self.reason_en = why.partition(" / ")
            self.reason_en = self.reason_en or self.reason_zh
            why = problem("CEBD-1001", reason_zh=self.reason_zh, reason_en=self.reason_en)
        else:
            self.reason_zh, self.reason_en = why.zh, why.en
        super().__init__(f"{why.zh} / {why.en}")
        self.problem = why


def refused(problem_id: str, zh: str = "", en: str = "", value: object = None) -> Unreadable:
    """An Unreadable with that problem; `zh` and `en` are the reason that its texts name."""
    return Unreadable(problem(problem_id, value=value, reason_zh=zh, reason_en=en or zh))
