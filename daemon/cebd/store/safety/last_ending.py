"""Why the daemon ended, if it did not end because it was told to: kept beside the store for `cebd status`, until it runs again.

It is written when the daemon is about to end and may be missing (a kill, a full disk): then nothing is known but that it does not run.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cebd.problems.problem import Problem
from cebd.store.conditions import Party
from cebd.store.safety.private import make_private_folder, write_private

NAME = "last-ending.json"


@dataclass(frozen=True, slots=True)
class LastEnding:
    """`at`: when it ended (ISO 8601); `party`: who deals with it; `problem`: why, and what to do."""

    at: str
    party: Party
    problem: Problem


def note_ending(folder: Path, ending: LastEnding) -> None:
    """Keep it in the store's folder. Raises OSError."""
    make_private_folder(folder)
    facts = {"at": ending.at, "party": ending.party, "problem": ending.problem.as_stored()}
    part = folder / f"{NAME}.{os.getpid()}"
    part.unlink(missing_ok=True)
    write_private(part, json.dumps(facts, ensure_ascii=False).encode())
    part.replace(folder / NAME)


def last_ending(folder: Path) -> LastEnding | None:
    """None where nothing is known of it."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        facts = json.loads((folder / NAME).read_bytes())
        return LastEnding(str(facts["at"]), Party(facts["party"]), Problem.from_json(facts["problem"]))
    return None


def forget_ending(folder: Path) -> None:
    """It runs again."""
    with suppress(OSError):
        (folder / NAME).unlink()
