"""Two schemas held against each other: the messages on which they disagree, and how often each verdict was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from lxml import etree

from cebd.messages.schema import flaws


def disagreements(
    changed_messages: Iterable[tuple[str, etree._Element]], customs_accept: Callable[[etree._Element], bool]
) -> tuple[list[str], Counter[bool]]:
    """Where our schema judges otherwise than the official one, in words; and the official verdicts, counted."""
    found = []
    judged = Counter({True: 0, False: 0})
    for what, changed in changed_messages:
        verdict = customs_accept(changed)
        judged[verdict] += 1
        ours = flaws(changed)
        if (not ours) != verdict:
            found.append(f"{what}: customs {verdict}, {ours[:2]}")
    return found, judged
