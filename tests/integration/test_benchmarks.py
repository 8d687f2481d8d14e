"""Each benchmark works: at a size at which its figures say nothing, it prints its line."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import IO

import pytest
from lxml import etree

import conversion
import history
import process_tree
import run
import whole_station
from benchmark import Figure, Result
from builders import processes
from builders.new_station import new_station
from builders.rabbitmq import needs_rabbitmq
from cebd.messages.schema import flaws, parse_xml
from cebd.signing.verification import verify
from machine import this_machine
from sheets import lists, orders
from side_by_side import PLAIN_SCRIPT, ROOFLINE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are there a second earlier, on all cores; stations without a key of their own."""

    def start(
        script: Path | None, *arguments: str | Path, output: IO[bytes] | None = None, cores: str | None = None
    ) -> processes.Process:
        return processes.start(arguments, script=script, stdout=output, stderr=output, changes_cebd=False)

    monkeypatch.setattr(process_tree, "start", start)
    monkeypatch.setattr("cebd.trial.station.make_station", new_station)
    monkeypatch.setattr(whole_station, "make_station", new_station)


NEEDS = {"amqp": needs_rabbitmq}


@pytest.mark.parametrize("name", [pytest.param(name, marks=NEEDS.get(name, ())) for name in run.NAMES])
def test_it_prints_its_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([name, "--quick"]) == 0, capsys.readouterr()
    line, *table = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{name}: ")
    assert any(row.startswith(f"{name} ") for row in table)


@pytest.mark.parametrize("code", ["CEB311", "CEB621"])
@pytest.mark.parametrize("script", [ROOFLINE, PLAIN_SCRIPT], ids=["roofline", "plain script"])
def test_what_cebd_is_compared_with_does_the_whole_job(script: Path, code: str, tmp_path: Path) -> None:
    """Every record in a message that its schema and its signature hold."""
    station = conversion.new_station(tmp_path / "station")
    keys, out = station.settings.parent / "keys", tmp_path / "out"
    out.mkdir()
    workbook = orders(102) if code == "CEB311" else lists(102, 2)
    given = (workbook, keys / "trial.key.pem", keys / "trial.cert.pem", out, code)
    ended = processes.run(given, script=script)
    assert ended.returncode == 0, ended.stderr
    numbers = []
    for envelope in out.iterdir():
        data = etree.parse(envelope).findtext("{*}Data")
        message = parse_xml(base64.b64decode(data or ""))
        assert flaws(message) == []
        verify(message)
        numbers += [element.text for element in message.iterfind("{*}*/{*}*/{*}orderNo")]
    assert sorted(numbers) == [f"T{number:010d}" for number in range(1, 103)]


def test_a_figure_over_its_limit_is_said_and_ends_in_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fast = Figure("records", 4_000.0, "a second", 5_000, at_least=True)
    small = Figure("memory", 400.0, "MiB", 512)
    monkeypatch.setattr("convert.measure", lambda _options: Result("convert", "some work", (small, fast)))
    monkeypatch.setattr(history, "HISTORY", tmp_path / "results" / "history.jsonl")
    assert run.main(["convert", "--keep"]) == 1
    said = "memory 400 MiB (at most 512 MiB), records 4,000 a second (at least 5,000 a second)"
    assert f"convert: some work: {said}: OVER THE LIMIT" in capsys.readouterr().out
    (kept,) = (tmp_path / "results" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    made = json.loads(kept)
    assert made["machine"]["commit"] == this_machine().commit
    assert [figure["ok"] for figure in made["results"][0]["figures"]] == [True, False]


def test_the_value_last_kept_on_such_a_machine_stands_beside_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(history, "HISTORY", tmp_path / "history.jsonl")
    elsewhere = this_machine().as_json() | {"cores": 64}
    for machine, value in ((this_machine().as_json(), 1.23), (elsewhere, 9.87)):
        figures = [{"name": "ratio", "value": value, "unit": "x"}]
        history.remember({"machine": machine, "results": [{"name": "convert", "figures": figures}]})
    seen = Result("convert", "some work", (Figure("ratio", 1.45, "x"),))
    monkeypatch.setattr("convert.measure", lambda _options: seen)
    run.main(["convert"])
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.split() == ["convert", "ratio", "1.45", "x", "1.23", "x"]


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
