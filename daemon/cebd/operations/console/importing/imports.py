"""Files brought in on a page: kept, decided of, and declared by becoming a file in the inbox of their enterprise."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import structlog

from cebd.clock import Clock, iso
from cebd.decisions.decision import EMPTY, NOT_DECLARED, Answers, Told
from cebd.decisions.layout import UNUSED, KnownLayout
from cebd.decisions.of_file import OfFile
from cebd.disk.files import write_file
from cebd.file_names import UNFINISHED, fitting
from cebd.messages.description import message_type
from cebd.operations.console.giving import put_into_inbox, require_inbox, taken_with
from cebd.operations.console.importing.making import PreviewsOfImports, file_of
from cebd.operations.console.importing.preview import EqualMistakes, Preview
from cebd.operations.console.page_words import Page, on_page
from cebd.operations.console.second_person import require_second_person
from cebd.operations.text import Refused
from cebd.problems.problem import Problem, problem
from cebd.settings import Settings
from cebd.store.console import imports
from cebd.store.console.imports import Import, ImportId
from cebd.store.databases.migrations import note
from cebd.store.drops import Drop
from cebd.store.store import Store
from cebd.store.transaction import Transaction, TransactionFailed

log = structlog.get_logger("cebd")

FOLDER = "imports"  # beside the store
_NAME_BYTES = 150
_MOST_OPEN = 200


class Answer(NamedTuple):
    """What a person chose for equal mistakes; `reason` is needed for NOT_DECLARED."""

    text: str
    reason: str
    remember: bool


class Imports:
    """What was brought in and is not declared yet. Its files lie beside the store until then."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._folder = settings.store_dir / FOLDER
        self.previews = PreviewsOfImports(settings, clock, self.place)

    def place(self, one: Import) -> Path:
        """Its folder."""
        return self._folder / one.folder

    def numbered(self, number: int) -> Import:
        """The one of that number. Raises Refused."""
        with self._store.read() as transaction:
            return _the(transaction, number)

    def all_open(self) -> list[Import]:
        """Those that are not declared, the latest first."""
        with self._store.read() as transaction:
            return imports.open_imports(transaction, _MOST_OPEN)

    def not_taken(self) -> list[Import]:
        """Those that are declared, and whose file was not taken yet: it waits, or a kill came before it was written."""
        with self._store.read() as transaction:
            return imports.imports_not_taken(transaction, _MOST_OPEN)

    def receive(self, account: str, enterprise: str, name: str, content: bytes) -> ImportId:
        """Keep a file. Killed before its row is there, its folder is removed by `tidy`. Raises Refused, OSError."""
        return self._keep(account, enterprise, fitting(name, _NAME_BYTES), content)

    def receive_from_program(self, program: str, enterprise: str, name: str, content: bytes) -> ImportId:
        """Keep what a program gives, until an account declares it under that name; the same, given twice, is one. Raises as `receive`."""
        return self._keep(program, enterprise, name, content, name)

    def _keep(
        self, account: str, enterprise: str, name: str, content: bytes, declared_as: str | None = None
    ) -> ImportId:
        require_inbox(self._settings, enterprise, declared_as or _declared_name(name, ImportId(1)))
        if not content:
            raise Refused(
                "请先选择文件；所选的文件没有内容。", "Choose a file first; the one that was chosen is empty."
            )
        digest = sha256(content).hexdigest()
        self.tidy()
        if len(self.all_open()) >= _MOST_OPEN:
            raise Refused(
                "尚未申报的导入文件太多，请先申报或删除一些。",
                "There are too many files that are not declared: declare or remove some.",
            )
        folder, now = secrets.token_hex(8), iso(self._clock.now())
        path = self._folder / folder / ("file" + Path(name).suffix.lower())
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path.parent.mkdir(mode=0o700)
        try:
            write_file(path, content, private=True)
            with self._store.write() as transaction:
                known = None
                if declared_as is not None:
                    known = imports.import_of_file(transaction, enterprise, declared_as, digest)
                if known is not None and (known.declared is None or self.drop_of(known) is None):
                    shutil.rmtree(path.parent, ignore_errors=True)
                    return known.id
                number = imports.add_import(transaction, account, enterprise, folder, name, digest, len(content), now)
                is_free = declared_as is not None and known is None  # else all of the earlier one was kept back
                imports.name_import(transaction, number, (is_free and declared_as) or _declared_name(name, number))
                note(transaction, "brought in", f"{account}: {enterprise} {name} ({digest[:12]})")
        except BaseException:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise
        return number

    def tidy(self) -> None:
        """Remove the folders of files that are declared and taken, or that a kill has left."""
        with self._store.read() as transaction:
            used = imports.folders_in_use(transaction)
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                if folder.name not in used and not self._is_new(folder):
                    shutil.rmtree(folder, ignore_errors=True)

    def _is_new(self, folder: Path) -> bool:
        """Whether somebody may just be bringing it in."""
        try:
            return abs(self._clock.now().timestamp() - folder.lstat().st_mtime) < 600
        except OSError:
            return True

    # What is said of it

    def decide(self, one: Import, account: str, answers: Mapping[EqualMistakes, Answer]) -> Import:
        """Keep what was decided of equal mistakes; an empty text takes back what was decided here. Raises Refused."""
        now, told = self._clock.now(), {one_.key: one_ for one_ in one.said.answers.told}
        for group, answer in answers.items():
            if not answer.text:
                told.pop(group.key, None)
                continue
            if answer.text == NOT_DECLARED and not answer.reason:
                raise _refused(problem("CEBD-1089", value=group.key.value or EMPTY))
            told[group.key] = Told(group.key, answer.text, answer.reason, answer.remember, None, False, account)
        said = Answers(tuple(told.values()), account, iso(now))
        return self._say(one, account, replace(one.said, answers=said))

    def take_back(self, one: Import, account: str, nth: int) -> Import:
        """Forget a decision, by its place in the list."""
        told = one.said.answers.told
        if not 0 <= nth < len(told):
            raise _changed_meanwhile()
        left = replace(one.said, answers=one.said.answers._replace(told=(*told[:nth], *told[nth + 1 :])))
        return self._say(one, account, left)

    def map(self, one: Import, account: str, type_: str, preview: Preview, fields: Mapping[int, str]) -> Import:
        """Keep what its headings mean. `fields`: by the place of the column in the proposal, the path of its field (`OrderHead/orderNo`).
        Raises Refused where a field has two columns."""
        if preview.proposal is None:
            raise _changed_meanwhile()
        message, columns = message_type(type_), dict[str, str]()
        heading_of: dict[str, str] = {}
        for nth, column in enumerate(preview.proposal.columns):
            target = fields.get(nth) or UNUSED
            if target != UNUSED and target in heading_of:
                raise _refused(problem("CEBD-1093", value=target, other=heading_of[target]))
            heading_of[target] = column.heading
            columns[column.heading] = target
        layout = KnownLayout(message.code, columns, one.name, account, iso(self._clock.now()))
        return self._say(one, account, replace(one.said, layout=layout))

    def call_it(self, one: Import, account: str, hint: str) -> Import:
        """It is a document of that kind, as a person says; empty: its content tells."""
        return self._say(one, account, one.said, hint)

    def _say(self, one: Import, account: str, said: OfFile, hint: str | None = None) -> Import:
        now = self.say_if_unchanged(one, account, said, hint)
        if now is None:
            raise _changed_meanwhile()
        return now

    def say_if_unchanged(self, one: Import, account: str, said: OfFile, hint: str | None = None) -> Import | None:
        """Keep what is said of it; None, and nothing is kept, where somebody has said something else since."""
        now = iso(self._clock.now())
        with self._store.write() as transaction:
            if not imports.say(transaction, one, account, said, one.hint if hint is None else hint, now):
                return None
            return _the(transaction, one.id)

    # Declaring

    def declare(self, one: Import, preview: Preview, account: str) -> ImportId | None:
        """Have it declared: it becomes a file in the inbox, and what was said of it stays beside. Returns the one with the rows that stay
        behind, if any. Raises Refused.

        Killed before the note, nothing has happened. From then on its file is owed: where it cannot be written now, the station does so
        once it can.
        """
        require_inbox(self._settings, one.enterprise, one.file)
        require_second_person(self._settings, one.account, account)
        if preview.ready == 0:
            raise Refused(
                "没有可以申报的单证；请先改正。", "There is nothing in it that could be declared; correct it first."
            )
        rest: ImportId | None = None
        with self._store.write() as transaction:
            if not imports.note_declared(transaction, one, iso(self._clock.now())):
                raise _changed_meanwhile()
            note(transaction, "declared in the console", f"{account}: {one.enterprise} {one.file}")
            if preview.staying:
                rest = imports.go_on_with(transaction, one, iso(self._clock.now()))
                imports.name_import(transaction, rest, _declared_name(one.name, rest))
        try:
            self.give(one)
        except (OSError, TransactionFailed) as error:
            log.warning("declared in the console, and not in the inbox yet", file=one.file, reason=str(error))
        return rest

    def give(self, one: Import) -> None:
        """Bring a declared one into the inbox, unless it is there or was taken. Raises Refused, OSError, TransactionFailed."""
        if one.declared is None and self.numbered(one.id).declared is None:
            raise _changed_meanwhile()
        content = self._bytes_of(one)
        if self.drop_of(one) is None:
            if content is None:
                with self._store.write() as transaction:
                    imports.note_given(transaction, one.id)  # it never can be
                    note(transaction, "its bytes are gone", f"{one.enterprise} {one.file}")
                raise Refused("这个文件已不在，请重新导入。", "This file is not here any more: bring it in again.")
            put_into_inbox(
                self._settings, one.enterprise, one.file, content, lambda: self.drop_of(one) is not None, one.hint
            )
        with self._store.write() as transaction:
            imports.note_given(transaction, one.id)

    def _bytes_of(self, one: Import) -> bytes | None:
        """None where they are gone, as they are once it was taken."""
        try:
            return file_of(self.place(one), one).read_bytes()
        except FileNotFoundError:
            return None

    def drop_of(self, one: Import) -> Drop | None:
        """What it became, once it is taken."""
        return taken_with(self._store, one.enterprise, one.file, one.sha256)

    def remove(self, one: Import, account: str) -> None:
        """Throw it away. One that is declared stays."""
        with self._store.write() as transaction:
            if imports.remove_import(transaction, one.id):
                note(transaction, "thrown away", f"{account}: {one.enterprise} {one.name}")
        self.previews.forget(one)
        with self._store.read() as transaction:
            if one.folder not in imports.folders_in_use(transaction):
                shutil.rmtree(self.place(one), ignore_errors=True)


def _the(transaction: Transaction, number: int) -> Import:
    one = imports.import_numbered(transaction, number)
    if one is None:
        raise Refused("没有这个导入文件。", "There is no such file.")
    return one


def _declared_name(name: str, number: ImportId) -> str:
    """The name under which it is declared; never one that is left alone in an inbox: hidden, of Office, or unfinished."""
    path = Path(name)
    while path.suffix.lower() in UNFINISHED:
        path = path.with_suffix("")
    return f"{path.stem.lstrip('.~$')}-import{number:06d}{path.suffix}"


def _refused(found: Problem) -> Refused:
    said = on_page(found, Page.IMPORT)
    return Refused(f"{said.zh}。{said.fix_zh}", f"{said.en}. {said.fix_en}")


def _changed_meanwhile() -> Refused:
    return Refused(
        "这个文件在此期间有了改动，或已申报：请刷新页面，核对后再试。",
        "Somebody has changed or declared this file meanwhile: load the page again, look, and try once more.",
    )
