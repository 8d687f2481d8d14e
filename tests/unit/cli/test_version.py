"""Which cebd is this?"""

from __future__ import annotations

import re

from typer.testing import CliRunner

from cebd.cli.main import app


def test_the_version_is_said_with_python_s_which_a_report_needs() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert said.exit_code == 0
    assert re.fullmatch(r"cebd \d+\.\d+\.\d+, Python 3\.\d+\.\d+, \w+\n", said.output)
