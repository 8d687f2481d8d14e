"""A station: settings, store, signers, channels and the workflow put together and run."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DatabaseError

from cebd import pipeline
from cebd.apart import Apart
from cebd.clock import Clock, SystemClock
from cebd.disk import write_file
from cebd.documents.convert import Converted, Unreadable, convert
from cebd.documents.reading.open import cannot_be_read
from cebd.file_names import path_from_text
from cebd.intake.changed import hold_changed
from cebd.intake.claim import file_away
from cebd.intake.local_copy import NAME as READING
from cebd.intake.local_copy import brought
from cebd.intake.notices import reasons, text_of
from cebd.operations.in_flight import is_served, look_after, not_in_its_folder, open_drops
from cebd.operations.settings_check import note_faults
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome
from cebd.settings import Settings
from cebd.signing.xmldsig import signature_holds
from cebd.station.engine import Engine
from cebd.station.failures import Failures
from cebd.station.interrupted import Interrupted
from cebd.station.polling import Polling
from cebd.station.timers import guarded
from cebd.station.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.messages import touch
from cebd.store.safety.environment import in_environment_of, keep_environment
from cebd.store.safety.evidence import Evidence
from cebd.store.safety.lock import StoreLock
from cebd.store.safety.trust import open_trusted
from cebd.store.tables import IS_OPEN, drops, messages
from cebd.transport.channel import Channel
from cebd.transport.channels.kinds import open_channel
from cebd.transport.lazy import lazy_channel

log = structlog.get_logger("cebd")

FOLDERS = ("inbox", "working", "done", "error", "hold", "outbox", "outbox/customs", "outbox/unmatched")


class Station:
    """Runs one settings file. `start`, then `stop`; in between it needs nobody."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        new_store: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`new_store`: why a new store is wanted where there was one before. `now`: seconds that never go back. Raises StoreError."""
        self.clock: Clock = clock or SystemClock()
        self._lock = StoreLock.take(settings.store_dir)  # before anything in the store is touched
        self.store, found = open_trusted(settings, self.clock, new_store)
        self.settings = settings = in_environment_of(settings, self.store)
        self.conditions = Conditions(self.store, self.clock)
        self._evidence = Evidence(settings, self.store, self.clock, self.conditions, found)
        self.failures = Failures(self.conditions)
        channels = _channels(settings)
        self._receiving = {name: one.inbound for name, one in channels.items()}
        self.rounds = Polling(
            settings, self.store, self.clock, self._receiving, pipeline.start_drop, self.conditions, self.failures
        )
        self.ways_out = WaysOut(
            settings,
            self.store,
            self.clock,
            self.conditions,
            self.failures,
            {name: one.outbound for name, one in channels.items()},
            now,
            self.rounds.hear_first,
        )
        self.engine = Engine(settings, self.store)
        self._interrupted = Interrupted(
            self.store, settings, self.ways_out, self.failures, self.rounds.inboxes.tries_again, now
        )
        self._own_rows: Any = None
        self._making_folders = Apart("make folders")
        self._missing: set[int] = set()  # drops whose file is not in its enterprise's folder

    # Life

    def start(self) -> None:
        """Take the store for ourselves, finish what was interrupted, go on with what is in flight. Raises StoreError."""
        keep_environment(self.settings, self.store)
        shutil.rmtree(self.settings.store_dir / READING, ignore_errors=True)  # left by a kill
        self.conditions.start()
        note_faults(self.settings.faults, self.conditions)
        self._evidence.start()
        self.make_folders(at_start=True)
        self._own_rows = self.engine.start(self)
        self.rounds.inboxes.finish_claims()
        self.look_after_settings()
        self._interrupted.take_up(at_start=True)

    def look_after_settings(self) -> None:
        """Name what stands by because of the settings, and what of theirs the machine lacks."""
        guarded(
            lambda: look_after(self.store, self.settings, self.conditions), "look after the settings", self.failures
        )

    def make_folders(self, *, at_start: bool = False) -> None:
        """The folders of every enterprise, as far as they can be made now; those that cannot keep no other enterprise waiting."""
        make = self.rounds.inboxes.make_folders
        self._making_folders.in_turn(
            {one.name: partial(make, one.name, FOLDERS, at_start=at_start) for one in self.settings.enterprise}
        )

    def stop(self, *, keep_open: bool = False) -> bool:
        """Let go of everything. False when a step is still under way: the process is to end, and the next start takes it up again.

        `keep_open`: somebody still works; store and lock stay theirs until the process has ended.
        """
        if not self.engine.stop() or keep_open:
            return False
        for channel in self._receiving.values():
            with suppress(Exception):
                channel.close()
        self.ways_out.close()
        self._evidence.stop()
        self.store.close()
        self._lock.release()
        return True

    def resume_abandoned(self) -> None:
        """Work that nobody does."""
        self._interrupted.take_up()

    def check_ways_out(self) -> Exception | None:
        """Open every token and channel that an enterprise uses, before `run --once` takes work on: see `WaysOut.check`."""
        return self.ways_out.check(self.rounds.try_channels())

    def is_idle(self) -> bool:
        """Whether nothing is left to do now: each drop through, or breaking each time; each message sent, or waiting for a reason."""
        again, breaks = self.rounds.inboxes.tries_again, self._interrupted.breaks_each_time
        with self.store.read() as connection:
            waiting = [one for one in open_drops(connection, self.settings) if one not in self._missing]
            if not all(again(drop_id) or breaks(drop_id) for drop_id in waiting):
                return False
            unsent = select(messages.c.id).where(
                messages.c.state.in_(("ready", "signed")),
                messages.c.waiting.is_(None),
                messages.c.drop_id.not_in(filter(breaks, waiting)),  # they go with their drop
            )
            # While something breaks (a full disk), a message that was tried may not have got its reason written down.
            is_tried = self.ways_out.keeps if self.failures.failing() else lambda _: False
            if not all(is_tried(message_id) for message_id in connection.execute(unsent).scalars()):
                return False
        return self.ways_out.is_at_rest()

    def left_undone(self) -> list[str]:
        """What is tried again and fails each time, as `status` and the log name it."""
        with self.store.read() as connection:
            claims = connection.execute(select(drops.c.id).where(IS_OPEN, drops.c.state == "claiming")).scalars()
            stuck = [f"file {drop_id}" for drop_id in claims if self.rounds.inboxes.tries_again(drop_id)]
        return self.failures.failing() + stuck

    # Stages, as the workflow calls them

    def convert(self, drop_id: int) -> list[int]:
        """Convert a claimed drop. Records, messages and the engine's note that it is done are one transaction."""
        if self._is_missing(drop_id):
            return []
        with self._brought(drop_id) as path:
            message_ids: list[int] = self._own_rows.run_tx_step({"name": "convert"}, self._convert, drop_id, path)
        return message_ids

    @contextmanager
    def _brought(self, drop_id: int) -> Iterator[Path | None]:
        """The claimed file, where it can be read while the store is held; None when there is none to be read now."""
        with self.store.read() as connection:
            drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
        if drop["state"] != "claimed" or not is_served(self.settings, drop["enterprise"], drop["source"]):
            yield None
            return
        folder = self.settings.folder(self.settings.enterprise_named(drop["enterprise"]))
        with brought(folder / drop["place"], self.settings.store_dir / READING / str(drop_id)) as path:
            yield path

    def _convert(self, drop_id: int, path: Path | None) -> list[int]:
        connection = self._own_rows.sql_session().connection()
        drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
        if drop["outcome"] is not None or drop["state"] != "claimed" or drop["repeat_of"] is not None:
            return list(connection.execute(select(messages.c.id).where(messages.c.drop_id == drop_id)).scalars())
        if path is None:
            return []  # not served: taken up again once it is
        enterprise = self.settings.enterprise_named(drop["enterprise"])
        parts = path_from_text(drop["source"]).parts
        hint = parts[1] if len(parts) > 2 else None
        terms = (self.settings.reading_options, enterprise, self.clock, hint, signature_holds, drop["name"])
        try:
            with connection.begin_nested():
                result = convert(connection, drop_id, path, *terms)
        except DatabaseError:
            raise  # the store's trouble, not the file's: taken up again when there is room
        except Unreadable as error:
            return self._cannot_convert(connection, drop_id, cannot_be_read(error))
        except OSError as error:
            return self._cannot_convert(connection, drop_id, problem("CEBD-1054", **reasons(error)))
        except Exception as error:
            log.exception("file cannot be converted", drop=drop_id)
            return self._cannot_convert(connection, drop_id, problem("CEBD-1901", reason=f"{type(error).__name__}"))
        self._record_outcome(connection, drop_id, result)
        counts = {"records": result.records, "ready": result.ready, "messages": len(result.message_ids)}
        log.info("file converted", drop=drop_id, file=drop["name"], type=result.type, **counts)
        return result.message_ids

    def put_away(self, drop_id: int) -> bool:
        """File what was read, or hold it back where it has changed since; whether its messages may go."""
        with self.store.read() as connection:
            drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
        if not is_served(self.settings, drop["enterprise"], drop["source"]) or drop_id in self._missing:
            return True
        folder = self.settings.folder(self.settings.enterprise_named(drop["enterprise"]))
        changed = hold_changed(self.store, DropId(drop_id), folder)

        def filed() -> None:
            with self.store.read() as connection:
                now = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
            day = f"{self.clock.now():%Y-%m-%d}"
            place = file_away(self.store, DropId(drop_id), folder, DropOutcome(now["outcome"] or "done"), day)
            if place.is_relative_to(folder / "error"):
                text = text_of(map(Problem.from_json, json.loads(now["problems"])))
                write_file(place.with_name(f"{place.name}.problem.txt"), text, within=folder)

        self.rounds.inboxes.filing.file(drop_id, drop["enterprise"], folder / drop["place"], filed)
        return not changed

    def sign(self, message_id: int) -> bool:
        return self.ways_out.sign(message_id)

    def send(self, message_id: int) -> bool:
        return self.ways_out.send(message_id)

    def work_id(self, what: str, number: int) -> str:
        return self.store.work_id(what, number)

    def signer_of(self, message_id: int) -> str:
        return str(self._of_message(message_id, "signer"))

    def channel_of(self, message_id: int) -> str:
        return str(self._of_message(message_id, "channel"))

    def failed(self, what: str, number: int, error: Exception) -> None:
        self._interrupted.failed(what, number, error)

    def went_well(self, what: str, number: int) -> None:
        self._interrupted.went_well(what, number)

    # Details

    def _is_missing(self, drop_id: int) -> bool:
        """Whether the file is not where the settings say that its enterprise's folder is: it is named, and waits for its file."""
        path = not_in_its_folder(self.store, self.settings, DropId(drop_id), self.conditions)
        (self._missing.add if path else self._missing.discard)(drop_id)
        return path is not None

    def _of_message(self, message_id: int, column: str) -> object:
        with self.store.read() as connection:
            return connection.execute(select(messages.c[column]).where(messages.c.id == message_id)).scalar_one()

    def _record_outcome(self, connection: Connection, drop_id: int, result: Converted) -> None:
        outcome = "done"
        if result.type is None or not result.records:
            outcome = "error"
        elif result.held:
            outcome = "hold"
        self._write_outcome(connection, drop_id, outcome, result.type, result.problems, result.read)

    def _cannot_convert(self, connection: Connection, drop_id: int, found: Problem) -> list[int]:
        log.warning("file cannot be read", drop=drop_id, id=found.id)
        self._write_outcome(connection, drop_id, "error", None, [found], 0)
        return []

    @staticmethod
    def _write_outcome(
        connection: Connection, drop_id: int, outcome: str, type_: str | None, problems: list[Problem], read: int
    ) -> None:
        text = json.dumps([one.as_json() for one in problems], ensure_ascii=False)
        connection.execute(
            update(drops).where(drops.c.id == drop_id).values(outcome=outcome, type=type_, problems=text, records=read)
        )
        touch(connection, [drop_id])


def _channels(settings: Settings) -> dict[str, Channel]:
    """Every channel of the settings, made when it is first used."""

    def make(name: str) -> Callable[[], Channel]:
        return lambda: open_channel(settings.channel[name], settings.base)

    return {name: lazy_channel(make(name)) for name in settings.channel}


__all__ = [
    "FOLDERS",
    "Station",
]
