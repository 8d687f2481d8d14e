"""Whether a damaged .xls would take the daemon down: the fast reader aborts the whole process, or never ends, on some of them.

It trusts lengths and sector chains of the file ([MS-CFB]). A dropped file is read in a process that may end (`documents/worker/`). Its
original, which is copied into the receipt, may have been changed since: it meets the reader in a process of its own first, which may
use as much memory and time as a sound file of that size could need, and no more.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PATIENCE_SECONDS = 120  # where no limits can be set, and on a busy computer
_TRIALS = 2  # a computer that slept meanwhile, or stood still, says nothing of the file
_MIB = 1 << 20
# The interpreter; and 12 bytes for each of the file: a number takes 6 there and 64 in a table, a text 14 and more.
_MEMORY, _MEMORY_PER_BYTE, _MOST_MEMORY = 256 * _MIB, 12, 2048 * _MIB
_CPU_SECONDS, _BYTES_PER_CPU_SECOND = 5, 8 * _MIB
_TRIAL = """
import sys, python_calamine as calamine
try:
    import resource
    memory, seconds = int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
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
    size = path.stat().st_size
    memory = min(_MEMORY + _MEMORY_PER_BYTE * size, _MOST_MEMORY)
    seconds = _CPU_SECONDS + size // _BYTES_PER_CPU_SECOND
    for _ in range(_TRIALS):
        with suppress(subprocess.TimeoutExpired):
            trial = subprocess.run(  # noqa: S603
                [_python(), "-c", _TRIAL, str(path), str(memory), str(seconds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
            return trial.returncode == 0
    return False


def _python() -> str:
    """The interpreter; under the Windows service manager the running program is another one."""
    running = Path(sys.executable)
    return str(Path(sys.exec_prefix) / "python.exe" if running.stem.lower() == "pythonservice" else running)
