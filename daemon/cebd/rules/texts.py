"""What rules are asked about: a record as texts, and many records side by side, whose texts stand in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate, chain, pairwise, repeat
from typing import NamedTuple

from cebd.records.amount import scaled
from cebd.rules.figures import Figures

Texts = Mapping[str, str]


class RecordTexts(NamedTuple):
    """The record a rule is asked about: texts by field name. A field that is not declared is missing or the empty text."""

    head: Texts
    lines: Sequence[Texts]
    figures: Figures
    today: date


@dataclass(frozen=True)
class RecordColumns:
    """Records side by side, for a rule's screen. Records and lines are numbered from 0 in their order.

    `heads`: by field name, a text for each record. `lines`: a text for each goods line of all records, one record's after the other's;
    `line_counts`: how many lines each record has.
    """

    heads: Mapping[str, Sequence[str]]
    lines: Mapping[str, Sequence[str]]
    line_counts: Sequence[int]
    figures: Figures
    today: date

    def __len__(self) -> int:
        return len(self.line_counts)

    def record(self, number: int) -> RecordTexts:
        """One of the records, as a rule is asked about it."""
        head = {name: texts[number] for name, texts in self.heads.items()}
        own = range(self._starts[number], self._starts[number + 1])
        lines = [{name: texts[line] for name, texts in self.lines.items()} for line in own]
        return RecordTexts(head, lines, self.figures, self.today)

    # Columns. A field that is not declared is a column of empty texts.

    def head(self, name: str) -> Sequence[str]:
        """A text for each record."""
        return self.heads.get(name) or [""] * len(self)

    def line(self, name: str) -> Sequence[str]:
        """A text for each line."""
        return self.lines.get(name) or [""] * self._starts[-1]

    def head_amounts(self, name: str) -> Sequence[int]:
        """An amount for each record, in units of 0.00001; without text 0."""
        return self._amounts(self.head(name))

    def line_amounts(self, name: str) -> Sequence[int]:
        """An amount for each line, in units of 0.00001; without text 0."""
        return self._amounts(self.line(name))

    def line_sums(self, name: str) -> Sequence[int]:
        """For each record the sum of its lines' amounts, in units of 0.00001."""
        amounts = self.line_amounts(name)
        if self._has_one_line_each:
            return amounts
        return [sum(amounts[start:end]) for start, end in pairwise(self._starts)]

    @cached_property
    def line_numbers(self) -> Sequence[int]:
        """For each line, which of its record's lines it is, from 1."""
        return list(chain.from_iterable(range(1, count + 1) for count in self.line_counts))

    # Records to be looked at

    def heads_where(self, name: str, is_odd: Callable[[str], object]) -> Iterable[int]:
        """The records whose text in that field is odd; each text that differs is asked about once."""
        texts = self.head(name)
        odd = set(filter(is_odd, set(texts)))
        return [number for number, text in enumerate(texts) if text in odd] if odd else ()

    def lines_where(self, name: str, is_odd: Callable[[str], object]) -> Iterable[int]:
        """The records with a line whose text in that field is odd."""
        texts = self.line(name)
        odd = set(filter(is_odd, set(texts)))
        return self.of_lines(line for line, text in enumerate(texts) if text in odd) if odd else ()

    def of_lines(self, lines: Iterable[int]) -> Iterator[int]:
        """The records of these lines."""
        return map(self._record_of_line.__getitem__, lines)

    @cached_property
    def _starts(self) -> Sequence[int]:
        return list(accumulate(self.line_counts, initial=0))

    @cached_property
    def _has_one_line_each(self) -> bool:
        return all(count == 1 for count in self.line_counts)

    @cached_property
    def _record_of_line(self) -> Sequence[int]:
        return list(chain.from_iterable(repeat(number, count) for number, count in enumerate(self.line_counts)))

    def _amounts(self, texts: Sequence[str]) -> Sequence[int]:
        amounts = {text: scaled(text) for text in set(texts)}
        return list(map(amounts.__getitem__, texts))
