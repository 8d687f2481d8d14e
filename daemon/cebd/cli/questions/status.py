"""`status`: whether anything is wrong, since when, who deals with it and what to do; then the counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from cebd.cli.frame.exits import Exit, print_json
from cebd.cli.frame.language import Language, spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.operations.text import Text
from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.operations.inquiries.status import Matter, NoStatus, StationStatus


def status(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Whether the daemon runs and anything is wrong, since when, who deals with it and what to do; then everything in a table.

    Example: cebd status --lang en
    """
    from cebd.operations.inquiries.status import settings_unusable, station_status, store_unusable
    from cebd.settings import SettingsError
    from cebd.store.store import StoreClosed, StoreError

    try:
        settings = settings_from(config, print_mistakes=False)
    except SettingsError as error:
        _cannot_be_told(settings_unusable(error), Exit.SETTINGS, as_json=as_json)
    try:
        current = station_status(settings)
    except StoreClosed:
        raise  # by another user it can be told
    except StoreError as error:
        _cannot_be_told(store_unusable(settings, error), Exit.STORE, as_json=as_json)
    if as_json:
        print_json(current.as_json())
        return
    for line in lines_of(current, spoken()):
        print(one_line(line))


def _cannot_be_told(told: NoStatus, code: Exit, *, as_json: bool) -> NoReturn:
    """The first lines alone, and the code of what is in the way."""
    if as_json:
        print_json(told.as_json())
    else:
        for line in told.first_lines:
            spoken().say(line)
    raise SystemExit(int(code))


def lines_of(current: StationStatus, say: Language) -> Iterator[str]:
    """The lines of `status`, in that language."""
    for line in current.first_lines:
        yield from say.lines(line)
    for matter in current.further:
        yield from _matter(matter, say)
    if current.noted:
        yield from say.lines(Text("留意（不影响申报）：", "Notes (declaring is not affected):"))
    for matter in current.noted:
        yield from _matter(matter, say)
    counts = current.overview.counts
    for zh, en, numbers in (
        ("文件", "files", counts.drops),
        ("记录", "records", counts.records),
        ("报文", "messages", counts.messages),
    ):
        yield f"  {say.word(zh, en)}: " + (", ".join(f"{count} {state}" for state, count in numbers.items()) or "-")
    signer = say.word("签名", "signer")
    for token in current.overview.tokens:
        if token.state == "known":
            yield f"  {signer} {token.signer}: {token.recorded.identity}"
        elif token.state == "revoked":
            revoked = f"{say.word('已停用', 'revoked')} {token.recorded.since[:10]}"
            yield f"  {signer} {token.signer}: {revoked}: {token.recorded.identity}"
    for name in current.signed_by_client:
        yield from say.lines(Text(f"通道 {name}：由官方客户端签名", f"channel {name}: its client signs"), indent="  ")
    for answers in current.awaited:
        yield from say.lines(answers.text, indent="  ")
    if current.late_receipts is not None:
        yield from say.lines(current.late_receipts, indent="  ")


def _matter(matter: Matter, say: Language) -> Iterator[str]:
    """A matter in two lines of each language: what it is, and what to do."""
    found, heading = matter.problem, matter.heading
    what = Text(f"  {heading.zh}：{found.id} {found.zh}", f"  {heading.en}: {found.id} {found.en}")
    to_do = Text(f"      → {found.fix_zh}", f"      -> {found.fix_en}")
    if say.zh:
        yield from (what.zh, to_do.zh)
    if say.en:
        yield from (what.en, to_do.en)
