"""Looking through inboxes: one odd file keeps no other waiting, is said once after a while, and taken when it can be. Time is simulated."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from builders.broken_share import share_that_fails
from builders.clocks import StillClock
from builders.new_store import open_store
from builders.waiting import until
from cebd.disk.entering import NotOurFolder
from cebd.intake import look as look_module
from cebd.intake.claim import file_away, finish_claim
from cebd.intake.inboxes import watch
from cebd.intake.inboxes.in_use import Writers
from cebd.intake.look import Inboxes
from cebd.operations.audit import audit
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome
from cebd.settings import Settings, load_settings
from cebd.store.conditions import Conditions
from cebd.store.drops import withdraw_drop
from cebd.store.store import Store
from cebd.store.tables import drops
from cebd.trial.rows import order_rows, write_workbook

SETTINGS = """
[station]
stable_seconds = 2.0
[[enterprise]]
name = "trial"
copCode = "4407961999"
copName = "示例"
dxpId = "DXPENT0000010001"
folder = "share"
signer = "trial"
channel = "hand-over"
[signer.trial]
type = "software"
key = "key.pem"
[channel.hand-over]
type = "folder"
send_dir = "out"
receive_dir = "in"
"""
CSV = b"a,b\n1,2\n"


class Desk:
    """A station's inboxes, looked through at moments that the test says."""

    def __init__(self, folder: Path) -> None:
        (folder / "station").mkdir()
        settings = folder / "station" / "cebd.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        self.settings: Settings = load_settings(settings)
        self.folder = folder / "station" / "share"
        self.inbox = self.folder / "inbox"
        for name in ("inbox", "outbox", "working", "done", "error", "hold"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.store = open_store(self.settings.store_dir)
        self.now = 0.0
        self.begun: list[DropId] = []
        self.start()

    def start(self) -> None:
        self.conditions = Conditions(self.store, StillClock())
        self.conditions.start()
        self.inboxes = Inboxes(
            {enterprise.name: self.settings.folder(enterprise) for enterprise in self.settings.enterprise},
            self.store,
            StillClock(),
            self.conditions,
            self.begun.append,
            stable_seconds=self.settings.station.stable_seconds,
            ignore=self.settings.station.ignore,
        )

    def look(self, *after: float) -> list[str]:
        """Look after so many more seconds, each; the names of what was taken by all these looks."""
        before = len(self.begun)
        for seconds in after or (0.0,):
            self.now += seconds
            self.inboxes.look(self.now)
            until(lambda: not self.inboxes.at_it(), "the look to end, however busy the machine is")
        with self.store.read() as connection:
            return [
                connection.execute(select(drops.c.name).where(drops.c.id == one)).scalar_one()
                for one in self.begun[before:]
            ]

    def said(self) -> dict[str, str]:
        return {one.key.removeprefix("file:trial:"): one.problem.id for one in self.conditions.current()}

    def words(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "outbox").glob("*.problem.txt"))

    def rows(self) -> int:
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(drops)).scalar_one())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@contextmanager
def refused_moves(monkeypatch: pytest.MonkeyPatch, name: str, error: OSError) -> Iterator[None]:
    """The system moves every file but those of that name."""
    from cebd.intake import claim as claim_module

    real = claim_module.move

    def move(source: Path, target: Path) -> None:
        if source.name == name:
            raise error
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(claim_module, "move", move)
        yield


# Names


@pytest.mark.parametrize(
    "name",
    [
        "订单0001.csv".encode("gbk"),
        ("订单明细" * 20 + "ab.csv").encode(),
        ("单" * 82 + "ab.csv").encode(),
        "订单 12:30.csv".encode(),
        "尾空格 .csv".encode(),
        b"two\nlines.csv",
        b"con.csv",
    ],
)
def test_a_file_of_any_name_is_taken_and_put_away(desk: Desk, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(desk.inbox) + b"/" + name)).write_bytes(CSV)
    (desk.inbox / "zz-after.csv").write_bytes(b"a,b\n1,3\n")
    assert len(desk.look(0, 2)) == 2
    for drop_id in desk.begun:
        place = file_away(desk.store, drop_id, desk.folder, DropOutcome.DONE, "2026-03-04")
        assert place.parent == desk.folder / "done" / "2026-03-04"
        assert len(place.name.encode()) <= 210
    assert not list((desk.folder / "working").iterdir())


