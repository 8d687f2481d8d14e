"""The code book: the meaning of every answer of customs and platforms for the declaration, and what to do next, in both languages.

An answer is identified by message type, code and text together, never by the code alone:

| status | where it comes from | in the book as |
| --- | --- | --- |
| `100` | returnStatus of a receipt | `100`, by message type |
| `-621004` | processing error (table 7-2), its family given by the number | `-621004`; of several meanings the text decides |
| `dxp:1001` | the exchange platform's DxpRep (table 7-1) | `dxp:1001` |
| `tax:1` | a tax bill's status (816, 818) | `tax:1` |
| `[Code:1322;Desc:…]` | customs' own code in a returnInfo | `customs:1322`, for any type |

A code that is not in the book gets the meaning of its family, marked as such (`sure` is false). The texts stand in `code_book/*.toml`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from cebd.customs.book_files import PLATFORM, TEXTS, Entry, bare, book, filled
from cebd.customs.customs_codes import CUSTOMS, CustomsCode, customs_codes
from cebd.messages.description import message_types
from cebd.messages.relations import is_export
from cebd.messages.schema_files import kept_with_schemas

_AFTER_NUMBERS = 10**7  # the place of the codes that are words
_WHY_ZH, _WHY_EN = ("cause_zh", "next_zh"), ("cause_en", "next_en")


def entry_for(record_type: str, status: str, info: str = "") -> Entry:
    """The meaning of an answer (`100`, `-621004`, `dxp:1001`) to a declaration of that type (`CEB621`); `info`: the text beside it.

    Customs' own codes in the text tell why: what to do about them stands in place of what to do about the status.
    """
    return _with_reasons(_entry_for(record_type, status, info), info)


def troubles(info: str) -> tuple[CustomsCode, ...]:
    """Customs' own codes in a returnInfo that are no good news."""
    return tuple(code for code in customs_codes(info) if all(entry.todo for entry in _reasons(code)))


def _entry_for(record_type: str, status: str, info: str) -> Entry:
    entries = book().entries.get(_as_kept(status), ())
    if not entries:
        return unknown(status, record_type)
    of_type = tuple(entry for entry in entries if not entry.types or record_type in entry.types)
    if not of_type and not status.startswith("-"):
        return _from_template("other-type", status, record_type, text=entries[0])
    if not of_type:
        return _perhaps(_any_of(entries), record_type, strange=True)
    text = bare(info)
    for entry in of_type:
        if all(part in text for part in entry.said):
            return _named(entry, record_type)
    return _perhaps(_any_of(of_type), record_type, strange=bool(text))


def arrived(record_type: str) -> Entry:
    """The meaning of "already there" after a send in doubt: the message has arrived. There is nothing to do."""
    return _from_template("arrived", "", record_type)


def meanings(code: str, record_type: str | None = None, info: str = "") -> tuple[Entry, ...]:
    """Every meaning of a code, by type; only answers of that type, and answers that fit the text `info`, if these are given.

    Empty when the book does not have the code, or not for that type. A text that fits no meaning excludes none.
    Without a type, the meaning of a code for export is given only if the code has no other.
    """
    entries = book().entries.get(_as_kept(code), ())
    if record_type is None:
        of_type = [entry for entry in entries if not entry.types or not all(map(is_export, entry.types))] or entries
    else:
        of_type = [entry for entry in entries if not entry.types or record_type in entry.types]
    fitting = [entry for entry in of_type if info and all(part in bare(info) for part in entry.said)]
    by_type = sorted(fitting or of_type, key=lambda entry: entry.types[:1])
    return tuple(_named(entry, record_type or _only_type(entry)) for entry in by_type)


def unknown(code: str, record_type: str = "") -> Entry:
    """The meaning of its family, for a code that the book does not have."""
    if code.startswith(CUSTOMS):
        return _from_template("customs-code", code.removeprefix(CUSTOMS), record_type)
    if code.startswith(PLATFORM):
        number = code.removeprefix(PLATFORM)
        kind = f"platform-{number[0]}" if len(number) == 4 and number.isdecimal() else "platform"
        return _from_template(kind if kind in book().templates else "platform", code, record_type)
    if code.startswith("-") and code[1:].isdecimal():
        for first, last, type_ in book().families:
            if first <= int(code[1:]) <= last:
                return _from_template("family", code, type_)
        return _from_template("error", code, record_type)
    return _from_template("status", code, record_type)


def all_entries() -> tuple[Entry, ...]:
    """The whole book: statuses, tax bills, the exchange platform's codes, customs' own, then table 7-2 message by message."""
    kinds = ("tax:", PLATFORM, CUSTOMS, "-")

    def place(code: str) -> tuple[int, int]:
        kind = next((number for number, prefix in enumerate(kinds, 1) if code.startswith(prefix)), 0)
        number = code.rpartition(":")[2].lstrip("-")
        return kind, int(number) if number.isdecimal() else _AFTER_NUMBERS

    return tuple(
        _named(entry, _only_type(entry)) for code in sorted(book().entries, key=place) for entry in book().entries[code]
    )


