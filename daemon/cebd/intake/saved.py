"""Who saved a claimed file last: the workbook says it itself; where it does not, its owner, and the time of its last change."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cebd.clock import CST, iso
from cebd.documents.workbooks.origin import Origin
from cebd.records.saved import Saved


def saved_by(origin: Origin, claimed: Path) -> Saved:
    """`origin`: what the file says; `claimed`: where it lies. Never raises: what the system does not say is not known."""
    by, at = origin.saved
    with suppress(OSError, KeyError, ValueError, OverflowError):
        by, at = by or _owner(claimed), at or iso(datetime.fromtimestamp(claimed.lstat().st_mtime, CST))
    return Saved(by, at)


if sys.platform == "win32":

    def _owner(path: Path) -> str:
        import pywintypes
        import win32security

        try:
            described = win32security.GetFileSecurity(str(path), win32security.OWNER_SECURITY_INFORMATION)
            name, _domain, _kind = win32security.LookupAccountSid(None, described.GetSecurityDescriptorOwner())
        except pywintypes.error as error:
            raise OSError(str(error)) from None
        return str(name)

else:

    def _owner(path: Path) -> str:
        import pwd

        return pwd.getpwuid(path.lstat().st_uid).pw_name
