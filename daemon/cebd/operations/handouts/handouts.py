"""Lays out the templates, the manual and the README.txt files, and keeps them as they are in this version.

What a person has changed stays as it is: `模板/.cebd.json` has the digest of each file that we wrote, and only such a file is replaced.
It also says of which edition they are: nothing is made anew while all are there and of this one. Killed anywhere, the next look goes on.
An edition has the enterprise's own values, too: templates are renewed when its defaults change, at most every hour when its goods archive
does. One that somebody has open is left until the next look.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import structlog

from cebd import __version__
from cebd.disk.entering import open_folder
from cebd.disk.folder import Folder
from cebd.disk.system import is_folder
from cebd.documents.workbooks.own_marks import is_text_as_we_wrote_it, signed_text
from cebd.operations.handouts.apart.making import made_apart
from cebd.operations.handouts.files import OwnValues
from cebd.operations.handouts.readmes import README, TEMPLATES, TEXTS, readme
from cebd.rules.codes.tables import Tables

log = structlog.get_logger("cebd")

_KNOWN, _EDITION, _GOODS = ".cebd.json", "edition", "goods"
_LOOK_EVERY_SECONDS = 600.0
_GOODS_EVERY_SECONDS = 3600.0
_LEFT_OVER_SECONDS = 12 * 3600.0  # a lock that old was left behind by a program that crashed
_AFTER_SECONDS = 20.0  # from the start: the work that waits comes first


class Handouts:
    """The files for the people of all enterprises, in the station's `language`; made where one of them lacks any. `codes`: the tables that
    the templates choose from, `edition` names them. `own` gives an enterprise's own values.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        codes: Callable[[], Tables],
        language: str,
        edition: str = "",
        own: Callable[[str], OwnValues] = lambda _name: OwnValues(),
    ) -> None:
        self._folders = folders
        self._codes = codes
        self._languages = ("zh", "en") if language == "both" else (language,)
        self._edition = f"{__version__} {language} {edition}".rstrip()
        self._own = own
        self._made: dict[str, float] = {}
        self._begin = time.monotonic() + _AFTER_SECONDS
        self._writing = threading.Lock()
        self._looked: dict[str, float] = {}
        self._refused: set[str] = set()

    def look(self, name: str) -> None:
        """Lay out what the enterprise's folder lacks, now and then. A folder that cannot be written is logged once."""
        now = time.monotonic()
        if now < max(self._begin, self._looked.get(name, 0.0) + _LOOK_EVERY_SECONDS * (name in self._looked)):
            return
        self._looked[name] = now
        if not is_folder(self._folders[name] / "inbox"):
            return  # a share that is away
        try:
            self.lay_out(name)
            self._write_readmes(self._folders[name])
        except OSError as error:
            if name not in self._refused:
                self._refused.add(name)
                log.warning("templates and manual cannot be written", enterprise=name, reason=str(error))
        else:
            self._refused.discard(name)

    def lay_out(self, name: str) -> list[str]:
        """Lay out the templates and the manual; returns the names of all of them. Raises OSError."""
        folder = self._folders[name]
        with self._writing, open_folder(folder / TEMPLATES, folder) as templates:
            known, own = _known(templates), self._own(name)
            there = set(templates.names())
            edition, goods = f"{self._edition} {_short(own.defaults)}", _short(own.goods)
            if known.get(_EDITION) == edition and there >= known.keys() - {_EDITION, _GOODS}:
                is_early = time.monotonic() < self._made.get(name, float("-inf")) + _GOODS_EVERY_SECONDS
                if known.get(_GOODS) == goods or is_early:
                    return sorted(known.keys() - {_EDITION, _GOODS})
            new, made = {_EDITION: edition, _GOODS: goods}, made_apart(self._codes(), self._languages, own)
            self._made[name] = time.monotonic()
            for file, content in made.items():
                present = templates.read(file)
                is_ours = present is not None and _digest(present) == known.get(file)
                if is_ours and _is_open(templates, file):
                    new[file], new[_EDITION] = known[file], ""  # the next look tries again
                elif (present is None and file not in there) or is_ours:
                    templates.write(file, content)
                    new[file] = _digest(content)
                else:
                    new[file] = "a person's"
            # Killed before it, what is of the new edition counts as a person's from then on: it is left alone, and may be deleted.
            templates.write(_KNOWN, json.dumps(new, ensure_ascii=False).encode())
        return sorted(made)

    def _write_readmes(self, folder: Path) -> None:
        for place in TEXTS:
            if not (folder / place).is_dir():
                continue
            content = signed_text(readme(place))
            with suppress(FileNotFoundError), open_folder(folder / place, folder, make=False) as inner:
                present = inner.read(README)
                if inner.stat(README) is None or (
                    present is not None and present != content and is_text_as_we_wrote_it(present)
                ):
                    inner.write(README, content)


def _is_open(templates: Folder, name: str) -> bool:
    """Whether a spreadsheet program's lock, not left over, shows that the workbook is open."""
    locks = (templates.stat(lock) for lock in (f"~${name}", f".~{name}", f".~lock.{name}#"))
    return any(lock is not None and time.time() - lock.st_mtime < _LEFT_OVER_SECONDS for lock in locks)


def _known(templates: Folder) -> dict[str, str]:
    try:
        told = json.loads(templates.read(_KNOWN) or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _short(values: object) -> str:
    return _digest(repr(values).encode())[:16]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


__all__ = ["Handouts"]
