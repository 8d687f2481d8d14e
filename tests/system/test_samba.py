"""The inbox is a real Samba's folder, and who writes is a client of it: smbclient, and a program that opens files as Excel does.

The daemon runs on the machine that has the folder, as the user whom Samba lets all files belong to; of the share `others` they belong to
another user, and nobody tells the daemon then who is writing.
"""

from __future__ import annotations

import grp
import os
import pwd
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from smbprotocol.open import ShareAccess

from builders import samba
from builders.ordinary_user import USER, runs_as_root
from builders.samba import Samba
from builders.stations import TryStation
from builders.told import orders_told
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.trial.rows import order_rows, write_workbook

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"

pytestmark = pytest.mark.skipif(samba.why_not() is not None, reason=str(samba.why_not()))


@dataclass
class Shared:
    """A station whose folder Samba gives out as `drop`; `local`: what a client puts and gets."""

    station: TryStation
    samba: Samba
    local: Path

    def put(self, name: str, content: bytes, at: str | None = None) -> None:
        """Copy a file into the inbox, under that name there."""
        source = self.local / "put"
        source.write_bytes(content)
        self.samba.do("drop", f'put "{source}" "inbox/{at or name}"')

    def said(self, place: str, problem: str) -> None:
        """It is named, with words for the operator in the outbox."""
        self.station.condition(f"file:trial:{place}", problem)
        until(lambda: f"{Path(place).name}.problem.txt" in self.samba.do("drop", "ls outbox/*"), f"words about {place}")

    def succeeds(self, stem: str, number: int = 1) -> None:
        assert self.station.final_receipt(stem)["counts"] == {"succeeded": number}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("samba")
    with TryStation(folder, as_user=True) as station:
        nobody = pwd.getpwuid(USER).pw_name if runs_as_root() else ""
        folders = {"drop": station.share, "others": station.share}
        others = {"others": ("force user = daemon", "create mask = 0644")} if runs_as_root() else {}
        server = Samba(folders, owner=nobody, more=others)
        (folder / "local").mkdir()
        station.inbox.chmod(0o777)
        with server:
            station.start(IMPATIENT)
            until(station.outbox.is_dir, "the folders made")
            yield Shared(station, server, folder / "local")
        assert station.stop() == 0
        told = orders_told(station, "SMB")
        assert set(told.values()) <= {1}, told  # none where the one test of this process declares nothing
        assert "Traceback" not in station.log()


def orders(first: int, count: int = 1) -> bytes:
    return csv_of(order_rows(count, first=first, prefix="SMB"))


def test_a_workbook_with_a_chinese_name_is_declared_and_its_receipt_is_read_over_the_share(shared: Shared) -> None:
    book = shared.local / "book.xlsx"
    write_workbook(book, "order", list(order_rows(2, first=1, prefix="SMB")))
    shared.put("进口订单（十一月）.xlsx", book.read_bytes())
    shared.succeeds("进口订单（十一月）", 2)
    got = shared.local / "got.xlsx"
    place = shared.station.receipt_book("进口订单（十一月）").relative_to(shared.station.share)
    shared.samba.do("drop", f'get "{place}" "{got}"')
    assert got.read_bytes()[:2] == b"PK"
    assert "进口订单（十一月）.xlsx" not in shared.samba.do("drop", "ls inbox/*")


def test_a_copy_under_another_name_is_taken_when_it_has_its_own(shared: Shared) -> None:
    shared.put("renamed.csv", orders(10), at="renamed.csv.tmp")
    shared.put("excel.csv", orders(11), at="1A2B3C4D")  # as Office saves on a share
    shared.put("small.csv", orders(12), at="small-letters.csv.tmp")
    time.sleep(1)
    assert not [name for name in ("renamed", "excel", "small") if shared.station.receipt(name)]
    shared.samba.do(
        "drop",
        "cd inbox",
        "rename renamed.csv.tmp renamed.csv",
        "rename 1A2B3C4D excel.csv",
        "rename small-letters.csv.tmp Small.CSV",
        "rename Small.CSV SMALL.csv",  # another case of the same name, for Samba and for its clients
    )
    for name in ("renamed", "excel"):
        shared.succeeds(name)
    stem = until(lambda: next((one for one in ("Small", "SMALL") if shared.station.receipt(one)), None), "its receipt")
    shared.succeeds(stem)


