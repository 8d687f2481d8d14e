"""Converts a file as the daemon would, but into a temporary store: its problems, and the consequence of each row. Nothing is declared."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cebd.child.failures import ChildEnded
from cebd.clock import Clock, SystemClock
from cebd.declared.consequences import Consequence, Consequences
from cebd.documents.convert import ClaimedFile, OpenAnew, OpenedAhead, convert
from cebd.documents.workbooks.origin import origin_told_by
from cebd.documents.workbooks.sheet import Sheet
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker.failures import not_tried_again
from cebd.file_names import path_as_text
from cebd.intake.claim import record_drop
from cebd.messages.description import declarations
from cebd.operations.text import Refused, Text
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.key import parts_of
from cebd.records.states import DropOutcome
from cebd.settings import Enterprise, Settings
from cebd.signing.dropped_signature import judge_of
from cebd.store.across.earlier.declared import open_read_only
from cebd.store.across.judged import judged_records
from cebd.store.drops import set_outcome
from cebd.store.records import problems_of_records
from cebd.store.store import Store
from cebd.store.transaction import Transaction, savepoint

# Problems that an empty store causes for every file: it does not know the declarations to change, cancel or return.
_WITHOUT_EARLIER = {"CEBD-1405": "off", "CEBD-1407": "off"}


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A record by its first row (1-based; of an XML file its line), its business key, and its consequence."""

    sheet: str | None
    row: int | None
    key: tuple[str, ...]
    consequence: Consequence

    def as_json(self) -> dict[str, object]:
        return {
            "sheet": self.sheet,
            "row": self.row,
            "key": list(self.key),
            "consequence": self.consequence.as_json(),
        }


@dataclass(frozen=True)
class Verdict:
    """The result of a check. `type` is a message's code, None when it was not recognised; `problems` are the file's, then its records'.

    `repeats`: records declared before with the same content, which are not declared again. `compared`: whether the file was compared with
    earlier declarations of the station. `rows`: the consequence of each record, in the order of the rows.
    """

    file: Path
    type: str | None
    records: int
    ready: int
    repeats: int
    problems: tuple[Problem, ...]
    compared: bool
    rows: tuple[CheckedRow, ...] = ()

    @property
    def consequences(self) -> Counter[str]:
        """How many rows there are of each consequence, by its kind."""
        return Counter(row.consequence.kind.value for row in self.rows)

    @property
    def rejected(self) -> int:
        """Records that would not be declared."""
        return self.records - self.ready - self.repeats

    @property
    def is_clean(self) -> bool:
        """Whether there are records and all of it would be declared."""
        # A goods line without its head belongs to no record.
        has_errors = any(problem.severity == "error" for problem in self.problems)
        return self.type is not None and self.records > 0 and not self.rejected and not has_errors

    @property
    def comparison(self) -> Text:
        """Whether earlier declarations were looked at."""
        if self.compared:
            return Text("已与本站此前的申报核对。", "Compared with earlier declarations of this station.")
        return Text(
            "未与此前的申报核对：没有本站的记录。", "Not compared with earlier declarations: no station store found."
        )

    def as_json(self) -> dict[str, object]:
        """For `check --json` and `convert --json`."""
        return {
            "file": str(self.file),
            "type": self.type,
            "records": self.records,
            "ready": self.ready,
            "rejected": self.rejected,
            "repeats": self.repeats,
            "ledger": self.compared,
            "consequences": dict(self.consequences),
            "rows": [row.as_json() for row in self.rows],
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True)
class Trial:
    """A file converted into a store of its own, which is gone when the trial is over."""

    verdict: Verdict
    store: Store
    drop_id: DropId


def check(file: Path, settings: Settings | None, enterprise: Enterprise, hint: str | None = None) -> Verdict:
    """Check a file. `settings` None: of no station (`NOBODY`). `hint`: what the file is, a message or a mapping of the settings.

    Raises Refused for a hint that names nothing, StoreError where the station's store cannot be read.
    """
    store_dir = None if settings is None else settings.store_dir
    settings = settings or settings_of_nobody()
    with trial(file, settings, enterprise, hint, store_dir) as tried:
        return tried.verdict


