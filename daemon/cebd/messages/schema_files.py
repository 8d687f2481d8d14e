"""Where the schemas lie, and which of them describes which message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_MESSAGES = "*port/CEB*Message.xsd"  # the folders are import/ and export/
_chosen: list[Path] = []


def schema_dir() -> Path:
    """Where the schemas are: beside the package in a wheel, at the top of a source tree else; or what `schemas_from` names."""
    return _chosen[-1] if _chosen else _own_schemas()


@cache
def _own_schemas() -> Path:
    installed = Path(__file__).parent.parent / "schemas"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "schemas"


@contextmanager
def schemas_from(folder: Path) -> Iterator[None]:
    """Have all messages described by the schemas in that folder meanwhile, for every thread of this process."""
    _chosen.append(folder)
    try:
        yield
    finally:
        _chosen.remove(folder)


def message_schemas() -> dict[str, Path]:
    """The schema of each message by its code (`CEB311`), in the order of codes: those of exports first."""
    return _message_schemas(schema_dir())


@cache
def _message_schemas(folder: Path) -> dict[str, Path]:
    return {path.stem.removesuffix("Message"): path for path in sorted(folder.glob(_MESSAGES))}
