"""Standard output and standard error, made to take every text: whatever the terminal's encoding, whatever stands in a name.

What the terminal has no letter for is shown as `\\u8ba2`; control and direction characters likewise (`cebd.plain`), so that no name and no
receipt can move the cursor or turn a line around. In JSON that is still the same text.
"""

from __future__ import annotations

import codecs
import sys
from typing import Any, TextIO, cast

from cebd.plain import escaped, lines

_ESCAPED = "cebd.escaped"


class PlainStream:
    """A text stream through which nothing but texts and line breaks goes. `unfiltered`: the stream itself, for colours of our own."""

    def __init__(self, stream: TextIO) -> None:
        self.unfiltered = stream

    def write(self, text: str) -> int:
        self.unfiltered.write(lines(text))
        return len(text)

    def writelines(self, texts: Any) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unfiltered, name)


def make_streams_plain() -> None:
    """For the whole process; harmless when called again."""
    codecs.register_error(_ESCAPED, _escape)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, PlainStream):
            continue
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ESCAPED)
        setattr(sys, name, cast(TextIO, PlainStream(stream)))


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escaped, error.object[error.start : error.end])), error.end
