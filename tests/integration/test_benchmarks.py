"""Each benchmark works: at a size at which its figures say nothing, it prints its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import pytest

import process_tree
import run
from benchmark import Figure, Result
from builders import processes
from machine import this_machine


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are there a second earlier; on all cores."""

    def start(
        script: Path | None, *arguments: str | Path, output: IO[bytes] | None = None, cores: str | None = None
    ) -> processes.Process:
        return processes.start(arguments, script=script, stdout=output, stderr=output)

    monkeypatch.setattr(process_tree, "start", start)


@pytest.mark.parametrize("name", run.NAMES)
def test_it_prints_its_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([name, "--quick"]) == 0, capsys.readouterr()
    line, *table = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{name}: ")
    assert any(row.startswith(f"{name} ") for row in table)


def test_a_figure_over_its_limit_is_said_and_ends_in_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fast = Figure("records", 4_000.0, "a second", 5_000, at_least=True)
    small = Figure("memory", 400.0, "MiB", 512)
    monkeypatch.setattr("convert.measure", lambda _options: Result("convert", "some work", (small, fast)))
    monkeypatch.setattr(run, "HISTORY", tmp_path / "results" / "history.jsonl")
    assert run.main(["convert", "--keep"]) == 1
    said = "memory 400 MiB (at most 512 MiB), records 4,000 a second (at least 5,000 a second)"
    assert f"convert: some work: {said}: OVER THE LIMIT" in capsys.readouterr().out
    (kept,) = (tmp_path / "results" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    made = json.loads(kept)
    assert made["machine"]["commit"] == this_machine().commit
    assert [figure["ok"] for figure in made["results"][0]["figures"]] == [True, False]


def test_one_that_breaks_keeps_no_other_from_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_options: object) -> Result:
        raise RuntimeError("no disk")

    monkeypatch.setattr("convert.measure", broken)
    monkeypatch.setattr(
        "lists.measure", lambda _options: Result("lists", "some work", (Figure("ratio", 1.2, "x", 1.4),))
    )
    assert run.main(["convert", "lists", "--json"]) == 1
    said = capsys.readouterr()
    assert "convert: BROKEN" in said.err
    assert [result["name"] for result in json.loads(said.out)["results"]] == ["lists"]
