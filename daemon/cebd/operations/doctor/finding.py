"""What the doctor says of one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cebd.operations.text import Text
from cebd.problems.problem import Problem


class Level(StrEnum):
    """`fail`: nothing goes on without it; `warn`: it goes on, and a person should look."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about`: what was looked at (`channel:sandbox`). `command`: what mends it, as it is typed; None where nothing need be done."""

    about: str
    level: Level
    text: Text
    command: str | None = None

    def as_json(self) -> dict[str, object]:
        """For `doctor --json`."""
        return {"about": self.about, "level": self.level, **self.text._asdict(), "command": self.command}


def ok(about: str, zh: str, en: str) -> Finding:
    return Finding(about, Level.OK, Text(zh, en))


def warn(about: str, zh: str, en: str, command: str | None = None) -> Finding:
    return Finding(about, Level.WARN, Text(zh, en), command)


def fail(about: str, zh: str, en: str, command: str | None = None) -> Finding:
    return Finding(about, Level.FAIL, Text(zh, en), command)


def of_problem(about: str, problem: Problem, command: str, level: Level | None = None) -> Finding:
    """What a problem of the catalogue says, with its remedy. `level`: where it is another than its severity says."""
    level = level or (Level.FAIL if problem.severity == "error" else Level.WARN)
    zh, en = f"{problem.id} {problem.zh}。{problem.fix_zh}", f"{problem.id} {problem.en}. {problem.fix_en}"
    return Finding(about, level, Text(zh, en), command)


def guarded(about: str, look: Callable[[], Iterable[Finding]], command: str) -> Iterator[Finding]:
    """The findings; where looking breaks, that is the finding: one thing keeps no other from being looked at. `command`: where the cause of
    that stands.
    """
    try:
        yield from look()
    except Exception as error:
        yield fail(
            about,
            f"无法检查：{type(error).__name__}: {error}",
            f"it cannot be looked at: {type(error).__name__}: {error}",
            command,
        )
