"""A second pair of eyes: where the settings want it, whoever changed something last does not declare it.

| what is declared | who entered it |
| --- | --- |
| a draft, a file that was brought in | the account that changed it last |
| what a program gives | the program: it waits among the imports until an account declares it (`importing/imports.py`) |
| what is only stored at the e-port, what waits for a release | whoever entered the file that it came with (`store/console/enterers.py`) |
| what came through the folder of the inbox | nobody that the console knows |
"""

from __future__ import annotations

from collections.abc import Iterable

from cebd.operations.text import Refused
from cebd.settings import Settings
from cebd.store.console.enterers import GivenFile, enterers_of
from cebd.store.console.questions import FoundRecord
from cebd.store.transaction import Transaction


def require_second_person(settings: Settings, entered_by: str | None, account: str) -> None:
    """Raises Refused."""
    if settings.console.second_person and entered_by == account:
        raise Refused(
            "按本站规定，录入和申报须由不同的人完成：请另一位同事核对后申报。",
            "Here whoever enters does not declare: have somebody else look at it and declare it.",
        )


def enterer_of(transaction: Transaction, record: FoundRecord) -> str | None:
    """Who entered the record in the console; None for what came through the folder."""
    file = GivenFile(record.enterprise, record.file)
    return enterers_of(transaction, [file]).get(file)


def own_records(
    transaction: Transaction, settings: Settings, account: str, records: Iterable[FoundRecord]
) -> list[FoundRecord]:
    """Those of the records that somebody else has to declare, as the account entered them; none where the settings do not ask for it."""
    if not settings.console.second_person:
        return []
    found = list(records)
    enterers = enterers_of(transaction, {GivenFile(one.enterprise, one.file) for one in found})
    return [one for one in found if enterers.get(GivenFile(one.enterprise, one.file)) == account]
