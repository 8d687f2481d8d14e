"""Each command's `--help` has an example that works as it is typed; every shell can complete commands and options."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from builders import processes
from builders.declared import a_drop, declare
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.cli.main import app
from cebd.settings import load_settings
from cebd.trial.rows import order_rows, write_workbook

# What an example would do beyond this test's reach: it is only parsed.
_ONLY_PARSED = {
    "console": "it opens a browser",
    "console user add": "tests of the console do",
    "console user password": "tests of the console do",
    "console user remove": "tests of the console do",
    "console key add": "tests of the console do",
    "console key revoke": "tests of the console do",
    "run": "it runs until it is stopped",
    "demo": "tests/system plays it",
    "sandbox run": "it runs until it is stopped",
    "sandbox inject": "it needs a sandbox that runs",
    "service install": "it changes the machine",
    "service uninstall": "it changes the machine",
    "service start": "it changes the machine",
    "service stop": "it changes the machine",
    "service upgrade": "it changes the machine",
    "service status": "it asks the machine's service manager",
    "token test": "it needs a token",
    "token accept": "it needs a second token",
    "token revoke": "it needs a token on record",
    "alarm test": "it needs somebody to be told",
    "restore": "it needs a backup and ends the store",
    "init": "the station is made already",
    "sign": "tests/unit/operations/test_signatures.py signs",
    "verify": "tests/unit/operations/test_signatures.py verifies",
    "queue reassign": "it needs work of a name that is gone",
    "queue resend": "it needs a message that was lost",
}


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each command by its whole name; of a group its own command, where it has one (`Any`: typer brings its own click)."""
    command = command or typer.main.get_command(app)
    inner = getattr(command, "commands", {})
    if path and (not inner or command.invoke_without_command):
        yield " ".join(path), command
    for name, one in inner.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands())


def example_of(command: Any) -> list[str]:
    """The words of the example in its help."""
    lines = (command.help or "").splitlines()
    (example,) = [line.partition("Example: ")[2] for line in lines if "Example: " in line]
    first, *words = shlex.split(example)
    assert first == "cebd"
    return words


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_in_its_help_is_understood(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)  # the files that it names are there
    words = example_of(COMMANDS[name])
    assert words[: len(name.split())] == name.split()
    COMMANDS[name].make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_asked_for_a_language_in_the_same_way(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    words = example_of(COMMANDS[name])[len(name.split()) :]
    if "--lang" not in words:
        COMMANDS[name].make_context(name, [*words, "--lang", "en"])
    with pytest.raises(Exception, match="no language fr"):
        COMMANDS[name].make_context(name, [*words, "--lang", "fr"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a station that has declared `orders.xlsx`, which also lies there; and another file whose messages wait."""
    made = new_station(tmp_path_factory.mktemp("help") / "station", port=1)
    folder = made.settings.parent
    settings = load_settings(made.settings)
    store = open_store(settings.store_dir)
    enterprise = settings.enterprise[0].name
    declare(
        store,
        "12345",
        drop=a_drop(store, "orders.xlsx", enterprise),
        enterprise=enterprise,
        sent_at=None,
        channel="sandbox",
    )
    store.close()
    write_workbook(folder / "orders.xlsx", "order", list(order_rows(2)))
    for name in ("message.xml", "signed.xml", "receipt.xml"):
        (folder / name).touch()
    return folder


SPOKEN = (
    "status",
    "doctor",
    "audit",
    "list",
    "list --state nowhere",
    "show nowhere",
    "why nowhere.xlsx",
    "explain 800",
    "explain CEBD-1203",
    "explain nowhere",
    "check orders.xlsx",
    "check nowhere.xlsx",
    "token list",
    "token test nobody",
    "token accept trial --yes",
    "config check",
    "queue hold nowhere --yes",
    "alarm test nobody",
    "template order -o cebd.toml",
    "sign message.xml -o signed.xml --signer trial",
    "restore nowhere",
    "evidence nowhere -o evidence-2.zip",
)

# In this order: what is held is released, then held again and given up.
_RUN = [name for name in COMMANDS if name not in _ONLY_PARSED and not name.startswith("queue")] + [
    name for name in ("queue retry", "queue hold", "queue release", "queue hold", "queue drop") if name in COMMANDS
]


def test_the_examples_do_what_they_say(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)  # a person types them in the station's folder
    wrong = []
    for name in _RUN:
        ended = processes.run(example_of(COMMANDS[name]))
        # doctor: the trial's channel is not there; audit: no engine has worked on these messages.
        if ended.returncode not in {"doctor": (0, 2), "audit": (0, 6), "receipts reconcile": (0, 3)}.get(name, (0,)):
            wrong.append((name, ended.returncode, ended.stdout[-300:], ended.stderr[-300:]))
    assert not wrong


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_every_shell_is_given_its_script(shell: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cebd", "completion", shell], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert "_CEBD_COMPLETE" in ended.stdout


def test_bash_completes_commands_and_options_with_that_script(tmp_path: Path) -> None:
    """By a bash of its own, in which the script is loaded and the words are completed as its Tab does."""
    program = tmp_path / "cebd"
    program.write_text(f"#!{sys.executable}\nfrom cebd.cli.main import main\nmain()\n", encoding="utf-8")
    program.chmod(0o755)
    script = """
eval "$(cebd completion bash)"
for line in "cebd que" "cebd queue ho" "cebd list --st"; do
    COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    _cebd_completion cebd "${COMP_WORDS[COMP_CWORD]}" ""
    echo "${COMPREPLY[*]}"
done
"""
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.stdout.split() == ["queue", "hold", "--state"], ended.stderr


@pytest.mark.parametrize(("language", "script"), [("zh", "[A-Za-z]+(?: [a-z]+){4,}"), ("en", "[\u4e00-\u9fff]")])
def test_a_command_that_is_asked_for_one_language_does_not_speak_the_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, language: str, script: str
) -> None:
    """No five English words in a row in the one, no Chinese character in the other, but for the names of people's things."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("CEBD_LANG", raising=False)
    named = ("示例跨境电子商务有限公司", "跨境电子商务")
    wrong = []
    for words in SPOKEN:
        ended = processes.run([*words.split(), "--lang", language])
        said = ended.stdout + ended.stderr
        for name in named:
            said = said.replace(name, "")
        said = re.sub(r".*\[warning +\].*", "", said)  # the log is in English
        foreign = re.findall(f".*{script}.*", said)
        if foreign or not said.strip():
            wrong.append((words, foreign[:3]))
    assert not wrong
