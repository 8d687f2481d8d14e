"""A station's life: its parts are put together, started and stopped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256

from cebd.alarms.alarms import Alarms
from cebd.apart import Apart
from cebd.clock import Clock, SystemClock
from cebd.declared.goods_archive import learn_goods
from cebd.file_names import DECLARED, PREVIEWED, QUESTIONS
from cebd.intake.inboxes.wishes import Wish
from cebd.intake.local_copy import NAME as READING
from cebd.metrics.meter import Meter
from cebd.operations.backup import watch_backups
from cebd.operations.environment import in_environment_of
from cebd.operations.handouts.handouts import Handouts
from cebd.operations.handouts.own import own_values
from cebd.operations.in_flight import note_missing_parts
from cebd.operations.inquiries.asked import Answers, Doing
from cebd.operations.settings.faults import note_faults
from cebd.operations.tokens.record import take_over_revocations
from cebd.pipeline import Pipeline
from cebd.receipts.returned_goods import remind_of_returned_goods
from cebd.receipts.statements.ledgers import Ledgers, LedgerWish
from cebd.receipts.statements.statements import Statements
from cebd.records.states import DropOutcome
from cebd.settings import Enterprise, Settings
from cebd.signing.certificate_watch import watch_certificates
from cebd.signing.duty import relieved
from cebd.signing.taking_over import name_cards
from cebd.station.failures import Failures
from cebd.station.listening.console import console_of
from cebd.station.listening.endpoint import StationEndpoint
from cebd.station.owed import Owed
from cebd.station.polling import Polling
from cebd.station.previews.previews import Previews
from cebd.station.questions import Questions
from cebd.station.timers import guarded
from cebd.station.ways_out.fallback import Fallback
from cebd.station.ways_out.progress import Progress
from cebd.station.ways_out.ways_out import WaysOut
from cebd.station.work.engine import Engine
from cebd.station.work.interrupted import Interrupted
from cebd.station.work.readings import Readings
from cebd.station.work.stages import Stages
from cebd.store.beside.channel_memory import ChannelMemory
from cebd.store.conditions import Conditions
from cebd.store.safety.environment import keep_environment
from cebd.store.safety.evidence import Evidence
from cebd.store.safety.pages import LookBesideTheWork
from cebd.store.safety.trust import open_trusted
from cebd.store.store import Store, database_at
from cebd.transport.channel import Channel
from cebd.transport.channels.kinds import open_channel
from cebd.transport.lazy import lazy_channel

FOLDERS = (
    "inbox",
    f"inbox/{PREVIEWED}",
    f"inbox/{QUESTIONS}",
    "working",
    *DropOutcome,
    "outbox",
    "outbox/customs",
    "outbox/unmatched",
)


class Station:
    """Runs a settings file: `start`, then `stop`; in between it works by itself."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        new_store: str | None = None,
        now: Callable[[], float] = time.monotonic,
        engine: Engine | None = None,
    ) -> None:
        """Open the store and make the parts. Raises StoreError.

        `new_store`: why a new store is wanted where there was one before. `now`: seconds that never go back. `engine`: one that this
        station shares with others of this process; without it the station has its own.
        """
        self.clock: Clock = clock or SystemClock()
        self._lease = database_at(settings.store_dir).take_station(
            settings.station.name
        )  # before anything in the store is touched
        self.store, known = open_trusted(settings.folders, self.clock, new_store)
        self.pages = LookBesideTheWork(self.store)
        self.settings = settings = in_environment_of(settings, self.store)
        self.conditions = Conditions(self.store, self.clock)
        self.failures = Failures(self.conditions)
        self.engine = engine or Engine(self.store.database.work)
        self._evidence = Evidence(settings.folders, self.store, self.clock, self.conditions, known)
        self.meter = Meter()
        self._making_folders = Apart("make folders")
        self._handing_out = Apart("hand out templates")
        pipeline = Pipeline(self.store)
        channels = _channels(settings, self.store)
        readings = Readings(self.conditions, self.clock)
        self.previews = Previews(settings, self.clock, self.conditions, readings)
        self.questions = Questions(settings, self.store, self.clock, self.conditions)
        self.handouts = Handouts(
            settings.folders.enterprises,
            lambda: settings.code_tables,
            settings.station.language,
            _edition(settings),
            partial(own_values, settings, self.store),
        )
        self._receiving = {name: channel.inbound for name, channel in channels.items()}
        self.polling = Polling(
            settings,
            self.store,
            self.clock,
            self._receiving,
            pipeline.start_drop,
            self.conditions,
            self.failures,
            self.previews.saw,
            self._answer,
            self.meter,
            self.questions.saw,
        )
        self.ways_out = WaysOut(
            settings,
            self.store,
            self.clock,
            self.conditions,
            self.failures,
            {name: channel.outbound for name, channel in channels.items()},
            now,
            self.polling.hear_first,
            self.meter,
        )
        self.alarms = Alarms(
            settings.station.name,
            settings.alarm,
            settings.base,
            self.store,
            self.clock,
            self.conditions,
            settings.station.language,
        )
        self.progress = Progress(self.store, self.clock, self.conditions, self.meter)
        self.endpoint = StationEndpoint(settings, self.store, self.clock, self.conditions, self.ways_out)
        self.console = console_of(settings, self.store, self.clock, self.conditions)
        self.owed = Owed(settings, self.store, self.clock, self.conditions)
        self.interrupted = Interrupted(
            self.store,
            settings,
            self.ways_out,
            self.failures,
            pipeline.start_drop,
            self.engine.under_way,
            self.polling.inboxes.tries_again,
            now,
        )
        self.statements = Statements(self.store, self.clock, self.conditions, settings.folders.enterprises)
        self.ledgers = Ledgers(
            self.store,
            self.clock,
            self.conditions,
            settings.folders.enterprises if settings.station.ledger else {},
            LedgerWish(settings.station.language, settings.figures.return_days),
        )
        self.fallback = Fallback(settings, self.store, self.clock, self.ways_out.move)
        self.stages = Stages(
            settings,
            self.store,
            self.clock,
            self.conditions,
            self.polling.inboxes.filing,
            self.interrupted,
            readings,
        )
        self.engine.add(pipeline, self.stages)

    def start(self) -> None:
        """Lock the store, finish interrupted claims, resume the work in flight. Raises StoreError."""
        self.pages.start()
        keep_environment(self.store, self.settings.station.environment)
        shutil.rmtree(self.settings.store_dir / READING, ignore_errors=True)  # left by a kill
        self.previews.throw_away()
        self.conditions.start()
        note_faults(self.settings.faults, self.conditions)
        self._evidence.start()
        self.make_folders(at_start=True)
        guarded(
            lambda: take_over_revocations(self.store, self.settings.signer), "take over what was revoked", self.failures
        )
        self.engine.start()
        self.polling.inboxes.finish_claims()
        self.look_after_settings()
        self.watch_certificates()  # here for `run --once`, which has no timers
        self.interrupted.resume_abandoned(at_start=True)

    def _answer(self, enterprise: str, wish: Wish) -> str:
        doing = Doing(self.polling.state_in_full, self.ways_out.try_all_now, self.handouts.lay_out)
        return Answers(self.store, doing, self.settings.station.language).answer(enterprise, wish)

    def watch_backups(self) -> None:
        """Say where the store was not backed up for two days. A station on trial has nothing to keep."""
        if self.settings.station.environment != "trial":
            guarded(
                lambda: watch_backups(self.settings.store_dir, self.clock, self.conditions),
                "watch backups",
                self.failures,
            )

    def hand_out(self) -> None:
        """Lay out the templates, the manual and what each folder is for, where an enterprise's folder lacks them."""
        self._handing_out.in_turn(
            {enterprise.name: partial(self.handouts.look, enterprise.name) for enterprise in self.settings.enterprise}
        )

    def stop(self, *, keep_open: bool = False) -> bool:
        """Let go of everything. False when a step is still under way: the process is to end, and the next start resumes it.

        `keep_open`: somebody still works; store and lock stay theirs until the process has ended.
        """
        self.pages.stop()
        self.console.stop()
        self.endpoint.stop()
        if not self.engine.stop() or keep_open:
            return False
        for channel in self._receiving.values():
            with suppress(Exception):
                channel.close()
        self.ways_out.close()
        self._evidence.stop()
        self.store.close()
        self._lease.release()
        return True

    def look_after_settings(self) -> None:
        """Note work that the settings block, and things that they name and the machine lacks."""
        guarded(
            lambda: note_missing_parts(self.store, self.settings, self.conditions),
            "look after the settings",
            self.failures,
        )

    def remind_of_returned_goods(self) -> None:
        """Name the enterprises whose returned goods must be back within days."""
        names = [enterprise.name for enterprise in self.settings.enterprise]
        days = self.settings.figures.arrival_days
        remind_of_returned_goods(self.store, self.clock, self.conditions, names, days)

    def write_statements(self, patience: float | None = None) -> bool:
        """Write the statements and ledgers that are behind; whether something is left. `patience`: see `Statements.look`."""
        left = self.statements.look(patience)
        return self.ledgers.look(patience) or left

    def learn_goods(self) -> None:
        """Learn of the goods that customs accepted since the last look."""
        guarded(lambda: learn_goods(self.store), "learn goods", self.failures)

    def at_it(self) -> dict[str, float]:
        """The work under way in enterprises' folders now, and for how many seconds."""
        statements = {f"statements of {name}": took for name, took in self.statements.at_it().items()}
        ledgers = {f"ledgers of {name}": took for name, took in self.ledgers.at_it().items()}
        asked = {f"questions of {name}": took for name, took in self.questions.at_it().items()}
        return self.polling.at_it() | statements | ledgers | asked

    def watch_certificates(self) -> None:
        """Name the signers whose certificate ends soon, and cards that take over from others."""
        settings = self.settings
        signers = {enterprise.name: settings.signers_of(enterprise) for enterprise in settings.enterprise}

        def watch() -> None:
            gone = relieved(signers.values(), settings.take_over_days, self.clock.now().date())
            name_cards(signers, settings.take_over_days, self.clock, self.conditions)
            watch_certificates(self.store, self.clock, self.conditions, settings.signer.keys() - gone)

        guarded(watch, "watch certificates", self.failures)

    def make_folders(self, *, at_start: bool = False) -> None:
        """Make the folders of every enterprise, as far as possible now; a failure does not delay other enterprises."""
        make = self.polling.inboxes.make_folders
        self._making_folders.in_turn(
            {
                enterprise.name: partial(make, enterprise.name, _folders_of(enterprise), at_start=at_start)
                for enterprise in self.settings.enterprise
            }
        )


def _folders_of(enterprise: Enterprise) -> tuple[str, ...]:
    return (*FOLDERS, f"inbox/{DECLARED}") if enterprise.preview else FOLDERS


def _edition(settings: Settings) -> str:
    """Names the enterprise's own code tables, as they are now."""
    own = settings.code_files
    return "" if own is None else sha256(repr(own.files).encode()).hexdigest()[:16]


def _channels(settings: Settings, store: Store) -> dict[str, Channel]:
    """Every channel of the settings, made when it is first used."""

    def make(name: str) -> Callable[[], Channel]:
        return lambda: open_channel(settings.channel[name], settings.base, ChannelMemory(store, name))

    return {name: lazy_channel(make(name)) for name in settings.channel}


__all__ = ["FOLDERS", "Station"]
