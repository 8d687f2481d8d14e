"""Receipts as rows since a time: each row becomes a receipt of its own, the same bytes each time.

The time of the last row that is stored is the cursor; the channel's memory keeps it, so that a station that starts asks from there on. It
is asked for with an overlap: rows of one second come in pieces. A row that came before is known by its digest, here as in the store. A row
of a time to come (a mistyped year) brings the cursor no further than now: else no other row would ever be asked for.

| killed ... | at the next start |
| --- | --- |
| before a row is stored | the cursor is before it: it comes again |
| after that, before the cursor is kept | it comes again, and the store knows it |
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from hashlib import sha256

from cebd.transport.channel import Arrival, ChannelError, Memory
from cebd.transport.channels.http.budget import Budget
from cebd.transport.channels.http.filling import Facts, fill, in_xml
from cebd.transport.channels.http.line import Answer, Line, Request
from cebd.transport.channels.http.outbound import NOT_UNDERSTOOD, REFUSED, ask
from cebd.transport.channels.http.profile import Poll, Rows
from cebd.transport.channels.http.wrapping import in_url
from cebd.transport.channels.left_names import LeftNames

CURSOR = "cursor"
_CST = timezone(timedelta(hours=8))
_CEB = "http://www.chinaport.gov.cn/ceb"
_KEPT = 20_000  # digests of rows that came before


@dataclass(frozen=True, slots=True)
class Row:
    """A receipt made of a row. `time`: of the row; None where it says none that can be read."""

    name: str
    digest: str
    time: datetime | None
    content: bytes


class RowsInbound:
    """Asks the platform for rows. `values` reads those of the settings; raises ChannelError."""

    def __init__(
        self,
        poll: Poll,
        line: Line,
        budget: Budget,
        values: Callable[[], dict[str, str]],
        interval_seconds: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._poll = poll
        self._line = line
        self._budget = budget
        self._values = values
        self._interval = interval_seconds
        self._steady = steady
        self._memory: Memory | None = None
        self._next = 0.0
        self._trouble: ChannelError | None = None
        self._waiting: dict[str, tuple[int, Row]] = {}
        self._done: dict[str, None] = {}
        self._cursors: dict[int, datetime] = {}
        self._newest: dict[int, datetime] = {}
        self._kept: dict[int, datetime] = {}
        self._left = LeftNames()

    def remember(self, memory: Memory) -> None:
        """Begin where the memory says, and keep it there."""
        self._memory = memory

    def receive(self) -> Iterator[Arrival]:
        self._keep_cursors()
        if self._steady() >= self._next:
            self._next = self._steady() + self._interval
            self._trouble = self._look()
        for digest, (_, row) in list(self._waiting.items()):
            yield Arrival(row.name, partial(_content, row), partial(self._accept, digest), partial(self._leave, digest))
        if self._trouble is not None:  # until the next look: a platform in trouble is asked no oftener than another
            raise self._trouble

    def _look(self) -> ChannelError | None:
        """Ask for every kind of row; the error that ended it."""
        try:
            for number, kind in enumerate(self._poll.kinds):
                for row in self._ask(number, kind):
                    if row.digest not in self._done:
                        self._waiting.setdefault(row.digest, (number, row))
        except ChannelError as error:
            return error
        return None

    def left(self) -> Mapping[str, Sequence[str]]:
        return self._left.by_problem()

    def close(self) -> None:
        self._keep_cursors()
        self._line.close()

    def _ask(self, number: int, kind: Rows) -> list[Row]:
        since = self._cursor(number) - timedelta(seconds=self._poll.overlap_seconds)
        facts: dict[str, str | datetime] = {**self._values(), "since": since.strftime(self._poll.since_form)}
        answer = ask(self._line, self._budget, request_for_rows(kind, facts))
        if answer.status != 200:
            raise ChannelError(REFUSED, answer.shown())
        return rows_of(answer, kind, facts)

    def _cursor(self, number: int) -> datetime:
        if number not in self._cursors:
            kept = self._memory.read(f"{CURSOR}.{number}") if self._memory is not None else None
            begin = _now() - timedelta(days=self._poll.begin_days)
            self._cursors[number] = min(datetime.fromisoformat(kept), _now()) if kept else begin
        return self._cursors[number]

    def _accept(self, digest: str) -> None:
        """It is stored: the cursor goes on to the newest row before which all are."""
        known = self._waiting.pop(digest, None)
        if known is None:
            return
        number, row = known
        self._done[digest] = None
        while len(self._done) > _KEPT:
            self._done.pop(next(iter(self._done)))
        if row.time is None:
            return
        reached = min(row.time, _now())
        self._newest[number] = newest = max(reached, self._newest.get(number, reached))
        open_ = [other.time for of, other in self._waiting.values() if of == number and other.time is not None]
        self._cursors[number] = max(self._cursor(number), min([newest, *open_]))

    def _leave(self, digest: str, problem: str) -> None:
        """It is not ours: it is passed over from now on."""
        known = self._waiting.get(digest)
        if known is not None:
            self._left.add(problem, known[1].name)
            self._accept(digest)

    def _keep_cursors(self) -> None:
        """Killed before this, the rows come again, and are known."""
        if self._memory is None:
            return
        for number, cursor in self._cursors.items():
            if self._kept.get(number) != cursor:
                self._memory.write(f"{CURSOR}.{number}", cursor.isoformat())
                self._kept[number] = cursor


def _now() -> datetime:
    return datetime.now(_CST)


def _content(row: Row) -> bytes:
    return row.content


def request_for_rows(kind: Rows, facts: Facts) -> Request:
    """Raises ChannelError."""
    encoded = in_url(facts)
    query = "&".join(f"{name}={fill(text, encoded)}" for name, text in kind.query.items())
    url = fill(kind.url, encoded)
    return Request("GET", f"{url}{'&' if '?' in url else '?'}{query}" if query else url)


def rows_of(answer: Answer, kind: Rows, facts: Facts) -> list[Row]:
    """The rows, each as a receipt. Raises ChannelError where the answer has no list of rows at all."""
    rows = _text_rows(answer.text, kind) if kind.form == "text" else _json_rows(answer.text, kind)
    if rows is None:
        raise ChannelError(NOT_UNDERSTOOD, answer.shown())
    return [_receipt(row, kind, facts) for row in rows]


def _text_rows(text: str, kind: Rows) -> list[dict[str, str]] | None:
    """Rows as Java prints maps: `[{a=1, b=[x, y]}, {…}]`. Values are not escaped: only names that the profile knows begin a new one."""
    text = text.strip()
    if not text.startswith("[") or not text.endswith("]"):
        return None
    names = sorted({*kind.columns, kind.time, *_columns_in(kind)}, key=len, reverse=True)
    begins = re.compile(rf"(?:(?<=\{{)|, )({'|'.join(map(re.escape, names))})=")
    rows = []
    # A row begins where a brace is followed by a name.
    starts = [match.start() for match in re.finditer(r"\{(?=[A-Za-z_][A-Za-z0-9_]*=)", text)]
    for start, end in zip(starts, [*starts[1:], len(text) - 1], strict=False):
        piece = text[start:end].rstrip(", ").removesuffix("}")
        found = list(begins.finditer(piece))
        ends = [match.start() for match in found[1:]] + [len(piece)]
        rows.append({match.group(1): piece[match.end() : end_] for match, end_ in zip(found, ends, strict=True)})
    return rows


def _columns_in(kind: Rows) -> set[str]:
    return {name for text in kind.fields.values() for name in re.findall(r"\{(\w+)", text)}


def _json_rows(text: str, kind: Rows) -> list[dict[str, str]] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in kind.rows.split(".") if kind.rows else ():
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return None
    return [
        {str(name): "" if cell is None else str(cell) for name, cell in row.items()}
        for row in value
        if isinstance(row, dict)
    ]


def _receipt(row: dict[str, str], kind: Rows, facts: Facts) -> Row:
    """The receipt's XML: what the row has, under the names of the specification, and nothing of the moment when it was asked for."""
    columns = dict.fromkeys(_columns_in(kind) - facts.keys(), "")
    cells = in_xml({**facts, **columns, **row})
    elements = "".join(
        f"<ceb:{name}>{text}</ceb:{name}>" for name, template in kind.fields.items() if (text := fill(template, cells))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ceb:{kind.root} xmlns:ceb="{_CEB}" guid="{fill(kind.fields.get("guid", ""), cells)}" '
        f'version="1.0"><ceb:{kind.record}>{elements}</ceb:{kind.record}></ceb:{kind.root}>'
    ).encode()
    digest = sha256(content).hexdigest()
    try:
        at = datetime.strptime(row.get(kind.time, "").strip(), kind.time_form).replace(tzinfo=_CST)
    except ValueError:
        at = None
    stamp = f"{at:%Y%m%d%H%M%S}" if at else "unknown"
    return Row(f"{kind.root}_{stamp}_{digest[:12]}.xml", digest, at, content)
