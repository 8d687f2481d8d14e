"""The code book: what each answer of customs and platforms means for the declaration, and what to do next, in Chinese and English.

An answer is known by message type, code and text together, never by the code alone:

| status | where it comes from | in the book as |
| --- | --- | --- |
| `100` | returnStatus of a receipt | `100`, by message type |
| `-621004` | processing error (table 7-2), its family given by the number | `-621004`; of several meanings the text decides |
| `dxp:1001` | the exchange platform's DxpRep (table 7-1) | `dxp:1001` |
| `tax:1` | a tax bill's status (816, 818) | `tax:1` |

What is not in the book is answered from its family, and said to be so (`sure` is false). The texts stand in `code_book/*.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

_PLATFORM = "dxp:"
_FOLDER = Path(__file__).parent / "code_book"
_TEXTS = tuple(f"{part}{language}" for part in ("", "cause_", "meaning_", "next_") for language in ("zh", "en"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a code. `zh`, `en` are its title.

    `types`: the declarations it is an answer to; empty where it answers any. `said`: what customs' own text has, without punctuation, when
    it means this; empty where the code alone decides. `todo`: someone has to do something. `sure`: type, code and text agree.
    """

    code: str
    zh: str
    en: str
    cause_zh: str
    cause_en: str
    meaning_zh: str
    meaning_en: str
    next_zh: str
    next_en: str
    sure: bool
    todo: bool = True
    types: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The entry for scripts; what only serves the look-up is left out."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "said"}


@dataclass(frozen=True, slots=True)
class _Book:
    """`families`: a number range of table 7-2 and the message it belongs to. `nouns` and `templates` are pairs of texts, zh and en.

    `export`: the export declarations, spoken of only where they are named.
    """

    entries: dict[str, tuple[Entry, ...]]
    export: frozenset[str]
    families: tuple[tuple[int, int, str], ...]
    nouns: dict[str, dict[str, str]]
    templates: dict[str, dict[str, str]]


def entry_for(record_type: str, status: str, info: str = "") -> Entry:
    """What an answer (`100`, `-621004`, `dxp:1001`) to a declaration of that type (`CEB621`) means; `info`: the text it came with."""
    known = _book().entries.get(_as_kept(status), ())
    if not known:
        return unknown(status, record_type)
    mine = tuple(one for one in known if not one.types or record_type in one.types)
    if not mine and not status.startswith("-"):
        return _made("other-type", status, record_type, text=known[0])
    if not mine:
        return _perhaps(_any_of(known), record_type, strange=True)
    text = _bare(info)
    meant = [one for one in mine if all(part in text for part in one.said)]
    if meant:
        return _named(meant[0], record_type)
    return _perhaps(_any_of(mine), record_type, strange=bool(text))


def arrived(record_type: str) -> Entry:
    """What "already there" means after a send of unknown outcome: the message has arrived. Nothing is to be done."""
    return _made("arrived", "", record_type)


def meanings(code: str, record_type: str | None = None, info: str = "") -> tuple[Entry, ...]:
    """Every meaning of a code; of that type's answers, and of those that fit the text `info`, where these are given.

    Empty when the book does not have the code, or not for that type. A text that fits no meaning excludes none.
    Where no type is named, what a code means for export is told only if it means nothing else.
    """
    known = _book().entries.get(_as_kept(code), ())
    if record_type is None:
        known = tuple(one for one in known if not one.types or not _book().export.issuperset(one.types)) or known
    mine = [one for one in known if record_type is None or not one.types or record_type in one.types]
    meant = [one for one in mine if info and all(part in _bare(info) for part in one.said)]
    return tuple(_named(one, record_type or "") for one in meant or mine)


def unknown(code: str, record_type: str = "") -> Entry:
    """What is known of a code that the book does not have: its family."""
    book = _book()
    if code.startswith(_PLATFORM):
        number = code.removeprefix(_PLATFORM)
        kind = f"platform-{number[0]}" if len(number) == 4 and number.isdecimal() else "platform"
        return _made(kind if kind in book.templates else "platform", code, record_type)
    if code.startswith("-") and code[1:].isdecimal():
        for first, last, type_ in book.families:
            if first <= int(code[1:]) <= last:
                return _made("family", code, type_)
        return _made("error", code, record_type)
    return _made("status", code, record_type)


def all_entries() -> tuple[Entry, ...]:
    """The whole book: statuses, tax bills, the exchange platform's codes, then table 7-2 message by message."""
    kinds = ("tax:", _PLATFORM, "-")

    def place(code: str) -> tuple[int, int]:
        kind = next((number for number, prefix in enumerate(kinds, 1) if code.startswith(prefix)), 0)
        return kind, int(code.rpartition(":")[2].lstrip("-"))

    return tuple(_named(one, "") for code in sorted(_book().entries, key=place) for one in _book().entries[code])


