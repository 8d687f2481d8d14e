"""Reading one step ahead: the next value is made by another thread while this one is worked on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_ahead(source: Iterator[T]) -> Iterator[T]:
    """The values of `source`, each asked for while the one before is in use; what `source` raises is raised here, at its place.

    It pays where `source` spends its time in libraries that let other threads run. No more than two values are held at a time.
    """
    with ThreadPoolExecutor(1, "ahead") as beside:
        coming = beside.submit(_next, source)
        while (value := coming.result()) is not None:
            coming = beside.submit(_next, source)
            yield value[0]


def _next(source: Iterator[T]) -> tuple[T] | None:
    for value in source:
        return (value,)
    return None
