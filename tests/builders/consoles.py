"""A console without a daemon: its application is asked directly. Its store is a new station's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from builders.clocks import StillClock
from builders.declared import a_list_return, a_receipt, settle
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import SystemClock, iso
from cebd.console.app import Console
from cebd.documents.convert import ClaimedFile, convert
from cebd.intake.claim import claim
from cebd.operations.check import FileOnTrial, convert_on_trial
from cebd.operations.console.accounts import put_account
from cebd.records.ids import DropId
from cebd.records.states import State
from cebd.settings import Settings, load_settings
from cebd.signing.dropped_signature import judge_of
from cebd.store.console.accounts import Role
from cebd.store.drops import load_drop
from cebd.store.messages import Signed, mark_sent, mark_signed
from cebd.store.store import Store
from cebd.store.tables import drops, messages, submissions
from cebd.trial.rows import Line, write_workbook
from cebd.trial.station import MadeStation

PASSWORD = "correct horse battery"
_SIGNATURE = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
EVERYTHING = (Role.ENTER, Role.DECLARE, Role.ADMINISTER)


@dataclass
class TryConsole:
    """Its parts; `visitor` is a browser that keeps its cookies."""

    made: MadeStation
    settings: Settings
    store: Store
    clock: StillClock
    console: Console

    @classmethod
    def at(cls, folder: Path, *more_settings: str) -> TryConsole:
        """One in that folder."""
        made = new_station(folder / "station", port=2222)
        with made.settings.open("a", encoding="utf-8") as file:
            file.write('\n[console]\nlisten = "127.0.0.1:8621"\n' + "".join(more_settings))
        settings = load_settings(made.settings)
        store = open_store(settings.store_dir)
        clock = StillClock()
        return cls(made, settings, store, clock, Console(settings, store, clock))

    def opened_again(self) -> TryConsole:
        """The same station after its daemon was killed: nothing but the disk is left."""
        store = Store.open(self.settings.store_dir)
        console = Console(self.settings, store, self.clock)
        return TryConsole(self.made, self.settings, store, self.clock, console)

    def account(self, name: str, *roles: Role) -> None:
        """An account with the password of all."""
        put_account(self.store, name, roles, PASSWORD, self.clock.now())

    def visitor(self, base: str = "http://127.0.0.1:8621") -> Visitor:
        """A browser that has never been here."""
        return Visitor(TestClient(self.console.app, base_url=base, follow_redirects=False))

    def logged_in(self, name: str = "li", roles: Sequence[Role] = EVERYTHING) -> Visitor:
        """A browser of a new account that has logged in."""
        self.account(name, *roles)
        visitor = self.visitor()
        assert visitor.log_in(name).headers["location"] == "/"
        return visitor

    def visitor_of(self, name: str) -> Visitor:
        """One more browser of an account that is there."""
        visitor = self.visitor()
        assert visitor.log_in(name).status_code == 303
        return visitor


@dataclass
class Visitor:
    """A browser."""

    client: TestClient

    def log_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        return self.client.post("/login", data={"name": name, "password": password, **more})

    def get(self, address: str, **headers: str) -> httpx2.Response:
        return self.client.get(address, headers=headers)

    def token(self) -> str:
        """What every form of this session carries."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get("/").text)
        assert found is not None
        return found[1]

    def post(self, address: str, token: str | None = None, **fields: str) -> httpx2.Response:
        """A form of a page of this session."""
        carried = self.token() if token is None else token
        return self.client.post(address, data={"token": carried, **fields})

    def decide_for_all(self, query: str, note: str = "核对中") -> tuple[str, int]:
        """One decision for many records: its preview, and the status of carrying it out; 0 where none is offered."""
        page = self.get(f"/records/batch?{query}").text
        told = {name: re.findall(rf'name="{name}" value="([^"]*)"', page) for name in ("wanted", "do", "mark")}
        if not all(told.values()):
            return page, 0
        fields = {name: values[0].replace("&amp;", "&") for name, values in told.items()}
        return page, int(self.post("/records/batch", note=note, **fields).status_code)


def read_rows(here: TryConsole, folder: Path, code: str, rows: Sequence[Line], name: str = "") -> None:
    """A file of these rows is read and put away; nothing of it is signed yet."""
    name = name or f"{code}.xlsx"
    write_workbook(folder / name, code, list(rows))
    file = FileOnTrial(folder / name, name, None)
    convert_on_trial(here.store, file, here.settings, here.settings.enterprise[0], None, here.clock)
    with here.store.write() as transaction:
        transaction.execute(update(drops).values(state="filed", outcome="done"))


def taken(here: TryConsole, file: Path) -> DropId:
    """The file as the station takes and converts it."""
    enterprise = here.settings.enterprise[0]
    folder, clock = here.settings.folder(enterprise), SystemClock()
    claimed = claim(here.store, enterprise.name, folder, file, clock)
    assert claimed is not None
    with here.store.write() as transaction:
        drop = load_drop(transaction, claimed.drop_id)
        if drop.repeat_of is None:
            one = ClaimedFile(drop.id, claimed.path, drop.name, drop.inbox_folder, sha256=drop.sha256)
            options = here.settings.reading_options
            convert(transaction, one, enterprise, options, clock, judge_of(transaction))
    return claimed.drop_id


@dataclass
class DeclaredFile:
    """A file of trial rows that the station has read and handed over; `answer` brings customs' word."""

    here: TryConsole
    agent: str

    @classmethod
    def of(cls, here: TryConsole, folder: Path, code: str, rows: Sequence[Line], name: str = "") -> DeclaredFile:
        """Read and handed over at once."""
        read_rows(here, folder, code, rows, name)
        now = iso(here.clock.now())
        with here.store.write() as transaction:
            unsent = select(messages.c.id, messages.c.guid).where(messages.c.state == "ready")
            for message_id, guid in transaction.execute(unsent).all():
                mark_signed(transaction, {message_id: Signed(signature=_SIGNATURE)}, "trial")
                attempt = {"message_id": message_id, "name": f"{guid}.xml", "phase": "handing-over", "intent": now}
                transaction.execute(insert(submissions).values(**attempt, outcome="sent", settled=now))
                mark_sent(transaction, message_id, State.SENT, now)
        return cls(here, rows[0].get("head.agentCode", ""))

    def answer(self, number: str, status: str, *, list_number: str = "", info: str = "") -> None:
        """What customs say of the list of that number, now."""
        moment = f"{self.here.clock.now():%Y%m%d%H%M%S000}"
        told = a_list_return(number, status, moment, info, agentCode=self.agent, invtNo=list_number)
        settle(self.here.store, a_receipt(told), channel="sandbox", at=self.here.clock.now())