def noun(record_type: str) -> tuple[str, str]:
    """What a declaration is called, Chinese and English; of no known type, "declaration"."""
    nouns = _book().nouns
    words = nouns.get(record_type, nouns["any"])
    return words["zh"], words["en"]


# Reading the book


@cache
def _book() -> _Book:
    paths = sorted(_FOLDER.glob("*.toml"), key=lambda path: path.stem)  # statuses before statuses-export
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths]
    general = next(one for one in files if "words" in one)
    words: dict[str, dict[str, str]] = general["words"]
    entries: dict[str, list[Entry]] = {}
    for file in files:
        for raw in file.get("entry", ()):
            entries.setdefault(raw["code"], []).append(_entry(file, raw, words))
    families = [file["family"] for file in files if "family" in file]
    return _Book(
        entries={code: tuple(found) for code, found in entries.items()},
        export=frozenset(type_ for file in files for type_ in file.get("export", ())),
        families=tuple((one["first"], one["last"], one["type"]) for one in families),
        nouns=general["nouns"],
        templates={name: _filled(texts, words) for name, texts in general["template"].items()},
    )


def _entry(file: Mapping[str, Any], raw: Mapping[str, Any], words: Mapping[str, Mapping[str, str]]) -> Entry:
    """An entry of a file. What the declaration is called (`{noun}`) is put in when it is asked for."""
    shared = file.get("meanings", {}).get(raw.get("meaning"), {})
    texts = {f"meaning_{language}": text for language, text in shared.items()} | dict(raw)
    return Entry(
        **_filled(texts, words),
        code=raw["code"],
        sure=True,
        todo=raw.get("todo", True),
        types=tuple(raw.get("types", file.get("types", ()))),
        said=tuple(map(_bare, raw.get("said", ()))),
    )


def _filled(texts: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The texts with these words put in, each in its own language."""
    filled = {}
    for name in _TEXTS:
        text = texts[name]
        for word, said in words.items():
            text = text.replace(f"{{{word}}}", said[name[-2:]])
        filled[name] = text
    return filled


def _bare(text: str) -> str:
    """A text without spaces and punctuation, in small letters: platforms differ in both."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _as_kept(code: str) -> str:
    """The code as the book has it: a platform that accepts says any number of zeros."""
    number = code.removeprefix(_PLATFORM)
    return f"{_PLATFORM}0000" if number != code and number and not number.strip("0") else code


# Making an entry of what was found


@cache
def _named(entry: Entry, record_type: str) -> Entry:
    """The entry with the declaration called by its name."""
    nouns = _book().nouns
    texts = {name: getattr(entry, name) for name in _TEXTS}
    return replace(entry, **_filled(texts, {"noun": nouns.get(record_type, nouns["any"])}))  # type: ignore[arg-type]


@cache
def _perhaps(entry: Entry, record_type: str, *, strange: bool) -> Entry:
    """The entry, not sure; `strange`: type or text are not those that belong to the code, so the text that came goes before ours."""
    named = replace(_named(entry, record_type), sure=False)
    if not strange:
        return named
    template = _book().templates["perhaps"]
    texts = {name: template[name].replace("{text}", getattr(named, name)) for name in _TEXTS}
    return replace(named, **texts)  # type: ignore[arg-type]


@cache
def _any_of(entries: tuple[Entry, ...]) -> Entry:
    """Several meanings in one entry; which it is only the text can tell."""
    if len(entries) == 1:
        return entries[0]
    joined = {}
    for name in _TEXTS:
        texts = [text.rstrip("。.") for text in dict.fromkeys(getattr(one, name) for one in entries)]
        joined[name] = ("；或：" if name.endswith("zh") else "; or: ").join(texts)
    return replace(entries[0], **joined, todo=any(one.todo for one in entries))  # type: ignore[arg-type]


def _made(template: str, code: str, record_type: str, text: Entry | None = None) -> Entry:
    """An entry from a template of the book; `text`: the entry whose title it quotes."""
    nouns = _book().nouns
    words = {"noun": nouns.get(record_type, nouns["any"]), "code": {"zh": code, "en": code}}
    if text is not None:
        words["text"] = {"zh": text.zh, "en": text.en}
    made = _filled(_book().templates[template], words)
    types = (record_type,) if record_type else ()
    return Entry(**made, code=code, sure=False, todo=template != "arrived", types=types)  # type: ignore[arg-type]
