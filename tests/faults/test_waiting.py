"""Messages that wait for a token leave nothing behind in the engine's file, and finished work does not stay there for ever."""

from __future__ import annotations

from pathlib import Path

from builders import processes

WAITING = Path(__file__).parents[1] / "soak" / "waiting.py"


def test_fifty_messages_that_wait_for_hours_leave_the_engines_file_as_it_was() -> None:
    ended = processes.run(["--messages", "50", "--hours", "3"], script=WAITING, seconds=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "3 hours of waiting: 0 bytes" in ended.stdout
