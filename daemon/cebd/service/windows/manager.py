"""A station as a service of Windows: `cebd-NAME`, hosted by this Python."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cebd.operations.text import Refused, Text
from cebd.service.manager import Installed, ServiceStatus, Wanted
from cebd.service.windows.backups import BACKUPS
from cebd.service.windows.drives import refused_folders

_START_SECONDS, _STOP_SECONDS, _PRESHUTDOWN_MS = 300.0, 60.0, 30_000
_RESTARTS_MS = (5_000, 10_000, 60_000)
_FORGIVEN_SECONDS = 86_400
_STATES = {1: "stopped", 2: "starting", 3: "stopping", 4: "running"}
_MISSING, _EXISTS, _DENIED, _RUNS = 1060, 1073, 5, 1056
_NEVER_STARTED = 1077  # since the machine was switched on
HOST = "cebd.cli.windows_service"
_DESCRIPTION = "向海关申报跨境电商商品。 Declares goods to customs."


def service_name(name: str) -> str:
    return f"cebd-{name}"


class WindowsManager:
    """The service control manager."""

    def install(self, wanted: Wanted) -> list[Text]:
        refused = refused_folders(wanted.settings)
        if refused:
            raise Refused(*refused[0])
        if sys.prefix != sys.base_prefix:
            raise Refused(
                *Text(
                    f"服务不能装在虚拟环境里（{sys.prefix}）：请用安装程序，或为所有用户安装的 Python。",
                    f"A service cannot be hosted in a virtual environment ({sys.prefix}): use the installer, or a Python for all users.",
                )
            )
        name = service_name(wanted.name)
        with _said(name):
            _register(name, wanted)
        log, backups = wanted.settings_path.with_name("cebd.log"), wanted.settings_path.with_name(BACKUPS)
        return [
            Text(
                f"服务 {name} 已登记，将随机器启动；日志 {log}。",
                f"The service {name} is registered and starts with the machine; its log is {log}.",
            ),
            Text(
                f"它每天备份到 {backups}，保留最近 14 份；请再复制到另一台机器。",
                f"It backs itself up every day into {backups} and keeps the latest 14: have them copied to another machine.",
            ),
        ]

    def uninstall(self, name: str) -> list[Text]:
        import win32service

        service = service_name(name)
        with suppress(Refused):
            self.stop(name)
        with _said(service), _opened(service) as handle:
            win32service.DeleteService(handle)
        return [
            Text(
                f"服务 {service} 已移除；设置、数据、文件夹和备份原样保留。",
                f"The service {service} is removed; settings, store, folders and backups stay.",
            )
        ]

    def start(self, name: str) -> None:
        import pywintypes
        import win32service

        service = service_name(name)
        with _said(service), _opened(service) as handle:
            try:
                win32service.StartService(handle, None)
            except pywintypes.error as error:
                if error.winerror != _RUNS:  # or is about to
                    raise
            self._await(name, ("running",), _START_SECONDS)

    def stop(self, name: str) -> None:
        import win32service

        service = service_name(name)
        with _said(service), _opened(service) as handle:
            if _STATES.get(win32service.QueryServiceStatus(handle)[1]) == "stopped":
                return
            win32service.ControlService(handle, win32service.SERVICE_CONTROL_STOP)
            self._await(name, ("stopped",), _STOP_SECONDS)

    def status(self, name: str) -> ServiceStatus:
        import pywintypes
        import win32service

        service = service_name(name)
        try:
            with _opened(service) as handle:
                values: Any = win32service.QueryServiceStatusEx(handle)  # a dictionary, which its types do not know
        except pywintypes.error as error:
            if error.winerror == _MISSING:
                return ServiceStatus(service, "missing")
            raise
        state = _STATES.get(values["CurrentState"], "stopped")
        if state == "stopped" and values["Win32ExitCode"] not in (0, _NEVER_STARTED):
            state = "failed"
        return ServiceStatus(service, state, values["ProcessId"] or None)

    def installed(self) -> list[Installed]:
        import win32service

        found = []
        with _service_manager() as manager:
            for service, _, _ in win32service.EnumServicesStatus(manager):
                if not service.startswith(service_name("")):
                    continue
                with _opened(service) as handle:
                    command = win32service.QueryServiceConfig(handle)[3]
                if HOST in command:
                    found.append(Installed(service.removeprefix(service_name("")), settings_in(command)))
        return sorted(found, key=lambda one: one.name)

    def _await(self, name: str, states: tuple[str, ...], seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            status = self.status(name)
            if status.state in states:
                return
            if status.state in ("stopped", "failed") or time.monotonic() > end:
                raise Refused(
                    *Text(
                        f"服务 {status.service} 没有到位（{status.state}）：请看日志 cebd.log 和事件查看器。",
                        f"The service {status.service} is {status.state}: see its log, cebd.log beside the settings, and the event viewer.",
                    )
                )
            time.sleep(0.2)


def _register(name: str, wanted: Wanted) -> None:
    """Make the service, or bring one that is there up to date."""
    import pywintypes
    import win32service

    words = [sys.executable, "-P", "-X", "utf8", "-m", HOST, name]
    command = subprocess.list2cmdline([*words, str(wanted.settings_path.resolve())])
    display = f"cebd {wanted.name}"
    account, password = wanted.account, wanted.password
    with _service_manager() as manager:
        kind, start, errors = (
            win32service.SERVICE_WIN32_OWN_PROCESS,
            win32service.SERVICE_AUTO_START,
            win32service.SERVICE_ERROR_NORMAL,
        )
        try:
            handle = win32service.CreateService(
                manager, name, display, _ALL, kind, start, errors, command, None, False, None, account, password
            )
        except pywintypes.error as error:
            if error.winerror != _EXISTS:
                raise
            handle = win32service.OpenService(manager, name, _ALL)
            win32service.ChangeServiceConfig(
                handle, kind, start, errors, command, None, False, None, account, password, display
            )
        try:
            _configure(handle)
        finally:
            win32service.CloseServiceHandle(handle)
    _register_event_source(name)


def settings_in(command: str) -> Path:
    """The last word of a service's command."""
    if command.endswith('"'):
        return Path(command[:-1].rpartition('"')[2])
    return Path(command.rpartition(" ")[2])


