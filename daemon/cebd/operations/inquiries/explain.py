"""The meaning of a code and what to do next: for codes of customs, of the exchange platform and of cebd."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from cebd.customs.book_files import Entry
from cebd.customs.code_book import all_entries, meanings, unknown
from cebd.customs.customs_codes import CUSTOMS
from cebd.messages.description import MessageType, message_type, message_types
from cebd.messages.relations import notice_marks
from cebd.operations.text import Refused, Text
from cebd.problems.problem import catalogue

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SEVERITIES = {"error": Text("错误", "error"), "warning": Text("警告", "warning"), "notice": Text("提示", "notice")}


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """The meaning of a code of customs or of the platform. `code` as the book spells it; `is_known`: whether the book has it for that type.

    `note` says how to read the entries when that is unclear.
    """

    code: str
    is_known: bool
    entries: tuple[Entry, ...]
    note: Text | None

    def as_json(self) -> dict[str, object]:
        """For `explain --json`."""
        return {"code": self.code, "known": self.is_known, "meanings": [entry.as_json() for entry in self.entries]}


@dataclass(frozen=True, slots=True)
class ProblemMeaning:
    """A problem of cebd: its meaning, its remedy, and the administrator's remedy; placeholders stand in ‹ ›."""

    id: str
    severity: str
    title: Text
    fix: Text
    administrator: Text | None

    @property
    def severity_text(self) -> Text:
        return _SEVERITIES[self.severity]

    def texts(self) -> dict[str, str]:
        """The texts by their names in the catalogue."""
        texts = {"zh": self.title.zh, "en": self.title.en, "fix_zh": self.fix.zh, "fix_en": self.fix.en}
        if self.administrator is not None:
            texts |= {"admin_zh": self.administrator.zh, "admin_en": self.administrator.en}
        return texts

    def as_json(self) -> dict[str, object]:
        """For `explain --json`."""
        shown = {"id": self.id, "severity": self.severity, **self.texts()}
        return {"code": self.id, "known": True, "problem": shown}


@dataclass(frozen=True, slots=True)
class UnknownProblem:
    """A number that the catalogue does not have; `family`: existing numbers with the same beginning."""

    id: str
    family: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For `explain --json`."""
        return {"code": self.id, "known": False, "family": list(self.family)}

    @property
    def note(self) -> Text:
        ids = ", ".join(self.family)
        return Text(
            f"目录中没有 {self.id}。" + (f"同一类的有：{ids}" if ids else "也没有这一类。"),
            f"There is no problem {self.id}. " + (f"Of its family: {ids}" if ids else "Nor is there such a family."),
        )


@dataclass(frozen=True, slots=True)
class Book:
    """Everything there is to explain."""

    entries: tuple[Entry, ...]
    problems: tuple[ProblemMeaning, ...]

    def as_json(self) -> dict[str, object]:
        """For `explain --all --json`."""
        return {
            "entries": [entry.as_json() for entry in self.entries],
            "problems": [{"id": problem.id, **problem.texts()} for problem in self.problems],
        }


def explain(code: str, type_: str | None = None, text: str = "") -> CodeMeaning | ProblemMeaning | UnknownProblem:
    """The meaning of a code. `type_`: the declaration (CEB621, CEB622, inventory); `text`: the text beside the code.

    Raises Refused for a text that is not a code, and for an unknown type.
    """
    message = _message(type_) if type_ else None
    if code.upper().startswith("CEBD"):
        return _problem(code.upper())
    mark = message.mark if message is not None and code.isdecimal() else None
    return _code(f"{mark}:{code}" if mark else code, _declaration(message), text)


def whole_book(type_: str | None = None) -> Book:
    """The book; for a declaration only customs' codes that answer it. Raises Refused for an unknown type."""
    record_type = _declaration(_message(type_)) if type_ else None
    entries = tuple(
        entry for entry in all_entries() if record_type is None or not entry.types or record_type in entry.types
    )
    return Book(entries, () if record_type else tuple(_meaning(id_) for id_ in catalogue()))


def _declaration(message: MessageType | None) -> str | None:
    """The declaration of a type: a receipt stands for the declaration that it answers, a refusal of a whole message for any."""
    if message is None or message.role == "refusal":
        return None
    return message.answers or message.code


