"""The sheet of decisions in a receipt workbook, as rows of texts: written for a person, and read when the workbook is dropped again.

It is recognised by its name, its columns by their headings; each row by its last cell, which nobody needs to touch. What a cell says now
and said then are both on it, so that an answer that is gone was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cebd.cell_names import column_letters
from cebd.decisions.decision import EMPTY, NOT_DECLARED, Decision, Key, Told, folded
from cebd.decisions.groups import Group, first_rows
from cebd.decisions.wording import LANGUAGES, Language, of_both, sheet_names, worded
from cebd.decisions.written import answer_in, is_as_suggested, yes_in
from cebd.problems.problem import NOWHERE, Place, Problem, problem

SHEET = "cebd 决定 Decisions"
SHEETS = sheet_names(SHEET)
ROWS, FIELD, VALUE, MISTAKE, OFFERED, ANSWER, REASON, REMEMBER, EARLIER, BY, FIRST, MARK = HEADINGS = (
    "行数 Rows",
    "栏目 Field",
    "现值 Value",
    "问题 Problem",
    "建议 Suggestion",
    "决定 Decision",
    "不申报的原因 Reason",
    "记住 Remember",
    "原决定 Decided before",
    "决定人 By",
    "所在单元格 Cells",
    "编号 Id",
)
_NOT_DECLARED, _EMPTY = f"{NOT_DECLARED} not declared", f"{EMPTY} (empty)"
_REMEMBERED_TEXTS: Mapping[Language, str] = {"zh": "（已记住）", "en": " (remembered)", "both": "（已记住）"}
GUIDE = (
    f"每行是同一个问题的所有单元格。在“决定”列填写正确的值（或选“{NOT_DECLARED}”并写原因；“{EMPTY}”表示不填），保存后把本工作簿放回 inbox，"
    "这些行都按决定处理，并在各单元格上注明。“记住”选“是”，以后的文件也照此处理。要撤回，清空“决定”再放回。",
    "Each row stands for all cells with the same mistake. Write the right value under Decision (or choose not declared (不申报), with a "
    "reason), save, and drop this workbook into the inbox again. Remember yes (是): it holds for later files, too. To take a decision "
    "back, empty it and drop the workbook again.",
)
# The first row where there is more than one suggestion: a yes there is the one suggestion of each row that says nothing itself.
ALL = "全部按建议 All as suggested"
_ALL_MARK = "* * *"
_ALL_GUIDE = (
    "“决定”选“是”：下面“决定”空着、只有一个建议的各行，都按建议处理，等于逐行填写；有几个建议的仍请逐行决定。",
    "Decision yes: each row below with one suggestion and no decision is decided as suggested, as if it were written there. Rows with "
    "several suggestions are still to be decided.",
)
_OFFERED_MARK = "？"
_BETWEEN = " / "
_LEFT_OUT = (
    "另有 {} 种问题行数较少，没有列在这里：请在各自的单元格更正，或处理完这些之后再看。",
    "{} more mistakes, each in fewer rows, are not listed: correct them in their cells, or after these.",
)
# What stands for a decision's own words in each language; with both languages the Chinese ones stand alone, as they always did.
_WORDS: Mapping[Language, Mapping[str, str]] = {
    language: {
        NOT_DECLARED: worded(_NOT_DECLARED, "zh" if language == "both" else language),
        EMPTY: worded(_EMPTY, "zh" if language == "both" else language),
    }
    for language in LANGUAGES
}
_YES_TEXTS: Mapping[Language, str] = {"zh": "是", "en": "yes", "both": "是"}
_MARK_SEPARATOR = " "
_MARK_PARTS = 3

LabelOf = Callable[[Key, Language], str]  # of the field, for a person
OffersOf = Callable[[Key], Sequence[str]]  # what may be meant, for a drop-down


def guide(left_out: int, language: Language) -> str:
    """What stands above the rows; `left_out`: so many mistakes find no room on the sheet."""
    texts = [GUIDE, tuple(text.format(left_out) for text in _LEFT_OUT)] if left_out else [GUIDE]
    return "\n".join(of_both(zh, en, language) for zh, en in texts)


def choice_of_yes(language: Language) -> str:
    """What the drop-down of decisions to be remembered offers."""
    return _YES_TEXTS[language]


class Line(NamedTuple):
    """A row of the sheet: its texts by heading, and what its drop-down offers. `is_open`: there is no decision yet. `is_for_all`: the row
    that takes all suggestions at once."""

    texts: Mapping[str, str]
    offers: tuple[str, ...]
    is_open: bool
    is_for_all: bool = False


def lines_of(
    groups: Iterable[Group],
    decisions: Iterable[Decision],
    counts: Mapping[tuple[str, str, str], int],
    label_of: LabelOf,
    offers_of: OffersOf,
    language: Language = "both",
    cell_of: Callable[[Place], str] = lambda place: place.cell or "",
) -> list[Line]:
    """The rows: the one for all suggestions, what is open, then what was decided.

    `counts`: in how many cells decisions were followed (`rows_decided`). `cell_of`: where a cell stands in the workbook that has the sheet.
    """
    by_key = {decision.key: decision for decision in decisions}
    lines = []
    for group in groups:
        decision = by_key.pop(group.key, None)
        told = {
            ROWS: str(group.rows),
            MISTAKE: of_both(group.first.zh, group.first.en, language),
            OFFERED: group.suggestion or "",
            FIRST: first_rows(group, cell_of),
        }
        lines.append(_line(group.key, decision, told, label_of, offers_of, language))
    for key, decision in by_key.items():
        count = counts.get((key.type, key.field, key.value), 0)
        lines.append(_line(key, decision, {ROWS: str(count)}, label_of, offers_of, language))
    suggested = [line for line in lines if line.is_open and _only_suggestion(line.texts)]
    return [_line_for_all(suggested, language), *lines] if len(suggested) > 1 else lines


def _line_for_all(suggested: Sequence[Line], language: Language) -> Line:
    texts = {
        ROWS: str(sum(int(line.texts[ROWS]) for line in suggested)),
        FIELD: worded(ALL, language),
        MISTAKE: of_both(*_ALL_GUIDE, language),
        MARK: _ALL_MARK,
    }
    return Line(texts, (choice_of_yes(language),), is_open=True, is_for_all=True)


def _only_suggestion(texts: Mapping[str, str]) -> str:
    """What a row suggests; empty where that is nothing, or more than one value."""
    offered = texts.get(OFFERED, "").split(_BETWEEN)
    return offered[0].removesuffix(_OFFERED_MARK) if len(offered) == 1 else ""


def _line(
    key: Key,
    decision: Decision | None,
    told: Mapping[str, str],
    label_of: LabelOf,
    offers_of: OffersOf,
    language: Language,
) -> Line:
    words = _WORDS[language]
    value = key.value or words[EMPTY]
    texts = {FIELD: label_of(key, language), VALUE: value, **told, MARK: _MARK_SEPARATOR.join(key[:3])}
    offered = [told[OFFERED]] if told.get(OFFERED) else list(offers_of(key))
    if decision is not None:
        answer = words.get(decision.answer, decision.answer)
        texts |= {
            ANSWER: answer,
            REASON: decision.reason,
            REMEMBER: choice_of_yes(language) if decision.remember else "",
            EARLIER: answer + (_REMEMBERED_TEXTS[language] if decision.remember else ""),
            BY: decision.by,
        }
    elif offered:
        texts[OFFERED] = _BETWEEN.join(f"{text}{_OFFERED_MARK}" for text in offered)
    return Line(texts, (*offered, words[NOT_DECLARED]), decision is None)


class SheetRead(NamedTuple):
    """What a sheet of decisions says; `problems`: rows that say nothing clear, which are not followed."""

    told: tuple[Told, ...]
    problems: tuple[Problem, ...]


def read_sheet(rows: Iterable[Sequence[object]], name: str = SHEET) -> SheetRead:
    """What the sheet says, by its rows from row 1 on, in whichever language it was written; `name`: its own."""
    language, columns, lines = _lines_in(rows)
    told: dict[Key, Told] = {}
    problems: list[Problem] = []

    def object_to(id_: str, number: int, heading: str, value: str) -> None:
        problems.append(problem(id_, _place(name, number, columns.get(heading, columns[ANSWER])), value=value))

    for_all: Mapping[str, str] = {}
    for number, line in lines:
        if line.get(MARK) == _ALL_MARK:
            said = yes_in(line.get(ANSWER, ""))
            for_all = line if said else for_all
            if said is None:
                object_to("CEBD-1098", number, ANSWER, line[ANSWER])
    for number, line in lines:
        if line.get(MARK) == _ALL_MARK:
            continue
        texts = _as_suggested(line, for_all)
        one = _told(texts, language)
        if one is None:
            if texts.get(ANSWER):
                object_to("CEBD-1088", number, ANSWER, texts[ANSWER])
            continue
        unclear = _unclear(one, texts)
        if unclear is not None:
            object_to("CEBD-1098", number, unclear, texts[unclear])
            if one.answer is None:
                continue
        if one.answer == NOT_DECLARED and not one.reason:
            object_to("CEBD-1089", number, REASON, one.key.value)
        elif one.key in told and told[one.key].answer != one.answer:
            object_to("CEBD-1088", number, ANSWER, texts.get(ANSWER, ""))
        else:
            told[one.key] = one
    return SheetRead(tuple(told.values()), tuple(problems))


def _lines_in(rows: Iterable[Sequence[object]]) -> tuple[Language, dict[str, int], list[tuple[int, dict[str, str]]]]:
    """The sheet's language, where each heading stands, and the rows below them: number and texts by heading."""
    columns: dict[str, int] = {}
    language: Language = "both"
    lines: list[tuple[int, dict[str, str]]] = []
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if columns:
            texts = {heading: cells[index] for heading, index in columns.items() if index < len(cells)}
            texts |= {key: _in_our_words(texts[key], language) for key in (VALUE, ANSWER) if key in texts}
            lines.append((number, texts))
            continue
        for written in LANGUAGES:
            headings = {heading: worded(heading, written) for heading in HEADINGS}
            if headings[MARK] in cells and headings[ANSWER] in cells:
                language = written
                columns = {key: cells.index(text) for key, text in headings.items() if text in cells}
    return language, columns, lines


