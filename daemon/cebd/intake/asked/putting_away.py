"""A file that asked for something is put away once it is answered: under a name that is free, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

from cebd.disk.entering import open_folder
from cebd.file_names import free_name, same_on_disk
from cebd.intake.moves import move


def put_away(folder: Path, path: Path, place: Path) -> str | None:
    """Move the file of the enterprise's folder to that place below it; its name there, None where it was taken back. Raises OSError."""
    with open_folder(place, folder) as there:
        taken = {same_on_disk(name) for name in there.names()}
    name = free_name(path.name, lambda free: same_on_disk(free) in taken)
    try:
        move(path, place / name)
    except FileNotFoundError:
        return None
    return name
