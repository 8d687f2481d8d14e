"""What people say of a single file beside it: of its equal mistakes, of cells of it, of its headings. It is known by its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cebd.decisions.decision import NO_ANSWERS, Answers, Decision, Key, Told
from cebd.decisions.layout import KnownLayout
from cebd.problems.problem import Place


@dataclass(frozen=True, slots=True)
class OfFile:
    """`answers`: as a sheet of decisions has them. `cells`: what cells are taken to say, or NOT_DECLARED for their record; their keys name
    the field and what the cell says. `layout`: what its headings mean."""

    answers: Answers = NO_ANSWERS
    cells: Mapping[Place, Decision] = field(default_factory=dict)
    layout: KnownLayout | None = None

    @property
    def is_empty(self) -> bool:
        return not self.answers.told and not self.cells and self.layout is None

    def says_otherwise_than(self, earlier: OfFile) -> bool:
        """Whether anything but who said it, and when, is another than it was."""
        return self._content != earlier._content

    @property
    def _content(self) -> object:
        cells = {place: decision.answer for place, decision in self.cells.items()}
        layout = None if self.layout is None else (self.layout.type, dict(self.layout.columns))
        return [told._replace(by="") for told in self.answers.told], cells, layout

    def as_text(self) -> str:
        """For the store; `from_text` reads it."""
        told = [[*one.key, *one[1:]] for one in self.answers.told]
        cells = [[*place, decision.as_json()] for place, decision in self.cells.items()]
        layout = None if self.layout is None else self.layout.as_text()
        answers = [told, self.answers.who, self.answers.at]
        return json.dumps({"answers": answers, "cells": cells, "layout": layout}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> OfFile:
        values: dict[str, Any] = json.loads(text)  # of `as_text`
        told, who, at = values["answers"]
        size = len(Key._fields)
        answers = Answers(tuple(Told(Key(*one[:size]), *one[size:]) for one in told), who, at)
        cells = {Place(*place): Decision.from_json(decision) for *place, decision in values["cells"]}
        layout = None if values["layout"] is None else KnownLayout.from_text(values["layout"])
        return cls(answers, cells, layout)


NOTHING_SAID = OfFile()
