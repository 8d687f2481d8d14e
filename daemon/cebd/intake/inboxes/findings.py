"""Findings of an inbox scan for people: files that wait, entries that are not files, ignored names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from cebd.intake.inboxes.in_use import locks_of
from cebd.intake.inboxes.inbox import Inbox
from cebd.intake.inboxes.watch import Waiting, Why
from cebd.intake.notices import Notices, reasons, shown
from cebd.intake.waits import Waits
from cebd.problems.problem import Problem, problem
from cebd.records.states import DropOutcome
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_OURS = ("working", *DropOutcome, "outbox")
_NAMED = 5  # ignored files named in one sentence


class _Finding(NamedTuple):
    """`place`: below the enterprise's folder; `due`: from when on it is reported."""

    place: Path
    problem: Problem
    party: Party
    due: float


class Findings:
    """The findings of all inboxes. Times are seconds of a steady clock. `is_last_look`: waiting files are reported at once."""

    def __init__(self, store: Store, conditions: Conditions, waits: Waits) -> None:
        self._conditions = conditions
        self._waits = waits
        self._notices = Notices(store, conditions)
        self._odd_since: dict[
            str, dict[Path, float]
        ] = {}  # by enterprise: when an entry that is not a file was first seen
        self._ignored_since: dict[str, dict[Path, float]] = {}  # by enterprise: when an ignored name was first seen
        self.is_last_look = False

    def report(
        self, enterprise: str, folder: Path, content: Inbox, waiting: Mapping[Path, Waiting], now: float
    ) -> None:
        """Report the findings of a scan of the enterprise's inbox; earlier findings that are absent are over."""
        findings = [
            finding
            for path, file in waiting.items()
            if (finding := self._of_waiting(path.relative_to(folder), file)) is not None
        ]
        findings += self._of_own_folders(folder, now)
        findings += self._of_odd(enterprise, folder, content, now)
        self._notices.begin(enterprise)
        for place, trouble, party, due in findings:
            self._notices.bring_up(enterprise, folder, place, trouble, party, now=now, due=due)
        self._report_ignored(enterprise, folder, content, now)
        self._notices.end(enterprise, folder)

    def _of_waiting(self, place: Path, file: Waiting) -> _Finding | None:
        value, after, party = shown(place), self._waits.reported, Party.ADMINISTRATOR
        match file.why:
            case Why.MOVING:
                return None
            case Why.CLOSED:
                trouble = problem("CEBD-1040", value=value, **reasons(file.error))
            case Why.STUCK:
                trouble = problem("CEBD-1041", value=value, **reasons(file.error))
            case Why.CUT:
                minutes = round(self._waits.cut / 60)
                trouble, party = problem("CEBD-1044", value=value, minutes=minutes), Party.OPERATOR
            case Why.OPEN:
                trouble, party, after = problem("CEBD-1046", value=value), Party.OPERATOR, self._waits.open
            case Why.WRITTEN:
                trouble, party, after = problem("CEBD-1047", value=value), Party.OPERATOR, self._waits.open
        return _Finding(place, trouble, party, self._due(file.since + after))

    def _of_own_folders(self, folder: Path, now: float) -> list[_Finding]:
        """Links that somebody planted in the place of our folders, or where only files that we took are."""
        planted = [
            (Path(ours), problem("CEBD-1050", value=f"{ours}/")) for ours in _OURS if (folder / ours).is_symlink()
        ]
        for link in _links_in(folder / "working"):
            planted.append((Path("working") / link.name, problem("CEBD-1809", value=shown(Path(link.name)))))
        return [_Finding(place, trouble, Party.ADMINISTRATOR, now) for place, trouble in planted]

    def _of_odd(self, enterprise: str, folder: Path, content: Inbox, now: float) -> list[_Finding]:
        """Folders that cannot be listed, and entries that are not files."""
        odd: list[tuple[Path, Problem, Party]] = []
        for path, error in content.closed.items():
            place = path.relative_to(folder)
            what = "CEBD-1043" if path in content.names else "CEBD-1040"
            odd.append((place, problem(what, value=shown(place), **reasons(error)), Party.ADMINISTRATOR))
        for path, (kind_zh, kind_en) in content.odd.items():
            place = path.relative_to(folder)
            trouble = problem("CEBD-1042", value=shown(place), kind_zh=kind_zh, kind_en=kind_en)
            odd.append((place, trouble, Party.OPERATOR))
        before = self._odd_since.get(enterprise, {})
        since = self._odd_since[enterprise] = {place: before.get(place, now) for place, _, _ in odd}
        return [
            _Finding(place, trouble, party, self._due(since[place] + self._waits.reported))
            for place, trouble, party in odd
        ]

    def _due(self, moment: float) -> float:
        return 0.0 if self.is_last_look else moment

    def _report_ignored(self, enterprise: str, folder: Path, content: Inbox, now: float) -> None:
        """One sentence, for `status` only, about all files with ignored names. A lock beside its workbook is reported with the workbook."""
        locks = {path.with_name(lock) for path in content.files for lock in locks_of(path.name)}
        there = [path for path in content.ignored if path.with_name(path.name.lower()) not in locks]
        before = self._ignored_since.get(enterprise, {})
        first_seen = self._ignored_since[enterprise] = {path: before.get(path, now) for path in there}
        due = sorted(path for path, since in first_seen.items() if now - since >= self._waits.ignored)
        key = f"file:{enterprise}:ignored"
        if not due:
            self._conditions.end(key)
            return
        named = [shown(path.relative_to(folder)) for path in due[:_NAMED]]
        value = "、".join(named) + (" …" if len(due) > _NAMED else "")
        ignored = problem("CEBD-1049", value=value, count=len(due))
        if self._conditions.note(key, ignored, Party.OPERATOR, enterprise):
            log.info(ignored.en, enterprise=enterprise, id=ignored.id)


def _links_in(working: Path) -> list[os.DirEntry[str]]:
    if working.is_symlink():
        return []  # named by itself
    try:
        with os.scandir(working) as entries:
            return [entry for entry in entries if entry.is_symlink()]
    except OSError:
        return []  # the claims report the trouble with the folder


__all__ = ["Findings"]
