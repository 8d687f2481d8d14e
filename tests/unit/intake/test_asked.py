"""Control without a shell: a file without rows asks, the outbox answers; what holds rows is a drop, whatever its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from builders.clocks import StillClock
from builders.declared import an_open_store
from builders.waiting import until
from cebd.documents.workbooks.own_marks import is_text_as_we_wrote_it, signed_text
from cebd.intake.inboxes.wishes import Asked, Wish, wish_in
from cebd.intake.look import Inboxes
from cebd.intake.moves import move
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.store.tables import drops
from cebd.trial.rows import order_rows, write_workbook


class Desk:
    """An enterprise's inbox, looked through at moments that the test says; what it asked is in `asked`."""

    def __init__(self, store: Store, folder: Path, keeping_back: tuple[str, ...] = ()) -> None:
        self.folder, self.store, self.now = folder, store, 0.0
        self.inbox, self.outbox = folder / "inbox", folder / "outbox"
        for name in ("inbox", "outbox", "working", "done", "error", "hold"):
            (folder / name).mkdir()
        self.asked: list[Wish] = []
        self.questions: list[str] = []
        self.conditions = Conditions(store, StillClock())
        self.inboxes = Inboxes(
            {"trial": folder},
            store,
            StillClock(),
            self.conditions,
            lambda _drop: None,
            answer=self.answer,
            asks=lambda _enterprise, files: self.questions.extend(path.name for path in files),
            keeping_back=keeping_back,
            stable_seconds=2.0,
            ignore=(),
        )

    def answer(self, enterprise: str, wish: Wish) -> str:
        assert enterprise == "trial"
        self.asked.append(wish)
        return "一切正常"

    def look(self, *after: float) -> None:
        for seconds in after or (0.0, 3.0, 3.0):
            self.now += seconds
            self.inboxes.look(self.now)
            until(lambda: not self.inboxes.at_it(), "the look to end")

    def taken(self) -> int:
        with self.store.read() as transaction:
            return int(transaction.execute(select(func.count()).select_from(drops)).scalar_one())

    def answers(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> object:
    (tmp_path / "desk").mkdir()
    with an_open_store(tmp_path) as store:
        yield Desk(store, tmp_path / "desk")


@pytest.mark.parametrize(
    ("name", "content", "wish"),
    [
        ("状态", b"", Wish(Asked.STATUS)),
        ("STATUS.TXT", b"\r\n \r\n", Wish(Asked.STATUS)),
        ("查询.txt", "\ufeff单号0001\r\n".encode(), Wish(Asked.QUERY, "单号0001")),
        ("query", "单号0001".encode("gb18030"), Wish(Asked.QUERY, "单号0001")),
        ("查询.txt", "单号0001".encode("utf-16"), Wish(Asked.QUERY, "单号0001")),
        ("查询.txt", b"A4001\r\n\r\n A4002 \r\nYT-3, YT-4\r\n", Wish(Asked.QUERY, "A4001\nA4002\nYT-3, YT-4")),
        ("重试", b"", Wish(Asked.RETRY)),
        ("模板.txt", b"", Wish(Asked.TEMPLATE)),
        ("状态.txt.txt", b"", Wish(Asked.STATUS)),  # Windows hides the ending
        ("状态 - 副本.txt", b"", Wish(Asked.STATUS)),
        ("状态(1).txt", b"", Wish(Asked.STATUS)),
        (" 查询 .txt", b"A1", Wish(Asked.QUERY, "A1")),
        ("模版.txt", b"", Wish(Asked.TEMPLATE)),
    ],
)
def test_a_file_without_rows_asks_by_its_name(tmp_path: Path, name: str, content: bytes, wish: Wish) -> None:
    (tmp_path / name).write_bytes(content)
    assert wish_in(tmp_path / name) == wish


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("状态.txt", b"a,b\n1,2\n"),  # rows
        ("查询.txt", "订单编号\nA4001\n".encode()),  # under a heading
        ("查询", b"<CEB311Message/>"),  # a message on one line
        ("状态", b"PK\x03\x04" + b"x" * 40),  # a workbook without its ending
        ("重试.txt", b"x" * 5000),
        ("状态.xlsx", b""),
        ("订单.txt", b""),
    ],
)
def test_what_holds_rows_or_has_another_name_asks_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert wish_in(tmp_path / name) is None


