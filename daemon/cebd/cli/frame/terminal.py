"""Standard output and standard error, made to take every text in every encoding of a terminal.

Characters that the terminal cannot show appear as `\\u8ba2`; so do control and direction characters (`cebd.plain`), so that no name and
no receipt can move the cursor or turn a line around. JSON readers decode these escapes to the same text.
"""

from __future__ import annotations

import codecs
import sys
from typing import Any, TextIO, cast

from cebd.plain import escaped, lines

_ESCAPED = "cebd.escaped"


class PlainStream:
    """A text stream that passes texts and line breaks and escapes all else. `unfiltered`: the stream itself, for our own colours.

    `reader_gone`: nobody reads the pipe any more.
    """

    def __init__(self, stream: TextIO) -> None:
        self.unfiltered = stream
        self.reader_gone = False

    def write(self, text: str) -> int:
        try:
            self.unfiltered.write(lines(text))
        except BrokenPipeError:
            self.reader_gone = True
            raise
        return len(text)

    def writelines(self, texts: Any) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unfiltered, name)


def make_streams_plain() -> None:
    """Replace both streams of this process; harmless when called again."""
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
