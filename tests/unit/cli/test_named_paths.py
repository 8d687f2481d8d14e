"""Paths that the user named and the system refuses: a sentence in both languages and exit 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cebd.cli.frame.exits import usable
from cebd.cli.main import app
from cebd.messages.description import declarations
from cebd.trial.keys import make_trial_key
from cebd.trial.rows import order_rows, write_workbook


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a station, a workbook, its message and a plain file."""
    folder = tmp_path_factory.mktemp("here")
    write_workbook(folder / "orders.xlsx", "order", list(order_rows(1)))
    (folder / "file.txt").write_text("a file")
    assert CliRunner().invoke(app, ["init", str(folder / "station")]).exit_code == 0
    convert = ["convert", f"{folder}/orders.xlsx", "-o", f"{folder}/messages", "-c", f"{folder}/station"]
    assert CliRunner().invoke(app, convert).exit_code == 0
    next((folder / "messages").iterdir()).rename(folder / "message.xml")
    make_trial_key(folder / "keys")
    return folder


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("convert orders.xlsx -o file.txt -c station", "is a file, not a folder"),
        ("template order -o file.txt/x.xlsx", "file, not "),
        (f"template order -o {'x' * 300}.xlsx", "cannot be used"),
        ("sign message.xml -o keys --signer trial -c station", "is a folder, not a file"),
        ("sign message.xml -o file.txt/s.xml --signer trial -c station", "is a file, not a folder"),
        ("init file.txt", "file, not "),
        ("demo --dir file.txt", "file, not "),
        ("verify message.xml --trusted nofile", "does not exist"),
        ("verify message.xml --trusted keys", "is a folder, not a file"),
    ],
)
def test_a_refused_path_is_named_with_the_reason_and_ends_with_2(
    here: Path, command: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    done = CliRunner().invoke(app, command.split())
    assert (done.exit_code, "internal" in done.stderr) == (2, False), done.exception
    assert reason in done.stderr
    assert "请改正" in done.stderr


def test_the_help_of_template_lists_every_declaration() -> None:
    shown = CliRunner().invoke(app, ["template", "--help"]).stdout.split()
    assert {declaration.name for declaration in declarations()} <= {word.strip(",.") for word in shown}


def test_an_error_about_another_path_passes(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), usable(tmp_path / "named"):
        (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("arguments", [["--all"], ["800"]])
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_reader_that_has_gone_ends_the_command_without_a_word(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "cebd", "explain", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
