"""Files brought in: what each is taken for, its mistakes decided of once for all rows, what would be sent; then declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from cebd.console.given_numbers import is_number, number_in
from cebd.console.visit import NotAllowed, Visit
from cebd.decisions.decision import EMPTY, NOT_DECLARED
from cebd.decisions.layout import Certainty, ProposedColumn
from cebd.decisions.layout_sheet import field_name, field_names
from cebd.declared.consequences import CONSEQUENCE_TEXTS, ConsequenceKind
from cebd.documents.proposing.proposal import needed_and_missing
from cebd.messages.description import Field, MessageType, declarations, message_types
from cebd.operations.console.drafts import entry
from cebd.operations.console.importing.imports import Answer
from cebd.operations.console.importing.preview import EqualMistakes, Preview
from cebd.operations.console.page_words import Page, on_page
from cebd.store.console.accounts import Role
from cebd.store.console.imports import Import
from cebd.store.drops import Drop

_ROWS = 15
_ASKED_IN_A_WORKBOOK = "CEBD-1090"  # on the page the mapping is asked itself
_KINDS = {kind.value: texts for kind, texts in CONSEQUENCE_TEXTS.items()} | {
    ConsequenceKind.REFUSED.value: ("有错误，或申报后会被退回", "with mistakes, or refused once declared")
}
_CERTAINTIES = {
    Certainty.SURE: ("确定", "sure"),
    Certainty.PROPOSED: ("建议，请核对", "proposed: check it"),
    Certainty.UNKNOWN: ("未知，请选择", "unknown: choose"),
}


@dataclass(frozen=True)
class ColumnChoice:
    """A column of a file with unknown headings, and the field it may have."""

    nth: int
    heading: str
    samples: tuple[str, ...]
    certainty: str
    words: tuple[str, str]
    chosen: str


@dataclass(frozen=True)
class MappingForm:
    """What a file's headings may mean. `fields`: what may be chosen; `missing`: what the document needs and neither a column nor the
    settings have."""

    message: MessageType
    is_asked: bool
    columns: tuple[ColumnChoice, ...]
    fields: tuple[str, ...]
    missing: tuple[Field, ...]


def listed(visit: Visit) -> Response:
    """The files that are not declared yet, and a form that takes one more."""
    return _listed(visit, HTTPStatus.OK, None)


def receive(visit: Visit) -> Response:
    """Keep a file that was dropped on the page or chosen."""
    if not visit.is_upload:
        raise NotAllowed(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "请选择文件后再提交。", "Choose a file and send it.")
    upload = visit.upload
    enterprise = upload.fields.get("enterprise", "")
    number = visit.desk.imports.receive(visit.person.name, enterprise, upload.name, upload.content)
    return visit.go(f"/imports/{number}")


def one(visit: Visit) -> Response:
    """What it is taken for, what is wrong, what would be sent."""
    return visit.page("import.html", **_facts(visit))


def now(visit: Visit) -> Response:
    """The part of the page that waits for the file to be looked at."""
    return visit.page("import_now.html", **_facts(visit))


def post(visit: Visit) -> Response:
    """Decide, map, say what it is, declare, throw away."""
    imports, form, person = visit.desk.imports, visit.form, visit.person.name
    found, action = imports.numbered(visit.number("number")), form.get("action", "")
    here = f"/imports/{found.id}"
    if action == "remove":
        if not form.get("sure"):
            return visit.page("sure.html", what=found.name, back=here, action=action)
        imports.remove(found, person)
        return visit.go("/imports")
    if found.declared is not None:
        if action == "again":
            visit.require(Role.DECLARE)
            imports.give(found)
        return visit.go(here)
    preview = _seen(visit, found)
    if action == "declare":
        visit.require(Role.DECLARE)
        imports.declare(found, preview, person)
    elif action in ("decide", "as-suggested"):
        imports.decide(found, person, _answers(visit, preview, as_suggested=action != "decide"))
    elif action == "map":
        imports.map(found, person, _type(form.get("type", "")).code, preview, _columns(visit, preview))
    elif action == "kind":
        hint = form.get("type", "")
        imports.call_it(found, person, _type(hint).code if hint else "")
    elif action.startswith("take-") and is_number(action[5:], 6):
        imports.take_back(found, person, int(action[5:]))
    else:
        raise NotAllowed(HTTPStatus.BAD_REQUEST, "提交的内容无法读取。", "What was sent cannot be read.")
    return visit.go(here)


def rows(visit: Visit) -> Response:
    """The records that are not declared, a page at a time, with their cells."""
    found, after = visit.desk.imports.numbered(visit.number("number")), visit.query("after")
    if found.declared is not None or visit.desk.imports.previews.look(found) is None:
        return visit.go(f"/imports/{found.id}")
    begin = number_in(after, 11, 0)
    shown, following = visit.desk.correcting.page(found, begin, _ROWS)
    why_not = visit.desk.correcting.why_not(found) if any(not one.cells for one in shown) else None
    whole = visit.query("whole")
    tables = sorted({cell.field.table for one in shown for cell in one.cells if cell.field.table})
    return visit.page(
        "import_rows.html",
        found=found,
        records=shown,
        tables=tables,
        following=following,
        after=begin,
        whole=whole,
        why_not=why_not,
    )


def correct(visit: Visit) -> Response:
    """Cells of a record are to say something else: it is judged again at once."""
    form = visit.form
    found, row = visit.desk.imports.numbered(visit.number("number")), form.get("row", "")
    if not is_number(row, 9):
        raise NotAllowed(HTTPStatus.BAD_REQUEST, "提交的内容无法读取。", "What was sent cannot be read.")
    texts = {name[5:]: text.strip() for name, text in form.items() if name.startswith("cell.")}
    record = visit.desk.correcting.correct(found, visit.person.name, form.get("sheet", ""), int(row), texts)
    if visit.request.headers.get("hx-request"):
        whole = str(row) if form.get("whole") else ""
        return visit.page(
            "import_record.html",
            found=found,
            record=record,
            whole=whole,
            after=form.get("after", "")[:12],
            why_not=None,
        )
    return visit.go(f"/imports/{found.id}/rows?after={form.get('after', '')[:12]}#r{row}")


def _seen(visit: Visit, found: Import) -> Preview:
    """The preview that the person has seen. Raises NotAllowed where the file was changed since."""
    preview = visit.desk.imports.previews.look(found)
    if preview is None or visit.form.get("revision") != str(found.revision):
        raise NotAllowed(
            HTTPStatus.CONFLICT,
            "文件还在检查，或在此期间有了改动：请返回，刷新页面后再试。",
            "The file is still being looked at, or was changed meanwhile: go back, load the page again, and try once more.",
        )
    return preview


def _answers(visit: Visit, preview: Preview, *, as_suggested: bool) -> dict[EqualMistakes, Answer]:
    """What was typed; `as_suggested`: where nothing was, the value of mistakes for which a single one is offered."""
    form, answers = visit.form, dict[EqualMistakes, Answer]()
    for nth, group in enumerate(preview.groups):
        text = form.get(f"answer.{nth}", "").strip()
        if as_suggested and not text and len(group.offers) == 1:
            text = group.offers[0]
        if text:
            text = {"空": EMPTY, "(空)": EMPTY}.get(text, text)
            answers[group] = Answer(text, form.get(f"reason.{nth}", "").strip(), f"remember.{nth}" in form)
    return answers


def _columns(visit: Visit, preview: Preview) -> dict[int, str]:
    """By column the path of the chosen field, which stands behind its name. Raises NotAllowed for what is no field."""
    message, chosen = _type(visit.form.get("type", "")), dict[int, str]()
    paths = {text.rpartition(" ")[2] for text in field_names(message)}
    for nth, column in enumerate(preview.proposal.columns if preview.proposal else ()):
        text = visit.form.get(f"field.{nth}", "").strip()
        path = text.rpartition(" ")[2]
        if text and path not in paths:
            raise NotAllowed(
                HTTPStatus.BAD_REQUEST,
                f"“{column.heading}”一列选择的“{text[:60]}”不是{message.zh}的栏目，请从列表中选择。",
                f"{text[:60]}, chosen for the column {column.heading}, is no field of this document: choose one of the list.",
            )
        if text:
            chosen[nth] = path
    return chosen


def _type(code: str) -> MessageType:
    found = message_types().get(code)
    if found is None or found.role != "declaration":
        raise NotAllowed(HTTPStatus.BAD_REQUEST, "请选择单证。", "Choose a document.")
    return found


def _listed(visit: Visit, status: HTTPStatus, said: tuple[str, str] | None) -> Response:
    names = [one.name for one in visit.desk.settings.enterprise]
    largest = visit.desk.settings.console.listen_largest_mb
    return visit.page(
        "imports.html",
        status,
        imports=visit.desk.imports.all_open(),
        waiting=visit.desk.imports.not_taken(),
        enterprises=names,
        types=declarations(),
        largest=largest,
        said=said,
    )


def _facts(visit: Visit) -> dict[str, object]:
    imports = visit.desk.imports
    found = imports.numbered(visit.number("number"))
    preview: Preview | None = None
    taken: Drop | None = None
    if found.declared is None:
        preview = imports.previews.look(found)
    else:
        taken = imports.drop_of(found)
    mapping = None if preview is None else _mapping(visit, preview, found)
    found_in_file = () if preview is None else preview.problems
    problems = (on_page(one, Page.IMPORT) for one in found_in_file if one.id != _ASKED_IN_A_WORKBOOK)
    return {
        "found": found,
        "preview": preview,
        "problems": tuple(problems),
        "taken": taken,
        "mapping": mapping,
        "types": declarations(),
        "kinds": _KINDS,
        "not_declared": NOT_DECLARED,
        "empty": EMPTY,
        "suggested": 0 if preview is None else sum(len(group.offers) == 1 for group in preview.groups),
    }


def _mapping(visit: Visit, preview: Preview, found: Import) -> MappingForm | None:
    proposal, wanted = preview.proposal, visit.query("as")
    if proposal is None:
        return None
    told, offered = found.said.layout, {message.code: message for message in declarations()}
    code = wanted or (told.type if told is not None else next(iter(proposal.types), ""))
    message = offered.get(code, declarations()[0])
    fields = tuple(field_names(message))
    columns = tuple(
        _choice(message, fields, nth, column, {} if told is None else told.columns)
        for nth, column in enumerate(proposal.columns)
    )
    filled = entry.defaults_of(visit.desk.settings, found.enterprise, message.code)
    paths = {choice.chosen.rpartition(" ")[2] for choice in columns if choice.chosen}
    return MappingForm(
        message,
        preview.type is None,
        columns,
        fields,
        tuple(
            field
            for field in needed_and_missing(message, paths)
            if (field.name if field.part == "head" else f"line.{field.name}") not in filled
        ),
    )


def _choice(
    message: MessageType, fields: Sequence[str], nth: int, column: ProposedColumn, told: Mapping[str, str]
) -> ColumnChoice:
    """What was told, else what is proposed. The proposal is of the likeliest document: in another one a heading is known by its words."""
    chosen, certainty = field_name(message, told.get(column.heading, column.field or "")), column.certainty
    if not chosen and column.heading not in told:
        alike = [text for text in fields if text.rpartition(" ")[0] == column.heading]
        chosen, certainty = (alike[0], Certainty.PROPOSED) if len(alike) == 1 else ("", Certainty.UNKNOWN)
    words = _CERTAINTIES[certainty]
    return ColumnChoice(nth, column.heading, column.samples, certainty.value, words, chosen)
