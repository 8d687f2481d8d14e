"""A network share that breaks: a call of the folder channel is not made, or is made and its answer lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cebd.transport.channels import folder

_CALLS = ("open", "fsync", "fstat", "scandir")


@contextmanager
def share_that_fails(place: Path) -> Iterator[None]:
    """Meanwhile every call about the folder, and about what is in it, fails as where its server is gone."""

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(path: Any, *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, int) and Path(path).is_relative_to(place):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return call(path, *arguments, **options)

        return made

    with pytest.MonkeyPatch.context() as patched:
        for name in ("open", "stat", "lstat", "scandir", "mkdir", "unlink"):
            patched.setattr(os, name, failing(getattr(os, name)))
        yield


class BrokenShare:
    """As `builders.openssh.Wire`, for folders: its steps are the calls to the system that the channel makes in its own module."""

    def __init__(self) -> None:
        self._patches = pytest.MonkeyPatch()
        self._left: dict[str, int | None] = {"requests": None, "answers": None}
        calls = _System(self._breaking)
        self._patches.setattr(folder, "os", calls)
        for name in ("rename_new", "sync_folder"):
            self._patches.setattr(folder, name, self._breaking(getattr(folder, name)))

    def cut_instead_of_request(self, number: int) -> None:
        """The `number`th call from now (0: the next) is not made."""
        self._left["requests"] = number

    def cut_instead_of_answer(self, number: int) -> None:
        """The `number`th call from now is made, and nobody is told."""
        self._left["answers"] = number

    @property
    def cut_is_pending(self) -> bool:
        """Whether a cut that was asked for has not been made."""
        return any(left is not None for left in self._left.values())

    def cut_nothing(self) -> None:
        """From now on every call is made and answered."""
        self._left = dict.fromkeys(self._left)

    def __exit__(self, *_: object) -> None:
        self._patches.undo()

    def _breaking(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **options: Any) -> Any:
            self._count("requests")
            answer = call(*arguments, **options)
            try:
                self._count("answers")
            except OSError:
                if call is os.open:
                    os.close(answer)
                raise
            return answer

        return made

    def _count(self, kind: str) -> None:
        left = self._left[kind]
        if left is not None:
            self._left[kind] = left - 1 if left else None
            if not left:
                raise OSError(errno.EIO, os.strerror(errno.EIO))


class _System:
    """The module `os` with these calls in place of its own."""

    def __init__(self, breaking: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        for name in _CALLS:
            setattr(self, name, breaking(getattr(os, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)
