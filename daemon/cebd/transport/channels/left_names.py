"""The names of what was refused and stays at the other side, where nobody lists what stands there."""

from __future__ import annotations

AT_MOST = 100
"""Names kept for each problem, the last ones: whoever may bring things here could fill the memory with names."""


class LeftNames:
    """For one thread at a time."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}  # by problem, in the order of the last refusal

    def add(self, problem: str, name: str) -> None:
        """It was refused for the problem of that id."""
        names = self._names.setdefault(problem, {})
        names.pop(name, None)
        names[name] = None
        if len(names) > AT_MOST:
            del names[next(iter(names))]

    def by_problem(self) -> dict[str, list[str]]:
        """The sorted names, by the id of the problem."""
        return {problem: sorted(names) for problem, names in self._names.items()}
