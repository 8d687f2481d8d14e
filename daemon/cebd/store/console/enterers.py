"""Who entered what a file of the console's brought: the account that changed the draft or the import last before it was declared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from cebd.store.console.tables import drafts, imports
from cebd.store.transaction import Transaction, batches

_OF_A_DRAFT = re.compile(r"entered-0*([0-9]{1,12})\.json")


class GivenFile(NamedTuple):
    """A file by the enterprise that it is of, and the name under which it came."""

    enterprise: str
    name: str


def enterers_of(transaction: Transaction, files: Iterable[GivenFile]) -> dict[GivenFile, str]:
    """The accounts (or the program with a key, as the journal calls it) by file; files that came through the folder alone have none."""
    wanted = set(files)
    drafted = {int(named[1]) for file in wanted if (named := _OF_A_DRAFT.fullmatch(file.name))}
    found: dict[GivenFile, str] = {}
    for numbers in batches(sorted(drafted)):
        query = select(drafts.c.enterprise, drafts.c.file, drafts.c.account)
        rows = transaction.execute(query.where(drafts.c.id.in_(numbers), drafts.c.file.is_not(None)))
        found |= {GivenFile(row.enterprise, row.file): row.account for row in rows}
    for names in batches(sorted({file.name for file in wanted})):
        by_file = select(imports.c.enterprise, imports.c.file, imports.c.account).where(imports.c.file.in_(names))
        rows = transaction.execute(by_file.where(imports.c.declared.is_not(None)))
        found |= {GivenFile(row.enterprise, row.file): row.account for row in rows}
    return {file: account for file, account in found.items() if file in wanted}
