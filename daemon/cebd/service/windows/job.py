"""Child processes end with the service, however it ends: they are in a job that is closed with it."""

from __future__ import annotations

import sys
from typing import Any

import structlog

log = structlog.get_logger("cebd")

_kept: list[object] = []  # the job lives as long as somebody holds it


def keep_children_in_a_job() -> None:
    """Put this process into a job of its own; what it starts is in it from the first moment on."""
    if sys.platform != "win32":
        return
    import pywintypes
    import win32api
    import win32job as wrongly_typed

    win32job: Any = wrongly_typed  # its stubs say that CreateJobObject returns nothing
    extended = win32job.JobObjectExtendedLimitInformation
    try:
        job = win32job.CreateJobObject(None, "")
        limits = win32job.QueryInformationJobObject(job, extended)
        limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        win32job.SetInformationJobObject(job, extended, limits)
        win32job.AssignProcessToJobObject(job, win32api.GetCurrentProcess())
    except pywintypes.error as error:
        log.warning("child processes cannot be tied to the service; they end when they notice", reason=str(error))
        return
    _kept.append(job)
