"""Libraries in C made for tests, which fail where they are told to: compiled once in a run, used as copies with faults beside."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="no C compiler for the faulty token (apt-get install gcc libc6-dev)"
)


@cache
def session_folder() -> Path:
    """For what is made once; gone when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="cebd-tokens-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def compiled(source: str, **definitions: str) -> Path:
    """The library of that source, which stands in this folder."""
    library = session_folder() / "-".join([Path(source).stem, *definitions.values()]).replace(" ", "_").replace(
        "/", "_"
    )
    defined = [f"-D{name}={value}" for name, value in definitions.items()]
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", *defined, "-o", library.with_suffix(".so")]
    subprocess.run([*command, Path(__file__).with_name(source), "-ldl", "-l:libcrypto.so.3"], check=True)
    return library.with_suffix(".so")


class FaultyLibrary:
    """A copy of a compiled library; `environment` has to be given to every process that uses it. See `faults.h`."""

    def __init__(self, folder: Path, library: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.module = folder / "faulty.so"
        self.environment = {"FAULTY_TOKEN": str(folder)}
        shutil.copyfile(library, self.module)

    def fail(self, **faults: int) -> None:
        """From now on these faults and no others; without any, none."""
        part = self.folder / "faults.part"
        part.write_text("".join(f"{name} {value}\n" for name, value in faults.items()))
        part.rename(self.folder / "faults")

    def calls(self, name: str) -> int:
        """How often that function was called so far."""
        return self._lines("calls").count(name)

    def failed(self) -> list[str]:
        """The PINs that the token has refused so far."""
        return self._lines("failed")

    def tries_left(self) -> int | None:
        """Where it counts them, and has begun to."""
        return next(map(int, self._lines("tries")), None)

    def _lines(self, name: str) -> list[str]:
        try:
            return (self.folder / name).read_text().splitlines()
        except FileNotFoundError:
            return []
