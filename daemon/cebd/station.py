"""A station: settings, store, signers, channels and the workflow put together and run."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DatabaseError

from cebd import pipeline
from cebd.clock import Clock, SystemClock
from cebd.config import Settings
from cebd.disk import write_file
from cebd.documents.convert import Converted, Unreadable, convert
from cebd.documents.opening import cannot_be_read
from cebd.intake.claim import file_away, finish_claim
from cebd.rounds import Rounds
from cebd.rules.problem import Problem, problem
from cebd.signing.known_token import KnownToken
from cebd.signing.load import load_signer
from cebd.signing.signer import Signer, TokenError
from cebd.signing.stage import sign_stored
from cebd.signing.xmldsig import BadSignature, verify
from cebd.store.conditions import Conditions
from cebd.store.connection import TimedConnection
from cebd.store.declarations import set_waiting, touch
from cebd.store.engine_state import ENGINE, under_way
from cebd.store.environment import in_environment_of, keep_environment
from cebd.store.evidence import Evidence
from cebd.store.lock import StoreLock
from cebd.store.tables import drops, messages
from cebd.store.trust import open_trusted
from cebd.transport.channel import Channel
from cebd.transport.load import load_channel
from cebd.transport.submit import submit

log = structlog.get_logger("cebd")

FOLDERS = ("inbox", "working", "done", "error", "hold", "outbox", "outbox/customs", "outbox/unmatched")


class Station:
    """Runs one settings file. `start`, then `stop`; in between it needs nobody."""

    def __init__(self, settings: Settings, clock: Clock | None = None, new_store: str | None = None) -> None:
        """`new_store`: why a new store is wanted where there was one before. Raises StoreError."""
        self.clock: Clock = clock or SystemClock()
        self._lock = StoreLock.take(settings.store_dir)  # before anything in the store is touched
        self.store, found = open_trusted(settings, self.clock, new_store)
        self.settings = settings = in_environment_of(settings, self.store)
        self.conditions = Conditions(self.store, self.clock)
        self._evidence = Evidence(settings, self.store, self.clock, self.conditions, found)
        self._signers: dict[str, Signer] = {}
        self._signing = {name: threading.Lock() for name in settings.signer}
        self._channels: dict[str, Channel] = {name: load_channel(settings, name) for name in settings.channel}
        self._sending = {name: threading.Lock() for name in settings.channel}
        self._receiving: dict[str, Channel] = {name: load_channel(settings, name) for name in settings.channel}
        self.rounds = Rounds(settings, self.store, self.clock, self._receiving, pipeline.start_drop, self.conditions)
        self._own_rows: Any = None

    # Life

    def start(self) -> None:
        """Take the store for ourselves, finish what was interrupted, go on with what is in flight. Raises StoreError."""
        keep_environment(self.settings, self.store)
        self.conditions.start()
        self._evidence.start()
        for enterprise in self.settings.enterprise:
            for name in FOLDERS:
                (self.settings.folder(enterprise) / name).mkdir(parents=True, exist_ok=True)
        _launch_engine(self)
        self._finish_claims()
        self.take_up_again()

    def stop(self) -> None:
        """Let steps in flight end, then let go of everything."""
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=0)
        pipeline.serve(None)
        for channel in (*self._channels.values(), *self._receiving.values()):
            channel.close()
        for signer in self._signers.values():
            signer.close()
        self._evidence.stop()
        self.store.close()
        self._lock.release()

    def _finish_claims(self) -> None:
        """Claims that a kill interrupted. Only at the start: later on, a claim under way is being made by the rounds."""
        with self.store.read() as connection:
            query = select(drops.c.id, drops.c.enterprise).where(drops.c.state == "claiming")
            interrupted = list(connection.execute(query))
        for drop_id, enterprise in interrupted:
            finish_claim(self.store, drop_id, self.settings.folder(self.settings.enterprise_named(enterprise)))

    def take_up_again(self) -> None:
        """Work that nobody does: a kill came before it was handed over, or a step broke and the engine gave it up."""
        alive = under_way(self.settings.store_dir) or set()
        with self.store.read() as connection:
            open_drops = list(
                connection.execute(select(drops.c.id).where(drops.c.state.in_(("claimed", "filing")))).scalars()
            )
            open_messages = list(
                connection.execute(
                    select(messages.c.id, messages.c.drop_id, messages.c.state).where(messages.c.state != "sent")
                )
            )
        for drop_id in open_drops:
            if self.work_id("drop", drop_id) not in alive:
                pipeline.start_drop(drop_id, again=True)
        for message_id, drop_id, state in open_messages:
            if not alive & {
                self.work_id("drop", drop_id),
                self.work_id("sign", message_id),
                self.work_id("send", message_id),
            }:
                log.warning("work on a message is taken up again", message=message_id, state=state)
                (pipeline.enqueue_signing if state == "ready" else pipeline.enqueue_sending)(message_id, again=True)

    def own_rows(self, datasource: Any) -> None:
        """The engine's way into our own store: its steps commit there together with our rows."""
        self._own_rows = datasource

    def try_ways_out(self) -> None:
        """Open every token and channel once, before work is taken on. Raises TokenError, ChannelError."""
        for name in dict.fromkeys(one.signer for one in self.settings.enterprise):
            signer = self._signer(name)
            if isinstance(signer, TokenError):
                raise signer
            signer.certificate()
        self.rounds.try_channels()

    def worked_off(self) -> bool:
        """Whether nothing is left to do now: no drop under way; each message sent, or waiting for a stated reason."""
        open_drop = select(drops.c.id).where(drops.c.state.in_(("claiming", "claimed", "filing"))).limit(1)
        open_message = (
            select(messages.c.id)
            .where(messages.c.state.in_(("ready", "signed")), messages.c.waiting.is_(None))
            .limit(1)
        )
        with self.store.read() as connection:
            return connection.execute(open_drop).first() is None and connection.execute(open_message).first() is None

    # Stages, as the workflow calls them

    def convert(self, drop_id: int) -> list[int]:
        """Convert a claimed drop. Records, messages and the engine's note that it is done are one transaction."""
        message_ids: list[int] = self._own_rows.run_tx_step({"name": "convert"}, self._convert, drop_id)
        return message_ids

    def _convert(self, drop_id: int) -> list[int]:
        connection = self._own_rows.sql_session().connection()
        drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
        if drop["outcome"] is not None or drop["state"] != "claimed" or drop["repeat_of"] is not None:
            return list(connection.execute(select(messages.c.id).where(messages.c.drop_id == drop_id)).scalars())
        enterprise = self.settings.enterprise_named(drop["enterprise"])
        path = self.settings.folder(enterprise) / drop["place"]
        parts = Path(drop["source"]).parts
        hint = parts[1] if len(parts) > 2 else None
        terms = (self.settings, enterprise, self.clock, hint, signature_holds, drop["name"])
        try:
            with connection.begin_nested():
                result = convert(connection, drop_id, path, *terms)
        except DatabaseError:
            raise  # the store's trouble, not the file's: taken up again when there is room
        except Unreadable as error:
            return self._cannot_convert(connection, drop_id, cannot_be_read(error))
        except Exception as error:
            log.exception("file cannot be converted", drop=drop_id)
            return self._cannot_convert(connection, drop_id, problem("CEBD-1901", reason=f"{type(error).__name__}"))
        self._record_outcome(connection, drop_id, result)
        counts = {"records": result.records, "ready": result.ready, "messages": len(result.message_ids)}
        log.info("file converted", drop=drop_id, file=drop["name"], type=result.type, **counts)
        return result.message_ids

    def put_away(self, drop_id: int) -> None:
        with self.store.read() as connection:
            drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
        if drop["state"] == "filed":
            return
        folder = self.settings.folder(self.settings.enterprise_named(drop["enterprise"]))
        now = self.clock.now()
        place = file_away(self.store, drop_id, folder, drop["outcome"] or "done", f"{now:%Y-%m-%d}")
        if place.is_relative_to(folder / "error"):
            text = "".join(
                f"{one['id']}\n{one['zh']}\n{one['fix_zh']}\n\n{one['en']}\n{one['fix_en']}\n\n"
                for one in json.loads(drop["problems"])
            )
            write_file(place.with_name(f"{place.name}.problem.txt"), text.encode(), within=folder)

    def sign(self, message_id: int) -> bool:
        try:
            signer = self.signer_of(message_id)
            with self._signing[signer]:
                return sign_stored(self.store, self._signer(signer), message_id, self.clock)
        except Exception as error:
            self._waits(message_id, error)
            return False

    def send(self, message_id: int) -> str:
        try:
            channel = self.channel_of(message_id)
            doubt = self.settings.channel[channel].in_doubt_seconds
            with self._sending[channel]:
                return submit(self.store, self._channels[channel], message_id, self.clock, doubt)
        except Exception as error:
            self._waits(message_id, error)
            return "failed"

    def work_id(self, what: str, number: int) -> str:
        return self.store.work_id(what, number)

    def signer_of(self, message_id: int) -> str:
        return str(self._of_message(message_id, "signer"))

    def channel_of(self, message_id: int) -> str:
        return str(self._of_message(message_id, "channel"))

    def retry_seconds(self, message_id: int) -> float:
        return self.settings.channel[self.channel_of(message_id)].retry_seconds

    # Details

    def _of_message(self, message_id: int, column: str) -> object:
        with self.store.read() as connection:
            return connection.execute(select(messages.c[column]).where(messages.c.id == message_id)).scalar_one()

    def _signer(self, name: str) -> Signer | TokenError:
        if name not in self._signers:
            try:
                number = getattr(self.settings.signer[name], "cert_serial", None)
                gate = KnownToken(self.store, self.clock, name, number)
                self._signers[name] = load_signer(self.settings, name, gate)
            except TokenError as error:
                return error
        return self._signers[name]

    def _waits(self, message_id: int, error: Exception) -> None:
        log.exception("message waits after an internal error", message=message_id)
        why = problem("CEBD-1901", value=str(message_id), reason=type(error).__name__)
        with suppress(DatabaseError), self.store.write() as connection:  # a full disk must not end the work as well
            set_waiting(connection, message_id, why.as_json())

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


def _launch_engine(station: Station) -> None:
    from dbos import DBOS, SQLAlchemyDatasource

    settings = station.settings
    pipeline.serve(station)
    url = f"sqlite:///{settings.store_dir / 'cebd.sqlite'}"
    station.own_rows(SQLAlchemyDatasource.create(url, engine=station.store.writing))
    config: Any = {
        "name": "cebd-station",
        "system_database_url": f"sqlite:///{settings.store_dir / ENGINE}",
        "db_engine_kwargs": {"connect_args": {"factory": TimedConnection}},
        "run_admin_server": False,
        "executor_id": settings.station.name,
        "application_version": pipeline.SHAPE,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    queues = [*map(pipeline.sign_queue, settings.signer), *map(pipeline.send_queue, settings.channel)]
    DBOS.listen_queues(queues)
    DBOS.launch()
    for queue in queues:
        DBOS.register_queue(queue, worker_concurrency=40, polling_interval_sec=0.2)


def signature_holds(root: Any) -> bool:
    """Whether a dropped message carries a valid signature (of anyone)."""
    try:
        verify(root)
    except BadSignature:
        return False
    return True


__all__ = ["FOLDERS", "Station", "signature_holds"]
