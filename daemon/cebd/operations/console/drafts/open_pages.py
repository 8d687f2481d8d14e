"""The pages on which drafts are open: which version of a draft came from which of them."""

from __future__ import annotations

import threading
from typing import NamedTuple

from cebd.store.console.drafts import DraftId

_MOST_VERSIONS = 2000


class OpenPages:
    """The page that each of the latest saved versions came from. Safe for several threads; a restart forgets them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[tuple[DraftId, str], tuple[str, int]] = {}

    def note(self, draft: DraftId, mark: str, page: str, nth: int) -> None:
        """The version with that mark came from that page, as its `nth`."""
        with self._lock:
            self._pages.pop((draft, mark), None)
            self._pages[draft, mark] = page, nth
            if len(self._pages) > _MOST_VERSIONS:
                del self._pages[next(iter(self._pages))]

    def page_of(self, draft: DraftId, mark: str) -> tuple[str, int]:
        """The page that the version with that mark came from, and its number among those of the page; no page where that is not known."""
        with self._lock:
            return self._pages.get((draft, mark), ("", 0))


class OpenPage(NamedTuple):
    """The page from which a draft is saved. `name`: a random one, empty for none; `seen`: the mark of the version that the person saw;
    `nth`: counted up with each that the page sends. One may arrive after a later one: a page gives up waiting when somebody types on.
    """

    all: OpenPages
    name: str
    seen: str
    nth: int = 0

    def knows(self, draft: DraftId, mark: str) -> bool:
        """Whether that version was seen on the page, or came from it before this one, as its answer may have been lost."""
        page, nth = self.all.page_of(draft, mark)
        return self.seen == mark or (self.name != "" and page == self.name and nth <= self.nth)

    def has_saved(self, draft: DraftId, mark: str) -> None:
        """The version with that mark came from this page."""
        self.all.note(draft, mark, self.name, self.nth)
