"""What there is to say about each sheet of a drop: records by row, problems by cell and by row, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cebd.problems.problem import Place, problem
from cebd.receipts.publishing.form import HEADINGS, may_be_changed
from cebd.receipts.publishing.numbers import number_headings, numbers_in
from cebd.receipts.publishing.styles import WORDS

Problem = dict[str, Any]
# What nobody may take for a declaration to customs.
NOT_REAL = {"trial": "（试运行）", "test": "（联调）"}
EDITED = "修改未申报 edited, not declared"


@dataclass
class SheetRemarks:
    """All of one sheet. `asked`: rows that say something else than what was declared, with the problem that asks whether that is meant.

    `name` and `type` (a message code) are those of the receipt JSON.
    """

    name: str | None = None
    type: str | None = None
    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: dict[int, Problem] = field(default_factory=dict)
    cells: dict[str, list[Problem]] = field(default_factory=dict)
    rows: dict[int, list[Problem]] = field(default_factory=dict)


def by_sheet(receipt: dict[str, Any]) -> dict[str | None, SheetRemarks]:
    """What the receipt JSON says, sheet by sheet; a file declares one kind."""
    kind = receipt["records"][0]["type"] if receipt["records"] else None
    said: dict[str | None, SheetRemarks] = {}

    def of(sheet: str | None) -> SheetRemarks:
        return said.setdefault(sheet, SheetRemarks(sheet, kind))

    for record in receipt["records"]:
        mine, rows = of(record["place"]["sheet"]), record["place"]["rows"]
        mine.records |= dict.fromkeys(rows, record)
        asking = may_be_changed(record)
        if asking is not None:
            mine.asked |= dict.fromkeys(rows, asking)
    told = (one for record in receipt["records"] for one in (*record["problems"], *_edited(record)))
    for found in (*receipt["problems"], *told):
        if found["sheet"] is None:
            continue
        there = of(found["sheet"])
        if found["cell"]:
            _note(there.cells.setdefault(found["cell"], []), found)
        if found["row"]:
            _note(there.rows.setdefault(found["row"], []), found)
    return said


def beside_record(record: dict[str, Any], row: int | None = None) -> dict[str, str]:
    """All that stands beside a record's row, by heading; see `of_record`."""
    texts = dict(zip(HEADINGS, of_record(record, row), strict=True))
    headings = number_headings(record["type"])
    if headings:
        numbers = record["numbers"] if "numbers" in record else numbers_in(record)
        texts |= {heading: numbers.get(name, "") for heading, name in headings.items()}
    return texts


def of_record(record: dict[str, Any], row: int | None = None) -> tuple[str, str, str, str]:
    """State, what customs say, when, and the problems, in words. With `row`: as that row of several of the record shows it."""
    declared = record.get("declared")
    customs = declared["customs"] if declared else record["customs"]
    state = state_in_words(record)
    said = when = ""
    if customs:
        said = f"{customs['status']} {customs['text_zh']} {customs['text_en']}"
        said += f"\n{customs['info']}" if customs["info"] else ""
        if (
            customs.get("next_zh") and (declared or record)["state"] != "refused"
        ):  # of a refusal the problem says what to do
            said += f"\n{customs['next_zh']}\n{customs['next_en']}"
        when = (customs["time"] or "")[:19].replace("T", " ")
    problems, sheet = record["problems"], record["place"]["sheet"]
    if row is not None and len(record["place"]["rows"]) > 1:
        problems = [one for one in problems if _shown_on(one, record) == row]
        if record["problems"] and not problems:
            there = min(_shown_on(one, record) for one in record["problems"])
            return state, said, when, f"见第 {there} 行 See row {there}"
    return state, said, when, in_column(problems, sheet)


def shown_state(record: Mapping[str, Any]) -> str:
    """The state that a row shows, a key of WORDS: of an edited row that of the record that was declared."""
    of = record.get("declared") or record
    return "cancelled" if of.get("cancelled") else str(of["state"])


def state_in_words(record: Mapping[str, Any]) -> str:
    """The state beside a row."""
    words = WORDS[shown_state(record)][0]
    words += NOT_REAL.get(record.get("environment", ""), "")
    return f"{words}\n{EDITED}" if record.get("declared") else words


def _edited(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Of an edited row each cell that differs, with what was declared there."""
    for one in (record.get("declared") or {}).get("differs", ()):
        if one["cell"]:
            declared = one["declared"] or "（空 empty）"
            found = problem("CEBD-1417", Place(one["sheet"], one["row"], one["cell"]), declared=declared)
            yield {**found.as_json(), "field": one["field"], "value": one["value"]}


def in_column(problems: list[Problem], sheet: str | None) -> str:
    """Each problem in two lines: what it is and what to do, Chinese before English; its cell with the sheet where that is another."""
    texts = []
    for one in problems:
        cell = one["cell"] or ""
        if cell and one["sheet"] not in (sheet, None):
            cell = f"{one['sheet']}!{cell}"
        texts.append(" ".join(filter(None, (one["id"], cell, f"{one['zh']}。{one['fix_zh']}"))))
        texts.append(f"{one['en']}. {one['fix_en']}")
        texts += suggestion(one)
    return "\n".join(texts)


def in_comment(problems: list[Problem]) -> str:
    """The problems of one cell, each in lines of its own."""
    return "\n\n".join(
        "\n".join((f"{one['id']} {one['zh']}", one["fix_zh"], one["en"], one["fix_en"], *suggestion(one)))
        for one in problems
    )


def suggestion(found: Problem) -> list[str]:
    """What the cell was perhaps meant to say; the operator decides, nothing is put in."""
    return [f"建议 suggestion: {found['suggestion']}"] if found.get("suggestion") else []


def _note(known: list[Problem], found: Problem) -> None:
    if found not in known:
        known.append(found)


def _shown_on(found: Problem, record: dict[str, Any]) -> int:
    """The row of the record that a problem is shown on: its own, else the first."""
    rows: list[int] = record["place"]["rows"]
    there = found["row"] in rows and found["sheet"] == record["place"]["sheet"]
    return int(found["row"]) if there else rows[0]
