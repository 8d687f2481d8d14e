"""The pages on which drafts are open: which version of a draft came from which of them."""

from __future__ import annotations

import threading
from typing import NamedTuple

from cebd.store.console.drafts import DraftId

_MOST = 2000


class OpenPages:
    """Of the latest versions. Safe for several threads; after a restart nothing is known of earlier ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[tuple[DraftId, str], str] = {}

    def note(self, draft: DraftId, mark: str, page: str) -> None:
        """The version with that mark came from that page."""
        with self._lock:
            self._pages.pop((draft, mark), None)
            self._pages[draft, mark] = page
            if len(self._pages) > _MOST:
                del self._pages[next(iter(self._pages))]

    def page_of(self, draft: DraftId, mark: str) -> str | None:
        """The page from which the version with that mark came, if that is known."""
        with self._lock:
            return self._pages.get((draft, mark))


class OpenPage(NamedTuple):
    """The page from which a draft is saved. `name`: a random one, empty for none; `seen`: the mark of the version that the person saw."""

    all: OpenPages
    name: str
    seen: str

    def knows(self, draft: DraftId, mark: str) -> bool:
        """Whether that version was seen on the page, or came from it, as its answer may have been lost."""
        return self.seen == mark or (self.name != "" and self.all.page_of(draft, mark) == self.name)

    def has_saved(self, draft: DraftId, mark: str) -> None:
        """The version with that mark came from this page."""
        self.all.note(draft, mark, self.name)
