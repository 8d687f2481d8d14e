"""Names that we write: they fit every disk and Windows, and people recognise their own names in them.

| in the operator's name | in our name |
| --- | --- |
| bytes that are not UTF-8 | read as GB18030 if that gives text, else `_xB6` for each |
| `<>:"/\\|?*`, forbidden in Windows | the same signs in full width |
| line breaks and other control characters | `_` |
| direction marks and invisible signs | nothing |
| blanks and dots at the end, blanks in front | nothing |
| `CON`, `NUL`, `COM1` … before the first dot | an `_` behind them |
| too many bytes | beginning and end, `…` between them |

A disk counts bytes, of which a Chinese letter has three; most take 255.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePath

LONGEST = 255  # bytes of UTF-8 in a name, on nearly every disk
NAME_BYTES = 200  # leaves room for a number, `.problem.txt` and a temporary name's decoration
STEM_BYTES = 160  # leaves room for `.receipt.xlsx`, a remark on a second workbook, and a number

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
"""Endings of files that a program (SFTP client, browser) is still writing, in small letters."""

# Files of NAS boxes, Windows, Apple and Office in a folder; nobody dropped them (the default of `ignore` in the settings).
LEFT_OVERS = (
    *("#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN", "RECYCLER", "Network Trash Folder"),
    *("@eaDir", ".snapshot", "lost+found", "System Volume Information", "Temporary Items"),
    *("Thumbs.db", "ehthumbs.db", "desktop.ini", "*~", ".~lock.*#"),
)

# Folders of an inbox whose names say what is to be done with their files; any other may name a message or a mapping.
PREVIEWED = "预检"  # look at them, and declare nothing
QUESTIONS = "查询"  # answer what became of the numbers in them
DECLARED = "申报"  # declare them, also where files are kept back otherwise

_FORBIDDEN = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in '<>:"/\\|?*'})
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(?=\.|$)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENDING = re.compile(r"\.[^. ]{1,12}$")
_CUT = "…"


def kind_folder(place: PurePath) -> str | None:
    """The folder that may name the message or mapping of a file, of its `place` below the inbox: `orders` of `预检/orders/a.csv`."""
    folders = place.parts[:-1]
    if folders[:1] in ((PREVIEWED,), (DECLARED,)):
        folders = folders[1:]
    return folders[0] if folders else None


def fitting(name: str, at_most: int = NAME_BYTES) -> str:
    """The name as we may write it, of at most so many bytes of UTF-8; never empty. A fitting name stays as it is."""
    text = "".join(map(_shown, readable(name))).translate(_FORBIDDEN)
    text = text.strip().rstrip(" .")
    text = _DEVICE.sub(lambda device: f"{device[0].rstrip()}_", text, count=1) if _DEVICE.match(text) else text
    return _cut(text or "_", at_most)


def fitting_stem(name: str, at_most: int = STEM_BYTES) -> str:
    """The stem of a file's receipts: its name without the ending, in writable form."""
    return fitting(Path(readable(name)).stem, at_most)


def numbered(name: str, number: int, at_most: int = NAME_BYTES) -> str:
    """`orders-2.csv` of `orders.csv`; the name itself for number 1. As long as `fitting` makes it, at most."""
    fits = fitting(name, at_most)
    if number == 1:
        return fits
    ending = _ending(fits)
    behind = f"-{number}{ending}"
    return fitting(fits.removesuffix(ending), at_most - len(behind.encode())) + behind


def free_name(name: str, is_taken: Callable[[str], bool], at_most: int = NAME_BYTES, ending: str = "") -> str:
    """The name, or `orders-2.csv`, `orders-3.csv` ... of `orders.csv`: the first that is not taken, with `ending` behind it."""
    number = 1
    while is_taken(free := numbered(name, number, at_most) + ending):
        number += 1
    return free


def same_on_disk(name: str) -> str:
    """Equal for names that some disk takes for the same: disks of Windows and Apple ignore case, and forms of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def readable(name: str) -> str:
    """The name as text: bytes that are not UTF-8 (surrogates in Python) are read as GB18030, or spelt out."""
    if not _SURROGATE.search(name):
        return name
    try:
        text = os.fsencode(name).decode("gb18030")
        if text.isprintable():
            return text
    except UnicodeError:
        pass
    return _SURROGATE.sub(lambda match: f"_x{ord(match[0]) & 0xFF:02X}", name)


_BYTES = "\x1f"


def path_as_text(path: Path) -> str:
    """A path for the store, which holds text alone; `path_from_text` gives it back to the byte."""
    text = path.as_posix()
    if _SURROGATE.search(text) or text.startswith(_BYTES):
        return _BYTES + os.fsencode(text).hex()
    return text


def path_from_text(text: str) -> Path:
    """The path of `path_as_text`."""
    return Path(os.fsdecode(bytes.fromhex(text.removeprefix(_BYTES)))) if text.startswith(_BYTES) else Path(text)


def _shown(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf":
        return ""
    return "_" if category in ("Cc", "Cs", "Cn", "Zl", "Zp") else letter


def _ending(name: str) -> str:
    match = _ENDING.search(name)
    return match[0] if match and match.start() else ""


def _cut(name: str, at_most: int) -> str:
    if len(name.encode()) <= at_most:
        return name
    ending = _ending(name)
    room = at_most - len((_CUT + ending).encode())
    stem = name.removesuffix(ending).encode()
    behind = min(30, room // 3)  # a date or a number stands at the end of many names
    front = stem[: room - behind].decode(errors="ignore").rstrip()
    return front + _CUT + stem[len(stem) - behind :].decode(errors="ignore").strip() + ending


__all__ = [
    "DECLARED",
    "LEFT_OVERS",
    "LONGEST",
    "NAME_BYTES",
    "PREVIEWED",
    "QUESTIONS",
    "STEM_BYTES",
    "fitting",
    "fitting_stem",
    "kind_folder",
    "numbered",
    "path_as_text",
    "path_from_text",
    "readable",
    "same_on_disk",
]
