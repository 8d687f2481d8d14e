"""Which signers of an enterprise sign today, where a new card takes over on a day (`takes_over` of its signer).

| the day | who signs |
| --- | --- |
| before it | those without such a day, or with an earlier one |
| from it on (China time) | the new card alone; the old ones are neither opened nor missed any more |

Without such a day all signers of the enterprise sign side by side, each as long as its certificate is valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

Days = Mapping[str, date | None]
"""By signer, the day from which it signs alone."""


def on_duty(signers: Iterable[str], days: Days, today: date) -> tuple[str, ...]:
    """Those among the signers that sign today. Never none: where every day is still to come, the earliest counts."""
    begins = {signer: days.get(signer) or date.min for signer in signers}
    begun = [day for day in begins.values() if day <= today] or [min(begins.values(), default=today)]
    return tuple(signer for signer, day in begins.items() if day == max(begun))


def relieved(enterprises: Iterable[tuple[str, ...]], days: Days, today: date) -> set[str]:
    """The signers whose work others have taken over, given those of each enterprise."""
    needed: set[str] = set()
    begun: set[str] = set()
    for signers in enterprises:
        needed.update(on_duty(signers, days, today))
        begun.update(signer for signer in signers if (days.get(signer) or date.min) <= today)
    return begun - needed
