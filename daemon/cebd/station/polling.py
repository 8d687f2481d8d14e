"""Polling: looks at intervals for new files, receipts, and outbox files that are behind. Every look may fail without harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.clock import Clock, iso
from cebd.documents.said_of_file import origin_of
from cebd.documents.workbooks.origin import receipt_mark
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.file_names import DECLARED
from cebd.intake.asked.answering import Answer
from cebd.intake.inboxes.inbox import FileStamp
from cebd.intake.look import Inboxes
from cebd.intake.previews import KeptBack
from cebd.metrics.meter import Meter
from cebd.operations.in_flight import is_off
from cebd.problems.problem import problem
from cebd.receipts.clock_evidence import name_clock
from cebd.receipts.deadlines import Deadlines, learn_deadlines
from cebd.receipts.fetching import ONE_RECEIPT, NotAllTaken, fetch_receipts
from cebd.receipts.overdue import overdue
from cebd.receipts.publishing.outgoing import Outgoing
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.receipts.publishing.state_file import Served, StateFiles
from cebd.receipts.publishing.state_words import Texts
from cebd.receipts.refusals import Refusals
from cebd.receipts.settle import apply_stored
from cebd.records.ids import DropId
from cebd.settings import Settings
from cebd.station.failures import Failures
from cebd.store.across.undecided import settle_answered
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import Drop
from cebd.store.receipts import receipts_to_copy
from cebd.store.store import Store
from cebd.transport.channel import ChannelError, Inbound
from cebd.transport.leftovers import name_left

log = structlog.get_logger("cebd")

UNREACHABLE = "CEBD-1601"
_BETWEEN_LOOKS = 0.5  # seconds
_HEARING_SECONDS = 60.0
_LEARN_EVERY_SECONDS = 600.0


class Polling:
    """Looks into inboxes, channels and the store; `begin` is called with the id of each claimed drop, `kept_back` with what an enterprise
    keeps back, `asks` with the files that ask after numbers; `answer` answers what people ask."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        channels: dict[str, Inbound],
        begin: Callable[[DropId], None],
        conditions: Conditions,
        failures: Failures,
        kept_back: Callable[[str, KeptBack], None] = lambda _name, _kept: None,
        answer: Answer | None = None,
        meter: Meter | None = None,
        asks: Callable[[str, Mapping[Path, FileStamp]], None] = lambda _name, _files: None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._channels = channels
        self._conditions = conditions
        self._failures = failures
        self._folders = settings.folders.enterprises
        self._kept_back, self._files_kept_back = kept_back, dict[str, int]()
        self.inboxes = Inboxes(
            self._folders,
            store,
            clock,
            conditions,
            begin,
            partial(is_off, settings),
            kept_back=self._saw_kept_back,
            answer=answer,
            asks=asks,
            keeping_back=[enterprise.name for enterprise in settings.enterprise if enterprise.preview],
            by_day=settings.station.receipts_by_day,
            stable_seconds=settings.station.stable_seconds,
            ignore=settings.station.ignore,
        )
        self._outgoing = Outgoing(
            store,
            clock,
            conditions,
            self._folders.get,
            sheets_to_copy,
            self._marks_of,
            language=settings.station.language,
        )
        self._state_files = StateFiles(store, clock, conditions, self._served, settings.station.language)
        self._meter = meter or Meter()
        self._refusals = Refusals(store, conditions)
        self._copying = Apart("copy receipts")
        self._clock_looked_at = False
        self._deadlines: Deadlines | None = None
        self._learned = 0.0
        self._settling = threading.Lock()
        self._publishing = threading.Lock()
        self._heard: set[str] = set()
        self._fetching = {name: threading.Lock() for name in channels}

    def claim_new_files(self) -> None:
        """Claim complete files."""
        self.inboxes.look(time.monotonic())

    def try_channels(self) -> dict[str, ChannelError]:
        """Open every channel that an enterprise uses; returns the errors of reachable channels that differ from the settings.

        A line that is down does not stop the start.
        """
        wrong = {}
        for name in dict.fromkeys(
            name for enterprise in self._settings.enterprise for name in enterprise.channel.names
        ):
            try:
                next(self._channels[name].receive(), None)
            except ChannelError as error:
                self._say_channel(name, error)
                if error.problem != UNREACHABLE:
                    wrong[name] = error
            except Exception as error:
                self._failures.note(f"receipts of channel {name}", error)
                wrong[name] = ChannelError("CEBD-1913", type(error).__name__)
        return wrong

    def look_for_receipts(self) -> None:
        """Fetch receipts from every channel, one after the other, and settle them."""
        for name in self._channels:
            self.fetch_from(name)
        self.settle_receipts()

    def fetch_from(self, name: str) -> int:
        """Fetch a channel's waiting receipts into the store; returns the number of new receipts. An error concerns only this channel."""
        with self._fetching[name]:
            return self._fetch_from(name)

    def hear_first(self, name: str, seconds: float = _HEARING_SECONDS) -> None:
        """Fetch and settle, once, the receipts that came by the channel while no station ran; for at most that many seconds."""
        if name in self._heard:
            return
        self._heard.add(name)

        def listen() -> None:
            self.fetch_from(name)
            time.sleep(_BETWEEN_LOOKS)  # a receipt in a folder is taken at the second look, when it has not grown since
            self.fetch_from(name)
            self.settle_receipts()

        # A share that hangs gives no answer and takes no interruption: its thread is left behind, as the channel's own look is.
        listening = threading.Thread(target=listen, name=f"hear channel {name}", daemon=True)
        listening.start()
        listening.join(seconds)
        if listening.is_alive():
            log.warning(
                "receipts could not be read in time; messages in doubt are sent again without them", channel=name
            )

    def _fetch_from(self, name: str) -> int:
        channel, what, new = self._channels[name], f"receipts of channel {name}", 0
        try:
            try:
                new = fetch_receipts(self._store, name, channel, self._clock)
            finally:
                name_left(self._conditions, name, channel)
        except ChannelError as error:
            self._say_channel(name, error)
            return new
        except NotAllTaken as error:
            self._say_channel(name, ChannelError(ONE_RECEIPT, str(error)))
            return new
        except Exception as error:
            self._failures.note(what, error)
            return new
        self._meter.heard(name)
        if new:
            log.info("receipts fetched", channel=name)
        if self._conditions.end(f"channel:{name}"):
            log.info("channel reachable again", channel=name)
        self._failures.over(what)
        return new

    def settle_receipts(self) -> bool:
        """Apply fetched receipts, report overdue messages, copy receipts out; a failing step does not delay the others.

        True when a step failed or left work: it must be tried again even if nothing changes in the store.
        """
        is_left = False
        with self._settling:
            for step in (self._apply, self._say_overdue, self._copy_out):
                what = f"receipts: {step.__name__.strip('_')}"
                try:
                    is_left = bool(step()) or is_left
                except Exception as error:
                    is_left = True
                    self._failures.note(what, error)
                else:
                    self._failures.over(what)
        return is_left

    def _apply(self) -> None:
        self._refusals.begin()
        applied = apply_stored(self._store)
        if applied or not self._clock_looked_at:
            name_clock(self._store, self._conditions)
            self._clock_looked_at = True
        self._refusals.look(something_new=bool(applied))
        settle_answered(self._store, iso(self._clock.now()))

    def _say_overdue(self) -> None:
        if self._deadlines is None or time.monotonic() - self._learned > _LEARN_EVERY_SECONDS:
            with self._store.read() as transaction:
                self._deadlines = learn_deadlines(transaction, 60 * self._settings.station.overdue_minutes)
            self._learned = time.monotonic()
        for said in overdue(self._store, self._clock, self._deadlines):
            log.warning("no receipt for a sent message yet", id=said.id, message=said.value)

    def _copy_out(self) -> bool:
        """Whether a receipt is left, for a folder that cannot be written now."""
        by_channel: dict[str, list[str]] = {}
        for enterprise in self._settings.enterprise:
            for channel in enterprise.channel.names:
                by_channel.setdefault(channel, []).append(enterprise.name)
        by_day = self._settings.station.receipts_by_day
        copy_out(self._store, self._folders, by_channel, self._conditions, self._copying, by_day=by_day)
        with self._store.read() as transaction:
            return bool(receipts_to_copy(transaction))

    def publish_changes(
        self, *, at_once: bool = False, stop: threading.Event | None = None, patience: float | None = None
    ) -> bool:
        """Write outbox files that are behind; a large workbook not more often than it is worth. `stop` ends it between two files.

        True when something may be left to be written though nothing changes in the store. `patience`: see `Outgoing.publish_changes`.
        """
        with self._publishing:
            is_left = self._outgoing.publish_changes(at_once=at_once, stop=stop, patience=patience)
            return self._state_files.write_changes() or is_left

    def at_it(self) -> dict[str, float]:
        """The work under way in enterprises' folders now, and for how many seconds."""
        kinds = {
            "look for files": self.inboxes.at_it(),
            "publish": self._outgoing.at_it(),
            "state file": self._state_files.at_it(),
            "copy receipts": self._copying.at_it(),
        }
        return {f"{kind} of {name}": took for kind, names in kinds.items() for name, took in names.items()}

    def state_in_full(self, enterprise: str) -> list[Texts]:
        """Every trouble of the enterprise, in the words of its people."""
        return self._state_files.in_full(enterprise)

    def say_stopped(self) -> None:
        """The state files tell that nobody is here."""
        self._state_files.say_stopped()

    def _saw_kept_back(self, name: str, kept: KeptBack) -> None:
        self._files_kept_back[name] = kept.number
        self._kept_back(name, kept)

    def _served(self) -> list[Served]:
        return [
            Served(
                enterprise.name,
                self._folders[enterprise.name],
                frozenset(
                    (
                        *(f"signer:{name}" for name in enterprise.signer),
                        *(f"channel:{name}" for name in enterprise.channel.names),
                    )
                ),
                self._files_kept_back.get(enterprise.name, 0),
                DECLARED if enterprise.preview else None,
            )
            for enterprise in self._settings.enterprise
        ]

    def _marks_of(self, original: Path, drop: Drop) -> dict[str, str]:
        """The origin of its file that the receipt workbook keeps."""
        origin = origin_of(original, self._settings.reading_options, drop.inbox_folder, drop.name)
        return replace(origin, receipt_of=receipt_mark(drop.stem, drop.sha256)).as_marks()

    def _say_channel(self, name: str, error: ChannelError) -> None:
        trouble = problem(error.problem, channel=name, reason=error.reason, reason_zh=error.zh, value=name)
        if self._conditions.note(f"channel:{name}", trouble, Party(error.party)):
            log.warning(trouble.en, reason=error.reason, channel=name, id=trouble.id)
