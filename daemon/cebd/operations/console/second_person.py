"""A second pair of eyes: where the settings want it, whoever changed something last does not declare it."""

from __future__ import annotations

from cebd.operations.text import Refused
from cebd.settings import Settings


def require_second_person(settings: Settings, changed_by: str, account: str) -> None:
    """Raises Refused."""
    if settings.console.second_person and changed_by == account:
        raise Refused(
            "按本站规定，录入和申报须由不同的人完成：请另一位同事核对后申报。",
            "Here whoever enters does not declare: have somebody else look at it and declare it.",
        )
