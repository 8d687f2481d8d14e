"""Pieces of work, as the workflow engine knows them: their names, and the states of those that are not finished."""

from __future__ import annotations

from enum import StrEnum

ENGINE = "engine.sqlite"
ALIVE = ("PENDING", "ENQUEUED", "DELAYED")


class WorkKind(StrEnum):
    """What a piece of work is about, as its name begins."""

    DROP = "drop"
    SIGN = "sign"
    SEND = "send"


def work_id(kind: WorkKind, identity: str, number: int) -> str:
    """What the engine calls a piece of work: `drop-4f0c…-7`.

    With the store's identity in it, a new store beside an old engine never meets old work of the same number.
    """
    return f"{kind}-{identity}-{number}"


def identity_in(name: str) -> str:
    """The identity of the store whose work bears this name; empty where it bears none."""
    _, _, rest = name.partition("-")
    return rest.rpartition("-")[0]


def executor_of(identity: str) -> str:
    """What the engine calls whoever works on a store: by the store's identity, for the station's name may change."""
    return f"store-{identity}-0"
