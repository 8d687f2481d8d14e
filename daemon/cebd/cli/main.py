"""`cebd`: the commands put together; each is imported only when it is called."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
