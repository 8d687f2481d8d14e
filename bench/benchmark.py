"""What a benchmark is asked and what it answers: figures, some with a limit that they must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

OVER = "OVER THE LIMIT"


@dataclass(frozen=True)
class Options:
    """`quick`: a size that proves only that the benchmark works. `runs`: how often it is done; the median counts.

    `rest`: options that one benchmark alone knows.
    """

    quick: bool = False
    runs: int = 3
    rest: tuple[str, ...] = ()

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(frozen=True)
class Figure:
    """A number that was measured; `limit` is the most it may be, or the least with `at_least`. `aside`: it stands in the table alone."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    at_least: bool = False
    aside: bool = False

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def seen(self) -> str:
        return _with_unit(self.value, self.unit)

    @property
    def bound(self) -> str:
        """The limit as people read it; nothing where there is none."""
        if self.limit is None:
            return ""
        return f"{'at least' if self.at_least else 'at most'} {_with_unit(self.limit, self.unit)}"

    @property
    def verdict(self) -> str:
        return "" if self.limit is None else "ok" if self.holds else OVER

    def as_text(self) -> str:
        return f"{self.name} {self.seen}" + (f" ({self.bound})" if self.bound else "")

    def as_json(self) -> Mapping[str, object]:
        given = {"name": self.name, "value": round(self.value, 4), "unit": self.unit}
        if self.limit is None:
            return given
        return given | {"limit": self.limit, "at_least": self.at_least, "ok": self.holds}


@dataclass(frozen=True)
class Result:
    """What one benchmark saw. `work`: what was done, in a few words."""

    name: str
    work: str
    figures: tuple[Figure, ...]
    details: tuple[str, ...] = ()  # lines for whoever asked for them

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)

    def unjudged(self) -> Result:
        """The same without its limits."""
        return replace(self, figures=tuple(replace(figure, limit=None) for figure in self.figures))

    def as_line(self) -> str:
        said = ", ".join(figure.as_text() for figure in self.figures if not figure.aside)
        judged = any(figure.limit is not None for figure in self.figures)
        return f"{self.name}: {self.work}: {said}" + (f": {'ok' if self.holds else OVER}" if judged else "")

    def as_json(self) -> Mapping[str, object]:
        figures = [figure.as_json() for figure in self.figures]
        return {"name": self.name, "work": self.work, "ok": self.holds, "figures": figures}


def _with_unit(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value:.4g} %"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
    return f"{number} {unit}".rstrip()
