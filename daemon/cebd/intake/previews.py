"""Files that are kept back: they stay in `inbox/预检/`, each with the receipt of its preview beside it, until somebody moves them on.

Of `订单.xlsx` there are `订单.预检.xlsx` and `订单.预检.json`; of two files with one stem, `订单.xlsx.预检.xlsx` and
`订单.csv.预检.xlsx`. A receipt workbook that a person has changed is a file of theirs: it is previewed like others (`订单 (改).预检.xlsx`).
Nothing is remembered of previews but what lies there.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from cebd.disk.entering import open_folder
from cebd.disk.files import open_plain
from cebd.documents.workbooks.own_marks import is_as_we_wrote_it
from cebd.file_names import DECLARED, NAME_BYTES, PREVIEWED, fitting, fitting_stem, free_name, same_on_disk
from cebd.intake.inboxes.inbox import FileStamp, Inbox
from cebd.intake.moves import move

_RECEIPT = re.compile(rf"(?P<stem>.+)\.{PREVIEWED}(?P<beside> \([^()]*\))?\.(?P<ending>xlsx|json)")

_OF_A_PREVIEW, _HEAD = b'"preview": true', 4096  # it stands among the first lines of the JSON


@dataclass(frozen=True)
class KeptBack:
    """What lies in an enterprise's inbox: the complete files of its folder of previews, all people's files, and the receipts of previews.

    `number`: how many files lie in the folder of previews, complete or not.
    """

    complete: Mapping[Path, FileStamp] = field(default_factory=dict)
    files: frozenset[Path] = frozenset()
    receipts: frozenset[Path] = frozenset()
    number: int = 0


def is_previewed(place: PurePath) -> bool:
    """Whether a file at that place below the inbox is only looked at."""
    return place.parts[0] == PREVIEWED and len(place.parts) > 1


def is_declared(place: PurePath) -> bool:
    """Whether it is declared although the enterprise keeps its files back."""
    return place.parts[0] == DECLARED and len(place.parts) > 1


def keep_back(inbox: Path, source: Path) -> None:
    """Bring a file of the inbox into the folder of previews; there is a folder then to move it on to. Raises OSError.

    One rename: killed before or after it, the file lies in either place. A receipt workbook that was put into the inbox is a file like
    others from now on, under a name that no receipt has: beside its file it would count as ours.
    """
    below = source.relative_to(inbox).parent
    with open_folder(inbox / DECLARED / below, inbox):
        pass
    folder = inbox / PREVIEWED / below
    try:
        taken = {same_on_disk(name) for name in os.listdir(folder)}  # noqa: PTH208
    except FileNotFoundError:
        taken = set()
    receipt = _RECEIPT.fullmatch(source.name)
    wanted = source.name if receipt is None else f"{receipt['stem']}.{receipt['ending']}"
    name = free_name(wanted, lambda free: same_on_disk(free) in taken, NAME_BYTES)
    move(source, folder / name)


class OwnReceipts:
    """Tells the receipts of previews from people's files; each is read once for each of its states."""

    def __init__(self) -> None:
        self._judged: dict[Path, tuple[FileStamp, bool]] = {}

    def sort_out(self, inbox: Path, content: Inbox) -> frozenset[Path]:
        """Take our receipts out of the inbox's content; returns them."""
        ours = frozenset(path for path, stamp in content.files.items() if self._is_ours(inbox, path, stamp))
        for path in ours:
            del content.files[path]
        for gone in [
            path for path in self._judged if inbox in path.parents and path not in ours | content.files.keys()
        ]:
            del self._judged[gone]
        return ours

    def _is_ours(self, inbox: Path, path: Path, stamp: FileStamp) -> bool:
        name = _RECEIPT.fullmatch(path.name)
        if name is None:
            return False
        # JSON also where somebody moved it on with its file; a workbook there is a correction form.
        if name["ending"] == "xlsx" and not is_previewed(path.relative_to(inbox)):
            return False
        judged = self._judged.get(path)
        if judged is None or judged[0] != stamp:
            judged = self._judged[path] = stamp, _is_as_we_wrote_it(path)
        return judged[1]


def is_our_receipt(name: str, content: bytes) -> bool:
    """Whether the file is a preview's receipt, and not a byte of a workbook was changed since."""
    return _OF_A_PREVIEW in content[:_HEAD] if name.endswith(".json") else is_as_we_wrote_it(content)


def _is_as_we_wrote_it(path: Path) -> bool:
    try:
        with open_plain(path) as content:
            return is_our_receipt(path.name, content.read(_HEAD) if path.suffix == ".json" else content.read())
    except OSError:
        return True  # it cannot be read, and must not be taken for a declaration


def stem_of_receipt(name: str) -> str:
    """Of which stem a receipt of ours is."""
    receipt = _RECEIPT.fullmatch(name)
    return receipt["stem"] if receipt is not None else name


def stems_of(files: Iterable[Path]) -> dict[Path, str]:
    """By file, the stem of its receipts; the files of one folder have different ones, whatever a disk takes for the same. No receipt takes
    the name of a file of theirs.
    """
    stems = {path: _stem(path.name) for path in files}
    shared = Counter((path.parent, same_on_disk(stem)) for path, stem in stems.items())
    theirs = {(path.parent, same_on_disk(path.name)) for path in stems}

    def is_free(path: Path, stem: str) -> bool:
        book = path.parent, same_on_disk(f"{stem}.{PREVIEWED}.xlsx")
        return shared[path.parent, same_on_disk(stem)] == 1 and book not in theirs

    return {path: stem if is_free(path, stem) else fitting(path.name) for path, stem in stems.items()}


def _stem(name: str) -> str:
    """A receipt workbook that a person changed has `订单 (改)`."""
    receipt = _RECEIPT.fullmatch(name)
    return fitting_stem(name) if receipt is None else fitting(f"{receipt['stem']} (改)")
