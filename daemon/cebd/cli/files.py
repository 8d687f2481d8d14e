"""`check` and `convert`: what would become of a file, without declaring anything."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.options import AsJson, OfEnterprise, SettingsFile, enterprise_of, settings_from, settings_or_none
from cebd.plain import one_line, plain
from cebd.problems.problem import shorten

if TYPE_CHECKING:
    from cebd.settings import Enterprise, Settings
    from cebd.store.store import Store

TheFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A workbook, CSV or XML file.")]
Hint = Annotated[
    str | None, typer.Option("--as", help="What the file is: a message (order, CEB621) or a mapping of the settings.")
]


# What an empty store would say of every file: that it knows nothing of what is changed, cancelled or returned.
_NOT_ASKED = {"CEBD-1405": "off", "CEBD-1407": "off"}
_ASKED = "  已与本站此前的申报核对。 What was declared here before was asked too."
_LEFT_OUT = (
    "  未与此前的申报核对：没有本站的记录。 What was declared before was not asked: there is no store of a station."
)


@dataclass(frozen=True)
class Verdict:
    """What cebd makes of a file. `problems` are those of the file and of its records, as in the receipt JSON.

    `repeats`: records declared before with the same content, which are not declared again. `ledger`: whether that was asked at all.
    """

    type: str | None
    records: int
    ready: int
    repeats: int
    problems: list[dict[str, Any]]
    ledger: bool

    @property
    def rejected(self) -> int:
        return self.records - self.ready - self.repeats

    @property
    def exit_code(self) -> Exit:
        said = any(
            one["severity"] == "error" for one in self.problems
        )  # a goods line without its head belongs to no record
        clean = self.type is not None and self.records > 0 and not self.rejected and not said
        return Exit.DONE if clean else Exit.REJECTED


def check(
    file: TheFile,
    config: SettingsFile = None,
    enterprise: OfEnterprise = None,
    hint: Hint = None,
    as_json: AsJson = False,
) -> None:
    """Check a file: every problem on its cell, with a station's settings what was declared before too. Nothing is declared."""
    named = settings_or_none(config, in_full=True)
    settings = named or _no_settings()
    station = None if named is None else named.store_dir
    with _converted(file, settings, enterprise_of(settings, enterprise), hint, station) as (verdict, _):
        _report(file, verdict, as_json)
    raise SystemExit(int(verdict.exit_code))


def convert(
    file: TheFile,
    out: Annotated[Path, typer.Option("-o", "--output", help="The folder for the messages.")],
    config: SettingsFile = None,
    enterprise: OfEnterprise = None,
    hint: Hint = None,
    as_json: AsJson = False,
) -> None:
    """Turn a file into messages, unsigned, one file for each. Nothing is declared."""
    settings = settings_from(config, in_full=True)
    with _converted(file, settings, enterprise_of(settings, enterprise), hint, settings.store_dir) as (verdict, store):
        out.mkdir(parents=True, exist_ok=True)
        written = [str(path) for path in _write_messages(store, out)]
        _report(file, verdict, as_json, messages=written)
    raise SystemExit(int(verdict.exit_code))


@contextmanager
def _converted(
    file: Path, settings: Settings, enterprise: Enterprise, hint: str | None, station: Path | None
) -> Iterator[tuple[Verdict, Store]]:
    """Convert as the daemon would, but into a store that is thrown away; what was declared before is asked of the `station`'s, if any.

    Raises StoreError where that store cannot be read.
    """
    from cebd.clock import SystemClock
    from cebd.documents.convert import Unreadable
    from cebd.documents.convert import convert as convert_file
    from cebd.documents.reading.open import cannot_be_read
    from cebd.intake.claim import record_drop
    from cebd.signing.xmldsig import signature_holds
    from cebd.store.declared import open_read_only
    from cebd.store.store import Store

    if hint is not None:
        _known_hint(hint, settings)
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="cebd-") as folder:
        store = Store.open(Path(folder))
        try:
            with open_read_only(station) as asked, store.write() as connection:
                if asked is None:
                    settings = settings.model_copy(update={"rules": {**settings.rules, **_NOT_ASKED}})
                drop_id = record_drop(connection, enterprise.name, file, clock)
                terms = (settings.reading_options, enterprise, clock, hint, signature_holds)
                result = convert_file(connection, drop_id, file, *terms, asked=asked)
            problems = [one.as_json() for one in result.problems] + _record_problems(store)
            counts = (result.records, result.ready, result.repeats)
            verdict = Verdict(result.type, *counts, problems, ledger=asked is not None)
        except Unreadable as error:
            verdict = Verdict(None, 0, 0, 0, [cannot_be_read(error).as_json()], ledger=asked is not None)
        try:
            yield verdict, store
        finally:
            store.close()