def noun(record_type: str) -> tuple[str, str]:
    """The name of a declaration, Chinese and English; "declaration" for an unknown type."""
    words = _noun(record_type)
    return words["zh"], words["en"]


@kept_with_schemas
@cache
def foreseen(record_type: str, problem_id: str) -> tuple[Entry, ...]:
    """The answers that a record of that type would get if it were sent with that problem (`CEBD-1307`); none where it is not known."""
    return tuple(
        _named(entry, record_type)
        for entries in book().entries.values()
        for entry in entries
        if (not entry.types or record_type in entry.types) and problem_id.startswith(entry.foreseen or ("-",))
    )


def _as_kept(code: str) -> str:
    """The code as the book has it: a platform that accepts says any number of zeros."""
    number = code.removeprefix(PLATFORM)
    return f"{PLATFORM}0000" if number != code and number and not number.strip("0") else code


# Customs' own codes beside a status


def _reasons(code: CustomsCode) -> tuple[Entry, ...]:
    return book().entries.get(code.booked, ())


def _with_reasons(entry: Entry, info: str) -> Entry:
    """The entry with what customs' own codes say, if they are no good news: the code that the book knows goes first."""
    told = troubles(info)
    if not told:
        return entry
    words = [(reason.zh, reason.en) for code in told for reason in _reasons(code)]
    words += [
        (f"{code.text or '海关代码'}（{code.code}）", f"customs' code {code.code}")
        for code in told
        if not _reasons(code)
    ]
    named = replace(entry, zh="：".join((entry.zh, "、".join(zh for zh, _ in words))), todo=True)
    named = replace(named, en=": ".join((entry.en, "; ".join(en for _, en in words))))
    known = [reason for code in told for reason in _reasons(code)]
    if not known:
        return named
    joined = {name: "".join(dict.fromkeys(getattr(one, name) for one in known)) for name in _WHY_ZH}
    joined |= {name: " ".join(dict.fromkeys(getattr(one, name) for one in known)) for name in _WHY_EN}
    return replace(named, **joined)  # type: ignore[arg-type]


# Making an entry to be shown


def _only_type(entry: Entry) -> str:
    """The declaration of an entry, if it has only one."""
    return entry.types[0] if len(entry.types) == 1 else ""


def _noun(record_type: str) -> dict[str, str]:
    nouns = book().nouns
    if record_type in nouns or record_type not in message_types():
        return nouns.get(record_type, nouns["any"])
    message = message_types()[record_type]  # the book calls it nothing: as its schema does
    return {"zh": message.zh, "en": message.en.lower()}


@kept_with_schemas
@cache
def _named(entry: Entry, record_type: str) -> Entry:
    """The entry with the declaration called by its name."""
    texts = {name: getattr(entry, name) for name in TEXTS}
    return replace(entry, **filled(texts, {"noun": _noun(record_type)}))  # type: ignore[arg-type]


@kept_with_schemas
@cache
def _perhaps(entry: Entry, record_type: str, *, strange: bool) -> Entry:
    """The entry, marked as not sure; `strange`: type or text do not belong to the code, so the received text goes before ours."""
    named = replace(_named(entry, record_type), sure=False)
    if not strange:
        return named
    template = book().templates["perhaps"]
    texts = {name: template[name].replace("{text}", getattr(named, name)) for name in TEXTS}
    return replace(named, **texts)  # type: ignore[arg-type]


@cache
def _any_of(entries: tuple[Entry, ...]) -> Entry:
    """Several meanings in one entry: only the text of a return could decide between them."""
    if len(entries) == 1:
        return entries[0]
    joined = {}
    for name in TEXTS:
        texts = [text.rstrip("。.") for text in dict.fromkeys(getattr(entry, name) for entry in entries)]
        joined[name] = ("；或：" if name.endswith("zh") else "; or: ").join(texts)
    return replace(entries[0], **joined, todo=any(entry.todo for entry in entries))  # type: ignore[arg-type]


def _from_template(template: str, code: str, record_type: str, text: Entry | None = None) -> Entry:
    """An entry from a template of the book; `text`: the entry whose title it quotes."""
    words = {"noun": _noun(record_type), "code": {"zh": code, "en": code}}
    if text is not None:
        words["text"] = {"zh": text.zh, "en": text.en}
    made = filled(book().templates[template], words)
    types = (record_type,) if record_type else ()
    return Entry(**made, code=code, sure=False, todo=template != "arrived", types=types)  # type: ignore[arg-type]
