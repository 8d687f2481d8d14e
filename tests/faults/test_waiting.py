"""Messages that wait for a token leave nothing behind in the engine's file, and finished work does not stay there for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WAITING = Path(__file__).parents[1] / "soak" / "waiting.py"


def test_fifty_messages_that_wait_for_hours_leave_the_engines_file_as_it_was() -> None:
    command = [sys.executable, str(WAITING), "--messages", "50", "--hours", "3"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "3 hours of waiting: 0 bytes" in ended.stdout
