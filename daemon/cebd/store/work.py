"""Pieces of work in the workflow engine: their names, and the states of unfinished work."""

from __future__ import annotations

from enum import StrEnum

ENGINE = "engine.sqlite"
ALIVE = ("PENDING", "ENQUEUED", "DELAYED")


class WorkKind(StrEnum):
    """The kinds of work; a kind begins the name of its work."""

    DROP = "drop"
    SIGN = "sign"
    SEND = "send"


def work_id(kind: WorkKind, identity: str, number: int) -> str:
    """The engine's name of a piece of work: `drop-4f0c…-7`.

    With the store's identity in it, a new store beside an old engine never meets old work of the same number.
    """
    return f"{kind}-{identity}-{number}"


def identity_in(name: str) -> str:
    """The identity of the store in a work's name; empty if the name has none."""
    _, _, rest = name.partition("-")
    return rest.rpartition("-")[0]


def executor_of(identity: str) -> str:
    """The engine's executor of a store: named after the store's identity, because the station's name may change."""
    return f"store-{identity}-0"
