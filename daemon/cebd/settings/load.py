"""Reading the settings file: the common part must be right; every other mistake switches off the part that it is in."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cebd.documents.reading.options import ColumnMapping
from cebd.enterprise import Enterprise
from cebd.listening.settings import ListenSettings
from cebd.settings.faults import Fault, Lines, Location, Part, fault
from cebd.settings.file import COMMON, Settings
from cebd.settings.folders import folder_faults
from cebd.settings.kinds import Alarm, Channel, Signer
from cebd.settings.lines import key_lines
from cebd.settings.references import reference_faults
from cebd.settings.retired import take_out_retired
from cebd.settings.switching import switch_off
from cebd.settings.words import said_of, table_of_type, unknown
from cebd.settings_table import Name, SettingsError

_NAMED: dict[str, tuple[Part, TypeAdapter[Any]]] = {
    "signer": (Part.SIGNER, TypeAdapter(Signer)),
    "channel": (Part.CHANNEL, TypeAdapter(Channel)),
    "alarm": (Part.ALARM, TypeAdapter(Alarm)),
    "mapping": (Part.MAPPING, TypeAdapter(ColumnMapping)),
}
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_WEIGHTS = ("error", "warning", "off")
_TABLES = (*COMMON, "enterprise", *_NAMED, "rules")


def load_settings(path: Path) -> Settings:
    """Read the settings file. A mistake in an enterprise, signer, channel, mapping or rule is among the `faults` of the result.

    Raises SettingsError, which names every mistake with key and line, when the common part ([station], [store], [figures], [codes], the
    file as such) cannot be used.
    """
    content, lines = _content(path)
    reading = _Reading(content, lines)
    settings = reading.settings(path.resolve().parent)
    faults = reading.faults
    if settings is not None:
        settings._file, settings._lines, settings._positions = path, lines, reading.positions
        faults += reference_faults(settings, {mistake.name for mistake in faults}) + folder_faults(settings)
    if settings is None or any(mistake.part is Part.FILE for mistake in faults):
        mistakes = sorted(
            (mistake for mistake in faults if mistake.severity == "error"), key=lambda mistake: mistake.line or 0
        )
        raise SettingsError(path, [str(mistake) for mistake in mistakes], [mistake.zh for mistake in mistakes])
    return switch_off(settings, faults)


def _content(path: Path) -> tuple[dict[str, Any], Lines]:
    try:
        stored = path.read_bytes()
    except OSError as error:
        what, zh = f"cannot be read: {error.strerror}", f"设置文件读不到：{error.strerror}"
        raise SettingsError(path, [what], [zh]) from None
    try:
        text = _text(stored).replace("\r\n", "\n")
        return tomllib.loads(text), key_lines(text)
    except UnicodeDecodeError as error:
        line = stored[: error.start].count(b"\n") + 1
        what = f"line {line}: is not UTF-8; save it again with the encoding UTF-8 (in Notepad: Save as, Encoding UTF-8)"
        zh = f"第 {line} 行：不是 UTF-8 编码；请另存为 UTF-8（记事本：另存为，编码选 UTF-8）"
        raise SettingsError(path, [what], [zh]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [f"is not valid TOML: {error}"], [f"不是有效的 TOML：{error}"]) from None
    except _Utf16:
        what = "is saved as UTF-16 (Notepad calls it Unicode); save it again with the encoding UTF-8"
        zh = "是 UTF-16 编码（记事本里叫 Unicode）；请另存为 UTF-8"
        raise SettingsError(path, [what], [zh]) from None


class _Utf16(Exception):
    """Two bytes for each character."""


def _text(stored: bytes) -> str:
    """The file's text. Notepad's byte order mark is no mistake."""
    if stored.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in stored[:4]:
        raise _Utf16
    return stored.decode("utf-8-sig")


class _Reading:
    """Reads the file's tables one by one, so that a mistake in a table does not affect the others."""

    def __init__(self, content: dict[str, Any], lines: Lines) -> None:
        self.lines = lines
        self.faults: list[Fault] = take_out_retired(content, lines)
        self.positions: dict[str, int] = {}
        self._content = content

    def settings(self, base: Path) -> Settings | None:
        """The usable settings; None if the common part is wrong."""
        for name in self._content:
            if name not in _TABLES:
                self._stranger(name)
        common = {name: self._common(name) for name in COMMON}
        enterprises = self._enterprises()
        named = {name: self._named(name) for name in _NAMED}
        rules = self._rules()
        if any(mistake.part is Part.FILE for mistake in self.faults):
            return None
        tables: dict[str, Any] = {**common, **named, "enterprise": tuple(enterprises), "rules": rules}
        return Settings.model_construct(None, base=base, **tables)

    def _common(self, name: str) -> Any:
        model = COMMON[name]
        try:
            return model.model_validate(self._content.get(name, {}))
        except ValidationError as error:
            is_wanted = not issubclass(model, ListenSettings)  # without: nothing listens, and everything else goes on
            self._explain(error, name, (name,), Part.FILE if is_wanted else Part.NOTHING)
            return None if is_wanted else model()

    def _enterprises(self) -> list[Enterprise]:
        given = self._content.get("enterprise", [])
        if isinstance(given, dict):
            texts = (
                "an enterprise begins with [[enterprise]], in double brackets, since there may be several",
                "企业应写作 [[enterprise]]，用双方括号，因为可以有多家",
            )
            self._add(("enterprise",), texts, Part.FILE)
            return []
        if not given or not isinstance(given, list):
            self._add(("enterprise",), ("there is no [[enterprise]]", "没有 [[enterprise]]（企业）"), Part.FILE)
            return []
        return [
            enterprise
            for position, table in enumerate(given)
            if (enterprise := self._enterprise(position, table)) is not None
        ]

    def _enterprise(self, position: int, table: Any) -> Enterprise | None:
        name = table.get("name") if isinstance(table, dict) else None
        name = name if isinstance(name, str) and name else f"#{position + 1}"
        self.positions.setdefault(name, position)
        try:
            return Enterprise.model_validate(table)
        except ValidationError as error:
            self._explain(error, "enterprise", ("enterprise", position), Part.ENTERPRISE, name)
            return None

    def _named(self, table: str) -> dict[str, Any]:
        part, adapter = _NAMED[table]
        given = self._content.get(table, {})
        if not isinstance(given, dict):
            texts = (f"is written as tables, [{table}.NAME] each", f"应写作若干个表 [{table}.名称]")
            self._add((table,), texts, Part.NOTHING)
            return {}
        if isinstance(given.get("type"), str):
            texts = (f"needs a name: [{table}.NAME]", f"缺少名称：应写作 [{table}.名称]")
            self._add((table,), texts, Part.NOTHING)
            return {}
        entries = {}
        for name, entry in given.items():
            try:
                entries[_NAME.validate_python(name)] = adapter.validate_python(entry)
            except ValidationError as error:
                kind = entry.get("type") if isinstance(entry, dict) else None
                self._explain(error, table, (table, name), part, name, kind if isinstance(kind, str) else None)
        return entries

    def _rules(self) -> dict[str, Any]:
        given = self._content.get("rules", {})
        if not isinstance(given, dict):
            self._add(("rules",), ('is a table: [rules], then "CEBD-1306" = "error"', "应写作表 [rules]"), Part.NOTHING)
            return {}
        for name, weight in given.items():
            if weight not in _WEIGHTS:
                listed = '"error", "warning", "off"'
                self._add(("rules", name), (f"must be one of {listed}", f"只能是 {listed}"), Part.RULE, name)
        return {name: weight for name, weight in given.items() if weight in _WEIGHTS}

    def _stranger(self, name: str) -> None:
        """A table of a name that nobody reads."""
        value = self._content[name]
        tables = value.values() if isinstance(value, dict) else ()
        kinds = {table_of_type(str(entry.get("type"))) for entry in (value, *tables) if isinstance(entry, dict)} - {
            None
        }
        if kinds:
            right = kinds.pop()
            texts = (f"unknown setting; did you mean [{right}.NAME]?", f"没有这个表；是不是 [{right}.名称]？")
        elif not isinstance(value, dict | list):
            texts = (
                "unknown setting; it stands above the first table: put it below its own, such as [station]",
                "没有这个设置；它写在第一个表之前，应写到所属的表（如 [station]）之下",
            )
        else:
            texts = unknown(name, list(_TABLES))
        self._add((name,), texts, Part.NOTHING)

    def _explain(
        self, error: ValidationError, table: str, at: Location, part: Part, name: str = "", kind: str | None = None
    ) -> None:
        for detail in error.errors(include_url=False, include_input=False):
            within = tuple(detail["loc"])
            if table == "signer" and within[:1] == (kind,):  # pydantic puts the kind of a union before the key
                within = within[1:]
            if detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
                within = ("type",)
            self._add((*at, *within), said_of(table, detail, within, kind), part, name)

    def _add(self, location: Location, texts: tuple[str, str], part: Part, name: str = "") -> None:
        self.faults.append(fault(location, texts, self.lines, part, name))
