"""The station whose key signs what filled templates declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.filled_templates import cebd
from builders.openssh import free_port


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "station"
    assert cebd("init", folder, "--port", str(free_port()))[0] == 0
    return folder
