"""A sound .xls is never called damaged because its trial was not done in time."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import xlwt

from cebd.documents.workbooks.xls.crash_test import survives


def test_a_computer_that_stands_still_once_says_nothing_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = xlwt.Workbook()
    book.add_sheet("订单").write(0, 0, "订单编号")
    book.save(str(tmp_path / "o.xls"))
    run, trials = subprocess.run, []

    def late_once(command: list[str], **options: Any) -> Any:
        trials.append(command)
        if len(trials) == 1:
            raise subprocess.TimeoutExpired(command, options["timeout"])
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", late_once)
    assert survives(tmp_path / "o.xls")
    assert len(trials) == 2
