"""Histories of receipts at random: in any order, several in one second, the e-port after customs, repeats after the release. None of them
may bring a list back from customs' word, and each must end with the word that counts.

    ./dev soak histories --seed 7 --histories 10000

A hundred lists at a time are declared in one store; what is said of them is shuffled, and comes in receipts of twenty returns.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from sqlalchemy import select

from builders.customs_words import Word, a_history, counts
from builders.declared import a_list_return, a_receipt, an_open_store, declare, settle
from cebd.records.ids import RecordId
from cebd.store.store import Store
from cebd.store.tables import records

LISTS = 100
RETURNS = 20


def campaign(folder: Path, chance: random.Random, histories: int) -> list[str]:
    """Play so many histories; what went otherwise than it must."""
    broken: list[str] = []
    with an_open_store(folder) as store:
        for first in range(0, histories, LISTS):
            told = {f"L{first + n}": a_history(chance) for n in range(min(LISTS, histories - first))}
            broken += _play(store, told, chance)
    return broken


def _play(store: Store, told: dict[str, list[Word]], chance: random.Random) -> list[str]:
    mine = dict(zip(told, declare(store, *told, code="CEB621"), strict=True))
    # In any order among the lists; of each list in the order of its history.
    turns = [number for number, words in told.items() for _ in words]
    chance.shuffle(turns)
    coming = {number: iter(words) for number, words in told.items()}
    said = [(number, next(coming[number])) for number in turns]
    ranks = dict.fromkeys(told, -1)
    broken = []
    for start in range(0, len(said), RETURNS):
        returns = (
            a_list_return(number, word.status, word.time, word.info) for number, word in said[start : start + RETURNS]
        )
        settle(store, a_receipt(*returns))
        for number, (status, _) in _answered(store, mine).items():
            rank = Word(status, 0).rank
            if rank < ranks[number]:
                broken.append(f"{number} fell back to {status}: {told[number]}")
            ranks[number] = rank
    for number, found in _answered(store, mine).items():
        wanted = counts(told[number])
        if found != (wanted.status, wanted.state):
            broken.append(f"{number} is {found}, not {wanted}: {told[number]}")
    return broken


def _answered(store: Store, mine: dict[str, RecordId]) -> dict[str, tuple[str, str]]:
    """Status and state of these lists, as far as customs have answered."""
    with store.read() as transaction:
        query = select(records.c.id, records.c.status, records.c.state).where(records.c.id.in_(mine.values()))
        rows = {row.id: (row.status, row.state) for row in transaction.execute(query)}
    return {number: rows[record_id] for number, record_id in mine.items() if rows[record_id][0] is not None}


def main() -> int:
    parser = argparse.ArgumentParser(description="Histories of receipts: none falls back from customs' word.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--histories", type=int, default=10_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cebd-histories-") as folder:
        broken = campaign(Path(folder), random.Random(wanted.seed), wanted.histories)
    print(f"{wanted.histories} histories, {len(broken)} of them not as they must be", *broken[:9], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
