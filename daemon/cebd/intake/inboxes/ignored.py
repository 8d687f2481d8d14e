"""Names of files and folders that cebd ignores: it does not declare, move or open them.

| name | why |
| --- | --- |
| `.` or `~$` in front; ends in `.part`, `.tmp`, `.filepart`, `.crdownload` | hidden, of Office, or unfinished: regardless of the settings |
| eight hexadecimal digits, at least one a letter, no ending | Office's own file while it saves on a share |
| as the setting `ignore` says | waste baskets and thumbnails of NAS boxes and Windows |

People do use names like `20261126.xlsx` and `20261126`.
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
