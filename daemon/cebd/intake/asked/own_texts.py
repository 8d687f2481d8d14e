"""Texts of our own in an inbox, such as README.txt: they stay where they are, and are told by their content alone."""

from __future__ import annotations

from pathlib import Path

from cebd.disk.files import open_plain
from cebd.documents.workbooks.own_marks import is_text_as_we_wrote_it
from cebd.intake.inboxes.inbox import FileStamp, Inbox

_AT_MOST = 256_000  # bytes; no text of ours is longer


class OwnTexts:
    """Tells our texts from people's files; each is read once for each of its states."""

    def __init__(self) -> None:
        self._judged: dict[Path, tuple[FileStamp, bool]] = {}

    def sort_out(self, content: Inbox) -> None:
        """Take our texts out of the inbox's content."""
        texts = {path: stamp for path, stamp in content.files.items() if path.suffix.lower() == ".txt"}
        self._judged = {path: judged for path, judged in self._judged.items() if path in texts}
        for path, stamp in texts.items():
            if self._is_ours(path, stamp):
                del content.files[path]

    def _is_ours(self, path: Path, stamp: FileStamp) -> bool:
        if stamp.size > _AT_MOST:
            return False
        judged = self._judged.get(path)
        if judged is None or judged[0] != stamp:
            judged = self._judged[path] = stamp, _is_ours(path)
        return judged[1]


def is_own_text(path: Path) -> bool:
    """Whether cebd wrote the file, and nobody changed it since. Raises OSError."""
    if path.suffix.lower() != ".txt":
        return False
    with open_plain(path) as content:
        return is_text_as_we_wrote_it(content.read(_AT_MOST + 1))


def _is_ours(path: Path) -> bool:
    try:
        return is_own_text(path)
    except OSError:
        return False  # whoever takes files names the trouble with it
