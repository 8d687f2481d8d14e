"""Present troubles: a channel is down, a file cannot be read, a token is away.

A condition has a key (`channel:sandbox`, `file:trial:inbox/a.xlsx`), a problem of the catalogue and a party that deals with it. It stands
in the store from the moment it is noted until it ends, so that `cebd status`, which is another process, can name it. Noting the same
condition again costs nothing: the store is written when the condition is new or its text has changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import delete, insert, select

from cebd.clock import Clock, iso
from cebd.problems.problem import Problem
from cebd.store.store import Store
from cebd.store.tables import conditions, words
from cebd.store.transaction import Transaction, TransactionFailed

PROGRESS = "progress:"
"""Begins the keys of notes that say how far long work is; a way's (`signer:NAME`, `channel:NAME`) or a file's stands behind it."""


class Party(StrEnum):
    """The party that deals with a condition and can end it."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    CEBD = "cebd"
    TOKEN = "token"  # noqa: S105
    NETWORK = "network"
    E_PORT = "e-port"
    CUSTOMS = "customs"


PARTY_NAMES: Mapping[Party, tuple[str, str]] = {
    Party.OPERATOR: ("操作员", "operator"),
    Party.ADMINISTRATOR: ("管理员", "administrator"),
    Party.CEBD: ("程序自身", "the program"),
    Party.TOKEN: ("UKey 保管人", "keeper of the token"),
    Party.NETWORK: ("网络", "network"),
    Party.E_PORT: ("电子口岸", "e-port"),
    Party.CUSTOMS: ("海关", "customs"),
}
"""In Chinese and in English, as people who do not know cebd are told."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition. `enterprise` is None when it concerns the whole station; `since` is ISO 8601."""

    key: str
    party: Party
    enterprise: str | None
    since: str
    problem: Problem

    def as_json(self) -> dict[str, object]:
        """The condition and its problem in one object, for `status --json`."""
        about = {"key": self.key, "party": str(self.party), "enterprise": self.enterprise, "since": self.since}
        return {**about, **self.problem.as_json()}


class Notice(NamedTuple):
    """A file that cebd wrote into an enterprise's outbox for a condition: the condition's key, the file's name, the digest of its text."""

    key: str
    enterprise: str
    name: str
    sha256: str


class Conditions:
    """The running daemon's conditions. Safe to use from several threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._current: dict[str, Condition] = {}
        self._written: dict[str, Condition] = {}
        self._earlier: dict[str, Condition] = {}

    def start(self) -> None:
        """Forget the conditions of an earlier run; a condition that is noted again keeps its time of beginning."""
        with self._store.write() as transaction:
            self._earlier = {condition.key: condition for condition in read_conditions(transaction)}
            transaction.execute(delete(conditions))

    def note(self, key: str, found: Problem, party: Party, enterprise: str | None = None) -> bool:
        """Note that the condition stands. True when it is new or its text has changed: the caller logs it then."""
        with self._lock:
            before = self._current.get(key) or self._earlier.pop(key, None)
            since = before.since if before is not None else iso(self._clock.now())
            condition = Condition(key, party, enterprise, since, found)
            changed = self._current.get(key) != condition
            self._current[key] = condition
            self._write()
            return changed

    def end(self, key: str) -> bool:
        """Note that the condition is over. True when it stood until now."""
        with self._lock:
            self._earlier.pop(key, None)
            stood = self._current.pop(key, None) is not None
            self._write()
            return stood

    def end_others(self, prefix: str, keys: Collection[str]) -> list[str]:
        """End every condition whose key begins with `prefix` and is not in `keys`; returns the keys of the ended conditions."""
        with self._lock:
            over = [key for key in self._current if key.startswith(prefix) and key not in keys]
            for key in over:
                del self._current[key]
            self._write()
            return over

    def current(self) -> list[Condition]:
        """The present conditions, the oldest first."""
        with self._lock:
            return sorted(self._current.values(), key=lambda condition: condition.since)

    def _write(self) -> None:
        """Write the conditions to the store; after a failure (full disk, locked store) the next change or look writes them."""
        gone = [key for key in self._written if key not in self._current]
        new = [condition for key, condition in self._current.items() if self._written.get(key) != condition]
        if not gone and not new:
            return
        try:
            with self._store.write() as transaction:
                transaction.execute(
                    delete(conditions).where(conditions.c.key.in_([*gone, *(condition.key for condition in new)]))
                )
                for condition in new:
                    transaction.execute(
                        insert(conditions).values(
                            key=condition.key,
                            party=str(condition.party),
                            enterprise=condition.enterprise,
                            since=condition.since,
                            problem=json.dumps(condition.problem.as_stored(), ensure_ascii=False),
                        )
                    )
        except TransactionFailed:
            return
        self._written = dict(self._current)


def read_conditions(transaction: Transaction) -> list[Condition]:
    """The conditions in the store, the oldest first."""
    query = select(conditions).order_by(conditions.c.since, conditions.c.key)
    return [
        Condition(row.key, Party(row.party), row.enterprise, row.since, Problem.from_json(json.loads(row.problem)))
        for row in transaction.execute(query)
    ]


def notices_written(transaction: Transaction) -> list[Notice]:
    """The notices in all outboxes, as far as we know."""
    return [Notice(row.key, row.enterprise, row.name, row.sha256) for row in transaction.execute(select(words))]


def note_notice(transaction: Transaction, notice: Notice) -> None:
    """Record the condition's notice, in place of an earlier notice, before it is written."""
    forget_notice(transaction, notice.key)
    transaction.execute(insert(words).values(notice._asdict()))


def forget_notice(transaction: Transaction, key: str) -> None:
    """The condition has no notice any more."""
    transaction.execute(delete(words).where(words.c.key == key))


def forget_condition(transaction: Transaction, key: str) -> None:
    """It is over: for a command, while no daemon runs."""
    transaction.execute(delete(conditions).where(conditions.c.key == key))
