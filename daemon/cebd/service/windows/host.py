"""The station inside a Windows service.

python.exe is the service's own program. pythonservice.exe, which pywin32 brings, looks for DLLs beside itself and fails without a word
where Python is installed for one user or in a virtual environment (pywin32 issues 1450, 1840, 2660). A service that starts `cebd run` as
a child could only kill it: without a console there is no Ctrl-C.

The manager gives a program 30 seconds until it has called the dispatcher, so cebd itself is imported afterwards, in the service's thread,
while START_PENDING is said again and again.

| how it ends | the manager |
| --- | --- |
| asked to (stop, shutdown of the machine) | STOPPED, 0 |
| the settings cannot be used | STOPPED with the exit code 2 as the service's own: not started again |
| anything else, a kill | the process is gone without a word: started again, as the failure actions say |
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cebd.service.serving import Wishes
    from cebd.service.windows.running import Logs
    from cebd.station.supervisor import Pulse

_HINT_SECONDS, _ANSWER_SECONDS = 30, 5.0
_STOP_HINT_SECONDS = 20
_SPECIFIC_ERROR = 1066  # ERROR_SERVICE_SPECIFIC_ERROR: the code beside it is the service's own
_PARAM_CHANGE, _PRESHUTDOWN = 0x06, 0x0F  # SERVICE_CONTROL_...
_ACCEPT_PARAM_CHANGE, _ACCEPT_PRESHUTDOWN = 0x08, 0x100  # SERVICE_ACCEPT_...
SETTINGS_CODE = 2


def main(make_logs: Callable[[], Logs]) -> None:
    """Called by the service manager, and by nobody else, with the service's name and the settings file."""
    if sys.platform != "win32":
        raise SystemExit("this is for the service manager of Windows")
    import servicemanager as untyped

    servicemanager: Any = untyped
    name, settings = sys.argv[1], Path(sys.argv[2])
    servicemanager.Initialize(name, servicemanager.__file__)
    servicemanager.PrepareToHostSingle(_service_class(name, settings, make_logs))
    servicemanager.StartServiceCtrlDispatcher()


def _service_class(name: str, settings: Path, make_logs: Callable[[], Logs]) -> Any:
    """pywin32 wants a class: it makes the object itself, in the service's own thread."""
    import servicemanager
    import win32service
    import win32serviceutil

    class Service(win32serviceutil.ServiceFramework):
        _svc_name_ = name

        def __init__(self, arguments: Any) -> None:
            super().__init__(arguments)
            self._starts = threading.Event()
            self._wishes: Wishes | None = None
            self._early_end = False

        def GetAcceptedControls(self) -> int:
            accepted: int = super().GetAcceptedControls()  # type: ignore[no-untyped-call]  # nor here
            return accepted | _ACCEPT_PARAM_CHANGE | _ACCEPT_PRESHUTDOWN

        def SvcStop(self) -> None:
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=_STOP_HINT_SECONDS * 1000)
            self._early_end = True
            if self._wishes is not None:
                self._wishes.ask_end()

        SvcShutdown = SvcStop

        def SvcOtherEx(self, control: int, _event_type: int, _data: Any) -> None:
            if control == _PRESHUTDOWN:
                self.SvcStop()
            elif control == _PARAM_CHANGE and self._wishes is not None:
                self._wishes.ask_reload()

        def SvcInterrogate(self) -> None:
            """The manager knows what was said last."""

        def SvcRun(self) -> None:
            threading.Thread(target=self._say_that_it_starts, daemon=True).start()
            code = self._run()
            self._starts.set()
            if code == 0:
                self.ReportServiceStatus(win32service.SERVICE_STOPPED)
            elif code == SETTINGS_CODE:
                self.ReportServiceStatus(
                    win32service.SERVICE_STOPPED, win32ExitCode=_SPECIFIC_ERROR, svcExitCode=SETTINGS_CODE
                )
            else:
                os._exit(code)  # STOPPED would say that all is well
            os._exit(0)  # threads that still work are resumed by the next start

        def ready(self, _pulse: Pulse) -> None:
            self._starts.set()
            self.ReportServiceStatus(win32service.SERVICE_RUNNING)

        def _say_that_it_starts(self) -> None:
            while not self._starts.is_set():
                self.ReportServiceStatus(win32service.SERVICE_START_PENDING, waitHint=_HINT_SECONDS * 1000)
                self._starts.wait(_ANSWER_SECONDS)

        def _run(self) -> int:
            try:
                from cebd.service.windows.running import run

                def hear(wishes: Wishes) -> None:
                    self._wishes = wishes
                    if self._early_end:
                        wishes.ask_end()

                return run(settings, make_logs(), hear, self.ready)
            except Exception as error:
                servicemanager.LogErrorMsg(f"{name}: {type(error).__name__}: {error}")
                return 1

    return Service
