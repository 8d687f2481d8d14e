"""`status`: whether anything is wrong, since when, who deals with it and what to do; then the counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cebd.cli.frame.exits import print_json
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.operations.inquiries.status import Matter, StationStatus
    from cebd.operations.text import Text

_ENVIRONMENTS = {"trial": "试运行 trial", "test": "联调 joint test"}


def status(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Whether the daemon runs and anything is wrong, since when, who deals with it and what to do."""
    from cebd.operations.inquiries.status import station_status

    settings = settings_from(config)
    current = station_status(settings)
    if as_json:
        print_json(current.as_json())
        return
    for line in lines_of(current, settings.station.language):
        print(one_line(line))


def lines_of(current: StationStatus, language: str) -> Iterator[str]:
    """The lines of `status`, in that language (`zh`, `en` or `both`)."""
    say = _Language(language)
    note = _ENVIRONMENTS.get(current.environment or "", "")
    yield f"站点 Station {current.station}" + (f"  [{note}]" if note else "")
    yield from say(current.running)
    if current.summary is not None:
        yield from say(current.summary)
    for matter in current.wrong:
        yield from say.matter(matter)
    if current.noted:
        yield from say.texts("留意（不影响申报）：", "Notes (no declaration waits for them):")
    for matter in current.noted:
        yield from say.matter(matter)
    counts = current.overview.counts
    titles = ("文件 files", "记录 records", "报文 messages")
    for title, numbers in zip(titles, (counts.drops, counts.records, counts.messages), strict=True):
        yield f"  {title}: " + (", ".join(f"{count} {state}" for state, count in numbers.items()) or "-")
    for token in current.overview.tokens:
        if token.state == "known":
            yield f"  签名 signer {token.signer}: {token.recorded.identity}"
        elif token.state == "revoked":
            yield f"  签名 signer {token.signer}: 已停用 revoked {token.recorded.since[:10]}: {token.recorded.identity}"
    if current.late_receipts is not None:
        yield from say.texts(*(f"  {text}" for text in current.late_receipts))


class _Language:
    """Texts in the station's language, or in both, Chinese first."""

    def __init__(self, language: str) -> None:
        self._zh, self._en = language in ("zh", "both"), language in ("en", "both")

    def __call__(self, text: Text) -> Iterator[str]:
        yield from self.texts(*text)

    def texts(self, zh: str, en: str) -> Iterator[str]:
        if self._zh:
            yield zh
        if self._en:
            yield en

    def matter(self, matter: Matter) -> Iterator[str]:
        """A matter in two lines of each language: what it is, and what to do."""
        problem = matter.problem
        if self._zh:
            yield f"  {matter.heading.zh}：{problem.id} {problem.zh}"
            yield f"      → {problem.fix_zh}"
        if self._en:
            yield f"  {matter.heading.en}: {problem.id} {problem.en}"
            yield f"      -> {problem.fix_en}"
