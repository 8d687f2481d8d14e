"""Converts a file as the daemon would, but into a temporary store: its problems, and the consequence of each row. Nothing is declared."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cebd.child.process import ChildEnded
from cebd.clock import SystemClock
from cebd.declared.consequences import Consequence, Consequences
from cebd.documents.convert import ClaimedFile, convert
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker.failures import not_tried_again
from cebd.intake.claim import record_drop
from cebd.messages.description import declarations
from cebd.operations.text import Refused, Text
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.key import parts_of
from cebd.settings import Enterprise, Settings
from cebd.signing.verification import signature_holds
from cebd.store.across.declared import open_read_only
from cebd.store.across.judged import judged_records
from cebd.store.records import problems_of_records
from cebd.store.store import Store
from cebd.store.transaction import Transaction

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
    with trial(file, settings or settings_of_nobody(), enterprise, hint, store_dir) as tried:
        return tried.verdict


@contextmanager
def trial(
    file: Path, settings: Settings, enterprise: Enterprise, hint: str | None, store_dir: Path | None
) -> Iterator[Trial]:
    """Convert the file. `store_dir`: the station's store with earlier declarations; None without a station. Raises as `check`."""
    if hint is not None:
        _require_known(hint, settings)
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="cebd-") as folder, closing(Store.open(Path(folder))) as store:
        with open_read_only(store_dir) as earlier:
            compared = earlier is not None
            if not compared:
                settings = settings.model_copy(update={"rules": {**settings.rules, **_WITHOUT_EARLIER}})
            with store.write() as transaction:
                drop_id = record_drop(transaction, enterprise.name, file, clock)
            try:
                with store.write() as transaction:
                    claimed = ClaimedFile(drop_id, file, file.name, hint)
                    options = settings.reading_options
                    result = convert(transaction, claimed, enterprise, options, clock, signature_holds, history=earlier)
                    problems = (*result.problems, *problems_of_records(transaction, drop_id))
                    rows = tuple(_checked_rows(transaction, drop_id, earlier))
                counts = (result.records, result.ready, result.repeats)
                verdict = Verdict(file, result.type, *counts, problems, compared, rows)
            except Unreadable as error:
                verdict = Verdict(file, None, 0, 0, 0, (error.problem,), compared)
            except ChildEnded:
                verdict = Verdict(file, None, 0, 0, 0, (not_tried_again(1),), compared)
        yield Trial(verdict, store, drop_id)


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
