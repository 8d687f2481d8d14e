"""Files that the console brings into an enterprise's inbox: like a person's they exist wholly or not at all, and none of another's is lost.

| killed | then |
| --- | --- |
| before the row says that the file is owed | nothing was declared |
| after it | the station brings it in at its next start (`cebd.station.owed`) |
| after the file is there | the row is corrected; a file that was taken is not written again |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from cebd.apart import answered
from cebd.disk.entering import open_folder
from cebd.disk.system import sync_folder
from cebd.file_names import DECLARED
from cebd.intake.inboxes.ignored import Ignored
from cebd.operations.text import Refused
from cebd.records.states import DropState
from cebd.settings import Enterprise, Settings
from cebd.store.console.questions import drop_of_file
from cebd.store.drops import Drop, had_records_accepted
from cebd.store.store import Store

_PATIENCE_SECONDS = 10.0  # with a share: whoever presses a button waits, and so do the others behind it


def enterprise_of(settings: Settings, name: str) -> Enterprise:
    """The enterprise of that name. Raises Refused for one that the settings have no more."""
    try:
        return settings.enterprise_named(name)
    except KeyError:
        raise Refused(
            f"企业 {name} 目前不可用，请告知管理员。",
            f"The enterprise {name} cannot be used now; tell the administrator.",
        ) from None


def require_inbox(settings: Settings, enterprise: str, name: str) -> Enterprise:
    """The enterprise, where a file of that name in its inbox is taken. Raises Refused."""
    wanted = enterprise_of(settings, enterprise)
    if Ignored(settings.station.ignore).file(name):
        raise Refused(
            f"按本站设置，名为“{name}”的文件不会被处理：请改名后再试，或请管理员修改设置。",
            f"By the settings files named {name} are left alone: give it another name, or have the administrator change the settings.",
        )
    return wanted


def put_into_inbox(
    settings: Settings, enterprise: str, name: str, content: bytes, is_taken: Callable[[], bool], kind: str = ""
) -> None:
    """Write the file, whole and at once, unless it is there, or was taken. `kind`: the document that it is, where its content does not
    tell. Raises OSError, also for a share that does not answer; Refused, where another file has that name.
    """
    wanted = require_inbox(settings, enterprise, name)
    folder = settings.folder(wanted)
    # What lies in the inbox itself would only be looked at, where the enterprise wants previews.
    inbox = folder / "inbox" / DECLARED if wanted.preview else folder / "inbox"
    inbox = inbox / kind if kind else inbox
    answered(partial(_write, inbox, folder, name, content, is_taken), folder, _PATIENCE_SECONDS)


def _write(inbox: Path, folder: Path, name: str, content: bytes, is_taken: Callable[[], bool]) -> None:
    with open_folder(inbox, folder) as place:
        if place.stat(name) is None and is_taken():  # in this order: a file has its row before it leaves the inbox
            return
        try:
            place.write_new(name, content)
        except FileExistsError:
            if place.read(name) != content and place.stat(name) is not None:  # else it was just taken
                raise Refused(
                    f"inbox 里已有另一个名为“{name}”的文件：请先移走它。",
                    f"Another file named {name} lies in the inbox: move it away first.",
                ) from None
    sync_folder(inbox)  # before anybody notes that it is there


def taken(store: Store, enterprise: str, name: str, content: bytes) -> Drop | None:
    """The drop that the file of that name became."""
    return taken_with(store, enterprise, name, sha256(content).hexdigest())


def taken_with(store: Store, enterprise: str, name: str, digest: str) -> Drop | None:
    """The same, by the SHA-256 of its bytes, in hex."""
    with store.read() as transaction:
        drop = drop_of_file(transaction, enterprise, name)
    return drop if drop is not None and drop.sha256 == digest else None


def is_declared(store: Store, enterprise: str, name: str, content: bytes) -> bool:
    """Whether the file was taken, and is worked on or had something accepted: what was kept back as a whole may be given again."""
    drop = taken(store, enterprise, name, content)
    if drop is None:
        return False
    if drop.state is not DropState.FILED or drop.repeat_of is not None:
        return True
    with store.read() as transaction:
        return had_records_accepted(transaction, drop.id)
