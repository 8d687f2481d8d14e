"""A library that is only named is not imported; one that is used is the library itself."""

from __future__ import annotations

import os
import subprocess
import sys

from builders.measuring import unmeasured


def said(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, check=True, text=True, env=unmeasured(os.environ)
    ).stdout.strip()


def test_the_engine_brings_no_driver_of_a_database_that_is_not_used_and_no_reader_of_its_own_settings() -> None:
    asked = "[name for name in ('psycopg.pq', 'yaml', 'dbos') if name in sys.modules]"
    assert said(f"import cebd.pipeline, sys; print(*{asked})") == "dbos"


def test_what_is_asked_for_is_the_library_itself() -> None:
    program = """
import cebd.pipeline
from dbos import _sys_db, _utils
asked = _utils.psycopg.OperationalError, _sys_db.pg_errors.LockNotAvailable
import psycopg.rows
print(asked == (psycopg.OperationalError, psycopg.errors.LockNotAvailable), psycopg.rows.dict_row.__module__)
"""
    assert said(program) == "True psycopg.rows"


def test_others_import_the_library_as_ever() -> None:
    program = """
import cebd.pipeline
import psycopg.rows
from dbos import _utils
print(psycopg.rows.dict_row.__module__, _utils.psycopg.OperationalError is psycopg.OperationalError)
"""
    assert said(program) == "psycopg.rows True"


def test_what_is_used_meanwhile_is_imported_at_once() -> None:
    program = """
from cebd.when_asked import imported_when_asked
with imported_when_asked("psycopg", "psycopg.errors"):
    import psycopg
    error = psycopg.errors.LockNotAvailable
import psycopg
print(error is psycopg.errors.LockNotAvailable)
"""
    assert said(program) == "True"


def test_a_daemon_does_without_what_its_libraries_do_without() -> None:
    program = """
from cebd.cli.frame.logs import set_up_logs
from cebd.when_asked import left_out
with left_out("invoke"):
    import paramiko
import sys
set_up_logs()
print([name for name in ("rich", "invoke", "unittest") if name in sys.modules])
import rich.console
"""
    assert said(program) == "[]"


def test_work_at_set_times_is_not_loaded_for_the_engine_and_is_there_when_asked_for() -> None:
    program = """
import cebd.pipeline, sys
print("croniter" in sys.modules)
from dbos import _scheduler
print(_scheduler.croniter.is_valid("* * * * *"), _scheduler.croniter("0 8 * * *").expanded[1])
"""
    assert said(program).splitlines() == ["False", "True [8]"]


def test_a_listener_brings_no_command_line() -> None:
    program = """
import sys
from cebd.listening.door import Door
from cebd.listening.listener import Listener
async def app(scope, receive, send):
    pass
with Listener(app, Door("127.0.0.1", 0)) as listener:
    print(listener.is_open, [name for name in ("uvicorn.main", "uvicorn.supervisors", "multiprocessing") if name in sys.modules])
import uvicorn
print(uvicorn.Server.__name__, uvicorn.run.__code__.co_name)
"""
    assert said(program).splitlines() == ["True []", "Server run"]
