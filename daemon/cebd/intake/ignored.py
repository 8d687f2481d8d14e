"""Names that say that a file or folder is not for us: nothing of it is declared, moved or looked into.

| name | why |
| --- | --- |
| `.` or `~$` in front; ends in `.part`, `.tmp`, `.filepart`, `.crdownload` | hidden, of Office, or unfinished: whatever the settings say |
| eight hexadecimal digits, at least one a letter, no ending | Office's own file while it saves on a share |
| as the setting `ignore` says | waste baskets and thumbnails of NAS boxes and Windows |

`20261126.xlsx` and `20261126` are names that people give.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from cebd.file_names import UNFINISHED

_PREFIXES = (".", "~$")
_OFFICE = re.compile(r"(?=[0-9]*[A-F])[0-9A-F]{8}", re.IGNORECASE)


class Ignored:
    """The names to be left alone; letters of either case are the same, as on the disks where these names come from."""

    def __init__(self, patterns: Iterable[str]) -> None:
        either = "|".join(fnmatch.translate(pattern) for pattern in patterns)
        self._pattern = re.compile(either or r"(?!)", re.IGNORECASE)

    def file(self, name: str) -> bool:
        return self._always(name) or name.lower().endswith(UNFINISHED) or _OFFICE.fullmatch(name) is not None

    def folder(self, name: str) -> bool:
        return self._always(name)

    def _always(self, name: str) -> bool:
        return name.startswith(_PREFIXES) or self._pattern.match(name) is not None
