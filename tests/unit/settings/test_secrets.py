"""Secrets are read from a file, an environment variable or a systemd credential, or typed at a terminal, and are never part of an error."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from builders.settings_files import mistakes_of
from cebd.settings import Secret, SecretError, load_settings

PASSWORD = "hunter2-geheim"


@pytest.mark.parametrize(
    "written", ["{}", "{}\n", "{}\r\n", "\ufeff{}\r\n"], ids=["bare", "unix", "windows", "notepad"]
)
def test_a_secret_is_the_line_of_its_file(tmp_path: Path, written: str) -> None:
    (tmp_path / "secret").write_bytes(written.format(PASSWORD).encode())
    assert Secret(file=Path("secret")).read(tmp_path) == PASSWORD


def test_a_secret_may_end_in_a_space(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{PASSWORD} \n")
    assert Secret(file=Path("secret")).read(tmp_path) == f"{PASSWORD} "


def test_a_secret_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPORT_PASSWORD", PASSWORD)
    assert Secret(env="EPORT_PASSWORD").read(tmp_path) == PASSWORD


def test_a_secret_comes_from_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "eport").write_text(PASSWORD)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(credential="eport").read(Path("/nowhere")) == PASSWORD


def test_a_secret_that_is_not_there_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EPORT_PASSWORD", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for secret, place in (
        (Secret(file=Path("gone")), str(tmp_path / "gone")),
        (Secret(env="EPORT_PASSWORD"), "EPORT_PASSWORD"),
        (Secret(credential="eport"), "eport"),
    ):
        with pytest.raises(SecretError, match=place):
            secret.read(tmp_path)


def test_a_secret_file_that_is_not_text_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(PASSWORD.encode() + b"\xff\xfe")
    with pytest.raises(SecretError) as error:
        Secret(file=Path("secret")).read(tmp_path)
    told = "".join(traceback.format_exception(error.value))
    assert str(tmp_path / "secret") in told
    assert PASSWORD not in told


SETTINGS = """
[[enterprise]]
name = "e"
copCode = "4407961999"
copName = "e"
dxpId = "DXPENT0000010001"
folder = "e"
signer = "trial"
channel = "eport"

[signer.trial]
type = "software"
key = "k.pem"

[channel.eport]
type = "sftp"
host = "127.0.0.1"
port = 9
user = "ent"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""


@pytest.mark.parametrize(
    "line",
    [
        f'password = "{PASSWORD}"',
        f'password = {{ inline = "{PASSWORD}" }}',
        f'password = ["{PASSWORD}"]',
        f'password = {{ file = "a", env = "{PASSWORD}" }}',
        f'passwrod = "{PASSWORD}"',
        f'port = "{PASSWORD}"',
    ],
)
def test_a_password_written_into_the_settings_is_refused_and_not_quoted(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cebd.toml"
    path.write_text(SETTINGS.replace("port = 9\n", "" if line.startswith("port") else "port = 9\n") + line + "\n")
    told = mistakes_of(path)
    assert PASSWORD not in "".join(told) + repr(load_settings(path).faults)
    assert any("line" in one for one in told)


ASKS = """
import sys, threading
from pathlib import Path
from cebd.secret_file import SecretError
from cebd.settings import Secret

def read():
    try:
        return Secret(prompt="PIN of the card").read(Path())
    except SecretError as error:
        return f"missing: {error}"

told = []
def in_a_thread():
    told.append(read())
def elsewhere():
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()

elsewhere()
told += [read(), read()]
elsewhere()
Path(sys.argv[1]).write_text("\\n".join(told))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of the test's own is a pty")
def test_a_secret_that_is_typed_is_asked_for_once_and_not_shown(tmp_path: Path) -> None:
    """Elsewhere than in the main thread nobody is asked: there it is the one that was typed before."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASKS, str(tmp_path / "told")])
    shown = b""
    while not shown.endswith(b"PIN of the card: "):
        shown += os.read(terminal, 1000)
    os.write(terminal, PASSWORD.encode() + b"\n")
    with suppress(OSError):  # the end of the other side
        while more := os.read(terminal, 1000):
            shown += more
    assert os.waitpid(child, 0)[1] == 0
    missing = "missing: PIN of the card: there is no terminal to type it at"
    assert (tmp_path / "told").read_text().splitlines() == [missing, PASSWORD, PASSWORD, PASSWORD]
    assert shown.count(b"PIN of the card: ") == 1
    assert PASSWORD.encode() not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="has a session of its own")
def test_where_there_is_no_terminal_nobody_is_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKS, str(tmp_path / "told")]
    subprocess.run(command, check=True, start_new_session=True, stdin=subprocess.DEVNULL)
    assert set((tmp_path / "told").read_text().splitlines()) == {
        "missing: PIN of the card: there is no terminal to type it at"
    }
