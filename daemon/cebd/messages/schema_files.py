"""Where the schemas lie, and which of them describes which message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

_MESSAGES = "*port/CEB*Message.xsd"  # the folders are import/ and export/
_chosen: list[Path] = []
_forget: list[Callable[[], None]] = []


class _Cached(Protocol):
    def cache_clear(self) -> None: ...


_Function = TypeVar("_Function", bound=_Cached)


def kept_with_schemas(function: _Function) -> _Function:
    """To be put over `@cache` where a result depends on the schemas: it is forgotten when others are chosen."""
    _forget.append(function.cache_clear)
    return function


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
    with chosen_meanwhile(_chosen, folder):
        yield


@contextmanager
def chosen_meanwhile(chosen: list[Path], folder: Path) -> Iterator[None]:
    """Have that folder the last of the chosen ones meanwhile, and read anew what depends on it."""
    chosen.append(folder)
    forget_what_was_read()
    try:
        yield
    finally:
        chosen.remove(folder)
        forget_what_was_read()


def forget_what_was_read() -> None:
    """Have all that is `kept_with_schemas` asked anew."""
    for forget in _forget:
        forget()


@kept_with_schemas
@cache
def message_schemas() -> dict[str, Path]:
    """The schema of each message by its code (`CEB311`), in the order of codes: those of exports first."""
    return {path.stem.removesuffix("Message"): path for path in sorted(schema_dir().glob(_MESSAGES))}
