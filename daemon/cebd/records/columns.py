"""Records side by side: their texts stand in columns, a question is asked of a whole column at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from cebd.records.amount import scaled


@dataclass(frozen=True)
class TextColumns:
    """Texts by field name. Records and lines are numbered from 0 in their order.

    `heads`: a text for each record. `lines`: a text for each goods line of all records, one record's after the other's; `line_counts`: how
    many lines each record has. A field that is not declared is a column of empty texts.
    """

    heads: Mapping[str, Sequence[str]]
    lines: Mapping[str, Sequence[str]]
    line_counts: Sequence[int]

    def __len__(self) -> int:
        return len(self.line_counts)

    def head(self, name: str) -> Sequence[str]:
        """A text for each record."""
        return self.heads.get(name) or [""] * len(self)

    def line(self, name: str) -> Sequence[str]:
        """A text for each line."""
        return self.lines.get(name) or [""] * self.starts[-1]

    def head_amounts(self, name: str) -> Sequence[int]:
        """An amount for each record, in units of 0.00001; without text 0. Raises ValueError for a text that is not a number."""
        return self._amounts("head", name)

    def line_amounts(self, name: str) -> Sequence[int]:
        """An amount for each line, in units of 0.00001; without text 0. Raises ValueError for a text that is not a number."""
        return self._amounts("line", name)

    def line_sums(self, name: str) -> Sequence[int]:
        """For each record the sum of its lines' amounts, in units of 0.00001."""
        amounts = self.line_amounts(name)
        return amounts if self.has_one_line_each else [sum(amounts[start:end]) for start, end in pairwise(self.starts)]

    @cached_property
    def starts(self) -> Sequence[int]:
        """For each record the number of its first line; and how many lines there are."""
        return list(accumulate(self.line_counts, initial=0))

    @cached_property
    def has_one_line_each(self) -> bool:
        """Whether every record has a single line."""
        return all(count == 1 for count in self.line_counts)

    @cached_property
    def _known_amounts(self) -> dict[tuple[str, str], Sequence[int]]:
        return {}

    def _amounts(self, part: str, name: str) -> Sequence[int]:
        known = self._known_amounts.get((part, name))
        if known is None:
            texts = self.head(name) if part == "head" else self.line(name)
            amount_of = {text: scaled(text) for text in set(texts)}
            known = self._known_amounts[part, name] = list(map(amount_of.__getitem__, texts))
        return known
