"""Files that people bring in on a page: each lies in a folder of its own beside the store until it is declared, with what they say of it.

Once one is declared its row stays: the conversion of the file asks it what was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from cebd.decisions.of_file import NOTHING_SAID, OfFile
from cebd.records.ids import DropId
from cebd.records.states import DropState
from cebd.store.console.tables import imports
from cebd.store.tables import drops
from cebd.store.transaction import Transaction

ImportId = NewType("ImportId", int)


@dataclass(frozen=True, slots=True)
class Import:
    """`folder`: where its bytes are; `name`: the operator's; `file`: the name under which it is declared, `sha256` of its bytes.

    `hint`: the document that a person says it is, else empty. `revision` counts what was said of it. `declared`: when (ISO 8601).
    `after`: the declared one of whose rows this has the rest.
    """

    id: ImportId
    account: str
    enterprise: str
    folder: str
    name: str
    file: str
    sha256: str
    size: int
    hint: str
    said: OfFile
    revision: int
    changed: str
    declared: str | None
    after: ImportId | None


def add_import(
    transaction: Transaction, account: str, enterprise: str, folder: str, name: str, sha256: str, size: int, now: str
) -> ImportId:
    """A new one; `name_import` gives it the name under which it is declared."""
    values = {"account": account, "enterprise": enterprise, "folder": folder, "name": name, "file": ""}
    more = {"sha256": sha256, "size": size, "hint": "", "said": NOTHING_SAID.as_text(), "revision": 1, "changed": now}
    return ImportId(transaction.execute(insert(imports).values(**values, **more).returning(imports.c.id)).scalar_one())


def name_import(transaction: Transaction, import_id: ImportId, file: str) -> None:
    """Under which name it will be declared: no other file has it."""
    transaction.execute(update(imports).where(imports.c.id == import_id).values(file=file))


def import_of_file(transaction: Transaction, enterprise: str, file: str, sha256: str) -> Import | None:
    """The one with these bytes that is declared, or will be, under that name."""
    is_it = (imports.c.enterprise == enterprise) & (imports.c.file == file) & (imports.c.sha256 == sha256)
    row = transaction.execute(select(imports).where(is_it)).first()
    return None if row is None else _import(row)


def import_numbered(transaction: Transaction, number: int) -> Import | None:
    """The one of that number."""
    row = transaction.execute(select(imports).where(imports.c.id == number)).first()
    return None if row is None else _import(row)


def is_undeclared(transaction: Transaction, enterprise: str, file: str) -> bool:
    """Whether there is one to be declared under that name, and nobody has done so."""
    is_it = (imports.c.enterprise == enterprise) & (imports.c.file == file) & imports.c.declared.is_(None)
    return transaction.execute(select(imports.c.id).where(is_it).limit(1)).first() is not None


def open_imports(transaction: Transaction, limit: int) -> list[Import]:
    """Those that are not declared, the latest first."""
    wanted = select(imports).where(imports.c.declared.is_(None)).order_by(imports.c.id.desc()).limit(limit)
    return [_import(row) for row in transaction.execute(wanted)]


def open_import_of(transaction: Transaction, enterprise: str, sha256: str) -> Import | None:
    """The latest of those that are not declared with these bytes."""
    is_it = (imports.c.enterprise == enterprise) & (imports.c.sha256 == sha256) & imports.c.declared.is_(None)
    row = transaction.execute(select(imports).where(is_it).order_by(imports.c.id.desc()).limit(1)).first()
    return None if row is None else _import(row)


def imports_not_taken(transaction: Transaction, limit: int) -> list[Import]:
    """Declared ones whose file no drop is yet: it waits in the inbox, or was never written. The latest first."""
    wanted = select(imports).where(imports.c.declared.is_not(None), ~_is_taken()).order_by(imports.c.id.desc())
    return [_import(row) for row in transaction.execute(wanted.limit(limit))]


def folders_in_use(transaction: Transaction) -> set[str]:
    """The folders of all that are not declared, or whose file was not taken yet."""
    wanted = select(imports.c.folder).where(imports.c.declared.is_(None) | ~_is_taken())
    return set(transaction.execute(wanted).scalars())


def _is_taken() -> ColumnElement[bool]:
    of_file = (drops.c.enterprise == imports.c.enterprise) & (drops.c.name == imports.c.file)
    is_taken = drops.c.state != DropState.WITHDRAWN
    return select(drops.c.id).where(of_file, drops.c.sha256 == imports.c.sha256, is_taken).exists()


def say(transaction: Transaction, seen: Import, account: str, said: OfFile, hint: str, now: str) -> bool:
    """Keep what is said of it. False where somebody has said something else since, or it is declared: nothing is kept. Who says nothing new
    has not entered it."""
    still = (imports.c.id == seen.id) & (imports.c.revision == seen.revision) & imports.c.declared.is_(None)
    says_new = said.says_otherwise_than(seen.said) or hint != seen.hint
    by = account if says_new else seen.account
    values = {"said": said.as_text(), "hint": hint, "account": by, "changed": now, "revision": seen.revision + 1}
    return transaction.execute(update(imports).where(still).values(**values)).rowcount > 0


def note_declared(transaction: Transaction, seen: Import, now: str) -> bool:
    """It is declared, before its file is brought into the inbox. False where somebody has said something else since, or has declared it."""
    still = (imports.c.id == seen.id) & (imports.c.revision == seen.revision) & imports.c.declared.is_(None)
    values = {"declared": now, "owed": now}
    return transaction.execute(update(imports).where(still).values(**values)).rowcount > 0


def note_given(transaction: Transaction, import_id: ImportId) -> None:
    """Its file is in the inbox, or was taken already."""
    transaction.execute(update(imports).where(imports.c.id == import_id).values(owed=None))


def owed_imports(transaction: Transaction) -> list[tuple[str, Import]]:
    """The declared ones whose file was not brought into the inbox yet, each with since when."""
    wanted = select(imports).where(imports.c.owed.is_not(None)).order_by(imports.c.id)
    return [(row.owed, _import(row)) for row in transaction.execute(wanted)]


def go_on_with(transaction: Transaction, declared: Import, now: str) -> ImportId:
    """What of a declared one stays behind, as one more of the same bytes with all that was said of them, by whoever said it."""
    values = {
        "account": declared.account,
        "enterprise": declared.enterprise,
        "folder": declared.folder,
        "name": declared.name,
    }
    of_file = {"file": "", "sha256": declared.sha256, "size": declared.size, "hint": declared.hint}
    said = {"said": declared.said.as_text(), "revision": declared.revision + 1, "changed": now}
    added = insert(imports).values(**values, **of_file, **said, after=declared.id)
    return ImportId(transaction.execute(added.returning(imports.c.id)).scalar_one())


def remove_import(transaction: Transaction, import_id: ImportId) -> bool:
    """Throw it away; False for one that is declared, which stays."""
    removed = delete(imports).where(imports.c.id == import_id, imports.c.declared.is_(None))
    return transaction.execute(removed).rowcount > 0


def said_of(transaction: Transaction, enterprise: str, file: str, sha256: str) -> OfFile:
    """What was said of the file with these bytes under that name; nothing of any other."""
    found = import_of_file(transaction, enterprise, file, sha256)
    return NOTHING_SAID if found is None else found.said


def is_decided_anew(transaction: Transaction, enterprise: str, file: str, sha256: str, drop_id: DropId) -> bool:
    """Whether that drop is the first of a file of which something was said: its rows are read by that, whatever files with the same
    bytes came before."""
    if said_of(transaction, enterprise, file, sha256).is_empty:
        return False
    is_it = (drops.c.enterprise == enterprise) & (drops.c.name == file) & (drops.c.sha256 == sha256)
    earlier = select(drops.c.id).where(is_it, drops.c.id < drop_id, drops.c.state != DropState.WITHDRAWN).limit(1)
    return transaction.execute(earlier).first() is None


def _import(row: Row[tuple[object, ...]]) -> Import:
    return Import(
        row.id,
        row.account,
        row.enterprise,
        row.folder,
        row.name,
        row.file,
        row.sha256,
        row.size,
        row.hint,
        OfFile.from_text(row.said),
        row.revision,
        row.changed,
        row.declared,
        row.after,
    )
