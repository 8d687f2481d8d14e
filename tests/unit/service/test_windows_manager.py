"""What is read out of Windows' own list of services."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cebd.service.windows.manager import HOST, settings_in


@pytest.mark.parametrize(
    "settings",
    [r"C:\ProgramData\cebd\one\cebd.toml", r"D:\a folder with spaces\cebd.toml", r"\\SERVER\申报 数据\cebd.toml"],
)
def test_a_service_s_settings_are_the_last_word_of_its_command(settings: str) -> None:
    words = [r"C:\Program Files\cebd\python\python.exe", "-P", "-X", "utf8", "-m", HOST, "cebd-one", settings]
    assert settings_in(subprocess.list2cmdline(words)) == Path(settings)