def _known_hint(hint: str, settings: Settings) -> None:
    from cebd.messages.description import declarations

    declared = (*declarations(), *declarations(export=True))
    names = [name for message in declared for name in (message.name, message.code) if name]
    if hint not in settings.mapping and hint not in names:
        stop(
            Exit.SETTINGS,
            f"--as {hint}: no such message or mapping; there are: {', '.join([*names, *settings.mapping])}",
        )


def _record_problems(store: Store) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from cebd.store.tables import records

    with store.read() as connection:
        texts = connection.execute(
            select(records.c.problems).where(records.c.problems.is_not(None)).order_by(records.c.id)
        ).scalars()
        return [found for text in texts for found in json.loads(text)]


def _write_messages(store: Store, out: Path) -> Iterator[Path]:
    from sqlalchemy import select

    from cebd.disk import write_file
    from cebd.store.store import unpack
    from cebd.store.tables import messages

    with store.read() as connection:
        for row in connection.execute(select(messages).order_by(messages.c.id)).mappings():
            path = out / f"{row['type']}Message_{row['cop_msg_id']}.xml"
            write_file(path, unpack(row["body"]))
            yield path


def _report(file: Path, verdict: Verdict, as_json: bool, *, messages: list[str] | None = None) -> None:
    if as_json:
        made = {} if messages is None else {"messages": messages}
        print_json(
            {
                "file": str(file),
                "type": verdict.type,
                "records": verdict.records,
                "ready": verdict.ready,
                "rejected": verdict.rejected,
                "repeats": verdict.repeats,
                "ledger": verdict.ledger,
                **made,
                "problems": verdict.problems,
            }
        )
        return
    kind = verdict.type or "not recognised"
    repeats = f", {verdict.repeats} declared before" if verdict.repeats else ""
    print(
        f"{one_line(file.name)}: {kind}, {verdict.records} records, {verdict.ready} ready, {verdict.rejected} rejected{repeats}"
    )
    print(_ASKED if verdict.ledger else _LEFT_OUT)
    said: set[str] = set()
    for found in verdict.problems:
        line = problem_text(plain(found))
        if line not in said:
            said.add(line)
            print(line)
    for path in messages or []:
        print(f"  -> {path}")


def problem_text(found: dict[str, Any]) -> str:
    """A problem for a terminal: where, what, what to do; Chinese, then English."""
    row = f"row {found['row']}" if found["row"] else None
    where = "!".join(part for part in (found["sheet"], found["cell"] or row) if part)
    offered = shorten(found["field"], found["suggestion"]) if "suggestion" in found else None
    suggested = f"\n          建议 suggestion: {offered}" if offered else ""
    return (
        f"  {found['severity']:<7} {found['id']} {where}\n"
        f"          {found['zh']}。{found['fix_zh']}\n"
        f"          {found['en']}. {found['fix_en']}{suggested}"
    )


def _no_settings() -> Settings:
    """Settings of nobody: enough to check a file that needs no defaults."""
    from cebd.settings import Enterprise, Settings

    nobody = Enterprise(
        name="nobody", copCode="-", copName="-", dxpId="-", folder=Path(), signer="none", channel="none"
    )
    return Settings(base=Path.cwd(), enterprise=(nobody,))
