"""Whether a folder lies on a network share, where nobody sees who is writing at another machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_SHARES = frozenset(
    "cifs smb3 smbfs smb2 nfs nfs4 9p afs ncpfs ceph glusterfs lustre ocfs2 gfs2 davfs vboxsf prl_fs vmhgfs".split()  # noqa: SIM905
)


def is_share(folder: Path) -> bool:
    """By the mount table; False on systems without a mount table."""
    if sys.platform == "win32":
        return _is_share_on_windows(folder)
    try:
        device = folder.stat().st_dev
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    kinds = [line.partition(" - ")[2].split(" ")[0] for line in mounts.splitlines() if line.split(" ")[2] == wanted]
    return any(kind in _SHARES or kind.startswith("fuse.") for kind in kinds)


def _is_share_on_windows(folder: Path) -> bool:
    import ctypes

    remote = 4
    drive = folder.resolve().drive
    windows = getattr(ctypes, "windll", None)
    return drive.startswith("\\\\") or (windows is not None and windows.kernel32.GetDriveTypeW(f"{drive}\\") == remote)
