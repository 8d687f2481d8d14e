"""The receipt of a drop as values, and its JSON, version 1: keys may be added to it, and are never changed.

`as_json` makes the file's content; `from_json` reads it back, also from earlier versions, which wrote fewer keys. Times are ISO 8601
with their offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cebd.customs.customs_codes import customs_codes
from cebd.decisions.decision import Decision
from cebd.declared.consequences import Consequence
from cebd.messages.description import message_types
from cebd.messages.relations import customs_numbers
from cebd.problems.problem import Problem
from cebd.records.edited_field import EditedField
from cebd.records.saved import NOT_SAID, Saved
from cebd.records.states import ReturnedStatus, State


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record stands in its file: its first row (1-based; of an XML file its line) and all its rows."""

    sheet: str | None
    row: int | None
    rows: tuple[int, ...]

    def as_json(self) -> dict[str, object]:
        return {"sheet": self.sheet, "row": self.row, "rows": self.rows}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RecordPlace:
        rows = values.get("rows") or [values["row"]]
        return cls(values["sheet"], values["row"], tuple(rows))


@dataclass(frozen=True, slots=True)
class Advice:
    """The meaning of an answer of customs for the declaration, and what to do next."""

    meaning_zh: str
    meaning_en: str
    next_zh: str
    next_en: str

    def as_json(self) -> dict[str, object]:
        return {
            "meaning_zh": self.meaning_zh,
            "meaning_en": self.meaning_en,
            "next_zh": self.next_zh,
            "next_en": self.next_en,
        }


@dataclass(frozen=True, slots=True)
class CustomsWord:
    """The latest answer of customs about a record: their code with its text, their remark, and the time by their clock.

    `advice` is None when there is nothing to do. The JSON also has customs' own codes that the remark carries (`codes`).
    """

    status: str
    text_zh: str
    text_en: str
    info: str | None
    time: str | None
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class CustomsNumbers:
    """The numbers that a record was given: the platform's (`pre_no`), and customs' own with the name of its element."""

    pre_no: str | None
    own: str | None
    own_name: str = "invtNo"

    def as_json(self) -> dict[str, object]:
        if self.own_name == "invtNo":
            return {"preNo": self.pre_no, "invtNo": self.own}
        return {"preNo": self.pre_no, "invtNo": None, self.own_name: self.own}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CustomsNumbers:
        for name in sorted(customs_numbers() & values.keys() - {"invtNo"}):
            return cls(values.get("preNo"), values[name], name)
        return cls(values.get("preNo"), values.get("invtNo"))


