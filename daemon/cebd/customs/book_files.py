"""The files of the code book, read and checked: `code_book/*.toml`.

| key in a file | meaning |
| --- | --- |
| `types` | the declarations that its entries answer, if an entry names none itself |
| `[nouns]` | the names of a declaration |
| `[family]` | the numbers of the processing errors of a declaration |
| `[[entry]]` | a meaning of a code: its texts, and its `effect` on the declaration's way (see `statuses.toml`) |
| `foreseen` | problems of cebd's, by number or its beginning, for which this answer would come if the record were sent all the same |
| `[[entry]]` with `as` | the code has the same meaning for that other declaration; texts are not written twice |
| `[meanings.…]` | meanings shared by several entries, by name |
| `[[rank]]` | the order in which answers overrule each other |
| `already_there`, `[words.…]`, `[template.…]` | see `general.toml` |

A mistake in a file is never ignored: `CodeBookError` gives file and line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cebd.messages.schema_files import chosen_meanwhile, kept_with_schemas, message_schemas, schema_dir

# The exchange platform's answer to an envelope (DxpRep) is kept as `dxp:CODE`, with the codes of table 7-1.
PLATFORM = "dxp:"
ANY = ""
TEXTS = tuple(f"{part}{language}" for part in ("", "cause_", "meaning_", "next_") for language in ("zh", "en"))
_OWN_FOLDER = Path(__file__).parent / "code_book"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_chosen: list[Path] = []
_IN_A_FILE = frozenset(("types", "nouns", "family", "meanings", "entry", "rank", "already_there", "words", "template"))
_IN_AN_ENTRY = frozenset((*TEXTS, "code", "types", "said", "meaning", "todo", "effect", "as", "foreseen"))
_FOR_LOOKING_UP = ("said", "effect", "foreseen")


class Effect(StrEnum):
    """The effect of a code on a declaration's way; explained in `statuses.toml`."""

    ON_ITS_WAY = "on-its-way"
    AT_REST = "at-rest"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    WITH_CUSTOMS = "with-customs"
    ALREADY_THERE = "already-there"


class CodeBookError(Exception):
    """A file of the code book says something that cannot be: which file, which line, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A meaning of a code. `zh`, `en` are its title.

    `types`: the declarations that it answers; empty if it answers any. `said`: words of customs' own text, without punctuation, when
    it means this; empty if the code alone decides. `todo`: a person must act. `sure`: type, code and text agree.
    `foreseen`: see above.
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
    effect: Effect = Effect.ON_ITS_WAY
    foreseen: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The entry for scripts, without the fields for the look-up."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _FOR_LOOKING_UP}


class Rank(NamedTuple):
    """Where a status stands on a declaration's way: in which rank, from 1, and at which place of all, from 1."""

    rank: int
    place: int


@dataclass(frozen=True, slots=True)
class Book:
    """`families`: a number range of table 7-2 and the message it belongs to. `nouns` and `templates` are pairs of texts, zh and en.

    `ranks`: the statuses of a declaration's way, `-` for all that are negative. `effects`: by code and declaration, and under `ANY` what a
    code does to each of which it has nothing to say, where that is the same. `already_there`: texts by which a platform says so.
    `types_with_errors`: the declarations whose processing errors are published.
    """

    entries: dict[str, tuple[Entry, ...]]
    families: tuple[tuple[int, int, str], ...]
    nouns: dict[str, dict[str, str]]
    templates: dict[str, dict[str, str]]
    ranks: dict[str, Rank]
    already_there: tuple[str, ...]
    types_with_errors: frozenset[str]
    effects: dict[str, dict[str, Effect]]


@contextmanager
def book_from(folder: Path) -> Iterator[None]:
    """Have the code book read from that folder meanwhile, for every thread of this process."""
    with chosen_meanwhile(_chosen, folder):
        yield


def book_folder() -> Path:
    """Where the code book is: beside this module, or what `book_from` names."""
    return _chosen[-1] if _chosen else _OWN_FOLDER


@kept_with_schemas
@cache
def book() -> Book:
    """The whole book. Raises CodeBookError."""
    return _book(book_folder(), schema_dir())


def _ranks(ranks: Iterable[Sequence[str]]) -> dict[str, Rank]:
    way = [(status, number) for number, statuses in enumerate(ranks, 1) for status in statuses]
    return {status: Rank(number, place) for place, (status, number) in enumerate(way, 1)}


def _effects(
    entries: Mapping[str, Sequence[Entry]], places: Mapping[str, tuple[Path, int]]
) -> Iterator[tuple[str, dict[str, Effect]]]:
    for code, meanings in entries.items():
        by_type: dict[str, Effect] = {}
        for entry in meanings:
            # Of a code with several meanings one may be that it is there already: without a doubt, a refusal like the others.
            effect = Effect.REFUSED if entry.effect is Effect.ALREADY_THERE else entry.effect
            for type_ in entry.types or (ANY,):
                if by_type.setdefault(type_, effect) is not effect:
                    raise CodeBookError(*places[code], f"{code} of {type_} is both {by_type[type_]} and {effect}")
        if len(set(by_type.values())) == 1:
            by_type.setdefault(ANY, next(iter(by_type.values())))
        yield code, by_type


def bare(text: str) -> str:
    """A text without spaces and punctuation, in small letters: platforms differ in both."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def filled(texts: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The texts with these words put in, each in its own language."""
    with_words = {}
    for name in TEXTS:
        text = texts[name]
        for word, said in words.items():
            text = text.replace(f"{{{word}}}", said[name[-2:]])
        with_words[name] = text
    return with_words


