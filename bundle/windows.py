"""`./dev bundle windows --python FOLDER [DIR]`: an installer and a wheelhouse for Windows, built on Linux, for machines without a network.

FOLDER is a CPython 3.13 of 64 bits as python.org has it, whole: take the official one for a release. It is copied into the installer,
with the wheels of `windows.lock` in its site-packages: no virtual environment, no frozen program, nothing to be found by another name.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

TREE = Path(__file__).parents[1]
LOCK = TREE / "bundle/windows.lock"
TEXTS = (
    "config.example.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "NOTICE",
    "docs/service-windows.md",
    "docs/service-windows.zh.md",
)
_PLATFORM = ("--only-binary=:all:", "--platform", "win_amd64", "--python-version", "3.13")
_MAIN = "import sys\nfrom cebd.cli.main import main\nsys.exit(main())\n"


def build(python: Path, into: Path) -> tuple[Path, Path]:
    """The installer and the wheelhouse. Raises CalledProcessError."""
    version = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    wheels = into / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    _pip("download", "-q", "--no-deps", "--require-hashes", "-r", str(LOCK), *_PLATFORM, "-d", str(wheels))
    _pip("wheel", "-q", "--no-deps", "-w", str(wheels), str(TREE))
    house = _wheelhouse(wheels, into / f"cebd-wheelhouse-{version}.zip")

    stage = into / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(
        python, stage / "python", ignore=shutil.ignore_patterns("__pycache__", "sitecustomize.py", "cebd.pth")
    )
    site = stage / "python/Lib/site-packages"
    shutil.rmtree(site, ignore_errors=True)
    everything = [str(path) for path in sorted(wheels.glob("*.whl"))]
    _pip("install", "-q", "--no-deps", "--no-index", "--no-compile", *_PLATFORM, "--target", str(site), *everything)
    (stage / "cebd.exe").write_bytes(_launcher())
    for name in TEXTS:
        shutil.copyfile(TREE / name, stage / Path(name).name)
    setup = installer(stage, version, into / "cebd-setup.exe")
    shutil.rmtree(stage)
    shutil.rmtree(wheels)
    return setup, house


def installer(stage: Path, version: str, file: Path, *options: str) -> Path:
    """An installer of the program in `stage`: Python in `python`, cebd.exe, the texts. `options`: of makensis.

    Raises CalledProcessError.
    """
    size = sum(path.stat().st_size for path in stage.rglob("*") if path.is_file()) // 1024
    defines = {"VERSION": version, "STAGE": stage, "OUT": file, "SIZE": size}
    words = ["makensis", "-V2", "-XTarget amd64-unicode", *options]
    words += [f"-D{name}={value}" for name, value in defines.items()]
    subprocess.run([*words, str(TREE / "bundle/setup.nsi")], check=True, stdin=subprocess.DEVNULL)
    return file


def _launcher() -> bytes:
    """cebd.exe: pip's own launcher, which finds Python beside itself, and what it is to run."""
    from pip._vendor import distlib

    program = (Path(distlib.__file__).parent / "t64.exe").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__main__.py", _MAIN)
    return program + b"#!<launcher_dir>\\python\\python.exe\r\n" + packed.getvalue()


def _wheelhouse(wheels: Path, house: Path) -> Path:
    with zipfile.ZipFile(house, "w") as archive:
        for path in (*sorted(wheels.iterdir()), LOCK):
            archive.write(path, path.name)
    return house


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=True)


def main() -> None:
    words = argparse.ArgumentParser(prog="./dev bundle windows", description=__doc__)
    words.add_argument("--python", type=Path, required=True, metavar="FOLDER")
    words.add_argument("into", type=Path, nargs="?", default=Path("dist"), metavar="DIR")
    given = words.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    for made in build(given.python.resolve(), given.into.resolve()):
        print(made)


if __name__ == "__main__":
    main()