def test_names_that_differ_in_case_alone_never_meet(desk: Desk) -> None:
    (desk.inbox / "Orders.csv").write_bytes(b"a,b\n1,2\n")
    (desk.inbox / "orders.csv").write_bytes(b"a,b\n1,3\n")
    assert sorted(desk.look(0, 2)) == ["Orders.csv", "orders.csv"]
    with desk.store.read() as connection:
        stems = list(connection.execute(select(drops.c.stem)).scalars())
    assert len({stem.casefold() for stem in stems}) == 2
    filed = [file_away(desk.store, one, desk.folder, DropOutcome.DONE, "d").name.casefold() for one in desk.begun]
    assert len(set(filed)) == 2


# What cannot be taken


def test_a_file_that_cannot_be_moved_has_no_row_and_is_said_once_while_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.inbox / "stuck.csv").write_bytes(CSV)
    (desk.inbox / "free.csv").write_bytes(b"a,b\n1,3\n")
    with refused_moves(monkeypatch, "stuck.csv", PermissionError(13, "Permission denied")):
        assert desk.look(0, 2) == ["free.csv"]
        desk.look(*[1.0] * 60)
        assert desk.said() == {}
        desk.look(*[1.0] * 90)
        assert desk.said() == {"inbox/stuck.csv": "CEBD-1041"}
        assert desk.words() == ["stuck.csv.problem.txt"]
        assert "没有权限" in (desk.folder / "outbox" / "stuck.csv.problem.txt").read_text(encoding="utf-8")
        assert desk.rows() == 1
    assert desk.look(60) == ["stuck.csv"]
    assert (desk.said(), desk.words()) == ({}, [])


def test_tries_at_a_file_that_cannot_be_moved_grow_rarer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def refused(*_: object, **_how: object) -> None:
        nonlocal tries
        tries += 1
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(look_module, "claim", refused)
    (desk.inbox / "stuck.csv").write_bytes(CSV)
    desk.look(*[1.0] * 600)
    assert 5 < tries < 20


