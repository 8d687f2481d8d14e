"""Libraries that a library of ours imports for what we never do: imported in truth when something of them is asked for, or left out.

The workflow engine imports psycopg to know PostgreSQL's errors. On SQLite that costs 9 MB and a tenth of a second, and is never asked;
nor is yaml, for its own settings file (1 MB, 10 ms), nor croniter, for work at set times (1 MB); uvicorn has a command line (1 MB).
What a library does without where it is not installed is left out: 4 MB for coloured tracebacks, 3 MB for commands in an SSH settings file.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def imported_when_asked(*names: str, contents: Collection[str] = ()) -> Iterator[None]:
    """Whoever imports these modules meanwhile (a package is named before what it contains) gets stand-ins, which import them at need.

    `contents`: what others import from them by its name, functions and classes; it has a stand-in, too, until it is called.
    """
    if names[0] in sys.modules:
        yield
        return
    stand_ins = {name: _WhenAsked(name) for name in names}
    for name, stand_in in stand_ins.items():
        for content in contents:
            setattr(stand_in, content, _Content(name, content))
    for name, stand_in in stand_ins.items():
        package, _, own = name.rpartition(".")
        if package in stand_ins:
            setattr(stand_ins[package], own, stand_in)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        _take_away()


@contextmanager
def left_out(name: str) -> Iterator[None]:
    """Whoever imports this module meanwhile, for the first time, finds it not installed."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # as Python documents it
    try:
        yield
    finally:
        del sys.modules[name]


class _WhenAsked(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name == "__path__":  # `from psycopg import errors` looks whether there may be files to import
            raise AttributeError(name)
        _take_away()
        return getattr(import_module(self.__name__), name)


class _Content:
    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __call__(self, *given: object, **named: object) -> object:
        return self._itself()(*given, **named)

    def __getattr__(self, name: str) -> object:
        return getattr(self._itself(), name)

    def _itself(self) -> Any:
        _take_away()
        return getattr(import_module(self._module), self._name)


def _take_away() -> None:
    for name, module in list(sys.modules.items()):
        if isinstance(module, _WhenAsked):
            del sys.modules[name]
