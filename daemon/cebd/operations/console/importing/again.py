"""A file of which rows were kept back, brought in again as it was taken: on the page of imports they are corrected and declared."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

from cebd.apart import answered
from cebd.decisions.of_file import NOTHING_SAID
from cebd.file_names import path_from_text
from cebd.operations.console.giving import enterprise_of
from cebd.operations.console.importing.imports import Imports
from cebd.operations.text import Refused
from cebd.records.states import DropState
from cebd.settings import Settings
from cebd.store.console import imports
from cebd.store.console.imports import ImportId
from cebd.store.drops import Drop
from cebd.store.store import Store

_PATIENCE_SECONDS = 10.0  # with a share


def bring_in_again(room: Imports, store: Store, settings: Settings, drop: Drop, account: str) -> ImportId:
    """The import in which the rows of a drop are corrected that were kept back: the one that is open already, else a new one, which begins
    with what was decided of the file. What was declared of it is not declared again. Raises Refused, OSError."""
    with store.read() as transaction:
        begun = imports.open_import_of(transaction, drop.enterprise, drop.sha256)
        earlier = imports.import_of_file(transaction, drop.enterprise, drop.name, drop.sha256)
    if begun is not None:
        return begun.id
    if drop.state is not DropState.FILED:
        raise Refused("这个文件还在处理，请稍后再试。", "This file is still being worked on; try again in a moment.")
    folder = settings.folder(enterprise_of(settings, drop.enterprise))
    content = answered(partial(_content, folder / path_from_text(drop.place), drop), folder, _PATIENCE_SECONDS)
    number = room.receive(account, drop.enterprise, drop.name if earlier is None else earlier.name, content)
    said, hint = (NOTHING_SAID, drop.inbox_folder or "") if earlier is None else (earlier.said, earlier.hint)
    if hint or not said.is_empty:
        room.say_if_unchanged(room.numbered(number), account, said, hint)
    return number


def _content(file: Path, drop: Drop) -> bytes:
    """Its bytes, as they were taken. Raises Refused, OSError."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        content = b""
    if sha256(content).hexdigest() != drop.sha256:
        raise Refused(
            f"原文件 {drop.name} 已不在原处，或已被改动：请在“导入”页重新选择文件。",
            f"The file {drop.name} is not where it was, or was changed: choose it anew on the page Import.",
        )
    return content
