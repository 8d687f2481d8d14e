"""The store of a station with one enterprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders.declared import an_open_store


@pytest.fixture
def store(tmp_path: Path) -> Any:
    (tmp_path / "甲").mkdir()  # the station makes the folders of enterprises
    with an_open_store(tmp_path) as opened:
        yield opened
