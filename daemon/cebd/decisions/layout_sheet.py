"""The workbook that asks what a file's columns are, as rows of texts: written for a person, and read when it is dropped again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cebd.cell_names import column_letters
from cebd.decisions.layout import PIECE, UNUSED, Certainty, KnownLayout, Proposal
from cebd.decisions.wording import Language, by_wording, sheet_names, worded
from cebd.messages.description import MessageType, declarations, message_types
from cebd.problems.problem import Place, Problem, problem

SHEET = "cebd 映射 Mapping"
FIELDS_SHEET = "cebd 栏目 Fields"
SHEETS, FIELDS_SHEETS = sheet_names(SHEET), sheet_names(FIELDS_SHEET)
LETTER, HEADING, *SAMPLES, STATE, FIELD = HEADINGS = (
    "列 Column",
    "表头 Heading",
    "样例1 Sample 1",
    "样例2 Sample 2",
    "样例3 Sample 3",
    "把握 Certainty",
    "对应栏目 Field",
)
TYPE, FILE = "单证类型 Document", "文件 File"
TAKEN_BACK = "撤回以前的对应 take back what was said"  # in the document's place
NOT_USED = "不申报此列 not declared"
PART_OF_ADDRESS = "并入收货地址 part of the address"  # taken with the address in any case
STATES = {
    Certainty.SURE: "确定 sure",
    Certainty.PROPOSED: "建议，请核对 proposed",
    Certainty.UNKNOWN: "未知，请选择 unknown",
}
GUIDE = (
    "程序不认识这份文件的表头。请核对“对应栏目”，未知的从下拉列表选择（不申报的列选“不申报此列”），保存后把本工作簿放入 inbox。"
    "以后贵企业同样表头的文件都照此读取。",
    "The headings of this file are unknown. Check the fields, choose those that are unknown from the list, save, and drop this workbook "
    "into the inbox. Files of your enterprise with these headings are read by it from then on.",
)
ASKS = ("这份文件像两种单证，请选择", "it may be either of two documents: choose one")
_MAX_ROWS = 1000
_FIELD_AT = HEADINGS.index(FIELD)
_LABELS = by_wording((TYPE, FILE, LETTER))
_NOT_USED, _TAKEN_BACK = by_wording((NOT_USED, PART_OF_ADDRESS)), by_wording((TAKEN_BACK,))


def type_name(message: MessageType, language: Language = "both") -> str:
    """`订单 order`."""
    name = message.name or message.code
    return {"zh": message.zh, "en": message.en, "both": f"{message.zh} {name}"}[language]


def field_names(message: MessageType, language: Language = "both") -> list[str]:
    """What the list of fields offers for that document: `计量单位 OrderList/unit`."""
    fields = [field for field in (*message.head_fields, *message.line_fields) if field.name not in _MADE_HERE]
    paths = (_target(message, field.part, field.name) for field in fields)
    return [f"{field.en if language == 'en' else field.zh} {path}" for field, path in zip(fields, paths, strict=True)]


def field_name(message: MessageType, target: str, language: Language = "both") -> str:
    """The text in that list for a field by its path; empty where the document has no such field."""
    return next((text for text in field_names(message, language) if text.rpartition(" ")[2] == target), "")


_MADE_HERE = ("guid", "appTime")


def _target(message: MessageType, part: str, name: str) -> str:
    return f"{(message.head or message.record) if part == 'head' else message.line}/{name}"


def type_of(text: str) -> MessageType | None:
    """The document that a person has chosen."""
    wanted = text.strip().casefold()
    for message in (*declarations(), *declarations(export=True)):
        names = (type_name(message), message.code, message.name or "", message.zh, message.en)
        if wanted and wanted in (name.casefold() for name in names):
            return message
    return None


class LayoutRead(NamedTuple):
    """What the workbook says; `layout` is None where a problem keeps it from being used."""

    layout: KnownLayout | None
    problems: tuple[Problem, ...]


def read_layout(rows: Iterable[Sequence[object]], who: str, at: str, sheet: str = SHEET) -> LayoutRead:
    """What the sheet says, by its rows from row 1 on; `sheet`: its name."""
    problems: list[Problem] = []
    message: MessageType | None = None
    name, begun = "", False
    taken_back = False
    columns: dict[str, str] = {}
    fields: dict[str, str] = {}
    for number, row in zip(range(1, _MAX_ROWS), rows, strict=False):
        cells = ["" if cell is None else str(cell).strip() for cell in row] + [""] * len(HEADINGS)
        label = _LABELS.get(cells[0])
        if label == TYPE:
            message, taken_back = type_of(cells[1]), cells[1] in _TAKEN_BACK
            if message is None and not taken_back:
                problems.append(problem("CEBD-1091", Place(sheet, number, f"B{number}"), value=cells[1]))
        elif label == FILE:
            name = cells[1]
        elif label == LETTER:
            begun = True
        elif begun and cells[1] and taken_back:
            columns[cells[1]] = UNUSED
        elif begun and cells[1] and message is not None:
            place = Place(sheet, number, f"{column_letters(_FIELD_AT)}{number}")
            target, found = _chosen(cells[_FIELD_AT], message, place)
            problems += found
            if target in fields:
                problems.append(problem("CEBD-1093", place, value=target, other=fields[target]))
            elif target != UNUSED:
                fields[target] = cells[1]
            columns[cells[1]] = target
    if taken_back and columns:
        return LayoutRead(KnownLayout("", columns, name, who, at), ())
    if problems or message is None or not fields:
        return LayoutRead(None, tuple(problems) or (problem("CEBD-1091", Place(sheet), value=""),))
    return LayoutRead(KnownLayout(message.code, columns, name, who, at), ())


def _chosen(text: str, message: MessageType, place: Place) -> tuple[str, list[Problem]]:
    """The path of the field that was chosen; what is left empty is not declared, like what is to be so."""
    if not text or text in _NOT_USED:
        return UNUSED, []
    own = {_target(message, field.part, field.name): field for field in (*message.head_fields, *message.line_fields)}
    target = text.rpartition(" ")[2]
    if target in own:
        return target, []
    name = target.rpartition("/")[2].casefold()
    same = [path for path, field in own.items() if name in (field.name.casefold(), field.zh.casefold())]
    if len(same) == 1:
        return same[0], []
    return UNUSED, [problem("CEBD-1092", place, value=text, zh=message.zh, en=message.en)]


def lines_of(proposal: Proposal, language: Language = "both") -> list[list[str]]:
    """The rows of the sheet, by column, below its headings."""
    message = message_types()[proposal.types[0]] if proposal.types else None
    lines = []
    for one in proposal.columns:
        samples = [*one.samples, "", "", ""][:3]
        field = field_name(message, one.field, language) if message is not None and one.field is not None else ""
        field = worded(PART_OF_ADDRESS, language) if one.field == PIECE else field
        lines.append([column_letters(one.index), one.heading, *samples, worded(STATES[one.certainty], language), field])
    return lines
