"""The receipt workbook in the operator's hands: what she changed is never overwritten, what she has open is not waited for."""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, func, select, update

from builders.clocks import StillClock
from builders.declared import a_drop, a_receipt, a_return, an_open_store, changed_drops, declare, settle
from cebd.clock import CST
from cebd.documents.workbooks.own_marks import is_as_we_wrote_it
from cebd.documents.workbooks.sheets import read_sheets
from cebd.problems.problem import problem
from cebd.receipts.publishing.outgoing import Outgoing
from cebd.records.ids import MessageId
from cebd.records.states import State
from cebd.store.conditions import Conditions
from cebd.store.messages import mark_sent, set_waiting
from cebd.store.store import Store
from cebd.store.tables import drops, messages, published_books
from cebd.trial.rows import order_rows, write_workbook

WORDS = {
    "已入库": "succeeded",
    "电子口岸已受理": "acknowledged",
    "待回执'": "sent",
}  # a cell of its own, not the summary
NEW, OPEN = "orders.receipt.xlsx", "orders.receipt (新).xlsx"


class Desk:
    """An enterprise's folder with one declared order, and all that writes into its outbox."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.outbox = store, folder, folder / "outbox"
        self.clock = StillClock(datetime.now(CST))
        self.conditions = Conditions(store, self.clock)
        self.folders: dict[str, Path] = {"甲": folder}
        self.read: Callable[[Path], list[Any]] = lambda path: list(read_sheets(path))
        original = folder / "done" / "2026-03-04" / "orders.xlsx"
        original.parent.mkdir(parents=True)
        write_workbook(original, "order", list(order_rows(1)))
        declare(store, "A1")
        self.restart()

    def restart(self, now: Callable[[], float] = time.monotonic) -> None:
        self.outgoing = Outgoing(
            self.store,
            self.clock,
            self.conditions,
            self.folders.get,
            lambda path: self.read(path),  # noqa: PLW0108  tests change what reads
            lambda *_: {},
            now=now,
        )

    def look(self) -> None:
        self.outgoing.publish_changes(patience=60.0)

    def publish(self) -> None:
        self.outgoing.publish_changes(at_once=True, patience=60.0)

    def news(self, status: str, at: str) -> None:
        settle(self.store, a_receipt(a_return("A1", status, at)))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir())

    def kept(self) -> list[Path]:
        return [path for path in self.outbox.iterdir() if "修改于" in path.name]

    def json(self, stem: str = "orders") -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.outbox / f"{stem}.receipt.json").read_text(encoding="utf-8"))
        return told

    def ids(self) -> list[str]:
        return [found["id"] for found in self.json()["problems"]]

    def change(self, name: str = NEW) -> bytes:
        """The operator opens a workbook, writes a word and saves: a new file under the old name, as Excel and LibreOffice do."""
        path = self.outbox / name
        book = load_workbook(path)
        book.worksheets[0]["A9"] = "改过"
        book.save(path.with_name("saving"))
        path.with_name("saving").replace(path)
        return path.read_bytes()

    def unseal(self) -> None:
        path = self.outbox / NEW
        with zipfile.ZipFile(path, "a") as book:
            assert book.comment
            book.comment = b""

    def state(self, name: str = NEW) -> str:
        text = str(list(load_workbook(self.outbox / name).worksheets[0].iter_rows(values_only=True)))
        return next(state for word, state in WORDS.items() if word in text)


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    with an_open_store(tmp_path) as store:
        made = Desk(store, tmp_path / "share")
        made.publish()
        assert made.names() == ["orders.receipt.json", NEW]
        yield made


class TestChanged:
    def test_what_she_changed_is_kept_and_the_new_one_lies_beside_it_and_says_so(self, desk: Desk) -> None:
        hers = desk.change()
        desk.news("120", "100000")
        desk.publish()
        (kept,) = desk.kept()
        assert kept.read_bytes() == hers
        assert kept.name.startswith("orders.receipt (修改于 ")
        assert desk.state() == "succeeded"
        (said,) = desk.json()["problems"]
        assert (said["id"], said["value"], said["severity"]) == ("CEBD-1740", kept.name, "notice")
        assert kept.name in str(list(load_workbook(desk.outbox / NEW).worksheets[-1].iter_rows(values_only=True)))

    def test_a_second_change_in_the_same_minute_is_kept_beside_the_first(self, desk: Desk) -> None:
        changed = []
        for status, at in (("2", "100000"), ("120", "100100")):
            changed.append(desk.change())
            desk.news(status, at)
            desk.publish()
        assert sorted(path.read_bytes() for path in desk.kept()) == sorted(changed)

    def test_a_workbook_that_was_only_touched_or_copied_over_itself_is_ours(self, desk: Desk) -> None:
        path = desk.outbox / NEW
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, (1, 1))
        desk.news("120", "100000")
        desk.publish()
        assert desk.kept() == []

    def test_one_that_she_took_away_is_written_anew(self, desk: Desk) -> None:
        (desk.outbox / NEW).unlink()
        desk.news("120", "100000")
        desk.publish()
        assert (desk.kept(), desk.state()) == ([], "succeeded")

    def test_a_change_saved_while_the_new_one_is_being_made_is_kept_and_told_after(self, desk: Desk) -> None:
        hers: list[bytes] = []

        def slowly(path: Path) -> list[Any]:
            if not hers:
                hers.append(desk.change())
            return list(read_sheets(path))

        desk.read = slowly
        desk.news("120", "100000")
        desk.publish()
        assert [path.read_bytes() for path in desk.kept()] == hers
        desk.publish()
        assert desk.ids() == ["CEBD-1740"]

    def test_once_she_deletes_what_was_kept_nothing_speaks_of_it(self, desk: Desk) -> None:
        desk.change()
        desk.news("2", "100000")
        desk.publish()
        desk.kept()[0].unlink()
        desk.news("120", "100100")
        desk.publish()
        assert desk.ids() == []

    def test_a_kill_after_the_file_was_written_does_not_make_it_somebody_elses(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.news("2", "100000")

        def killed(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("cebd.receipts.publishing.publish.sync_folder", killed)
            with pytest.raises(KeyboardInterrupt):
                desk.publish()
        desk.restart()
        desk.publish()
        assert (desk.kept(), desk.state()) == ([], "acknowledged")

    def test_what_was_published_after_the_backup_was_touched_by_nobody(self, desk: Desk) -> None:
        """The store is older than the outbox: it does not know the digest of what lies there."""
        with desk.store.write() as connection:
            connection.execute(update(published_books).values(digests='["0"]'))
        later = time.time() + 3600
        os.utime(desk.outbox / NEW, (later, later))
        desk.news("2", "100000")
        desk.publish()
        assert desk.kept() == []
        assert "CEBD-1740" not in desk.ids()

    def test_what_a_person_changed_before_the_restore_is_kept(self, desk: Desk) -> None:
        hers = desk.change()
        with desk.store.write() as connection:
            connection.execute(update(published_books).values(digests='["0"]'))
        desk.news("2", "100000")
        desk.publish()
        assert [path.read_bytes() for path in desk.kept()] == [hers]

    def test_one_byte_that_is_not_ours_makes_it_somebody_elses(self, desk: Desk) -> None:
        book = (desk.outbox / NEW).read_bytes()
        assert is_as_we_wrote_it(book)
        assert not is_as_we_wrote_it(book[:100] + bytes([book[100] ^ 1]) + book[101:])
        assert not is_as_we_wrote_it(b"")
        assert zipfile.is_zipfile(desk.outbox / NEW)

    def test_a_workbook_of_an_earlier_version_is_ours_unless_it_was_touched_since(self, desk: Desk) -> None:
        with desk.store.write() as connection:
            connection.execute(delete(published_books))
        desk.news("2", "100000")
        desk.publish()
        assert desk.kept() == []
        with desk.store.write() as connection:
            connection.execute(delete(published_books))
        later = time.time() + 3600
        desk.unseal()  # earlier versions did not seal theirs
        os.utime(desk.outbox / NEW, (later, later))
        desk.news("120", "100100")
        desk.publish()
        assert len(desk.kept()) == 1

    def test_a_workbook_that_lies_there_before_the_first_receipt_is_kept(self, desk: Desk) -> None:
        (desk.outbox / "again.receipt.xlsx").write_bytes(b"from an earlier station")
        a_drop(desk.store, "again.xlsx", stem="again")
        desk.publish()
        (kept,) = desk.kept()
        assert kept.read_bytes() == b"from an earlier station"


class TestOpen:
    @pytest.mark.parametrize("lock", [f"~${NEW}", f".~lock.{NEW}#"])
    def test_an_open_one_stays_and_the_new_one_is_there_at_once_and_swapped_later(self, desk: Desk, lock: str) -> None:
        before = (desk.outbox / NEW).read_bytes()
        (desk.outbox / lock).write_bytes(b"she")
        desk.news("120", "100000")
        desk.publish()
        assert (desk.outbox / NEW).read_bytes() == before
        assert (desk.state(OPEN), changed_drops(desk.store)) == ("succeeded", [])
        assert [(one["id"], one["value"]) for one in desk.json()["problems"]] == [("CEBD-1741", OPEN)]
        (desk.outbox / lock).unlink()
        desk.publish()
        assert (desk.names(), desk.state(), desk.ids()) == (["orders.receipt.json", NEW], "succeeded", [])

    def test_what_she_saves_into_the_open_one_is_kept_when_it_is_closed(self, desk: Desk) -> None:
        (desk.outbox / f"~${NEW}").write_bytes(b"she")
        desk.news("2", "100000")
        desk.publish()
        hers = desk.change()
        (desk.outbox / f"~${NEW}").unlink()
        desk.restart()
        desk.publish()
        assert [path.read_bytes() for path in desk.kept()] == [hers]
        assert (desk.state(), (desk.outbox / OPEN).exists()) == ("acknowledged", False)

    def test_what_she_changed_in_the_second_one_is_kept_too(self, desk: Desk) -> None:
        (desk.outbox / f"~${NEW}").write_bytes(b"she")
        desk.news("2", "100000")
        desk.publish()
        hers = desk.change(OPEN)
        (desk.outbox / f"~${NEW}").unlink()
        desk.publish()
        assert [path.read_bytes() for path in desk.kept()] == [hers]
        desk.publish()
        assert desk.ids() == ["CEBD-1740"]

    def test_with_both_open_it_waits_and_says_so_and_the_json_is_there(self, desk: Desk) -> None:
        (desk.outbox / f"~${NEW}").write_bytes(b"she")
        desk.news("2", "100000")
        desk.publish()
        (desk.outbox / f"~${OPEN}").write_bytes(b"she")
        desk.news("120", "100100")
        desk.publish()
        assert (desk.json()["counts"], changed_drops(desk.store)) == ({"succeeded": 1}, [1])
        assert [(one.key, one.problem.id, one.party) for one in desk.conditions.current()] == [
            ("outbox:甲", "CEBD-1749", "operator")
        ]
        (desk.outbox / f"~${OPEN}").unlink()
        (desk.outbox / f"~${NEW}").unlink()
        desk.publish()
        assert (desk.names(), desk.state(), desk.conditions.current()) == (
            ["orders.receipt.json", NEW],
            "succeeded",
            [],
        )

    def test_a_lock_left_behind_by_a_crash_counts_for_half_a_day(self, desk: Desk) -> None:
        (desk.outbox / f"~${NEW}").write_bytes(b"she")
        desk.clock.moment += timedelta(hours=13)
        desk.news("120", "100000")
        desk.publish()
        assert desk.state() == "succeeded"

    def test_where_the_system_refuses_it_is_the_same(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        replace, refusing = os.replace, True

        def locked(path: str, target: str, **where: Any) -> None:
            if refusing and target == NEW:
                raise PermissionError(13, "in use", target)
            replace(path, target, **where)

        monkeypatch.setattr(os, "replace", locked)
        desk.news("120", "100000")
        desk.publish()
        assert (desk.state(), desk.state(OPEN), desk.ids()) == ("sent", "succeeded", ["CEBD-1741"])
        refusing = False
        desk.publish()
        assert (desk.names(), desk.state(), desk.ids()) == (["orders.receipt.json", NEW], "succeeded", [])


class TestWhen:
    """When a receipt is written anew."""

    @pytest.fixture
    def seconds(self, desk: Desk) -> Any:
        """How late it is, and a drop of two messages, of which one is on its way to customs."""
        late = [1000.0]
        drop = a_drop(desk.store, "more.xlsx", stem="more")
        declare(desk.store, "B1", drop=drop)
        declare(desk.store, "B2", drop=drop, first_row=3, sent_at=None)
        desk.restart(now=lambda: late[0])
        return late

    def test_the_first_receipt_is_there_at_once_also_while_messages_are_being_sent(
        self, desk: Desk, seconds: list[float]
    ) -> None:
        desk.look()
        assert (desk.json("more")["counts"], changed_drops(desk.store)) == ({"sent": 1, "signed": 1}, [])

    def test_while_messages_are_being_sent_it_is_written_anew_only_now_and_then(
        self, desk: Desk, seconds: list[float]
    ) -> None:
        desk.look()
        settle(desk.store, a_receipt(a_return("B1", "120", "100000")))
        seconds[0] += 20
        desk.look()
        assert desk.json("more")["counts"] == {"sent": 1, "signed": 1}
        seconds[0] += 10
        desk.look()
        assert desk.json("more")["counts"] == {"succeeded": 1, "signed": 1}

    def test_after_a_first_receipt_that_took_long_news_waits_half_a_minute_at_most(
        self, desk: Desk, seconds: list[float]
    ) -> None:
        """On a slow machine the first receipt takes nine seconds, for it loads what makes workbooks."""

        def slowly(path: Path) -> list[Any]:
            seconds[0] += 9
            return list(read_sheets(path))

        desk.read = slowly
        desk.look()
        assert desk.state() == "sent"
        desk.news("120", "100000")
        seconds[0] += 30
        desk.look()
        assert desk.state() == "succeeded"

    @pytest.mark.parametrize("why", ["all are sent", "the other one waits for something"])
    def test_it_is_written_anew_at_once_when(self, desk: Desk, seconds: list[float], why: str) -> None:
        desk.look()
        with desk.store.write() as transaction:
            message_id = MessageId(transaction.execute(select(func.max(messages.c.id))).scalar_one())
            if why == "all are sent":
                mark_sent(transaction, message_id, State.SENT, "2026-03-04T09:10:00+08:00")
            else:
                set_waiting(transaction, message_id, problem("CEBD-1601", channel="海关", reason="?", value="海关"))
        seconds[0] += 1.5
        desk.look()
        assert changed_drops(desk.store) == []


class TestFailing:
    def test_one_drop_that_cannot_be_published_keeps_no_other_waiting(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import cebd.receipts.publishing.outgoing as module

        publish = module.publish
        desk.news("120", "100000")
        declare(desk.store, "B1", drop=a_drop(desk.store, "others.xlsx", stem="others"))

        def odd(store: Store, drop_id: int, *rest: Any) -> Any:
            if drop_id == 1:
                raise RuntimeError("odd")
            return publish(store, drop_id, *rest)

        monkeypatch.setattr(module, "publish", odd)
        desk.publish()
        assert (desk.outbox / "others.receipt.xlsx").exists()
        (said,) = desk.conditions.current()
        assert (said.key, said.problem.id, said.problem.value) == ("outbox:甲", "CEBD-1743", "orders.xlsx")
        monkeypatch.undo()
        desk.publish()
        assert (desk.state(), desk.conditions.current()) == ("succeeded", [])

    def test_an_outbox_that_is_a_link_is_named_and_nothing_goes_through_it(self, desk: Desk, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        desk.outbox.rename(tmp_path / "away")
        desk.outbox.symlink_to(elsewhere)
        desk.news("120", "100000")
        desk.publish()
        (said,) = desk.conditions.current()
        assert (said.key, said.problem.id, said.enterprise) == ("outbox:甲", "CEBD-1742", "甲")
        assert "is a link" in said.problem.zh
        assert list(elsewhere.iterdir()) == []
        desk.outbox.unlink()
        desk.publish()
        assert (desk.state(), desk.conditions.current()) == ("succeeded", [])

    def test_work_of_an_enterprise_that_left_the_settings_stops_nothing(self, desk: Desk) -> None:
        desk.news("120", "100000")
        stranger = a_drop(desk.store, "b.xlsx", enterprise="gone", stem="b")
        with desk.store.write() as connection:
            connection.execute(update(drops).where(drops.c.id == stranger).values(changed=2))
        desk.publish()
        assert (desk.state(), desk.conditions.current()) == ("succeeded", [])
