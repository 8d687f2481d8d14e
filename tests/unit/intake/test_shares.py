"""What a folder lies on, by the mount table (proc_pid_mountinfo(5)): on a share nobody sees who writes, and no event comes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cebd.intake.inboxes import shares
from cebd.intake.inboxes.shares import find_mount, is_share, mount_of

TABLE = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
40 21 8:17 / /srv/disk rw,relatime shared:20 - xfs /dev/sdb1 rw
41 21 0:44 / /srv/nas rw,relatime shared:21 - cifs //nas/drop rw,vers=3.1.1,username=cebd
42 21 0:45 / /srv/files rw,relatime shared:22 - nfs4 files:/export rw,vers=4.2
43 21 0:46 / /srv/old rw,relatime shared:23 - nfs files:/old rw,vers=3
44 21 0:47 / /srv/three rw,relatime shared:24 - smb3 //nas/three rw
45 21 0:48 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs
46 21 0:49 / /srv/ssh rw,nosuid,nodev,relatime shared:26 - fuse.sshfs files:/drop rw,user_id=0
47 21 0:50 / /srv/smb rw,nosuid,nodev,relatime shared:27 - fuse.smbnetfs smbnetfs rw,user_id=0
48 21 0:51 / /srv/plain rw,nosuid,nodev,relatime shared:28 - fuse /dev/fuse rw,user_id=0
49 21 8:33 / /srv/ntfs rw,relatime shared:29 - fuseblk /dev/sdc1 rw
50 21 0:52 / /srv/host rw,relatime - virtiofs shared rw
51 21 0:53 / /srv/with\\040blank\\134and\\040more rw,relatime - cifs //nas/blank rw
52 41 0:54 / /srv/nas/inner rw,relatime - tmpfs tmpfs rw
53 21 0:55 /@data /srv/parts rw,relatime - btrfs /dev/sdd1 rw,subvol=/@data
54 40 0:56 / /srv/disk rw,relatime - nfs4 files:/over rw
a line that is none
"""


@pytest.mark.parametrize(
    ("device", "folder", "kind", "share"),
    [
        ("8:1", "/srv", "ext4", False),
        ("8:17", "/srv/disk", "xfs", False),
        ("0:44", "/srv/nas/trial", "cifs", True),
        ("0:45", "/srv/files/trial", "nfs4", True),
        ("0:46", "/srv/old", "nfs", True),
        ("0:47", "/srv/three", "smb3", True),
        ("0:48", "/mnt/c/drop", "9p", True),
        ("0:49", "/srv/ssh", "fuse.sshfs", True),
        ("0:50", "/srv/smb/nas/drop", "fuse.smbnetfs", True),
        ("0:51", "/srv/plain", "fuse", True),
        ("8:33", "/srv/ntfs", "fuseblk", False),  # a disk of this machine
        ("0:52", "/srv/host", "virtiofs", True),
        ("0:54", "/srv/nas/inner/trial", "tmpfs", False),
    ],
)
def test_a_share_is_known_by_the_device_of_the_folder(device: str, folder: str, kind: str, share: bool) -> None:
    mount = find_mount(TABLE, PurePosixPath(folder), device)
    assert mount is not None
    assert (mount.kind, mount.is_share) == (kind, share)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/nas/trial/inbox", "cifs"),
        ("/srv/nas", "cifs"),
        ("/srv/nasty", "ext4"),  # another folder, whose name begins alike
        ("/srv/nas/inner/trial", "tmpfs"),
        ("/srv/with blank\\and more/trial", "cifs"),
        ("/srv/disk/trial", "nfs4"),  # mounted over the disk
        ("/home", "ext4"),
    ],
)
@pytest.mark.parametrize("device", [None, "0:999"])
def test_where_the_folder_does_not_answer_or_its_device_is_in_no_line_its_path_tells(
    folder: str, kind: str, device: str | None
) -> None:
    mount = find_mount(TABLE, PurePosixPath(folder), device)
    assert mount is not None
    assert mount.kind == kind


def test_an_empty_table_tells_nothing() -> None:
    assert find_mount("", PurePosixPath("/srv"), "8:1") is None


def test_a_share_that_fails_for_a_moment_is_not_taken_for_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"41 21 0:44 / {tmp_path}/share rw - cifs //nas/drop rw\n", encoding="ascii")
    monkeypatch.setattr(shares, "_MOUNTS", table)
    assert is_share(tmp_path / "share" / "inbox")  # nothing can be asked of it


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="this system has no mount table")
def test_a_real_disk_is_no_share() -> None:
    mount = mount_of(Path("/proc"))
    assert mount is not None
    assert (mount.kind, is_share(Path("/proc"))) == ("proc", False)