def _message(wanted: str) -> MessageType | None:
    """The message of that code or name; None for DxpRep, which answers any message."""
    if wanted.upper() == "DXPREP":
        return None
    for spelling in (wanted, wanted.upper(), f"CEB{wanted}", wanted.upper().removesuffix("MESSAGE")):
        with suppress(KeyError):
            return message_type(spelling)
    names = ", ".join(f"{message.code} {message.name}" for message in message_types().values() if message.name)
    raise Refused(f"没有 {wanted} 这种报文；可用的有：{names}。", f"There is no message {wanted}; there are: {names}")


# Codes of customs and platform


def _as_booked(code: str) -> str | None:
    """The book's spelling of a code that a person typed; None for a text that cannot be a code."""
    mark, colon, _ = code.lower().partition(":")
    if colon and meanings(code.lower()):
        return code.lower()
    if colon and mark in ("dxp", "customs", *notice_marks()) and re.fullmatch(r"\w+:\w+", code):
        return code.lower()
    if not re.fullmatch(r"-?[0-9]+", code):
        return None
    if code.startswith("-"):
        return code
    if meanings(f"{CUSTOMS}{code}"):
        return f"{CUSTOMS}{code}"  # none of them is a code of the platform, too
    return code if len(code) < 4 else f"dxp:{code}" if len(code) == 4 else f"-{code}"


def _code(code: str, record_type: str | None, text: str) -> CodeMeaning:
    booked = _as_booked(code)
    if booked is None:
        raise Refused(f"{code} 不是状态、错误代码或问题编号。", f"{code} is no status, error code or problem id.")
    entries = meanings(booked, record_type, text)
    if entries:
        note = None
        if len(entries) > 1:
            note = Text(
                f"{booked} 有 {len(entries)} 种含义，以单证类型和回执文字为准。",
                f"{booked} has {len(entries)} meanings: type and text of the receipt decide.",
            )
        return CodeMeaning(booked, True, entries, note)
    of_other_types = meanings(booked, None, text)
    if of_other_types:
        note = Text(
            f"{record_type} 的回执没有 {booked}，以下是它在其他单证中的含义。",
            f"The book has no {booked} for {record_type}; these are its meanings for other declarations.",
        )
        return CodeMeaning(booked, False, of_other_types, note)
    if booked == f"-{code}" and not unknown(booked).types:
        booked = code  # no family of errors has the number: it stays as it was typed
    as_booked = (f"（按 {booked} 查找）", f" (looked up as {booked})") if booked != code else ("", "")
    note = Text(
        f"代码书中没有 {code}{as_booked[0]}，以下只是按其类别可知的。",
        f"Unknown code {code}{as_booked[1]}; general advice for its number range:",
    )
    return CodeMeaning(booked, False, (unknown(booked, record_type or ""),), note)


# Problems of cebd's own


def _problem(problem_id: str) -> ProblemMeaning | UnknownProblem:
    digits = problem_id.removeprefix("CEBD").removeprefix("-")
    problem_id = f"CEBD-{digits}"
    if problem_id in catalogue():
        return _meaning(problem_id)
    family = (id_ for id_ in catalogue() if len(digits) == 4 and id_.startswith(problem_id[:7]))
    return UnknownProblem(problem_id, tuple(family))


def _meaning(problem_id: str) -> ProblemMeaning:
    entry = catalogue()[problem_id]

    def text(prefix: str) -> Text:
        return Text(
            _filled(entry[f"{prefix}zh"], {"zh": "字段", "en": "field", "value": "值"}),
            _filled(entry[f"{prefix}en"], {"zh": "字段", "en": "field", "value": "value"}),
        )

    administrator = text("admin_") if "admin_zh" in entry else None
    return ProblemMeaning(problem_id, entry.get("severity", "error"), text(""), text("fix_"), administrator)


def _filled(text: str, words: dict[str, str]) -> str:
    """The text with its placeholders in ‹ ›."""
    return _PLACEHOLDER.sub(lambda placeholder: f"‹{words.get(placeholder[1], placeholder[1])}›", text)
