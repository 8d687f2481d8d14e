"""`./dev bench queries [--records=N]`: each question of a person to a store of a million records, as the commands and the console ask it.

Half a million without the option, where a million takes too long to make here; `--records=1000000` is what the limit is for.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmark import Figure, Options, Result
from cebd.operations.inquiries.life import life_of
from cebd.operations.inquiries.overview import overview
from cebd.records.states import State
from cebd.store.across.finding.pages import Filter, drop_page, record_page
from cebd.store.store import Store
from cebd.store.transaction import Transaction
from million import PER_FILE, fill

LIMIT = 100.0  # milliseconds
_PAGE = 50
RECORDS = 1_000_000


def questions(records: int) -> dict[str, Callable[[Transaction], object]]:
    """What people ask, by name: the far ends of the store among them."""
    files = records // PER_FILE

    def listed(**wanted: object) -> Callable[[Transaction], object]:
        return lambda transaction: record_page(transaction, Filter(**wanted), _PAGE)  # type: ignore[arg-type]

    def shown(ref: str) -> Callable[[Transaction], object]:
        return lambda transaction: life_of(transaction, ref)

    list_ = next(number for number in range(files // 2, files) if number % 4 == 3) * PER_FILE - 7
    return {
        "status": overview,
        "list": lambda transaction: drop_page(transaction, Filter(), _PAGE),
        "list --file": lambda transaction: drop_page(transaction, Filter(file="CEB411-000009.xlsx"), _PAGE),
        "list --since --until": lambda transaction: drop_page(
            transaction, Filter(since="2026-01-03T00:00:00+08:00", until="2026-01-04T00:00:00+08:00"), _PAGE
        ),
        "list --records": listed(),
        "list --order": listed(order=f"O{records // 8}"),
        "list --type": listed(type="CEB621"),
        "list --code 1322": listed(code="1322"),
        "list --code -621004": listed(code="-621004"),
        "list --code 9999": listed(code="9999"),
        **{f"list --state {state}": listed(state=state) for state in State if state is not State.REPEAT},
        "list, everything at once": listed(
            state=State.REFUSED, type="CEB311", code="100", since="2026-01-03T00:00:00+08:00"
        ),
        "show an order's number": shown(f"O{records // 8}"),
        "show a waybill": shown(f"W{list_}"),
        "show copNo": shown(f"C{list_}"),
        "show preNo": shown(f"B{list_:017d}"),
        "show what nobody knows": shown("X-1"),
        "show a message": shown("0" * 8),
    }


def measure(options: Options) -> Result:
    asked = argparse.ArgumentParser(prog="./dev bench queries", allow_abbrev=False)
    asked.add_argument("--records", type=int, default=RECORDS)
    records = asked.parse_args(options.rest).records if options.rest else options.size(RECORDS, 4000)
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder:
        began = time.perf_counter()
        fill(Path(folder) / "store", records)
        made = time.perf_counter() - began
        figures = list(_figures(Path(folder) / "store", records, options.runs))
    worst = max(figures, key=lambda figure: figure.value)
    return Result(
        "queries",
        f"{records:,} records, each of {len(figures)} questions {options.runs} times after the first, the median counts",
        (
            Figure("the slowest", worst.value, "ms", LIMIT),
            Figure("store made", made, "s", aside=True),
            *figures,
        ),
        (f"the slowest: {worst.name}",),
    )


def _figures(store_dir: Path, records: int, runs: int) -> list[Figure]:
    figures = []
    with closing(Store.open(store_dir, create=False)) as store:
        for name, question in questions(records).items():
            taken = []
            for _ in range(runs + 1):
                began = time.perf_counter()
                with store.read() as transaction:
                    question(transaction)
                taken.append((time.perf_counter() - began) * 1000)
            figures.append(Figure(name, median(taken[1:]), "ms", LIMIT, aside=True))
    return figures
