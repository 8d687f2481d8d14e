"""Events of a folder, without the words of the library that tells them."""

from __future__ import annotations

import logging

import pytest

from cebd.disk.events import new_observer


def test_a_library_that_is_stopped_while_an_event_comes_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    new_observer()
    logging.getLogger("watchdog.observers.inotify").error("queue_events() called when the thread is inactive")
    assert capsys.readouterr().err == ""
