"""What was declared in the console comes into the inbox once, whatever is killed, away or in the way; nobody's file is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert

from builders.consoles import TryConsole
from builders.waiting import until
from cebd.clock import iso
from cebd.documents.workbooks.entered import Document, as_json
from cebd.intake.claim import claim
from cebd.intake.inboxes.ignored import Ignored
from cebd.operations.console import accounts, giving
from cebd.operations.console.drafts import entry
from cebd.operations.console.importing.imports import Imports
from cebd.operations.console.importing.preview import Preview
from cebd.operations.text import Refused
from cebd.records.states import DropState
from cebd.station.owed import Owed
from cebd.store.conditions import Conditions
from cebd.store.console import drafts, imports
from cebd.store.console.imports import ImportId
from cebd.store.tables import drops, records
from cebd.trial.rows import order_rows


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


def an_order(number: int = 1) -> bytes:
    (row,) = order_rows(1, first=number)
    head = {name[5:]: text for name, text in row.items() if name.startswith("head.")}
    line = {name[5:]: text for name, text in row.items() if name.startswith("line.")}
    return as_json("order", [Document(head, (line,))])


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object) -> None:
    raise Killed


def declare_draft(here: TryConsole) -> str:
    """An order that was entered is declared; under which name."""
    now, documents = here.clock.now(), [Document({"orderNo": "A-1"})]
    number = entry.begin(here.store, "li", "trial", "order", documents, now)
    with here.store.read() as transaction:
        draft = entry.the_draft(transaction, number)
    return entry.declare(here.store, draft, here.settings, "li", now)


def brought_in(here: TryConsole, name: str = "订单.csv") -> tuple[Imports, ImportId]:
    room = Imports(here.settings, here.store, here.clock)
    return room, room.receive("li", "trial", name, b"orderNo\nA-1\n")


def declare_import(here: TryConsole) -> str:
    room, number = brought_in(here)
    one = room.numbered(number)
    room.declare(one, Preview(one.revision, "CEB311", 1, 1, 0, ()), "li")
    return one.file


def in_inbox(here: TryConsole) -> list[str]:
    return sorted(path.name for path in here.made.inbox.rglob("*") if path.is_file())


def owed_of(here: TryConsole) -> tuple[Owed, Conditions]:
    conditions = Conditions(here.store, here.clock)
    return Owed(here.settings, here.store, here.clock, conditions), conditions


DECLARE = pytest.mark.parametrize("declare", [declare_draft, declare_import])


@DECLARE
@pytest.mark.parametrize("where", ["before the file", "after the file"])
def test_a_kill_right_after_declaring_loses_nothing_and_declares_nothing_twice(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch, declare: Callable[[TryConsole], str], where: str
) -> None:
    if where == "before the file":
        monkeypatch.setattr(giving, "_write", killed)
    else:
        monkeypatch.setattr(drafts, "note_given", killed)
        monkeypatch.setattr(imports, "note_given", killed)
    with pytest.raises(Killed):
        declare(here)
    monkeypatch.undo()
    again = here.opened_again()
    if where == "after the file":
        [file] = again.made.inbox.glob("*-*")
        folder = again.settings.folder(again.settings.enterprise[0])
        assert claim(again.store, "trial", folder, file, again.clock) is not None
    owed, _ = owed_of(again)
    owed.look()
    assert len(in_inbox(again)) == (1 if where == "before the file" else 0)
    for path in again.made.inbox.glob("*-*"):
        path.unlink()  # a person takes it out of the inbox
    owed.look()
    owed_of(again)[0].look()
    assert in_inbox(again) == []


@DECLARE
def test_what_is_declared_while_the_share_is_away_is_named_and_comes_in_with_it(
    here: TryConsole, declare: Callable[[TryConsole], str]
) -> None:
    share = here.made.inbox.parent
    share.rename(share.with_name("away"))
    name = declare(here)
    owed, conditions = owed_of(here)
    owed.look()
    [standing] = conditions.current()
    assert (standing.problem.id, standing.problem.value, standing.enterprise) == ("CEBD-1077", name, "trial")
    share.with_name("away").rename(share)
    owed_of(here)[0].look()
    assert in_inbox(here) == [name]


def test_a_share_that_does_not_answer_keeps_nobody_waiting_who_declares(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Event()
    monkeypatch.setattr(giving, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(giving, "_write", lambda *_: answers.wait())
    name = declare_draft(here)
    owed, conditions = owed_of(here)
    owed.look()
    assert [one.problem.id for one in conditions.current()] == ["CEBD-1077"]
    answers.set()
    monkeypatch.undo()
    until(lambda: (owed_of(here)[0].look(), in_inbox(here))[1], "the file")
    assert in_inbox(here) == [name]


def test_a_page_that_is_still_at_it_is_left_alone(here: TryConsole) -> None:
    share = here.made.inbox.parent
    owed, conditions = owed_of(here)
    owed.look()
    share.rename(share.with_name("away"))
    declare_draft(here)
    share.with_name("away").rename(share)
    owed.look()
    assert (in_inbox(here), conditions.current()) == ([], [])


def test_a_file_of_somebody_else_under_that_name_is_neither_overwritten_nor_taken_for_it(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    theirs = here.made.inbox / f"api-{sha256(an_order()).hexdigest()[:16]}.json"
    theirs.write_bytes(b"theirs")
    answer = given(here, key)
    assert (answer, theirs.read_bytes()) == (409, b"theirs")
    theirs.unlink()
    assert given(here, key) == 202
    assert theirs.read_bytes() == an_order()


def given(here: TryConsole, key: str) -> int:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return here.visitor().client.post("/api/drops", content=an_order(), headers=headers).status_code


@pytest.mark.parametrize(
    ("state", "outcome", "of_record", "comes"),
    [
        (DropState.WITHDRAWN, None, None, True),
        (DropState.FILED, "error", None, True),
        (DropState.FILED, "done", "rejected", True),
        (DropState.FILED, "done", "sent", False),
        (DropState.FILED, "done", "refused", False),
        (DropState.CLAIMED, None, None, False),
    ],
)
def test_a_program_may_give_again_what_was_never_taken_or_kept_back_whole_and_nothing_else(
    here: TryConsole, state: DropState, outcome: str | None, of_record: str | None, comes: bool
) -> None:
    name, digest = f"api-{sha256(an_order()).hexdigest()[:16]}.json", sha256(an_order()).hexdigest()
    facts = {"enterprise": "trial", "name": name, "stem": name, "sha256": digest, "source": name, "place": name}
    with here.store.write() as transaction:
        of = insert(drops).values(**facts, received=iso(here.clock.now()), state=state, outcome=outcome)
        drop_id = transaction.execute(of).inserted_primary_key[0]
        if of_record is not None:
            record = {"drop_id": drop_id, "enterprise": "trial", "type": "CEB311", "key": "k", "guid": "g", "rows": "2"}
            transaction.execute(insert(records).values(**record, content=b"", state=of_record, active=False))
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    assert given(here, key) == 202
    assert in_inbox(here) == ([name] if comes else [])


@pytest.mark.parametrize("way", ["a program", "a draft"])
def test_what_is_given_again_while_its_file_is_just_being_taken_comes_no_second_time(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    _, key = accounts.add_key(here.store, "trial", "erp", here.clock.now())
    if way == "a program":
        assert given(here, key) == 202
    else:
        declare_draft(here)
    (name,), write = in_inbox(here), giving._write
    inbox = here.made.inbox

    def taken_first(*how: Any) -> None:
        assert claim(here.store, "trial", inbox.parent, inbox / name, here.clock) is not None
        write(*how)

    monkeypatch.setattr(giving, "_write", taken_first)
    if way == "a program":
        assert given(here, key) == 202
    else:
        with here.store.read() as transaction:
            draft = entry.the_draft(transaction, 1)
        entry.give(here.store, here.settings, draft)
    assert in_inbox(here) == []


@pytest.mark.parametrize(
    "name", ["~$订单.xlsx", ".订单.csv", "订单.xlsx.part", "订单.csv.tmp.crdownload", "..", "~$.csv"]
)
def test_whatever_a_file_is_called_that_is_brought_in_its_name_in_the_inbox_is_one_that_is_taken(
    here: TryConsole, name: str
) -> None:
    room, number = brought_in(here, name)
    assert not Ignored(here.settings.station.ignore).file(room.numbered(number).file)


def test_where_the_settings_have_such_names_left_alone_nothing_is_closed_and_the_reason_is_said(
    here: TryConsole,
) -> None:
    station = here.settings.station.model_copy(update={"ignore": ("*.json",)})
    deaf = here.settings.model_copy(update={"station": station})
    now: datetime = here.clock.now()
    number = entry.begin(here.store, "li", "trial", "order", [Document({})], now)
    with here.store.read() as transaction:
        draft = entry.the_draft(transaction, number)
    with pytest.raises(Refused, match="left alone"):
        entry.declare(here.store, draft, deaf, "li", now)
    with here.store.read() as transaction:
        assert entry.the_draft(transaction, number).file is None
    with pytest.raises(Refused, match="left alone"):
        giving.put_into_inbox(deaf, "trial", "api-0.json", b"{}", lambda: False)
