"""The form of a document, made of its message's description: fields with label, hint, length and code table, lines as a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cebd.console.given_numbers import is_number, number_in
from cebd.documents.workbooks.entered import Cell, Document, entered
from cebd.messages.description import Field, MessageType, message_type
from cebd.messages.relations import cancelling, returning
from cebd.operations.console.drafts.sums import sums
from cebd.operations.console.judging import Found, Judged
from cebd.operations.text import Text
from cebd.rules.codes.tables import Tables
from cebd.store.console.drafts import Draft

LINES_ON_A_PAGE = 20
_SPARE_LINES = 1
_AS_TEXT = Text("，单元格须为文本格式", "; keep the cell as text")
_NEVER_ENTERED = ("guid", "appTime", "appStatus")


@dataclass(frozen=True)
class FormField:
    """A field of the form. `name` as it is posted; `found`: what is wrong with it; `named`: what a code means, where it is known;
    `is_key`: the document is told from others by it; `offer`: what may belong there, as other amounts or earlier declarations say."""

    field: Field
    name: str
    value: str
    default: str
    named: str
    found: Sequence[Found]
    is_key: bool = False
    offer: str = ""

    @property
    def id(self) -> str:
        """Its id in the page."""
        return self.name.replace(".", "-")

    @property
    def hint(self) -> Text:
        """What belongs there; how a cell of a workbook is to be formatted is left out."""
        return Text(self.field.hint_zh.replace(_AS_TEXT.zh, ""), self.field.hint_en.replace(_AS_TEXT.en, ""))

    @property
    def is_required(self) -> bool:
        """Whether nothing else says it."""
        return (self.field.required or self.is_key) and not self.default

    @property
    def wrong(self) -> bool:
        """Whether it keeps the document back."""
        return any(one.problem.severity == "error" for one in self.found)


@dataclass(frozen=True)
class FormLine:
    """A line of goods, numbered from 1."""

    number: int
    fields: Sequence[FormField]


@dataclass(frozen=True)
class SheetForm:
    """A document as a form. `needed` and `optional`: fields of its head; `lines` are those of one page, from the line `first` (from 0).

    `found`: the problems that are about no field that stands here.
    """

    message: MessageType
    needed: Sequence[FormField]
    optional: Sequence[FormField]
    columns: Sequence[Field]
    lines: Sequence[FormLine]
    first: int
    count: int
    found: Sequence[Found]

    @classmethod
    def of(
        cls, draft: Draft, defaults: Mapping[str, str], tables: Tables, judged: Judged | None, page: int
    ) -> SheetForm:
        """The form of a draft. `defaults`: what the settings put into empty fields; `page`: of its lines, from 0."""
        message, document = message_type(draft.type), entered(draft.content.encode()).documents[0]
        by_cell: dict[Cell | None, list[Found]] = {}
        for one in judged.found if judged is not None else ():
            by_cell.setdefault(one.cell, []).append(one)
        shown: set[Cell] = set()
        offered = sums(message.code, document)

        def field_of(field: Field, name: str, cell: Cell, value: str, default: str) -> FormField:
            shown.add(cell)
            is_key = field.part == "head" and field.name in message.key_needed
            here = by_cell.get(cell, ())
            proved = next((one.problem.suggestion for one in here if one.problem.suggestion), None)
            offer = proved or offered.get(cell, "")
            return FormField(field, name, value, default, _named(field, value, tables), here, is_key, offer)

        head = [
            field_of(
                field,
                f"head.{field.name}",
                Cell(0, None, field.name),
                document.head.get(field.name, ""),
                defaults.get(field.name) or field.default or ("1" if field.name == "appType" else ""),
            )
            for field in message.head_fields
            if field.name not in _NEVER_ENTERED
        ]
        columns = columns_of(message, document)
        first = max(0, min(page, len(document.lines) // LINES_ON_A_PAGE)) * LINES_ON_A_PAGE
        here = [*document.lines[first : first + LINES_ON_A_PAGE]]
        if columns and len(here) < LINES_ON_A_PAGE:
            here += [{}] * (_SPARE_LINES if here else _SPARE_LINES + 1)
        lines = [
            FormLine(
                first + nth + 1,
                [
                    field_of(
                        column,
                        f"line.{nth}.{column.name}",
                        Cell(0, first + nth, column.name),
                        texts.get(column.name, ""),
                        defaults.get(f"line.{column.name}") or column.default or "",
                    )
                    for column in columns
                ],
            )
            for nth, texts in enumerate(here)
        ]
        elsewhere = [one for cell, all_of in by_cell.items() if cell is None or cell not in shown for one in all_of]
        return cls(
            message,
            [one for one in head if one.is_required or one.value or one.found],
            [one for one in head if not (one.is_required or one.value or one.found)],
            columns,
            lines,
            first,
            len(document.lines),
            elsewhere,
        )

    @property
    def fields(self) -> Sequence[FormField]:
        """All fields that stand in the form."""
        return [*self.needed, *self.optional, *(one for line in self.lines for one in line.fields)]

    @property
    def wrong_lines(self) -> Sequence[tuple[int, FormField]]:
        """The fields of lines with something to say, each with the number of its line."""
        return [(line.number, one) for line in self.lines for one in line.fields if one.found]

    @property
    def pages(self) -> Sequence[tuple[int, int, int]]:
        """The pages of lines: number, first and last line, counted from 1; one for further lines stands at the end."""
        return [
            (page, page * LINES_ON_A_PAGE + 1, (page + 1) * LINES_ON_A_PAGE)
            for page in range(self.count // LINES_ON_A_PAGE + 1)
        ]

    @property
    def is_about_a_list(self) -> bool:
        """Whether it is an application about a list, from which its empty fields are taken."""
        return self.message.code in {*cancelling(), *returning()}

    @property
    def rest(self) -> int:
        """How many lines stand on later pages."""
        return max(0, self.count - self.first - LINES_ON_A_PAGE)

    @property
    def tables(self) -> Sequence[str]:
        """The code tables that fields of the form choose from."""
        fields = (*self.message.head_fields, *self.columns)
        return sorted({field.table for field in fields if field.table and not field.closed})


def empty_document(type_: str) -> Document:
    """A document of that type with nothing in it yet."""
    return Document({}, ({},) if message_type(type_).line_fields else ())


def first_line(form: Mapping[str, str]) -> int:
    """The first line (from 0) of the page of lines that a form has."""
    return number_in(form.get("first", ""), 6, 0)


def columns_of(message: MessageType, document: Document) -> list[Field]:
    """The fields of a line in the grid. The number of a line is not asked for: they are numbered in their order."""
    numbered = any(message.numbered in line for line in document.lines) if message.numbered else False
    return [field for field in message.line_fields if field.name != message.numbered or numbered]


def document_of(draft: Draft, form: Mapping[str, str]) -> Document:
    """What a form says, upon what the draft says: only one page of its lines was in the form. `rest`: so many lines stand behind that
    page; how many stood on it the draft no longer tells, once what was typed was kept."""
    before = entered(draft.content.encode()).documents[0]
    message = message_type(draft.type)
    head = {name: text for name, text in before.head.items() if f"head.{name}" not in form}
    for field in message.head_fields:
        text = form.get(f"head.{field.name}", "").strip()
        if text:
            head[field.name] = text
    if not message.line_fields or "first" not in form:
        return Document(head, before.lines)
    first, count = first_line(form), len(before.lines)
    behind = count - number_in(form.get("rest", ""), 6, max(0, count - first - LINES_ON_A_PAGE))
    after = before.lines[max(first, behind) :]
    return Document(head, (*before.lines[:first], *posted_lines(message, form).values(), *after))


def posted_lines(message: MessageType, form: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """The lines of a form in which something stands, in their order, by their place in the form."""
    posted: dict[int, dict[str, str]] = {}
    known = {field.name for field in message.line_fields}
    for name, text in form.items():
        part, _, rest = name.partition(".")
        nth, _, field_name = rest.partition(".")
        if part == "line" and is_number(nth, 4) and field_name in known and text.strip():
            posted.setdefault(int(nth), {})[field_name] = text.strip()
    return dict(sorted(posted.items()))


def _named(field: Field, value: str, tables: Tables) -> str:
    if not value or field.table is None:
        return ""
    return tables[field.table].names.get(value, "")


@dataclass(frozen=True)
class Drafted:
    """A draft as lists show it."""

    draft: Draft
    type: MessageType
    number: str


def drafted(draft: Draft) -> Drafted:
    """What tells it from others: the number that it has so far."""
    message = message_type(draft.type)
    document = entered(draft.content.encode()).documents[0]
    names = dict.fromkeys((message.group, *message.key, "orderNo", "logisticsNo"))
    number = next((document.head[name] for name in names if name and document.head.get(name)), "")
    return Drafted(draft, message, number)
