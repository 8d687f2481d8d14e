"""Files in folders that others write to as well: whole or not at all, no link followed, with the rights of the folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builders.ordinary_user import USER, as_ordinary_user
from cebd.disk.entering import NotOurFolder, open_folder
from cebd.disk.files import write_file

linux = pytest.mark.skipif(os.name == "nt", reason="rights and links as on Linux")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "share" / "outbox"
    folder.mkdir(parents=True)
    return folder


class TestLinks:
    def test_what_a_link_planted_at_any_temporary_name_points_to_stays_as_it_is(self, outbox: Path) -> None:
        target = outbox.parent / "elsewhere"
        target.write_bytes(b"somebody's")
        for name in (".a.receipt.json.tmp", ".a.receipt.json", "a.receipt.json.tmp"):
            (outbox / name).symlink_to(target)
        write_file(outbox / "a.receipt.json", b"ours", within=outbox.parent)
        assert (outbox / "a.receipt.json").read_bytes() == b"ours"
        assert target.read_bytes() == b"somebody's"

    def test_a_temporary_name_that_is_guessed_all_the_same_is_not_written_to(
        self, outbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = outbox.parent / "elsewhere"
        target.write_bytes(b"somebody's")
        write_file(
            outbox / "earlier.json", b"x", within=outbox.parent
        )  # what lies there from before is cleaned up by now
        monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
        (outbox / f".cebd-{'0' * 16}.tmp").symlink_to(target)
        with pytest.raises(FileExistsError):
            write_file(outbox / "a.receipt.json", b"ours", within=outbox.parent)
        assert target.read_bytes() == b"somebody's"

    def test_a_link_under_the_name_itself_is_replaced_not_followed(self, outbox: Path) -> None:
        target = outbox.parent / "elsewhere"
        target.write_bytes(b"somebody's")
        (outbox / "a.json").symlink_to(target)
        write_file(outbox / "a.json", b"ours", within=outbox.parent)
        assert not (outbox / "a.json").is_symlink()
        assert ((outbox / "a.json").read_bytes(), target.read_bytes()) == (b"ours", b"somebody's")

    @pytest.mark.parametrize("place", ["outbox", "outbox/customs", "error/2026-11-26"])
    def test_nothing_is_written_through_a_folder_that_is_a_link(self, tmp_path: Path, place: str) -> None:
        share, elsewhere = tmp_path / "share", tmp_path / "elsewhere"
        elsewhere.mkdir()
        (share / place).parent.mkdir(parents=True)
        (share / place).symlink_to(elsewhere)
        with pytest.raises(NotOurFolder, match="is a link"):
            write_file(share / place / "a.json", b"ours", within=share)
        assert list(elsewhere.iterdir()) == []

    def test_the_folder_of_the_enterprise_itself_may_be_a_link_for_the_settings_name_it(self, tmp_path: Path) -> None:
        (tmp_path / "nas").mkdir()
        (tmp_path / "share").symlink_to(tmp_path / "nas")
        write_file(tmp_path / "share" / "outbox" / "a.json", b"ours", within=tmp_path / "share")
        assert (tmp_path / "nas" / "outbox" / "a.json").read_bytes() == b"ours"

    def test_a_pipe_or_a_link_is_not_read_as_a_file_of_ours(self, outbox: Path) -> None:
        (outbox / "file").write_bytes(b"ours")
        (outbox / "link").symlink_to(outbox / "file")
        os.mkfifo(outbox / "pipe")
        (outbox / "folder").mkdir()
        with open_folder(outbox, outbox.parent) as folder:
            assert [folder.read(name) for name in ("file", "link", "pipe", "folder", "none")] == [b"ours", *[None] * 4]


class TestWhole:
    def test_a_long_name_leaves_room_for_the_temporary_one(self, outbox: Path) -> None:
        name = "订" * 83 + ".json"  # 254 bytes
        write_file(outbox / name, b"x", within=outbox.parent)
        assert [path.name for path in outbox.iterdir()] == [name]

    def test_what_cannot_be_finished_leaves_nothing_and_the_old_file(
        self, outbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (outbox / "a.json").write_bytes(b"before")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_file(outbox / "a.json", b"after", within=outbox.parent)
        assert [(path.name, path.read_bytes()) for path in outbox.iterdir()] == [("a.json", b"before")]

    def test_what_an_earlier_run_was_killed_at_is_cleaned_up_and_nothing_else(self, outbox: Path) -> None:
        (outbox / f".cebd-{'a' * 16}.tmp").write_bytes(b"half")
        for name in (".~lock.a.xlsx#", "~$a.xlsx", ".cebd-notes.tmp", "b.tmp"):
            (outbox / name).write_bytes(b"theirs")
        write_file(outbox / "a.json", b"x", within=outbox.parent)
        names = {path.name for path in outbox.iterdir()}
        assert names == {".~lock.a.xlsx#", "~$a.xlsx", ".cebd-notes.tmp", "b.tmp", "a.json"}


@linux
class TestRights:
    @pytest.mark.parametrize(
        ("folder", "file"),
        [(0o750, 0o640), (0o770, 0o660), (0o2770, 0o660), (0o755, 0o644), (0o700, 0o640), (0o777, 0o666)],
    )
    @pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
    def test_a_file_for_people_has_the_rights_of_its_folder(
        self, outbox: Path, folder: int, file: int, umask: int
    ) -> None:
        outbox.chmod(folder)
        before = os.umask(umask)
        try:
            write_file(outbox / "a.json", b"x", within=outbox.parent)
        finally:
            os.umask(before)
        assert mode(outbox / "a.json") == file

    @pytest.mark.skipif(os.getuid() != 0, reason="only root may give files to any group")
    @pytest.mark.parametrize("rights", [0o770, 0o2770])
    def test_it_belongs_to_the_group_of_its_folder(self, outbox: Path, rights: int) -> None:
        os.chown(outbox, -1, 4321)
        outbox.chmod(rights)
        write_file(outbox / "a.json", b"x", within=outbox.parent)
        write_file(outbox / "customs" / "b.xml", b"x", within=outbox.parent)
        assert (
            {(outbox / name).stat().st_gid for name in ("a.json", "customs/b.xml")} == {4321}
            if (rights & 0o2000)
            else (outbox / "a.json").stat().st_gid == 4321
        )

    def test_a_folder_made_on_the_way_is_as_open_as_the_one_around_it(self, outbox: Path) -> None:
        outbox.chmod(0o770)
        before = os.umask(0o077)
        try:
            write_file(outbox / "customs" / "a.xml", b"x", within=outbox.parent)
        finally:
            os.umask(before)
        assert (mode(outbox / "customs"), mode(outbox / "customs" / "a.xml")) == (0o770, 0o660)

    @pytest.mark.skipif(shutil.which("setfacl") is None, reason="needs the package acl")
    def test_the_default_acl_of_the_folder_is_kept_whole(self, outbox: Path) -> None:
        outbox.chmod(0o700)
        rule = "d:u:4321:rwx,d:g::---,d:o::---,d:m::rwx"
        subprocess.run(["setfacl", "-m", rule, str(outbox)], check=True)
        before = os.umask(0o077)
        try:
            write_file(outbox / "a.json", b"x", within=outbox.parent)
            write_file(outbox / "customs" / "b.xml", b"x", within=outbox.parent)
        finally:
            os.umask(before)
        for name in ("a.json", "customs/b.xml"):
            acl = subprocess.run(["getfacl", "-cEp", str(outbox / name)], capture_output=True, text=True, check=True)
            assert "user:4321:rwx" in acl.stdout
            assert "mask::rw-" in acl.stdout, acl.stdout

    def test_a_private_file_is_the_services_alone(self, tmp_path: Path) -> None:
        before = os.umask(0o000)
        try:
            write_file(tmp_path / "key", b"x", private=True)
        finally:
            os.umask(before)
        assert mode(tmp_path / "key") == 0o600

    @pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root, to be another user")
    @pytest.mark.parametrize("rights", [0o770, 0o2770])
    def test_a_daemon_of_another_user_in_the_folders_group_leaves_files_for_the_group(
        self, outbox: Path, rights: int
    ) -> None:
        for folder in (outbox.parent, outbox):
            os.chown(folder, 0, 4321)
            folder.chmod(rights)
        script = outbox.parent / "write.py"
        script.write_text(
            f"import sys; sys.path[:0] = {sys.path!r}\n"
            "from pathlib import Path; from cebd.disk.files import write_file\n"
            f"write_file(Path({str(outbox)!r}) / 'a.json', b'x', within=Path({str(outbox.parent)!r}))\n",
            encoding="utf-8",
        )
        with open_to_all(outbox.parent):
            command = as_ordinary_user([sys.executable, "-B", str(script)])
            at = command.index("--clear-groups")
            command[at] = "--groups=4321"
            done = subprocess.run(command, capture_output=True, text=True, umask=0o077, check=False)
        assert done.returncode == 0, done.stderr
        written = (outbox / "a.json").stat()
        assert (written.st_uid, written.st_gid, stat.S_IMODE(written.st_mode)) == (USER, 4321, 0o660)


@contextmanager
def open_to_all(folder: Path) -> Iterator[None]:
    """The way to the folder, which pytest keeps for the tests' user alone."""
    closed = {one: one.stat().st_mode for one in folder.parents if not one.stat().st_mode & 0o001}
    for one in closed:
        one.chmod(0o711)
    yield
    for one, before in closed.items():
        one.chmod(before)