def test_the_answer_comes_into_the_outbox_and_the_question_goes_to_done(desk: Desk) -> None:
    (desk.inbox / "状态").write_bytes(b"")
    desk.look()
    assert desk.asked == [Wish(Asked.STATUS)]
    assert desk.answers() == ["状态 2026-03-04 050607.txt"]
    text = (desk.outbox / desk.answers()[0]).read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "一切正常"
    assert not (desk.inbox / "状态").exists()
    assert (desk.folder / "done" / "2026-03-04" / "状态").read_bytes() == b""
    assert desk.taken() == 0


def test_who_asks_twice_is_answered_twice_and_nothing_is_overwritten(desk: Desk) -> None:
    for text in ("甲", "乙"):
        (desk.inbox / "查询.txt").write_text(text, encoding="utf-8")
        desk.look()
    assert [wish.text for wish in desk.asked] == ["甲", "乙"]
    assert len(desk.answers()) == 2
    assert len(list((desk.folder / "done" / "2026-03-04").iterdir())) == 2


def test_a_file_of_rows_with_such_a_name_is_a_drop(desk: Desk, tmp_path: Path) -> None:
    write_workbook(tmp_path / "made.xlsx", "order", list(order_rows(1)))
    (tmp_path / "made.xlsx").rename(desk.inbox / "状态")
    desk.look()
    assert desk.asked == []
    assert desk.taken() == 1


def test_a_question_that_cannot_be_put_away_is_answered_once_and_put_away_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = True

    def moved(source: Path, target: Path) -> None:
        if refuse:
            raise PermissionError("not now")
        move(source, target)

    monkeypatch.setattr("cebd.intake.asked.putting_away.move", moved)
    (desk.inbox / "状态").write_bytes(b"")
    desk.look(0.0, 3.0, 5.0, 10.0)
    assert len(desk.asked) == 1
    refuse = False
    desk.look(60.0, 60.0)
    assert len(desk.asked) == 1
    assert not (desk.inbox / "状态").exists()


def test_killed_between_the_answer_and_the_move_it_is_answered_once_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_source: Path, _target: Path) -> None:
        raise SystemExit

    (desk.inbox / "重试").write_bytes(b"")
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("cebd.intake.asked.putting_away.move", killed)
        desk.look()
    desk.inboxes = Inboxes(
        {"trial": desk.folder},
        desk.store,
        StillClock(),
        desk.conditions,
        lambda _drop: None,
        answer=desk.answer,
        stable_seconds=2.0,
        ignore=(),
    )
    desk.look()
    assert [wish.asked for wish in desk.asked] == [Asked.RETRY, Asked.RETRY]
    assert len(desk.answers()) == 2
    assert list(desk.inbox.iterdir()) == []


def test_a_text_that_cebd_wrote_is_left_alone_until_somebody_changes_it(desk: Desk) -> None:
    readme = desk.inbox / "README.txt"
    readme.write_bytes(signed_text("把要申报的文件放在这里\n"))
    desk.look()
    assert readme.exists()
    assert desk.conditions.current() == []
    content = readme.read_bytes()
    assert is_text_as_we_wrote_it(content.replace(b"\r\n", b"\n"))
    readme.write_bytes(content + b"orderNo,price\r\n1,2\r\n")
    desk.look()
    assert not readme.exists()
    assert desk.taken() == 1


def test_another_text_of_that_name_is_a_drop(desk: Desk) -> None:
    (desk.inbox / "README.txt").write_bytes(b"a,b\n1,2\n")
    desk.look()
    assert desk.taken() == 1


@pytest.mark.parametrize("keeping_back", [(), ("trial",)])
def test_what_lies_in_the_folder_of_questions_is_asked_and_never_declared(
    tmp_path: Path, keeping_back: tuple[str, ...]
) -> None:
    (tmp_path / "desk").mkdir()
    with an_open_store(tmp_path) as store:
        desk = Desk(store, tmp_path / "desk", keeping_back)
        below = desk.inbox / "查询" / "order"
        below.mkdir(parents=True)
        write_workbook(below / "订单.xlsx", "order", list(order_rows(2)))
        (desk.inbox / "查询" / "状态.txt").write_bytes(b"")
        (desk.inbox / "查询" / "README.txt").write_bytes(signed_text("what it is for"))
        desk.look()
        assert set(desk.questions) == {"订单.xlsx", "状态.txt"}
        assert desk.asked == []
        assert desk.taken() == 0
        assert (below / "订单.xlsx").exists()
