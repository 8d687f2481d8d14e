"""Whether a damaged .xls would take the daemon down: the fast reader aborts the whole process, or never ends, on some of them.

It trusts lengths and sector chains of the file ([MS-CFB]); so it meets the file in a process of its own first. An .xlsx needs no such
trial: its parts carry checksums.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PATIENCE_SECONDS = 120
_TRIAL = """
import sys, python_calamine as calamine
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
except (ImportError, ValueError, OSError):
    pass
try:
    with open(sys.argv[1], "rb") as opened:
        book = calamine.CalamineWorkbook.from_filelike(opened)
    for name in book.sheet_names:
        book.get_sheet_by_name(name)
except (calamine.CalamineError, OSError, ValueError):
    pass
"""


def survives(path: Path) -> bool:
    """Whether the reader comes back from the file, with its content or with an error that it names."""
    try:
        trial = subprocess.run(  # noqa: S603
            [_python(), "-c", _TRIAL, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return trial.returncode == 0


def _python() -> str:
    """The interpreter; under the Windows service manager the running program is another one."""
    running = Path(sys.executable)
    return str(Path(sys.exec_prefix) / "python.exe" if running.stem.lower() == "pythonservice" else running)
