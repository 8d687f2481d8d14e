"""Receipts of previews whose file is gone, and workbooks that waited until another was closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cebd.disk.entering import open_folder
from cebd.file_names import PREVIEWED, same_on_disk
from cebd.intake.previews import KeptBack, is_our_receipt, stem_of_receipt
from cebd.receipts.publishing.outbox import Books, InUse
from cebd.store.published import PublishedBooks


def tidied(inbox: Path, kept: KeptBack, stems: Mapping[Path, str], now: datetime) -> bool:
    """Remove receipts whose file is gone, and have workbooks take the name of one that was open; whether nothing is left to be done."""
    wanted = {(path.parent, same_on_disk(stem)) for path, stem in stems.items()}
    is_done = True
    for parent in {receipt.parent for receipt in kept.receipts}:
        try:
            with open_folder(parent, inbox, make=False) as folder:
                for receipt in (receipt for receipt in kept.receipts if receipt.parent == parent):
                    stem = stem_of_receipt(receipt.name)
                    books = Books(folder, stem, PublishedBooks(), None, now, word=PREVIEWED)
                    if (parent, same_on_disk(stem)) not in wanted:
                        is_done = _remove(books, receipt.name) and is_done
                    elif receipt.name == books.aside and books.can_be_swapped():
                        books.keep_changed(books.name)  # she may have saved it since we looked
                        folder.give_name(books.aside, books.name)
                    elif receipt.name == books.aside:
                        is_done = False
        except (InUse, OSError):
            is_done = False
    return is_done


def _remove(books: Books, name: str) -> bool:
    """Remove a receipt unless it is open; whether it is gone. It is looked at once more: a person may have saved it since."""
    content = books.folder.read(name)
    if content is None:
        return True
    if not is_our_receipt(name, content):
        return True  # hers by now
    if books.is_open(name):
        return False
    with suppress(FileNotFoundError):
        books.folder.remove(name)
    return True