@dataclass(frozen=True, slots=True)
class DeclaredRecord:
    """The outcome of the declared record of an edited row; and the fields that differ."""

    state: State
    guid: str
    customs: CustomsWord | None
    numbers: CustomsNumbers | None
    cancelled: bool
    differs: tuple[EditedField, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "state": self.state.value,
            "guid": self.guid,
            "customs": _customs_as_json(self.customs, self.numbers),
            **({"cancelled": True} if self.cancelled else {}),
            "differs": [edit.as_json() for edit in self.differs],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DeclaredRecord:
        customs, numbers = _customs_from_json(values.get("customs"))
        differs = tuple(map(EditedField.from_json, values.get("differs", ())))
        return cls(State(values["state"]), values["guid"], customs, numbers, bool(values.get("cancelled")), differs)


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """The outcome of a record. `key` by element; `message`: the guid of its message.

    `numbers` come with `customs`. `tax_bill`: the latest bill by element, with its `status`. `cancelled`: a list that was cancelled at the
    enterprise's own wish; its state is `refused`, because nothing of it stands at customs. `declared`: None except for edited rows.
    `consequence`: of records of a file that is kept back, what would become of them; the JSON of it is not read back.
    """

    type: str
    key: Mapping[str, str]
    place: RecordPlace
    state: State
    guid: str
    message: str | None = None
    customs: CustomsWord | None = None
    numbers: CustomsNumbers | None = None
    history: tuple[ReturnedStatus, ...] = ()
    problems: tuple[Problem, ...] = ()
    tax_bill: Mapping[str, str] | None = None
    cancelled: bool = False
    declared: DeclaredRecord | None = None
    consequence: Consequence | None = None

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to be said of it but its state and customs' word."""
        return not (self.numbers or self.problems or self.tax_bill or self.declared or self.consequence)

    def as_json(self) -> dict[str, object]:
        return {
            "type": self.type,
            "key": self.key,
            "place": self.place.as_json(),
            "state": self.state.value,
            "guid": self.guid,
            "message": self.message,
            "customs": _customs_as_json(self.customs, self.numbers),
            "history": [
                {"status": returned.status, "time": returned.time or None, "info": returned.info}
                for returned in self.history
            ],
            "problems": [problem.as_json() for problem in self.problems],
            **self.rest_as_json(),
        }

    def rest_as_json(self) -> dict[str, object]:
        """The keys that not every record has."""
        values: dict[str, object] = {}
        if self.tax_bill is not None:
            values["taxBill"] = self.tax_bill
        if self.cancelled:
            values["cancelled"] = True
        if self.declared is not None:
            values["declared"] = self.declared.as_json()
        if self.consequence is not None:
            values["consequence"] = self.consequence.as_json()
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ReceiptRecord:
        """Raises KeyError, TypeError or ValueError when it is no record of a receipt."""
        customs, numbers = _customs_from_json(values.get("customs"))
        return cls(
            type=values["type"],
            key=dict(values["key"]),
            place=RecordPlace.from_json(values["place"]),
            state=State(values["state"]),
            guid=values.get("guid") or "",
            message=values.get("message"),
            customs=customs,
            numbers=numbers,
            history=tuple(map(_returned_from_json, values.get("history", ()))),
            problems=tuple(map(Problem.from_json, values.get("problems", ()))),
            tax_bill=values.get("taxBill"),
            cancelled=bool(values.get("cancelled")),
            declared=DeclaredRecord.from_json(values["declared"]) if values.get("declared") else None,
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of a drop. `counts`: records by state; `problems`: problems of the file as a whole. `preview`: nothing was declared, and
    `state` of a record says what would be done first. `saved`: who saved the file last. `times`: the how-manieth drop of this workbook it
    is; `corrects`, `replaced_by`: the workbooks of the receipt that it corrects, and of those that correct it, below the outbox.
    `decisions`: those of the workbook, and what is remembered.

    `final`: no answer is waited for. More may come all the same: to orders, payments and waybills when their list is declared.
    """

    file: str
    sha256: str
    enterprise: str
    received: str
    published: str
    final: bool
    counts: Mapping[str, int]
    problems: tuple[Problem, ...]
    environment: str | None = None
    records: Sequence[ReceiptRecord] = ()
    preview: bool = False
    saved: Saved = NOT_SAID
    times: int = 1
    corrects: str | None = None
    replaced_by: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def head_as_json(self) -> dict[str, object]:
        """All but the records."""
        return {
            "v": 1,
            **({"preview": True} if self.preview else {}),
            **({"environment": self.environment} if self.environment is not None else {}),
            "file": self.file,
            "sha256": self.sha256,
            "enterprise": self.enterprise,
            "received": self.received,
            "saved": self.saved.as_json(),
            "times": self.times,
            **({"corrects": self.corrects} if self.corrects is not None else {}),
            **({"replacedBy": self.replaced_by} if self.replaced_by else {}),
            "published": self.published,
            "final": self.final,
            "counts": self.counts,
            "problems": [problem.as_json() for problem in self.problems],
            **({"decisions": [one.as_json() for one in self.decisions]} if self.decisions else {}),
        }

    def as_json(self) -> dict[str, object]:
        return {**self.head_as_json(), "records": [record.as_json() for record in self.records]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Receipt:
        """The receipt, with records of known types. Raises KeyError, TypeError or ValueError for JSON that is not a receipt."""
        return cls(
            file=values["file"],
            sha256=values["sha256"],
            enterprise=values["enterprise"],
            received=values["received"],
            published=values["published"],
            final=bool(values.get("final")),
            counts=dict(values.get("counts", {})),
            problems=tuple(map(Problem.from_json, values.get("problems", ()))),
            environment=values.get("environment"),
            preview=bool(values.get("preview")),
            saved=Saved(**(values.get("saved") or {})),
            times=int(values.get("times", 1)),
            corrects=values.get("corrects"),
            replaced_by=tuple(values.get("replacedBy", ())),
            decisions=tuple(map(Decision.from_json, values.get("decisions", ()))),
            records=[
                ReceiptRecord.from_json(record) for record in values["records"] if record["type"] in message_types()
            ],
        )


def _customs_as_json(customs: CustomsWord | None, numbers: CustomsNumbers | None) -> dict[str, object] | None:
    if customs is None:
        return None
    codes = customs_codes(customs.info or "")
    return {
        "status": customs.status,
        "text_zh": customs.text_zh,
        "text_en": customs.text_en,
        **(customs.advice.as_json() if customs.advice is not None else {}),
        "info": customs.info,
        **({"codes": [code.as_json() for code in codes]} if codes else {}),
        "time": customs.time,
        **(numbers.as_json() if numbers is not None else {}),
    }


def _customs_from_json(values: Mapping[str, Any] | None) -> tuple[CustomsWord | None, CustomsNumbers | None]:
    if not values:
        return None, None
    advice = ("meaning_zh", "meaning_en", "next_zh", "next_en")
    customs = CustomsWord(
        status=values["status"],
        text_zh=values.get("text_zh", ""),
        text_en=values.get("text_en", ""),
        info=values.get("info"),
        time=values.get("time"),
        advice=Advice(*(values.get(name, "") for name in advice)) if "next_zh" in values else None,
    )
    return customs, CustomsNumbers.from_json(values)


def _returned_from_json(values: Mapping[str, Any]) -> ReturnedStatus:
    return ReturnedStatus(str(values["status"]), str(values.get("info") or ""), str(values.get("time") or ""))
