"""What `cebd check` says of a file, held against what was planted in it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from corpus.kinds import Planted

Said = dict[str, Any]

# What the empty ledger of a check cannot know is asked of the ledger: an order that was not declared before is rightly called missing.
_OF_THE_LEDGER = "CEBD-14"
_TWICE_IN_A_FILE = "CEBD-1401"


@dataclass(frozen=True)
class Judged:
    """The verdict on one planted mistake. `suggested` is None where it was not named.

    It is False, too, for the first mistake of a file in which anything else is suggested than what the mistakes call for: a cell without
    mistake is right as it is, so whatever is offered for it is wrong.
    """

    planted: Planted
    named: bool
    suggested: bool | None
    said: list[str]


def check(path: Path, planted: Sequence[Planted] = ()) -> list[Said]:
    """The problems that `cebd check FILE --json` prints, without starting a process, and without making each time the store anew.

    What somebody had said of headings before is in the store.
    """
    from cebd.operations.check import FileOnTrial, convert_on_trial, settings_of_nobody
    from cebd.store.store import Store

    settings = settings_of_nobody()
    with tempfile.TemporaryDirectory(prefix="cebd-accuracy-") as folder:
        shutil.copytree(_empty_store(), folder, dirs_exist_ok=True)
        with closing(Store.open(Path(folder))) as store:
            _remember(store, settings.enterprise[0].name, [one.known for one in planted if one.known])
            file = FileOnTrial(path, path.name, None)
            tried = convert_on_trial(store, file, settings, settings.enterprise[0], None)
            return [problem.as_json() for problem in tried.verdict.problems]


def _remember(store: Any, enterprise: str, known: Sequence[str]) -> None:
    from cebd.clock import SystemClock
    from cebd.decisions.layout import KnownLayout
    from cebd.intake.claim import record_drop
    from cebd.store.decided.layouts import keep_layout

    for text in known:
        with store.write() as transaction:
            told = record_drop(transaction, enterprise, Path("told.xlsx"), SystemClock(), "", "told.xlsx")
            keep_layout(transaction, enterprise, told, KnownLayout.from_text(text))


@cache
def _empty_store() -> Path:
    from cebd.store.store import Store

    folder = tempfile.mkdtemp(prefix="cebd-accuracy-store-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Store.open(Path(folder)).close()
    return Path(folder)


def judge(planted: Sequence[Planted], said: Sequence[Said]) -> list[Judged]:
    """Whether each mistake is named on its place, and nothing suggested but what is right."""
    judged = [_judge(one, said) for one in planted]
    wrong = [f"{shown(one)} -> {one['suggestion']!r}" for one in said if _is_wrongly_suggested(planted, one)]
    if wrong:
        judged[0] = replace(judged[0], suggested=False, said=[f"wrongly suggested: {'; '.join(wrong[:6])}"])
    return judged


def false_alarms(said: Sequence[Said]) -> list[Said]:
    """What is said against a file that has nothing wrong."""
    return [
        one
        for one in said
        if one["severity"] != "notice" and (not one["id"].startswith(_OF_THE_LEDGER) or one["id"] == _TWICE_IN_A_FILE)
    ]


def shown(one: Said) -> str:
    return f"{one['id']} {one['sheet']}!{one['cell'] or one['row']} {one['field']} {one['value']!r}"


def _judge(planted: Planted, said: Sequence[Said]) -> Judged:
    here = [one for one in said if _is_there(planted, one)]
    named = [one for one in here if one["id"] == planted.id]
    suggested = any(one.get("suggestion") == planted.suggestion for one in named) if named else None
    return Judged(planted, bool(named), suggested, [shown(one) for one in (here or said)][:6])


def _is_wrongly_suggested(planted: Sequence[Planted], one: Said) -> bool:
    """Whether something is offered for a cell that no mistake was planted in. A head's mistake may be said of each of its rows."""
    offered = one.get("suggestion")
    return offered is not None and not any(
        each.cell is not None and (_is_there(each, one) or (each.suggestion == offered and _in_its_column(each, one)))
        for each in planted
    )


def _in_its_column(planted: Planted, one: Said) -> bool:
    return one["sheet"] == planted.sheet and _column(one["cell"]) == _column(planted.cell)


def _column(cell: str | None) -> str:
    return (cell or "").rstrip("0123456789")


def _is_there(planted: Planted, one: Said) -> bool:
    return (
        (planted.sheet is None or one["sheet"] == planted.sheet)
        and (planted.row is None or one["row"] == planted.row)
        and (planted.cell is None or one["cell"] == planted.cell)
    )