def test_any_exception_about_one_file_is_that_files_matter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = look_module.claim

    def broken(store: Store, enterprise: str, folder: Path, source: Path, *more: object, **how: object) -> object:
        if source.name == "a.csv":
            raise RuntimeError("?")
        return real(store, enterprise, folder, source, *more, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(look_module, "claim", broken)
    (desk.inbox / "a.csv").write_bytes(CSV)
    (desk.inbox / "b.csv").write_bytes(b"a,b\n1,3\n")
    assert desk.look(0, 2) == ["b.csv"]
    desk.look(130)
    assert desk.said() == {"inbox/a.csv": "CEBD-1041"}


def test_what_is_no_file_is_left_and_said(desk: Desk) -> None:
    os.mkfifo(desk.inbox / "pipe.xlsx")
    (desk.inbox / "folder.xlsx").mkdir()
    (desk.inbox / "folder.xlsx" / "inside.csv").write_bytes(CSV)
    (desk.inbox / "link.xlsx").symlink_to(desk.folder / "outbox" / "x")
    here = Path.cwd()
    os.chdir(desk.inbox)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket.xlsx")
    finally:
        os.chdir(here)
    (desk.inbox / "ok.csv").write_bytes(b"a,b\n1,3\n")
    assert desk.look(0, 2) == ["ok.csv"]
    desk.look(130)
    assert desk.said() == {f"inbox/{name}.xlsx": "CEBD-1042" for name in ("pipe", "folder", "link", "socket")}
    assert len(desk.words()) == 4
    (desk.inbox / "pipe.xlsx").unlink()
    desk.look(1)
    assert "pipe.xlsx.problem.txt" not in desk.words()


def test_an_inbox_that_is_deleted_is_said_and_used_again_when_it_is_back(desk: Desk) -> None:
    desk.inbox.rename(desk.folder / "away")
    desk.look(0, 130)
    assert (desk.said(), desk.words()) == ({"inbox": "CEBD-1043"}, ["inbox.problem.txt"])
    (desk.folder / "away").rename(desk.inbox)
    (desk.inbox / "a.csv").write_bytes(CSV)
    assert desk.look(1, 2) == ["a.csv"]
    assert (desk.said(), desk.words()) == ({}, [])


def test_a_word_that_somebody_wrote_on_stays_and_an_earlier_runs_is_taken_back(desk: Desk) -> None:
    for name in ("one", "two"):
        (desk.inbox / f"{name}.xlsx").mkdir()
    desk.look(0, 130)
    assert desk.words() == ["one.xlsx.problem.txt", "two.xlsx.problem.txt"]
    (desk.folder / "outbox" / "two.xlsx.problem.txt").write_text("my note")
    for name in ("one", "two"):
        (desk.inbox / f"{name}.xlsx").rmdir()
    desk.start()
    desk.look(1)
    assert desk.words() == ["two.xlsx.problem.txt"]


def test_at_the_last_look_what_waits_is_said_at_once(desk: Desk) -> None:
    (desk.inbox / "a.csv").write_bytes(b"a,b\n1,2\n3")
    desk.look(0, 2)
    assert desk.said() == {}
    desk.inboxes.look(desk.now, last=True)
    assert desk.said() == {"inbox/a.csv": "CEBD-1044"}


def test_a_worked_file_that_cannot_be_put_away_is_tried_again_with_growing_pauses(desk: Desk) -> None:
    tries = 0

    def refused() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise PermissionError(13, "Permission denied")

    filing = desk.inboxes.filing
    filing.file(1, "trial", desk.folder / "working" / "000001-a.csv", refused)
    assert (desk.said(), filing.waits(1)) == ({"working/000001-a.csv": "CEBD-1055"}, True)
    filing.again("trial", 0.0)
    assert tries == 1
    for _ in range(2):
        filing.again("trial", float("inf"))
    assert (tries, desk.said(), filing.waits(1)) == (3, {}, False)


# What is not for us


def test_left_overs_of_nas_windows_and_office_are_never_declared_nor_moved(desk: Desk) -> None:
    left = [
        *("#recycle/deleted.csv", "@Recycle/deleted.csv", "$RECYCLE.BIN/$R1.csv", "@eaDir/orders.csv/x.csv"),
        *(".snapshot/a.csv", "System Volume Information/a.csv", "order/#RECYCLE/a.csv"),
        *("Thumbs.db", "THUMBS.DB", "desktop.ini", "orders.xlsx~", "A1B2C3D4", "0000000F", ".~lock.a.xlsx#", "a.part"),
    ]
    for name in left:
        (desk.inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (desk.inbox / name).write_bytes(CSV)
    (desk.inbox / "20261126.xlsx").write_bytes(b"a,b\n1,3\n")
    (desk.inbox / "20261126").write_bytes(b"a,b\n1,4\n")
    assert sorted(desk.look(0, 2)) == ["20261126", "20261126.xlsx"]
    assert all((desk.inbox / name).exists() for name in left)
    assert desk.said() == {}
    desk.look(601)
    assert desk.said() == {"ignored": "CEBD-1049"}
    assert desk.conditions.current()[0].problem.en.startswith("8 files")


def test_a_list_of_ones_own_takes_the_place_of_the_names_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    station = desk.settings.station.model_copy(update={"ignore": ("draft-*",)})
    desk.settings = desk.settings.model_copy(update={"station": station})
    desk.start()
    for name in ("draft-1.csv", "desktop.ini", ".hidden.csv"):
        (desk.inbox / name).write_bytes(CSV)
    assert desk.look(0, 2) == ["desktop.ini"]


# Complete or not yet


def test_a_csv_that_ends_inside_a_row_waits_and_is_declared_whole_when_the_rest_comes(desk: Desk) -> None:
    file = desk.inbox / "a.csv"
    file.write_bytes(b"a,b\n1,2\n3")
    assert desk.look(0, 2, 300) == []
    assert desk.said() == {"inbox/a.csv": "CEBD-1044"}
    file.write_bytes(b"a,b\n1,2\n3,4\n")
    assert desk.look(1, 2) == ["a.csv"]
    assert (desk.said(), desk.words()) == ({}, [])


def test_a_csv_that_stays_cut_off_goes_to_error_after_ten_minutes_and_nothing_of_it_is_declared(desk: Desk) -> None:
    (desk.inbox / "a.csv").write_bytes(b"a,b\n1,2\n3")
    assert desk.look(0, 2, 590) == []
    assert desk.look(10) == ["a.csv"]
    with desk.store.read() as connection:
        drop = connection.execute(select(drops)).mappings().one()
    assert (drop["outcome"], drop["records"]) == ("error", 0)
    assert "CEBD-1045" in drop["problems"]


def test_a_csv_that_lacks_its_last_line_end_alone_is_taken_after_one_more_stable_time(desk: Desk) -> None:
    (desk.inbox / "a.csv").write_bytes(b"a,b\n1,2\n3,4")
    assert desk.look(0, 2, 1.9) == []
    assert desk.look(0.2) == ["a.csv"]


@pytest.mark.parametrize("name", ["a.xlsx", "a.xml"])
def test_a_cut_workbook_or_message_waits_ten_minutes(desk: Desk, name: str) -> None:
    file = desk.inbox / name
    if name == "a.xlsx":
        write_workbook(file, "order", list(order_rows(1)))
        file.write_bytes(file.read_bytes()[:-40])
    else:
        file.write_bytes(b"<a><b></b>")
    assert desk.look(0, 2, 597) == []
    assert desk.look(1) == [name]


@pytest.mark.parametrize("lock", ["~$a.xlsx", ".~lock.a.xlsx#", ".~a.xlsx", "~$A.XLSX"])
def test_a_workbook_open_in_a_spreadsheet_program_waits_until_it_is_closed(desk: Desk, lock: str) -> None:
    write_workbook(desk.inbox / "a.xlsx", "order", list(order_rows(1)))
    (desk.inbox / lock).write_bytes(b"x")
    now = StillClock().now().timestamp()
    os.utime(desk.inbox / lock, (now, now))
    assert desk.look(0, 2, 1700) == []
    assert desk.said() == {}
    desk.look(101)
    assert (desk.said(), desk.words()) == ({"inbox/a.xlsx": "CEBD-1046"}, ["a.xlsx.problem.txt"])
    (desk.inbox / lock).unlink()
    assert desk.look(1) == ["a.xlsx"]
    assert desk.words() == []


def test_a_lock_older_than_twelve_hours_was_left_over(desk: Desk) -> None:
    write_workbook(desk.inbox / "a.xlsx", "order", list(order_rows(1)))
    (desk.inbox / "~$a.xlsx").write_bytes(b"x")
    now = StillClock().now().timestamp()
    os.utime(desk.inbox / "~$a.xlsx", (now, now))
    assert desk.look(0, 2, 12 * 3600 - 10) == []
    assert desk.look(10) == ["a.xlsx"]


def test_a_file_that_somebody_has_open_for_writing_is_not_complete(desk: Desk) -> None:
    with (desk.inbox / "a.csv").open("wb") as writer:
        writer.write(CSV)
        writer.flush()
        assert desk.look(0, 2, 600) == []
        desk.look(1801)
        assert desk.said() == {"inbox/a.csv": "CEBD-1047"}
    assert desk.look(1) == ["a.csv"]
    assert desk.said() == {}


def test_a_program_that_only_reads_keeps_no_file_waiting(desk: Desk) -> None:
    (desk.inbox / "a.csv").write_bytes(CSV)
    with (desk.inbox / "a.csv").open("rb"):
        assert desk.look(0, 2) == ["a.csv"]


def test_on_a_share_a_file_has_to_be_still_for_longer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "is_share", lambda _: True)
    (desk.inbox / "a.csv").write_bytes(CSV * 2_500_000)
    assert desk.look(0, 2, 9.5) == []
    assert desk.inboxes.settling()
    assert desk.look(0.6) == ["a.csv"]


def test_where_the_system_does_not_tell_who_writes_a_file_has_to_be_still_for_as_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of files that belong to another user, as those of Samba's clients do, it was not told, and half a file was taken after a second."""
    monkeypatch.setattr(watch, "writers_of", lambda _: Writers.UNKNOWN)
    (desk.inbox / "a.csv").write_bytes(CSV)
    assert desk.look(0, 2, 7.9) == []
    assert desk.inboxes.settling()
    with (desk.inbox / "a.csv").open("ab") as writer:
        writer.write(b"3,4\n")
    assert desk.look(1, 9) == []
    assert desk.look(1.1) == ["a.csv"]


def test_a_file_that_a_share_remembers_smaller_than_it_is_waits_and_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An NFS client told the size of half a minute ago: the file looked still while it grew."""
    monkeypatch.setattr(watch, "is_share", lambda _: True)
    (desk.inbox / "a.csv").write_bytes(CSV)
    with monkeypatch.context() as patched:
        patched.setattr(watch, "size_when_opened", lambda _: len(CSV) + 4)
        assert desk.look(0, *[10.1] * 180) == []
        assert desk.said() == {"inbox/a.csv": "CEBD-1047"}
    assert desk.look(9) == []  # still for that long since it was last seen growing
    assert desk.look(10.1) == ["a.csv"]
    assert desk.said() == {}


# Claims that were interrupted, and strangers


def interrupted(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str = "a.csv") -> DropId:
    """A claim that was killed between its row and the rename; its number."""
    from cebd.intake import claim as claim_module

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(claim_module, "finish_claim", killed)
        with pytest.raises(Killed):
            desk.look(0, 2)
    desk.start()
    with desk.store.read() as connection:
        return DropId(connection.execute(select(drops.c.id).where(drops.c.state == "claiming")).scalar_one())


def test_a_claim_that_cannot_be_finished_keeps_neither_the_start_nor_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.inbox / "a.csv").write_bytes(CSV)
    interrupted(desk, monkeypatch)
    with refused_moves(monkeypatch, "a.csv", PermissionError(13, "Permission denied")):
        desk.inboxes.finish_claims()
        assert desk.rows() == 0
        (desk.inbox / "b.csv").write_bytes(b"a,b\n1,3\n")
        assert desk.look(0, 2) == ["b.csv"]
    assert desk.look(60) == ["a.csv"]
    assert desk.rows() == 2


def test_a_file_whose_claim_is_begun_is_not_claimed_once_more(desk: Desk) -> None:
    """An operator: "The server was slow for a minute, and my only receipt of that name is called later-2." """
    (desk.inbox / "later.csv").write_bytes(CSV)
    with share_that_fails(desk.folder / "working" / "000001-later.csv"):
        assert desk.look(0, 2, *[5] * 30) == []
        assert desk.rows() == 1
        assert desk.said() == {"inbox/later.csv": "CEBD-1041", "working/000001-later.csv": "CEBD-1041"}
    assert desk.look(60, 60) == ["later.csv"]
    assert (desk.rows(), desk.said()) == (1, {})


def test_a_file_whose_claim_a_person_has_withdrawn_is_claimed_anew(desk: Desk) -> None:
    (desk.inbox / "later.csv").write_bytes(CSV)
    with share_that_fails(desk.folder / "working" / "000001-later.csv"):
        assert desk.look(0, 2, 5) == []
        with desk.store.write() as transaction:
            withdraw_drop(transaction, DropId(1))
        assert desk.look(60, 60) == ["later.csv"]


@contextmanager
def full_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[None]:
    """So many transactions more find room, until it is over."""
    real, left = desk.store.write, after

    @contextmanager
    def write() -> Iterator[Connection]:
        nonlocal left
        if left == 0:
            raise OperationalError("UPDATE drops", {}, Exception("database or disk is full"))
        left -= 1
        with real() as connection:
            yield connection

    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "write", write)
        yield


def test_a_file_taken_when_the_disk_ran_full_is_declared_once_there_is_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.inbox / "a.csv").write_bytes(CSV)
    desk.look(0)
    with full_disk(desk, monkeypatch, after=1), pytest.raises(OperationalError):
        desk.look(2)
    assert not (desk.inbox / "a.csv").exists()
    assert desk.look(2) == ["a.csv"]
    assert desk.rows() == 1


def test_of_files_taken_when_the_disk_ran_full_none_is_forgotten_while_it_stays_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cebd.intake import claim as claim_module

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("a.csv", "b.csv"):
        (desk.inbox / name).write_bytes(name.encode())
    with monkeypatch.context() as patched:
        patched.setattr(claim_module, "finish_claim", broken)
        assert desk.look(0, 2) == []
    with full_disk(desk, monkeypatch, after=0):
        for _ in range(10):
            with suppress(OperationalError):
                desk.look(30)
        assert all(desk.inboxes.tries_again(one) for one in (1, 2))
    assert sorted(desk.look(60, 60)) == ["a.csv", "b.csv"]
    assert desk.rows() == 2


def test_what_another_store_left_in_working_is_never_taken_for_ours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.inbox / "a.csv").write_bytes(CSV)
    stranger = desk.folder / "working" / "000001-a.csv"
    stranger.write_bytes(b"a,b\nleft,over\n")
    assert desk.look(0, 2) == ["a.csv"]
    assert stranger.read_bytes() == b"a,b\nleft,over\n"
    (ours,) = [path for path in (desk.folder / "working").iterdir() if path != stranger]
    assert ours.read_bytes() == CSV
    assert file_away(desk.store, desk.begun[0], desk.folder, DropOutcome.DONE, "d").read_bytes() == CSV
    assert stranger.exists()


def test_a_stranger_put_in_the_place_of_an_interrupted_claim_is_gone_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.inbox / "a.csv").write_bytes(CSV)
    drop_id = interrupted(desk, monkeypatch)
    stranger = desk.folder / "working" / "000001-a.csv"
    stranger.write_bytes(b"a,b\nleft,over\n")
    found = finish_claim(desk.store, drop_id, desk.folder)
    assert found is not None
    assert found.path.read_bytes() == CSV
    assert stranger.read_bytes() == b"a,b\nleft,over\n"


@pytest.mark.parametrize("name", ["working", "done", "error", "hold"])
def test_a_link_planted_in_the_place_of_a_folder_of_ours_is_not_followed(desk: Desk, name: str) -> None:
    elsewhere = desk.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (desk.inbox / "a.csv").write_bytes(CSV)
    if name != "working":
        desk.look(0, 2)
    (desk.folder / name).rmdir()
    (desk.folder / name).symlink_to(elsewhere)
    if name == "working":
        assert desk.look(0, 2) == []
        assert (desk.inbox / "a.csv").exists()
    else:
        with pytest.raises(NotOurFolder):
            file_away(desk.store, desk.begun[0], desk.folder, DropOutcome(name), "2026-03-04")
    desk.look(1)
    assert desk.said()[name] == "CEBD-1050"
    assert not list(elsewhere.iterdir())
    (desk.folder / name).unlink()
    if name == "working":
        assert desk.look(10) == ["a.csv"]
    else:
        assert file_away(desk.store, desk.begun[0], desk.folder, DropOutcome(name), "2026-03-04").read_bytes() == CSV


def test_a_link_planted_in_working_is_called_one_and_is_to_be_deleted(desk: Desk) -> None:
    (desk.folder / "working" / "000001-a.csv").symlink_to("/etc/hostname")
    desk.look(1.0)
    assert desk.said() == {"working/000001-a.csv": "CEBD-1809"}
    (found,) = (one for one in audit(desk.store, desk.settings).exceptions if one.id.startswith("CEBD-180"))
    assert (found.id, found.value) == ("CEBD-1809", "000001-a.csv")
    assert "delete it" in found.fix_en
    (desk.folder / "working" / "000001-a.csv").unlink()
    desk.look(1.0)
    assert desk.said() == {}
