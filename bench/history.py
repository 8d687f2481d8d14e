"""Runs that were kept: `bench/results/history.jsonl`, a line of JSON each, the oldest first (`bench/results/README.md`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from machine import Machine

HISTORY = Path(__file__).parent / "results" / "history.jsonl"

Before = Mapping[tuple[str, str], float]
"""The value last kept of each figure, by benchmark and figure."""


def remember(run: Mapping[str, object]) -> None:
    HISTORY.parent.mkdir(exist_ok=True)
    with HISTORY.open("a", encoding="utf-8") as history:
        history.write(json.dumps(run, ensure_ascii=False) + "\n")


def last_kept(machine: Machine) -> Before:
    """Of runs on such a machine alone: figures of another say nothing about this one."""
    lines = HISTORY.read_text(encoding="utf-8").splitlines() if HISTORY.is_file() else []
    runs = [run for run in map(json.loads, lines) if machine.is_like(run["machine"])]
    return {
        (result["name"], figure["name"]): figure["value"]
        for run in runs
        for result in run["results"]
        for figure in result["figures"]
    }
