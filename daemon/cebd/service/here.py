"""The service manager of this machine."""

from __future__ import annotations

import sys

from cebd.service.manager import Manager


def manager_here() -> Manager:
    if sys.platform == "win32":
        from cebd.service.windows.manager import WindowsManager

        return WindowsManager()
    from cebd.service.systemd import Systemd

    return Systemd()
