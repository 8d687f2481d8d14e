"""cebd's conversion beside scripts that do the same job without checks, turn by turn, in processes of their own, on the same workbook.

cebd begins each time with an empty store. Of each the median counts, of memory the highest.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

import process_tree
from benchmark import Figure, Options, Result
from conversion import new_station, put_into_inbox, seconds_held
from process_tree import Spent
from spread import median, middle

MEMORY_LIMIT_MIB = 512
_HERE = Path(__file__).parent
CONVERSION, ROOFLINE, PLAIN_SCRIPT = (_HERE / f"{name}.py" for name in ("conversion", "roofline", "plain_script"))


def compare(
    name: str,
    what: str,
    workbook: Path,
    code: str,
    ratio_limit: float,
    options: Options,
    *,
    rejected: int = 0,
    plain_script: bool = False,
    cores: str | None = None,
) -> Result:
    """`what`: what is in the workbook; `rejected`: how many records of it cebd must reject. `cores`: the only ones that may be used."""
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as temporary:
        folder = Path(temporary)
        station = new_station(folder / "station")
        keys = station.settings.parent / "keys"
        out = folder / "out"

        def script(path: Path) -> Spent:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            given = (workbook, keys / "trial.key.pem", keys / "trial.cert.pem", out, code)
            return process_tree.measured(path, *given, cores=cores)

        fast, ours, plain, held = [], [], [], []
        for _ in range(options.runs):
            fast.append(script(ROOFLINE))
            put_into_inbox(station, workbook)
            ours.append(process_tree.measured(CONVERSION, station.settings.parent, cores=cores))
            held.append(seconds_held(station))
            if plain_script:
                plain.append(script(PLAIN_SCRIPT))
        made = _made(station.settings.parent / "store" / "cebd.sqlite", rejected)
    cebd, roofline = middle(ours), middle(fast)
    figures = [
        Figure("cebd", cebd.seconds, "s"),
        Figure("cebd's processors", cebd.cpu_seconds, "s", aside=True),
        Figure("the store held", median(held), "s"),
        Figure("roofline", roofline.seconds, "s"),
        Figure("ratio to the roofline", cebd.seconds / roofline.seconds, "x", ratio_limit),
        Figure("memory of all processes", cebd.mebibytes, "MiB", MEMORY_LIMIT_MIB),
        Figure("roofline's memory", roofline.mebibytes, "MiB", aside=True),
    ]
    if plain_script:
        users = middle(plain)
        figures += [
            Figure("plain script", users.seconds, "s"),
            Figure("ratio to the plain script", cebd.seconds / users.seconds, "x", aside=True),
        ]
    return Result(name, f"{what}, {made:,} messages signed, median of {options.runs}", tuple(figures))


def _made(store: Path, rejected: int) -> int:
    """How many messages there are, when every one is signed and just these records are rejected. Raises RuntimeError otherwise."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        made, unsigned = connection.execute(
            "select count(*), count(*) filter (where state <> 'signed') from messages"
        ).fetchone()
        (bad,) = connection.execute("select count(*) from records where state = 'rejected'").fetchone()
    if not made or unsigned or bad != rejected:
        raise RuntimeError(f"{made} messages, {unsigned} of them not signed; {bad} records rejected, not {rejected}")
    return int(made)
