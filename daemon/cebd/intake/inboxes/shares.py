"""Whether a folder lies on a network share: nobody sees there who is writing at another machine, and no event tells of it.

The mount table (proc_pid_mountinfo(5)) says what kind of file system a folder is on. A file system in user space counts as a share,
also where it is a disk: what a program gives as a folder is only as reliable as that program.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

_MOUNTS = Path("/proc/self/mountinfo")
_SHARES = frozenset(
    (
        *("cifs", "smb3", "smb2", "smbfs", "ncpfs", "nfs", "nfs4", "afs", "coda", "davfs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "orangefs", "pvfs2", "ocfs2", "gfs2"),
        *("9p", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "fuse"),
    )
)
_OF_PROGRAMS = "fuse."  # `fuse.sshfs`; not `fuseblk`, a disk of this machine
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A line of the mount table. `device`: as `8:1`; `kind`: of the file system, as `ext4` or `fuse.sshfs`."""

    device: str
    place: PurePath
    kind: str

    @property
    def is_share(self) -> bool:
        return self.kind in _SHARES or self.kind.startswith(_OF_PROGRAMS)


def is_share(folder: Path) -> bool:
    """By the mount table; False on systems without a mount table."""
    if sys.platform == "win32":
        return _is_share_on_windows(folder)
    mount = mount_of(folder)
    return mount is not None and mount.is_share


def mount_of(folder: Path) -> Mount | None:
    """What the folder lies on; None on systems without a mount table."""
    if sys.platform == "win32":
        return None
    try:
        text = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    try:
        device = folder.stat().st_dev
    except OSError:  # a share that does not tell now is still a share
        return find_mount(text, folder, None)
    return find_mount(text, folder, f"{os.major(device)}:{os.minor(device)}")


def find_mount(table: str, folder: PurePath, device: str | None) -> Mount | None:
    """The mount with that device, else the one on the way to the folder. `table`: the text of a mountinfo."""
    mounts = list(_mounts_in(table))
    of_device = [mount for mount in mounts if mount.device == device]
    # Some file systems (btrfs) give their folders devices that no line has. Of mounts in one place the last one is seen.
    on_the_way = [mount for mount in mounts if mount.place == folder or mount.place in folder.parents]
    return next(iter(of_device), max(reversed(on_the_way), key=lambda mount: len(mount.place.parts), default=None))


def _mounts_in(table: str) -> Iterator[Mount]:
    for line in table.splitlines():
        before, _, behind = line.partition(" - ")
        fields, kind = before.split(" "), behind.partition(" ")[0]
        if len(fields) >= 6 and kind:
            place = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[4])
            yield Mount(fields[2], PurePath(place), kind)


def _is_share_on_windows(folder: Path) -> bool:
    import ctypes

    remote = 4
    drive = folder.resolve().drive
    windows = getattr(ctypes, "windll", None)
    return drive.startswith("\\\\") or (windows is not None and windows.kernel32.GetDriveTypeW(f"{drive}\\") == remote)