@contextmanager
def trial(
    file: Path, settings: Settings, enterprise: Enterprise, hint: str | None, store_dir: Path | None
) -> Iterator[Trial]:
    """Convert the file. `store_dir`: the station's store with earlier declarations; None without a station. Raises as `check`."""
    if hint is not None:
        _require_known(hint, settings)
    with tempfile.TemporaryDirectory(prefix="cebd-") as folder, closing(Store.open(Path(folder))) as store:
        with open_read_only(store_dir) as earlier:
            tried = convert_on_trial(store, FileOnTrial(file, file.name, hint), settings, enterprise, earlier)
            with store.read() as transaction:
                rows = tuple(_checked_rows(transaction, tried.drop_id, earlier))
        yield replace(tried, verdict=replace(tried.verdict, rows=rows))


class FileOnTrial(NamedTuple):
    """A file that is converted and not declared. `name` is the operator's; `hint`: the subfolder of the inbox that tells its kind."""

    path: Path
    name: str
    hint: str | None
    digest: str = ""  # of its bytes (SHA-256 in hex), where that is to be told
    few: tuple[Sheet, ...] | None = None  # rows that are read, and nothing else of it


def convert_on_trial(
    store: Store,
    file: FileOnTrial,
    settings: Settings,
    enterprise: Enterprise,
    earlier: Transaction | None,
    clock: Clock | None = None,
    ahead: OpenedAhead | None = None,
) -> Trial:
    """Convert the file into a store that is thrown away. `earlier`: the station's store; `ahead`: the file, if it is open already."""
    with store.write() as transaction:
        verdict, drop_id = convert_in(transaction, file, settings, enterprise, earlier, clock, ahead)
    return Trial(verdict, store, drop_id)


def convert_in(
    transaction: Transaction,
    file: FileOnTrial,
    settings: Settings,
    enterprise: Enterprise,
    earlier: Transaction | None,
    clock: Clock | None = None,
    ahead: OpenedAhead | None = None,
) -> tuple[Verdict, DropId]:
    """The same in a transaction of such a store, which may be undone."""
    if earlier is None:
        settings = settings.model_copy(update={"rules": {**settings.rules, **_WITHOUT_EARLIER}})
    clock = clock or SystemClock()
    source = Path("inbox", *filter(None, [file.hint]), file.name)
    stated = path_as_text(source)
    drop_id = record_drop(transaction, enterprise.name, source, clock, file.digest, stated)
    options, compared = settings.reading_options, earlier is not None
    try:
        with savepoint(transaction):
            origin = origin_told_by(file.path)
            claimed = ClaimedFile(drop_id, file.path, file.name, file.hint, origin, origin.saved, file.digest, file.few)
            converted = partial(
                convert, transaction, claimed, enterprise, options, clock, judge_of(earlier), history=earlier
            )
            try:
                result = converted(ahead=ahead)
            except OpenAnew:
                assert ahead is not None  # noqa: S101
                with closing(ahead.gathering()) as gathering:
                    result = converted(ahead=gathering)
            of_file = set(result.problems)
            of_records = [one for one in problems_of_records(transaction, drop_id) if one not in of_file]
            set_outcome(transaction, drop_id, DropOutcome.DONE, result.type, result.problems, result.read)
    except (Unreadable, ChildEnded) as error:
        found = error.problem if isinstance(error, Unreadable) else not_tried_again(1)
        set_outcome(transaction, drop_id, DropOutcome.ERROR, None, [found], 0)
        return Verdict(file.path, None, 0, 0, 0, (found,), compared), drop_id
    counts = (result.records, result.ready, result.repeats)
    return Verdict(file.path, result.type, *counts, (*result.problems, *of_records), compared), drop_id


def _checked_rows(transaction: Transaction, drop_id: DropId, earlier: Transaction | None) -> Iterator[CheckedRow]:
    consequences = Consequences(earlier)
    for batch in judged_records(transaction, drop_id):
        for record, consequence in zip(batch, consequences.of(batch), strict=True):
            yield CheckedRow(record.sheet, record.row, tuple(parts_of(record.key)), consequence)


def settings_of_nobody() -> Settings:
    """Settings of no station: enough to check a file that needs no defaults."""
    nobody = Enterprise(
        name="nobody", copCode="-", copName="-", dxpId="-", folder=Path(), signer="none", channel="none"
    )
    return Settings(base=Path.cwd(), enterprise=(nobody,))


def _require_known(hint: str, settings: Settings) -> None:
    declared = (*declarations(), *declarations(export=True))
    names = [name for message in declared for name in (message.name, message.code) if name]
    if hint not in settings.mapping and hint not in names:
        listed = ", ".join([*names, *settings.mapping])
        raise Refused(
            f"没有名为 {hint} 的单证或 [mapping]；可用的有：{listed}。",
            f"--as {hint}: no such message or mapping; there are: {listed}",
        )
