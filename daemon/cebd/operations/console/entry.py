"""Drafts: judged as the file that they would become, and declared by becoming that file in the inbox of their enterprise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from cebd.clock import iso
from cebd.disk import write_file
from cebd.documents.workbooks.entered import Document, as_json, entered
from cebd.file_names import DECLARED
from cebd.messages.description import message_type
from cebd.operations.console.second_person import require_second_person
from cebd.operations.text import Refused
from cebd.records.ids import RecordId
from cebd.settings import Enterprise, Settings
from cebd.store.console import drafts
from cebd.store.console.drafts import Draft, DraftId
from cebd.store.console.questions import drop_of_file
from cebd.store.databases.migrations import note
from cebd.store.drops import Drop
from cebd.store.store import Store
from cebd.store.transaction import Transaction


def documents_of(draft: Draft) -> tuple[Document, ...]:
    """What was entered so far."""
    return entered(draft.content.encode()).documents


# Drafts


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


class ChangedByAnother(Refused):
    """Somebody else has saved the draft since the page was made from which it is saved now: `current`."""

    def __init__(self, current: Draft) -> None:
        self.current = current
        super().__init__(
            f"没有保存：{current.account} 在您打开之后也改了这份草稿。请点“保存并检查”，核对差别后再决定。",
            f"Not kept: {current.account} has changed this draft since you opened it. Press Save and check, see what differs, then decide.",
        )


def mark_of(draft: Draft) -> str:
    """Another one when something else is entered: a page keeps it, so that `save` knows what the person has seen."""
    return sha256(draft.content.encode()).hexdigest()[:16]


def save(
    store: Store, draft: Draft, account: str, documents: Sequence[Document], now: datetime, seen: str = ""
) -> Draft:
    """The draft with what was entered. `seen`: the mark of what the page began with. Raises Refused for one that is declared meanwhile,
    ChangedByAnother."""
    content = as_json(draft.type, documents).decode()
    with store.write() as transaction:
        current = the_draft(transaction, draft.id)
        if seen not in ("", mark_of(current)) and account != current.account and content != current.content:
            raise ChangedByAnother(current)
        if not drafts.save_draft(transaction, draft.id, account, content, iso(now)):
            raise Refused("这份草稿已经申报或删除。", "This draft was declared or thrown away meanwhile.")
        return the_draft(transaction, draft.id)


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


def declare(store: Store, draft: Draft, settings: Settings, account: str, said: str = "") -> str:
    """Have the draft declared: it becomes a file in the inbox. Returns the file's name. `said`: what the journal adds. Raises Refused,
    OSError.

    Killed before the name is kept, nothing has happened. Killed after it, the draft is closed, and declaring it again, from its page,
    writes the same bytes under the same name, unless they were taken already (tests/unit/console/test_entering.py).
    """
    name = draft.file or f"entered-{draft.id:06d}.json"
    with store.write() as transaction:
        current = the_draft(transaction, draft.id)
        if current.file is None:
            if current.content != draft.content:
                raise Refused(
                    "草稿刚被别人改动，请重新查看后再申报。", "Somebody has just changed it: look again, then declare."
                )
            require_second_person(settings, current.account, account)
            drafts.name_file(transaction, draft.id, name)
            note(transaction, "declared in the console", f"{account}: {draft.type} {name} {said}".rstrip())
        draft = the_draft(transaction, draft.id)
    put_into_inbox(store, settings, draft.enterprise, name, draft.content.encode())
    return name


def declare_at_once(
    store: Store,
    settings: Settings,
    account: str,
    enterprise: str,
    type_: str,
    documents: Sequence[Document],
    now: datetime,
    reason: str = "",
) -> DraftId:
    """Have documents declared that nobody changes any more: a draft that is closed from its beginning. Raises as `declare`.

    Killed before the file is written, the draft's page offers to give it again.
    """
    content = as_json(type_, documents).decode()
    with store.write() as transaction:
        number = drafts.add_draft(transaction, account, enterprise, message_type(type_).code, content, iso(now))
        name = f"entered-{number:06d}.json"
        drafts.name_file(transaction, number, name)
        note(transaction, "declared in the console", f"{account}: {len(documents)} {type_} {name} {reason}".rstrip())
    put_into_inbox(store, settings, enterprise, name, content.encode())
    return number


def put_into_inbox(
    store: Store, settings: Settings, enterprise: str, name: str, content: bytes, kind: str = ""
) -> None:
    """Write the file, whole and at once, unless it is there or was taken. `kind`: the document that it is, where its content does not
    tell. Raises OSError, Refused."""
    wanted = enterprise_of(settings, enterprise)
    if taken(store, enterprise, name, sha256(content).hexdigest()) is not None:
        return
    folder = settings.folder(wanted)
    # What lies in the inbox itself would only be looked at, where the enterprise wants previews.
    inbox = folder / "inbox" / DECLARED if wanted.preview else folder / "inbox"
    write_file(inbox / kind / name if kind else inbox / name, content, within=folder)


def enterprise_of(settings: Settings, name: str) -> Enterprise:
    """The enterprise of that name. Raises Refused for one that the settings have no more."""
    try:
        return settings.enterprise_named(name)
    except KeyError:
        raise Refused(
            f"企业 {name} 目前不可用，请告知管理员。",
            f"The enterprise {name} cannot be used now; tell the administrator.",
        ) from None


def taken(store: Store, enterprise: str, name: str, digest: str) -> Drop | None:
    """The drop that the file of that name became; `digest`: SHA-256 of its bytes, in hex."""
    with store.read() as transaction:
        drop = drop_of_file(transaction, enterprise, name)
    return drop if drop is not None and drop.sha256 == digest else None


def defaults(enterprise: Enterprise, type_: str) -> Mapping[str, str]:
    """What the settings put into empty fields of such a declaration."""
    message = message_type(type_)
    told: dict[str, str] = {}
    for name in (message.code, message.name):
        told |= enterprise.defaults.get(name or "", {})
    return told