class _File:
    """A file, and the lines of its entries."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8")
        try:
            self.content: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CodeBookError(path, 1, str(error)) from None
        self._lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[entry]]"]
        for name in self.content.keys() - _IN_A_FILE:
            raise CodeBookError(path, 1, f"there is nothing called {name} in a file of the code book")
        self.require_types(self.content.get("types", ()), 1)
        self.require_types([type_ for type_ in self.content.get("nouns", ()) if type_ != "any"], 1)
        family = self.content.get("family")
        if family is not None and family.keys() != {"first", "last", "type"}:
            raise CodeBookError(path, 1, "a family has first, last and type")
        self.require_types([family["type"]] if family else [], 1)

    def require_types(self, types: Sequence[str], line: int) -> None:
        for type_ in types:
            if type_ not in message_schemas():
                raise CodeBookError(self.path, line, f"there is no schema of a message {type_}")

    def entries(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each entry as it is written, with its line."""
        for number, raw in enumerate(self.content.get("entry", ())):
            line = self._lines[number] if number < len(self._lines) else 1
            for name in raw.keys() - _IN_AN_ENTRY:
                raise CodeBookError(self.path, line, f"an entry has no {name}")
            if not isinstance(raw.get("code"), str):
                raise CodeBookError(self.path, line, "an entry has a code, which is a text")
            if raw.get("effect", Effect.REFUSED) not in list(Effect):
                raise CodeBookError(self.path, line, f"effect is one of {' '.join(Effect)}, not {raw['effect']}")
            self.require_types(raw.get("types", ()), line)
            yield raw, line

    def types_of(self, raw: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(raw.get("types", self.content.get("types", ())))

    def texts_of(self, raw: Mapping[str, Any], line: int) -> dict[str, str]:
        shared = self.content.get("meanings", {})
        if "meaning" in raw and raw["meaning"] not in shared:
            raise CodeBookError(self.path, line, f"there is no [meanings.{raw['meaning']}]")
        texts = {f"meaning_{language}": text for language, text in shared.get(raw.get("meaning"), {}).items()}
        texts |= {name: raw[name] for name in TEXTS if name in raw}
        for name in TEXTS:
            if name not in texts:
                raise CodeBookError(self.path, line, f"{name} is missing")
        return texts


@cache
def _book(folder: Path, _schemas: Path) -> Book:
    paths = sorted(folder.glob("*.toml"), key=lambda path: path.stem)  # statuses before statuses-export
    files = [_File(path) for path in paths]
    general = next(file.content for file in files if "words" in file.content)
    words: dict[str, dict[str, str]] = general["words"]
    entries: dict[str, list[Entry]] = {}
    places: dict[str, tuple[Path, int]] = {}
    lent: list[tuple[_File, dict[str, Any], int]] = []
    for file in files:
        for raw, line in file.entries():
            places[raw["code"]] = (file.path, line)
            if "as" in raw:
                lent.append((file, raw, line))
            else:
                entries.setdefault(raw["code"], []).append(_entry(file, raw, line, words))
    for file, raw, line in lent:
        _lend(entries, file, raw, line)
    families = [file.content["family"] for file in files if "family" in file.content]
    return Book(
        entries={code: tuple(meanings) for code, meanings in entries.items()},
        families=tuple((family["first"], family["last"], family["type"]) for family in families),
        nouns={type_: texts for file in files for type_, texts in file.content.get("nouns", {}).items()},
        templates={name: filled(texts, words) for name, texts in general["template"].items()},
        effects=dict(_effects(entries, places)),
        ranks=_ranks(rank["statuses"] for file in files for rank in file.content.get("rank", ())),
        already_there=tuple(general["already_there"]),
        types_with_errors=frozenset(
            type_
            for code, meanings in entries.items()
            if code.startswith("-")
            for entry in meanings
            for type_ in entry.types
        ),
    )


def _entry(file: _File, raw: Mapping[str, Any], line: int, words: Mapping[str, Mapping[str, str]]) -> Entry:
    """An entry of a file. The declaration's name (`{noun}`) is filled in on request."""
    code = raw["code"]
    texts = filled(file.texts_of(raw, line), words)
    for unknown in _PLACEHOLDER.findall("".join(texts.values())):
        if unknown != "noun":
            raise CodeBookError(file.path, line, f"there is no word {{{unknown}}}")
    return Entry(
        **texts,
        code=code,
        sure=True,
        todo=raw.get("todo", True),
        types=file.types_of(raw),
        said=tuple(map(bare, raw.get("said", ()))),
        effect=Effect(raw.get("effect", Effect.REFUSED if code.startswith("-") else Effect.ON_ITS_WAY)),
        foreseen=tuple(raw.get("foreseen", ())),
    )


def _lend(entries: dict[str, list[Entry]], file: _File, raw: Mapping[str, Any], line: int) -> None:
    """Give a code the same meaning for the declarations of this entry as for another; an effect of its own may differ."""
    code, types = raw["code"], file.types_of(raw)
    shared = [entry for entry in entries.get(code, ()) if raw["as"] in entry.types]
    if not shared or not types:
        raise CodeBookError(file.path, line, f"{raw['as']} has no {code} that could be lent")
    for entry in shared:
        if raw.get("effect", entry.effect) == entry.effect:
            entries[code][entries[code].index(entry)] = replace(entry, types=(*entry.types, *types))
        else:
            entries[code].append(replace(entry, types=types, effect=Effect(raw["effect"])))