_ALL = 0xF01FF  # SERVICE_ALL_ACCESS


def _configure(handle: Any) -> None:
    """`Any`: a handle of pywin32."""
    import pywintypes
    import win32service

    restart = [(win32service.SC_ACTION_RESTART, milliseconds) for milliseconds in _RESTARTS_MS]
    actions = {"ResetPeriod": _FORGIVEN_SECONDS, "RebootMsg": "", "Command": "", "Actions": restart}
    set_: Callable[[Any, int, Any], None] = win32service.ChangeServiceConfig2
    set_(handle, win32service.SERVICE_CONFIG_DESCRIPTION, _DESCRIPTION)
    set_(handle, win32service.SERVICE_CONFIG_FAILURE_ACTIONS, actions)
    for level, value in (
        (win32service.SERVICE_CONFIG_PRESHUTDOWN_INFO, _PRESHUTDOWN_MS),
        (win32service.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, True),  # the network and its shares are there by then
    ):
        with suppress(pywintypes.error):  # not every system has these
            set_(handle, level, value)


def _register_event_source(name: str) -> None:
    import servicemanager
    import win32evtlogutil

    with suppress(Exception):  # without it the viewer shows the text with a remark before it
        win32evtlogutil.AddSourceToRegistry(name, servicemanager.__file__)


@contextmanager
def _service_manager() -> Iterator[Any]:
    import win32service

    manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_ALL_ACCESS)
    try:
        yield manager
    finally:
        win32service.CloseServiceHandle(manager)


@contextmanager
def _opened(service: str) -> Iterator[Any]:
    import win32service

    with _service_manager() as manager:
        handle = win32service.OpenService(manager, service, _ALL)
        try:
            yield handle
        finally:
            win32service.CloseServiceHandle(handle)


@contextmanager
def _said(service: str) -> Iterator[None]:
    """Errors of Windows as sentences."""
    import pywintypes

    known = {
        _MISSING: Text(
            f"没有服务 {service}：请先 cebd service install。",
            f"There is no service {service}: cebd service install first.",
        ),
        _DENIED: Text("请以管理员身份运行。", "Run it as administrator."),
    }
    try:
        yield
    except pywintypes.error as error:
        unknown = Text(
            f"Windows 拒绝：{error.strerror}（{error.winerror}）",
            f"Windows refuses: {error.strerror} ({error.winerror})",
        )
        raise Refused(*known.get(error.winerror, unknown)) from None


__all__ = ["WindowsManager", "service_name"]
