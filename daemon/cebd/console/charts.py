"""Charts as SVG, made on the server: bars beside each other, their scale, and what a screen reader says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from math import ceil

from markupsafe import Markup, escape

from cebd.operations.console.figures import Chart
from cebd.operations.text import Text

WIDTH, HEIGHT = 560, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 12, 34
_LINES = 4
_LABELS = 8  # at most, or they run into each other


def drawn(chart: Chart, say: Callable[[Text], str]) -> Markup:
    """The chart. Colours stand in the style sheet (`.s0`, `.s1`): the page's policy allows none here."""
    return Markup("").join(_drawn(chart, say))


def _drawn(chart: Chart, say: Callable[[Text], str]) -> Iterator[Markup]:
    top = _round_up(max((value for one in chart.series for value in one.values), default=0))
    inner_width, inner_height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    told = "; ".join(f"{say(one.name)}: {sum(one.values):,.0f}" for one in chart.series)
    yield _tag(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t-{{0}} d-{{0}}">'
        '<title id="t-{0}">{1}</title><desc id="d-{0}">{2}</desc>',
        chart.name,
        say(chart.title),
        told,
    )
    for nth in range(_LINES + 1):
        y = _TOP + inner_height * (1 - nth / _LINES)
        yield _tag('<line class="rule" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>', _LEFT, WIDTH - _RIGHT, f"{y:.1f}")
        yield _tag(
            '<text class="scale" x="{0}" y="{1}">{2}</text>', _LEFT - 6, f"{y + 4:.1f}", _short(top * nth / _LINES)
        )
    slot = inner_width / max(len(chart.labels), 1)
    bar = slot * 0.8 / max(len(chart.series), 1)
    every = ceil(len(chart.labels) / _LABELS)
    for nth, label in enumerate(chart.labels):
        for which, one in enumerate(chart.series):
            value = one.values[nth]
            tall = inner_height * value / top if top else 0
            x = _LEFT + slot * nth + slot * 0.1 + bar * which
            yield _tag(
                '<rect class="s{0}" x="{1}" y="{2}" width="{3}" height="{4}"><title>{5}</title></rect>',
                which,
                f"{x:.1f}",
                f"{_TOP + inner_height - tall:.1f}",
                f"{bar:.1f}",
                f"{tall:.1f}",
                f"{say(label)}: {value:,.2f}".removesuffix(".00"),
            )
        if nth % every == 0:
            middle = f"{_LEFT + slot * (nth + 0.5):.1f}"
            yield _tag('<text class="label" x="{0}" y="{1}">{2}</text>', middle, HEIGHT - 14, say(label))
    yield _tag("</svg>")


def _tag(text: str, *values: object) -> Markup:
    return Markup(text.format(*map(escape, values)))  # noqa: S704


def _round_up(value: float) -> int:
    """The next 1, 2, 4 or 8 with noughts behind it that its lines part into whole numbers."""
    if value <= 0:
        return 0
    tops = (step * int("1" + "0" * noughts) for noughts in count() for step in (1, 2, 4, 8))
    return next(top for top in tops if value <= top and top % _LINES == 0)


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
