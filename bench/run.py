"""`./dev bench [NAME ...] [OPTIONS]`: run the benchmarks named, or all of them; exit 1 when one is over its limit.

| option | what it does |
| --- | --- |
| `--quick` | sizes that only prove that each benchmark works: no limit is held there |
| `--runs=N` | how often each thing is done, and the median taken: three times without it |
| `--json` | one object in place of the table |
| `--keep` | the run becomes a line of bench/results/history.jsonl |

`console`, `queries`, `sftp`, `start`, `check-accuracy` and `check-match` have options of their own. How to read the figures:
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import compileall
import json
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TextIO

import cebd
from benchmark import Options, Result
from history import last_kept, remember
from machine import Machine, this_machine
from table import as_table

NAMES = (
    "convert",
    "lists",
    "shared",
    "mixed",
    "one-core",
    "latency",
    "end-to-end",
    "publish",
    "receipts",
    "idle",
    "memory",
    "start",
    "queries",
    "console",
    "tokens",
    "amqp",
    "http",
    "sftp",
    "check-accuracy",
    "check-match",
)
_MODULES = {"http": "http_channel"}  # a module named http would stand before the standard library's
_OWN_OPTIONS = ("check-accuracy", "check-match", "console", "queries", "sftp", "start")


def main(arguments: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(
        prog="./dev bench", allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("name", nargs="*", help=f"any of: {', '.join(NAMES)}")
    asked.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    asked.add_argument("--runs", type=int, choices=range(1, 100), default=3, help=argparse.SUPPRESS)
    asked.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    asked.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    wanted, rest = asked.parse_known_args(arguments)
    unknown = [name for name in wanted.name if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    if rest and not (len(wanted.name) == 1 and wanted.name[0] in _OWN_OPTIONS):
        alone = " or ".join(_OWN_OPTIONS)
        print(f"no option {' '.join(rest)}; only {alone} alone has options of its own", file=sys.stderr)
        return 2
    if wanted.quick and wanted.keep:
        print("a quick run measures nothing that is worth keeping", file=sys.stderr)
        return 2
    options = Options(wanted.quick, 1 if wanted.quick else wanted.runs, tuple(rest))
    # As an installation does; else each process would compile cebd where Python may not write.
    compileall.compile_dir(Path(cebd.__file__).parent, quiet=1)
    machine = this_machine()
    results, broken = run_all(wanted.name or NAMES, options, sys.stderr if wanted.json else sys.stdout)
    run = as_one_object(machine, results)
    print(
        json.dumps(run, ensure_ascii=False, indent=1)
        if wanted.json
        else f"\n{as_table(machine, results, last_kept(machine))}"
    )
    if wanted.keep:
        remember(run)
    return int(bool(broken) or not all(result.holds for result in results))


def run_all(names: Sequence[str], options: Options, out: TextIO) -> tuple[list[Result], list[str]]:
    """The results, each line printed to `out` as soon as it is there; and the names of those that broke."""
    results, broken = [], []
    for name in names:
        try:
            measured: Result = import_module(_MODULES.get(name, name.replace("-", "_"))).measure(options)
        except Exception:
            traceback.print_exc()
            print(f"{name}: BROKEN, see above", file=out, flush=True)
            broken.append(name)
            continue
        result = measured.unjudged() if options.quick else measured
        print(result.as_line(), *result.details, sep="\n  ", file=out, flush=True)
        results.append(result)
    return results, broken


def as_one_object(machine: Machine, results: Sequence[Result]) -> Mapping[str, object]:
    made = [result.as_json() for result in results]
    return {"v": 1, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": machine.as_json(), "results": made}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
