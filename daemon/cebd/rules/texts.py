"""What rules are asked about: a record as texts, and many records side by side, whose texts stand in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, repeat
from typing import NamedTuple

from cebd.records.columns import TextColumns
from cebd.rules.codes.tables import PUBLISHED, Tables
from cebd.rules.figures import Figures

Texts = Mapping[str, str]


class RecordTexts(NamedTuple):
    """The record a rule is asked about: texts by field name. A field that is not declared is missing or the empty text.

    `declarant`: the code of the enterprise whose file it is from; empty where that is not known. `tables`: the code tables to go by.
    """

    head: Texts
    lines: Sequence[Texts]
    figures: Figures
    today: date
    declarant: str = ""
    tables: Tables = PUBLISHED


@dataclass(frozen=True)
class RecordColumns(TextColumns):
    """Records side by side, for a rule's screen."""

    figures: Figures
    today: date
    declarant: str = ""
    tables: Tables = PUBLISHED

    def record(self, number: int) -> RecordTexts:
        """One of the records, as a rule is asked about it."""
        head = {name: texts[number] for name, texts in self.heads.items()}
        own = range(self.starts[number], self.starts[number + 1])
        lines = [{name: texts[line] for name, texts in self.lines.items()} for line in own]
        return RecordTexts(head, lines, self.figures, self.today, self.declarant, self.tables)

    @cached_property
    def line_numbers(self) -> Sequence[str]:
        """For each line, which of its record's lines it is, as a text: `1` and so on."""
        if self.has_one_line_each:
            return ["1"] * len(self)
        return [str(number) for count in self.line_counts for number in range(1, count + 1)]

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
    def _record_of_line(self) -> Sequence[int]:
        return list(chain.from_iterable(repeat(number, count) for number, count in enumerate(self.line_counts)))