def _as_suggested(texts: Mapping[str, str], for_all: Mapping[str, str]) -> Mapping[str, str]:
    """The row with its suggestion as its decision, where a person says so in it, or in the row for all and nothing in this one."""
    suggestion = _only_suggestion(texts)
    says_nothing = not any(texts.get(heading) for heading in (ANSWER, REASON, EARLIER))
    if not suggestion or not (is_as_suggested(texts.get(ANSWER, "")) or (for_all and says_nothing)):
        return texts
    remember = texts.get(REMEMBER) or (for_all.get(REMEMBER, "") if says_nothing else "")
    return {**texts, ANSWER: suggestion, REMEMBER: remember}


def _in_our_words(text: str, language: Language) -> str:
    return next((own for own, shown in _WORDS[language].items() if text == shown), text)


def _told(texts: Mapping[str, str], language: Language) -> Told | None:
    """A row as it was saved; None for one whose mistake is not named any more."""
    parts = texts.get(MARK, "").split()
    if len(parts) != _MARK_PARTS or VALUE not in texts:
        return None
    type_, rule, field = parts
    value = "" if texts[VALUE] == EMPTY else folded(texts[VALUE])
    remembered = _REMEMBERED_TEXTS[language]
    earlier = texts.get(EARLIER, "")
    earlier_answer = _in_our_words(earlier.removesuffix(remembered), language)
    written = answer_in(texts[ANSWER], field) if texts.get(ANSWER) else None
    return Told(
        key=Key(type_, rule, field, value),
        answer=written.answer if written is not None and not written.is_unclear else None,
        reason=texts.get(REASON) or (written.reason if written is not None else ""),
        remember=yes_in(texts.get(REMEMBER, "")) is True,
        earlier=earlier_answer or None,
        earlier_remember=earlier.endswith(remembered),
        by=texts.get(BY, ""),
    )


def _unclear(told: Told, texts: Mapping[str, str]) -> str | None:
    """The heading of a cell in which a person wrote what says nothing clear; None where all is said."""
    if told.answer is None:
        if texts.get(ANSWER):
            return ANSWER
        is_new = told.earlier is None  # an answer that is gone was taken back, whatever stands beside it
        return next((heading for heading in (REASON, REMEMBER) if is_new and texts.get(heading)), None)
    return REMEMBER if yes_in(texts.get(REMEMBER, "")) is None else None


def _place(sheet: str, row: int, index: int) -> Place:
    return Place(sheet, row, f"{column_letters(index)}{row}") if index < len(HEADINGS) else NOWHERE._replace(row=row)


def _text(cell: object) -> str:
    """A cell as text: a number as a person sees it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
