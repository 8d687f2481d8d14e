"""Drafts: judged as the file that they would become, and declared by becoming that file in the inbox of their enterprise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

import structlog

from cebd.clock import iso
from cebd.documents.workbooks.entered import Document, as_json, entered
from cebd.messages.description import message_type
from cebd.operations.console.drafts.open_pages import OpenPage
from cebd.operations.console.giving import put_into_inbox, require_inbox, taken
from cebd.operations.console.second_person import require_second_person
from cebd.operations.text import Refused
from cebd.records.ids import RecordId
from cebd.settings import Settings
from cebd.store.console import drafts
from cebd.store.console.drafts import Draft, DraftId
from cebd.store.databases.migrations import note
from cebd.store.store import Store
from cebd.store.transaction import Transaction, TransactionFailed

log = structlog.get_logger("cebd")


def documents_of(draft: Draft) -> tuple[Document, ...]:
    """What was entered so far."""
    return entered(draft.content.encode()).documents


def begin(
    store: Store,
    account: str,
    enterprise: str,
    type_: str,
    documents: Sequence[Document],
    now: datetime,
    about: RecordId | None = None,
) -> DraftId:
    """A draft with these documents."""
    content = as_json(type_, documents).decode()
    with store.write() as transaction:
        return drafts.add_draft(transaction, account, enterprise, message_type(type_).code, content, iso(now), about)


_NUMBERS = ("orderNo", "logisticsNo", "payTransactionId", "copNo", "preNo", "invtNo")
_OF_THIS_ONE = ("guid", "appTime", "appType", "appStatus")


def without_numbers(type_: str, document: Document) -> Document:
    """The document as the beginning of another one: the numbers that tell it from others are left out."""
    message = message_type(type_)
    own = {*message.key, *_NUMBERS, *_OF_THIS_ONE, *filter(None, (message.group, message.numbered))}
    head = {name: text for name, text in document.head.items() if name not in own}
    lines = ({name: text for name, text in line.items() if name not in own} for line in document.lines)
    return Document(head, tuple(lines))


class ChangedElsewhere(Refused):
    """Somebody else, or the same person on another page, has saved the draft since the page was made from which it is saved now: `current`.
    `account`: of that page.
    """

    def __init__(self, current: Draft, account: str) -> None:
        self.current = current
        who = (current.account, current.account)
        if account == current.account:
            who = ("您的帐号在另一个页面", "your account, on another page,")
        super().__init__(
            f"没有保存：在您打开之后，{who[0]}也改了这份草稿。请点“保存并检查”，核对差别后再决定。",
            f"Not kept: {who[1]} has changed this draft since you opened it. Press Save and check, see what differs, then decide.",
        )


def mark_of(draft: Draft) -> str:
    """Another one when something else is entered: a page keeps it, so that `save` knows what the person has seen."""
    return sha256(draft.content.encode()).hexdigest()[:16]


def save(
    store: Store,
    draft: Draft,
    account: str,
    documents: Sequence[Document],
    now: datetime,
    page: OpenPage | None = None,
) -> Draft:
    """The draft with what was entered. `page`: None where nobody typed it. Raises Refused for one that is declared meanwhile,
    ChangedElsewhere.
    """
    content = as_json(draft.type, documents).decode()
    with store.write() as transaction:
        current = the_draft(transaction, draft.id)
        if current.file is not None:
            raise Refused("这份草稿已经申报。", "This draft was declared meanwhile.")
        is_new = content != current.content
        if is_new and page is not None and not page.knows(draft.id, mark_of(current)):
            raise ChangedElsewhere(current, account)
        drafts.save_draft(transaction, draft.id, account, content, iso(now))
        saved = the_draft(transaction, draft.id)
        if is_new and page is not None:
            page.has_saved(draft.id, mark_of(saved))
        return saved


def the_draft(transaction: Transaction, number: int) -> Draft:
    """The draft of that number. Raises Refused."""
    draft = drafts.draft_of(transaction, number)
    if draft is None:
        raise Refused("没有这份草稿。", "There is no such draft.")
    return draft


def remove(store: Store, draft: Draft, account: str, number: str) -> None:
    """Throw it away, unless it is declared. `number`: by which the journal names it."""
    with store.write() as transaction:
        if drafts.remove_draft(transaction, draft.id):
            note(transaction, "draft thrown away", f"{account}: {draft.enterprise} {draft.type} {number}".rstrip())


def file_name(number: int) -> str:
    """The name under which the draft of that number is declared."""
    return f"entered-{number:06d}.json"


def declare(store: Store, draft: Draft, settings: Settings, account: str, now: datetime, said: str = "") -> str:
    """Have the draft declared: it becomes a file in the inbox. Returns the file's name. `said`: what the journal adds. Raises Refused.

    Killed before the name is kept, nothing has happened. From then on the draft is closed, and its file owed: where it cannot be written
    now, the station does so once it can.
    """
    name = draft.file or file_name(draft.id)
    require_inbox(settings, draft.enterprise, name)
    with store.write() as transaction:
        current = the_draft(transaction, draft.id)
        if current.file is None:
            if current.content != draft.content:
                raise Refused(
                    "草稿刚被别人改动，请重新查看后再申报。", "Somebody has just changed it: look again, then declare."
                )
            require_second_person(settings, current.account, account)
            drafts.name_file(transaction, draft.id, name, iso(now))
            note(transaction, "declared in the console", f"{account}: {draft.type} {name} {said}".rstrip())
        draft = the_draft(transaction, draft.id)
    _give_if_possible(store, settings, draft)
    return name


def declare_at_once(
    store: Store,
    settings: Settings,
    account: str,
    enterprise: str,
    type_: str,
    documents: Sequence[Document],
    now: datetime,
    *,
    entered_by: str | None,
    reason: str = "",
) -> DraftId:
    """Have documents declared that nobody changes any more: a draft that is closed from its beginning. `entered_by`: who entered them, as
    far as the console knows. Raises as `declare`."""
    require_second_person(settings, entered_by, account)
    content = as_json(type_, documents).decode()
    require_inbox(settings, enterprise, file_name(1))
    with store.write() as transaction:
        number = drafts.add_draft(transaction, account, enterprise, message_type(type_).code, content, iso(now))
        name = file_name(number)
        drafts.name_file(transaction, number, name, iso(now))
        note(transaction, "declared in the console", f"{account}: {len(documents)} {type_} {name} {reason}".rstrip())
        draft = the_draft(transaction, number)
    _give_if_possible(store, settings, draft)
    return number


def give(store: Store, settings: Settings, draft: Draft) -> None:
    """Bring the file of a declared draft into the inbox, unless it is there or was taken. Raises Refused, OSError, TransactionFailed."""
    if draft.file is None:
        return
    content, name = draft.content.encode(), draft.file

    def is_taken() -> bool:
        return taken(store, draft.enterprise, name, content) is not None

    if not is_taken():
        put_into_inbox(settings, draft.enterprise, name, content, is_taken)
    with store.write() as transaction:
        drafts.note_given(transaction, draft.id)


def _give_if_possible(store: Store, settings: Settings, draft: Draft) -> None:
    try:
        give(store, settings, draft)
    except (OSError, TransactionFailed) as error:
        log.warning("declared in the console, and not in the inbox yet", file=draft.file, reason=str(error))


def defaults_of(settings: Settings, enterprise: str, type_: str) -> Mapping[str, str]:
    """What the settings put into empty fields of such a declaration; nothing for an enterprise that they have no more."""
    message = message_type(type_)
    told: dict[str, str] = {}
    with suppress(KeyError):
        given = settings.enterprise_named(enterprise).defaults
        for name in (message.code, message.name):
            told |= given.get(name or "", {})
    return told
