"""Secrets are read from a file, an environment variable or a systemd credential, and are never part of an error."""

from __future__ import annotations

import traceback
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
