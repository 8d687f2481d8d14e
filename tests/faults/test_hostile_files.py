"""Files made to do harm are refused quickly, in little memory, with a problem that says what to do; and the daemon goes on.

`cebd check` reads them in a process of its own, as the daemon would; what it used is what the system counted, processes that it started
included. Seconds are those of the processor: a busy machine must not fail these tests.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from builders import processes
from builders.hostile_files import (
    HOSTILE,
    LAUGHS,
    PWNED,
    Hostile,
    all_fields_wrong,
    an_xls,
    errors_everywhere,
    large_sheet,
    largest_texts,
    message_with,
    styled_blanks,
    with_names,
)
from builders.stations import TryStation
from builders.waiting import until
from builders.workbooks import Opened, a_csv, a_workbook, an_order, table
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.trial.rows import order_rows

SECONDS, MEMORY_MIB = 10.0, 512
IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"
# What ends within a quote, or in zeros where something was still to be written, never gets as far as the reader: its rest does not come.
CUT_OFF = dict.fromkeys(("lines-in-quotes.csv", "zeros.csv", "zeros-only.csv"), "CEBD-1045")
PATIENCE = 300  # for what never ends


@dataclass(frozen=True)
class Checked:
    """What `cebd check` said, and what it took."""

    exit_code: int
    verdict: dict[str, Any]
    seconds: float
    mebibytes: float

    @property
    def ids(self) -> list[str]:
        return [found["id"] for found in self.verdict["problems"]]


def checked(path: Path) -> Checked:
    ended = processes.run(["check", path, "--json"], seconds=PATIENCE)
    assert ended.stdout, ended.stderr[-2000:]
    assert ended.spent is not None
    return Checked(ended.returncode, json.loads(ended.stdout), ended.spent.seconds, ended.spent.mebibytes)


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_a_hostile_file_is_refused_with_a_problem_that_names_it(tmp_path: Path, hostile: Hostile) -> None:
    path = tmp_path / hostile.name
    hostile.build(path)
    found = checked(path)
    assert (found.exit_code, found.ids, found.verdict["records"]) == (3, [hostile.problem], 0)
    (said,) = found.verdict["problems"]
    assert "申报" in said["fix_zh"]
    assert "declared" in said["fix_en"]
    assert all(said[text] and "{" not in said[text] for text in ("zh", "en", "fix_zh", "fix_en"))
    assert found.seconds < SECONDS
    assert found.mebibytes < MEMORY_MIB
    assert [one.name for one in tmp_path.iterdir()] == [hostile.name]
    assert not Path(PWNED).exists()


# What is only odd is read


ORDERS = table([an_order("D-1"), an_order("D-2")])


@pytest.mark.parametrize("name", ["o.xls", "o.csv", "o.xlsm", "o.xml"])
def test_a_workbook_under_a_wrong_name_is_read(tmp_path: Path, name: str) -> None:
    a_workbook(tmp_path / "o.xlsx", ORDERS).rename(tmp_path / name)
    assert Opened(tmp_path / name).ready == ["D-1", "D-2"]


@pytest.mark.parametrize("name", ["o.xlsx", "o.csv", "o.xml"])
def test_an_old_workbook_under_a_wrong_name_is_read(tmp_path: Path, name: str) -> None:
    an_xls(tmp_path / "o.xls").rename(tmp_path / name)
    assert Opened(tmp_path / name).ready == ["D-0001"]


@pytest.mark.parametrize("name", ["o.xlsx", "o.xls"])
def test_text_under_the_name_of_a_workbook_is_read_and_its_encoding_said(tmp_path: Path, name: str) -> None:
    a_csv(tmp_path / name, ORDERS, encoding="gbk", separator="\t")
    opened = Opened(tmp_path / name)
    assert (opened.ready, opened.said()) == (["D-1", "D-2"], ["CEBD-1016"])


def test_macros_are_never_run_and_the_operator_is_told(tmp_path: Path) -> None:
    path = tmp_path / "o.xlsm"
    with_names("xl/vbaProject.bin")(path)
    opened = Opened(path)
    assert (opened.ready, opened.said()) == (["D-0001"], ["CEBD-1023"])


def test_an_order_among_millions_of_styled_blanks_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "o.xlsx"
    styled_blanks(path)
    found = checked(path)
    assert (found.verdict["records"], found.verdict["ready"]) == (1, 1)
    assert found.seconds < SECONDS
    assert found.mebibytes < MEMORY_MIB


def test_an_order_beside_the_most_texts_that_may_be_shared_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "o.xlsx"
    largest_texts(path)
    found = checked(path)
    assert (found.verdict["records"], found.verdict["ready"]) == (1, 1)
    assert found.seconds < SECONDS
    assert found.mebibytes < MEMORY_MIB


@pytest.mark.parametrize("build", [large_sheet, errors_everywhere])
def test_a_large_sheet_that_is_no_declaration_is_not_laid_out(tmp_path: Path, build: Any) -> None:
    path = tmp_path / "o.xlsx"
    build(path)
    found = checked(path)
    assert found.ids == ["CEBD-1002"]
    assert found.seconds < SECONDS
    assert found.mebibytes < MEMORY_MIB


def test_a_message_without_one_right_value_is_judged_quickly(tmp_path: Path) -> None:
    path = tmp_path / "o.xml"
    all_fields_wrong(path)
    found = checked(path)
    assert found.verdict["ready"] == 0
    assert "CEBD-1008" in found.ids
    assert found.seconds < SECONDS
    assert found.mebibytes < MEMORY_MIB


# Nothing is fetched


@pytest.mark.parametrize("suffix", [".xml", ".xlsx"])
def test_an_address_in_a_document_type_is_not_called(tmp_path: Path, suffix: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/m.dtd"
        path = tmp_path / f"o{suffix}"
        message_with(f'<!DOCTYPE m SYSTEM "{address}" [<!ENTITY e8 SYSTEM "{address}">{LAUGHS[:30]}>]>')(path)
        with pytest.raises(Unreadable, match="DTD"):
            Opened(path)
        with pytest.raises(TimeoutError):
            server.accept()


# The daemon


SLOW = {
    "large.xml",
    "line.csv",
    "line.xlsx",
    "quote.csv",
    "texts.xlsx",
    "many-texts.xlsx",
    "tags-in-texts.xlsx",
    "one-odd-text.xlsx",
    "lines.csv",
    "entries.xlsx",
}


def test_a_folder_of_hostile_files_goes_to_error_and_the_good_file_is_declared(tmp_path: Path) -> None:
    hostile = [one for one in HOSTILE if one.name not in SLOW]
    with TryStation(tmp_path) as station:
        for number, one in enumerate(hostile):
            part = station.inbox / f"{one.name}.part"
            one.build(part)
            part.replace(station.inbox / one.name)
            if number == len(hostile) // 2:
                station.drop_rows("good.xlsx", "order", list(order_rows(5)))
        station.start(
            script=IMPATIENT, changes_cebd=False
        )  # what ends in the middle might go on: ten seconds are waited for the rest
        error = station.share / "error"
        expected = {one.name for one in hostile} | {f"{one.name}.problem.txt" for one in hostile}
        until(lambda: error.is_dir() and expected <= {one.name for one in error.iterdir()}, "all in error", 300)
        receipt = station.final_receipt("good", 120)
        assert station.daemon is not None
        peak = peak_memory(station.daemon.pid)
        assert station.stop() == 0
        said = {one.name: (error / f"{one.name}.problem.txt").read_text(encoding="utf-8")[:9] for one in hostile}
        assert said == {one.name: CUT_OFF.get(one.name, one.problem) for one in hostile}
        assert {record["state"] for record in receipt["records"]} == {"succeeded"}
        assert len(receipt["records"]) == 5
        assert peak < MEMORY_MIB


def peak_memory(process: int) -> float:
    """The most memory the process ever had, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
