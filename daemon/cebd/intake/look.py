"""Looking through the inboxes: what is complete is taken, what is not is left where it is and, after a while, said.

Nothing about one file keeps another waiting, nothing about one enterprise's folder another enterprise: each is looked into apart.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import HUNG, Apart, NoAnswer
from cebd.clock import Clock
from cebd.disk import make_folder
from cebd.documents.workbooks.kind import Kind
from cebd.documents.workbooks.whole import End, Ending
from cebd.intake.claim import claim, finish_claim
from cebd.intake.filing import Filing
from cebd.intake.ignored import Ignored
from cebd.intake.in_use import locks_of
from cebd.intake.inbox import Inbox, look_into
from cebd.intake.notices import Told, key_of, reasons, shown
from cebd.intake.waits import WAITS, Waits
from cebd.intake.watch import Complete, Completeness, Waiting, Why
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId
from cebd.settings import Enterprise, Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import UnfinishedClaim, is_being_claimed, unfinished_claims
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed

log = structlog.get_logger("cebd")

_OURS = ("working", "done", "error", "hold", "outbox")
_NAMED = 5  # ignored files named in one sentence
_STUCK = 3  # times in a row that a claim could not be finished; once is enough where the system said why


class Inboxes:
    """All inboxes of a station. `begin` is told the number of each drop claimed; a subfolder that `is_off` is left for now.

    Times are seconds of a steady clock.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        begin: Callable[[int], None],
        is_off: Callable[[str | None], bool] = lambda _: False,
        waits: Waits | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._begin = begin
        self._is_off = is_off
        self._waits = waits or WAITS
        self._ignored = Ignored(settings.station.ignore)
        self._complete = Completeness(settings.station.stable_seconds, self._ignored, self._waits)
        self._told = Told(store, conditions)
        self._looking = threading.Lock()
        self._apart = Apart("look for files")
        self._since: dict[str, dict[Path, float]] = {}  # by enterprise, of what is odd: when it was first seen
        self._lying: dict[str, dict[Path, float]] = {}  # by enterprise, under ignored names: when it was first seen
        self._failed: dict[int, int] = {}  # claims that could not be finished, and how often in a row
        self._try_again: dict[str, float] = {}  # by enterprise
        self._is_last = False
        self.filing = Filing(conditions, self._waits)
        self._moving: dict[str, bool] = {}  # by enterprise: whether a file was not still yet

    def look(self, now: float, *, last: bool = False) -> None:
        """Take what is complete. Never raises for what concerns one enterprise. `last`: what waits is said at once, nobody looks again."""
        if not self._looking.acquire(blocking=False):
            return
        self._is_last = last
        try:
            hung = self._apart.in_turn({one.name: partial(self._look, one, now) for one in self._settings.enterprise})
            for name in (name for name, seconds in hung.items() if seconds >= HUNG):
                self._say_closed(self._settings.enterprise_named(name), NoAnswer())
        finally:
            self._looking.release()

    def _look(self, enterprise: Enterprise, now: float) -> None:
        """All that is to be done in the folders of one enterprise."""
        name = enterprise.name
        self._finish_claims(enterprise, now)
        try:
            self._look_at(enterprise, self._settings.folder(enterprise), now)
        except TransactionFailed:
            raise  # the store's trouble, not the folder's
        except OSError as error:
            self._say_closed(enterprise, error)
        except Exception as error:
            if self._say_closed(enterprise, error):
                log.exception("an inbox cannot be looked through", enterprise=name)
        else:
            self._conditions.end(f"file:{name}:")
        self.filing.again(name, now)

    def _say_closed(self, enterprise: Enterprise, error: Exception) -> bool:
        """Whether that is new."""
        folder = self._settings.folder(enterprise)
        found = problem("CEBD-1053", value=shown(Path(folder.name)), **reasons(error))
        is_new = self._conditions.note(f"file:{enterprise.name}:", found, Party.ADMINISTRATOR, enterprise.name)
        if is_new:
            log.warning(found.en, enterprise=enterprise.name, id=found.id)
        return is_new

    def at_it(self) -> dict[str, float]:
        """The enterprises whose folders are being looked into, and for how many seconds."""
        return self._apart.at_it()

    def settling(self) -> bool:
        """Whether the last look saw a file that has not been still for long enough, or goes on: one worth waiting for."""
        return any(self._moving.values()) or bool(self.at_it())

    def make_folders(self, enterprise: Enterprise, names: Collection[str], *, at_start: bool) -> None:
        """A folder that cannot be made now is that enterprise's trouble alone, and no reason not to begin.

        Later than at the start nothing is made where none of the folders is there: a share that is away leaves an empty place behind.
        """
        folder = self._settings.folder(enterprise)
        key = f"file:{enterprise.name}:folders"
        if not at_start and not any(os.path.isdir(folder / name) for name in names):  # noqa: PTH112
            return
        try:
            for name in names:
                make_folder(folder, name)
        except OSError as error:
            found = problem("CEBD-1053", value=shown(Path(folder.name)), **reasons(error))
            if self._conditions.note(key, found, Party.ADMINISTRATOR, enterprise.name):
                log.warning(found.en, enterprise=enterprise.name, id=found.id)
        else:
            self._conditions.end(key)

    def tries_again(self, drop_id: int) -> bool:
        """Whether the file waits to be taken or put where it belongs, which the looks do by themselves: it is no work for the engine."""
        return self.filing.waits(drop_id) or self._failed.get(drop_id, 0) >= _STUCK

    # Claims

    def finish_claims(self) -> None:
        """At the start: claims that a kill interrupted. None keeps another waiting, nor the start; what fails is tried again.

        Their work is not begun here: at the start somebody else does that.
        """

        def finish(enterprise: Enterprise) -> None:
            for claim_ in self._claims(enterprise):
                self._finish(enterprise, claim_, begin=False)

        self._apart.in_turn({one.name: partial(finish, one) for one in self._settings.enterprise})

    def _finish_claims(self, enterprise: Enterprise, now: float) -> None:
        """Claims that broke off at an earlier look, wherever that was: the rows tell. What broke often is left alone for a while."""
        claims = self._claims(enterprise)
        is_due = now >= self._try_again.get(enterprise.name, 0.0)
        if is_due:
            self._try_again[enterprise.name] = now + self._waits.longest_pause
        for claim_ in claims:
            if is_due or self._failed.get(claim_.id, 0) < _STUCK:
                self._finish(enterprise, claim_, begin=True)

    def _claims(self, enterprise: Enterprise) -> list[UnfinishedClaim]:
        """Those of enterprises that are gone are named as work of that kind."""
        with self._store.read() as transaction:
            return unfinished_claims(transaction, enterprise.name)

    def _finish(self, enterprise: Enterprise, claimed: UnfinishedClaim, *, begin: bool) -> None:
        """`begin`: take the file's work on. Raises TransactionFailed: the store's trouble, not the file's."""
        drop_id, place = claimed
        name, folder = enterprise.name, self._settings.folder(enterprise)
        key = key_of(name, Path(place))
        before = self._failed.get(drop_id, 0)
        self._failed[drop_id] = _STUCK  # for as long as the folder does not answer
        try:
            taken = finish_claim(self._store, drop_id, folder)
        except TransactionFailed:
            self._failed[drop_id] = before + 1
            raise
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("a claim cannot be finished", drop=drop_id)
            if not self._is_claiming(drop_id):
                self._failed.pop(drop_id, None)
            found = problem("CEBD-1041", value=shown(Path(place)), **reasons(error))
            if self._conditions.note(key, found, Party.ADMINISTRATOR, name):
                log.warning(found.en, file=shown(Path(place)), id=found.id)
        else:
            self._failed.pop(drop_id, None)
            self._conditions.end(key)
            if taken is None:
                self._say_stranger(name, folder / place)
            elif begin:
                self._begin_work(drop_id)

    def _is_claiming(self, drop_id: DropId) -> bool:
        with self._store.read() as transaction:
            return is_being_claimed(transaction, drop_id)

    def _say_stranger(self, name: str, path: Path) -> None:
        """In the place of a file that is gone stands another one: it is not taken for ours."""
        if os.path.lexists(path):
            found = problem("CEBD-1051", value=shown(Path(path.name)))
            if self._conditions.note(key_of(name, Path("working") / path.name), found, Party.ADMINISTRATOR, name):
                log.warning(found.en, file=shown(Path(path.name)), id=found.id)

    # One enterprise

    def _look_at(self, enterprise: Enterprise, folder: Path, now: float) -> None:
        inbox = folder / "inbox"
        self._told.begin(enterprise.name)
        found = look_into(inbox, self._ignored)
        complete, waiting = self._complete.judge(inbox, found, now, self._clock.now().timestamp())
        self._moving[enterprise.name] = any(one.why is Why.MOVING for one in waiting.values())
        for one in complete:
            if self._is_off(_subfolder(one.path.relative_to(inbox))):
                continue  # would be read wrongly: its mapping has a mistake, which is named by itself
            failed = self._take(enterprise, folder, one, now)
            if failed is not None:
                waiting[one.path] = failed
        for path, why in waiting.items():
            self._say_waiting(enterprise.name, folder, path, why, now)
        self._say_odd(enterprise.name, folder, found, now)
        self._say_ignored(enterprise.name, folder, found, now)
        self._told.end(enterprise.name, folder)

    def _take(self, enterprise: Enterprise, folder: Path, one: Complete, now: float) -> Waiting | None:
        """Claim the file; why it has to wait instead."""
        try:
            taken = claim(self._store, enterprise.name, folder, one.path, self._clock, _refusal(one.ending))
        except TransactionFailed:
            raise  # what there is of the claim is finished by a later look
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("a file cannot be taken", file=shown(Path(one.path.name)))
            return self._complete.put_off(one.path, Why.STUCK, error, now)
        if taken is not None:
            log.info("file claimed", file=shown(Path(one.path.name)), enterprise=enterprise.name, drop=taken.drop_id)
            self._begin_work(taken.drop_id)
        return None

    def _begin_work(self, drop_id: int) -> None:
        try:
            self._begin(drop_id)
        except Exception:
            # The file is ours by its row: work that nobody does is taken up again.
            log.exception("work on a file cannot begin yet", drop=drop_id)

    def _say_waiting(self, name: str, folder: Path, path: Path, why: Waiting, now: float) -> None:
        place = path.relative_to(folder)
        value = shown(place)
        after = self._waits.said
        party = Party.ADMINISTRATOR
        if why.why is Why.MOVING:
            return
        if why.why is Why.CLOSED:
            found = problem("CEBD-1040", value=value, **reasons(why.error))
        elif why.why is Why.STUCK:
            found = problem("CEBD-1041", value=value, **reasons(why.error))
        elif why.why is Why.CUT:
            found, party = problem("CEBD-1044", value=value, minutes=round(self._waits.cut / 60)), Party.OPERATOR
        else:
            id_ = "CEBD-1046" if why.why is Why.OPEN else "CEBD-1047"
            found, party, after = problem(id_, value=value), Party.OPERATOR, self._waits.open
        self._told.bring_up(name, folder, place, found, party, now=now, due=self._due(why.since + after))

    def _due(self, moment: float) -> float:
        return 0.0 if self._is_last else moment

    def _say_odd(self, name: str, folder: Path, found: Inbox, now: float) -> None:
        """Folders that cannot be listed, and what is no file."""
        odd: list[tuple[Path, Problem, Party]] = []
        for ours in _OURS:
            if (folder / ours).is_symlink():
                told = problem("CEBD-1050", value=f"{ours}/")
                self._told.bring_up(name, folder, Path(ours), told, Party.ADMINISTRATOR, now=now, due=now)
        for link in _links_in(folder / "working"):
            told = problem("CEBD-1809", value=shown(Path(link.name)))
            self._told.bring_up(name, folder, Path("working") / link.name, told, Party.ADMINISTRATOR, now=now, due=now)
        for path, error in found.closed.items():
            place = path.relative_to(folder)
            odd.append((place, problem("CEBD-1043", value=shown(place), **reasons(error)), Party.ADMINISTRATOR))
        for path, (kind_zh, kind_en) in found.odd.items():
            place = path.relative_to(folder)
            told = problem("CEBD-1042", value=shown(place), kind_zh=kind_zh, kind_en=kind_en)
            odd.append((place, told, Party.OPERATOR))
        before = self._since.get(name, {})
        seen = self._since[name] = {place: before.get(place, now) for place, _, _ in odd}
        for place, told, party in odd:
            since = seen[place]
            self._told.bring_up(name, folder, place, told, party, now=now, due=self._due(since + self._waits.said))

    def _say_ignored(self, name: str, folder: Path, found: Inbox, now: float) -> None:
        """One sentence for all that lies there under ignored names; in `status` alone. A lock beside its workbook is said with that."""
        locks = {path.with_name(lock) for path in found.files for lock in locks_of(path.name)}
        there = [path for path in found.ignored if path.with_name(path.name.lower()) not in locks]
        before = self._lying.get(name, {})
        lying = self._lying[name] = {path: before.get(path, now) for path in there}
        due = sorted(path for path, since in lying.items() if now - since >= self._waits.ignored)
        if not due:
            self._conditions.end(f"file:{name}:ignored")
            return
        named = [shown(path.relative_to(folder)) for path in due[:_NAMED]]
        value = "、".join(named) + (" …" if len(due) > _NAMED else "")
        found_there = problem("CEBD-1049", value=value, count=len(due))
        if self._conditions.note(f"file:{name}:ignored", found_there, Party.OPERATOR, name):
            log.info(found_there.en, enterprise=name, id=found_there.id)


def _links_in(working: Path) -> list[os.DirEntry[str]]:
    """What somebody planted where only files that we took are."""
    if working.is_symlink():
        return []  # named by itself
    try:
        with os.scandir(working) as there:
            return [one for one in there if one.is_symlink()]
    except OSError:
        return []  # the claims say what is wrong with the folder


def _subfolder(place: Path) -> str | None:
    return place.parts[0] if len(place.parts) > 1 else None


def _refusal(ending: Ending) -> Problem | None:
    """A CSV that is cut off would be declared without its rest; what else is cut off, its reader refuses as a whole."""
    if ending.end is End.CUT and ending.kind is Kind.TEXT:
        return problem("CEBD-1045", line=ending.line or 1)
    return None


__all__ = ["Inboxes"]