def test_a_slow_writer_is_waited_for_and_every_row_is_declared(shared: Shared) -> None:
    """It pauses for longer than a file has to be still. Of the share `others` the daemon cannot see that anybody writes."""
    lines = orders(20, 4).splitlines(keepends=True)
    others = orders(30, 4).splitlines(keepends=True)
    writers = [
        (shared.samba.writer("drop", "inbox/slow.csv"), lines),
        (shared.samba.writer("others", "inbox/unseen.csv"), others),
    ]
    for number in range(len(lines)):
        for writer, rows in writers:
            assert writer.stdin is not None
            # A client sends what it has in pieces of its own: the rest of a row's piece is spaces, which mean nothing in a last cell.
            writer.stdin.write(rows[number])
            writer.stdin.flush()
        time.sleep(0.7)
    for writer, _ in writers:
        assert writer.stdin is not None
        writer.stdin.close()
        assert writer.wait(timeout=30) == 0
    shared.succeeds("slow", 4)
    shared.succeeds("unseen", 4)


def test_half_a_copy_is_named_and_declared_once_the_rest_has_come(shared: Shared) -> None:
    content = orders(40, 3)
    shared.put("half.csv", content[: len(content) - 30])
    shared.said("inbox/half.csv", "CEBD-1044")
    shared.put("half.csv", content)
    shared.succeeds("half", 3)
    until(lambda: "half.csv.problem.txt" not in shared.samba.do("drop", "ls outbox/*"), "the words gone")


def test_what_is_taken_away_before_it_is_whole_leaves_no_word(shared: Shared) -> None:
    content = orders(50, 3)
    shared.put("gone.csv", content[: len(content) - 30])
    shared.said("inbox/gone.csv", "CEBD-1044")
    shared.samba.do("drop", "del inbox/gone.csv")
    until(lambda: "gone.csv" not in shared.samba.do("drop", "ls outbox/*"), "the words gone")
    assert shared.station.receipt("gone") is None


def test_a_workbook_open_in_excel_waits_until_it_is_closed(shared: Shared) -> None:
    book = shared.local / "open.xlsx"
    write_workbook(book, "order", list(order_rows(1, first=60, prefix="SMB")))
    shared.put("open.xlsx", b"\x05trial", at="~$open.xlsx")
    shared.put("open.xlsx", book.read_bytes())
    shared.said("inbox/open.xlsx", "CEBD-1046")
    shared.samba.do("drop", "del inbox/~$open.xlsx")
    shared.succeeds("open")


def test_a_program_that_lets_nobody_else_in_is_waited_for(shared: Shared) -> None:
    """Samba keeps its clients' share modes to itself; that the file is open for writing, the system tells."""
    shared.put("locked.csv", orders(70))
    with shared.samba.opened("drop", "inbox/locked.csv"):
        shared.said("inbox/locked.csv", "CEBD-1047")
        assert "NT_STATUS_SHARING_VIOLATION" in shared.samba.try_to("drop", "get inbox/locked.csv -").stdout
    shared.succeeds("locked")


def test_a_file_copied_over_while_it_is_taken_is_a_second_file(shared: Shared) -> None:
    shared.put("twice.csv", orders(80))
    until(lambda: not (shared.station.inbox / "twice.csv").exists(), "the first taken")
    shared.put("twice.csv", orders(81))
    shared.succeeds("twice")
    shared.succeeds("twice-2")


def test_a_reader_that_has_a_file_of_ours_open_keeps_nobody_from_the_next_one(shared: Shared) -> None:
    state = shared.station.share / "状态.txt"
    until(state.exists, "what stands")
    with shared.samba.opened("drop", state.name, others_may=ShareAccess.FILE_SHARE_READ, writes=False):
        shared.put("read.csv", orders(82, 2)[:-30])
        until(lambda: "read.csv" in state.read_text(encoding="utf-8"), "told beside the reader")
    shared.samba.do("drop", "del inbox/read.csv")


@pytest.mark.skipif(not runs_as_root(), reason="the tests are no root: there is only one user")
def test_rights_that_samba_gives_are_enough_or_named(shared: Shared) -> None:
    shared.put("readonly.csv", orders(90))
    path = shared.station.inbox / "private.csv"
    path.write_bytes(orders(91))  # as by a share whose files are the owner's alone
    daemon = pwd.getpwnam("daemon")
    os.chown(path, daemon.pw_uid, grp.getgrgid(daemon.pw_gid).gr_gid)
    path.chmod(0o600)
    shared.said("inbox/private.csv", "CEBD-1040")
    path.chmod(0o644)
    shared.succeeds("private")
    shared.succeeds("readonly")


def test_the_server_goes_away_in_the_middle_of_a_copy(shared: Shared) -> None:
    content = orders(100, 3)
    writer = shared.samba.writer("drop", "inbox/cut.csv")
    assert writer.stdin is not None
    writer.stdin.write(content[:-30])
    writer.stdin.flush()
    time.sleep(0.5)
    shared.samba.stop()
    writer.stdin.close()
    writer.wait(timeout=60)
    shared.samba.start()
    shared.put("cut.csv", content)
    shared.succeeds("cut", 3)
