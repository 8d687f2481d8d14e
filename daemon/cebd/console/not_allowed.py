"""A visit that is not answered as it wishes."""

from __future__ import annotations

from http import HTTPStatus

from cebd.operations.text import Text


class NotAllowed(Exception):
    """The visit is answered with this status and these words."""

    def __init__(self, status: HTTPStatus, zh: str, en: str) -> None:
        self.status, self.text = status, Text(zh, en)
        super().__init__(en)
