"""`show`, `why`: the whole life of a declaration, a message or a file; and which rule decided about a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.language import Language, spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cebd.operations.inquiries.events import Event
    from cebd.operations.inquiries.life import FileInFull, RecordLife
    from cebd.operations.text import Text
    from cebd.store.across.finding.life import MessageLife

_MOST_PROBLEMS = 20


def show(
    ref: Annotated[
        str,
        typer.Argument(
            help="An order number, copNo, waybill, preNo or invtNo; a guid or CopMsgId; a file's name or number."
        ),
    ],
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """The whole life of what that number names: what happened when, what waits for what, its bytes before and after signing.

    Example: cebd show 12345
    """
    from cebd.operations.inquiries.lookup import FileInFull, look_up

    settings = settings_from(config)
    facts = look_up(settings.store_dir, ref)
    if facts is None:
        stop(
            Exit.REJECTED,
            f"{ref}：此处没有该文件名、编号或 guid。",
            f"{ref}: there is no file, number or guid of that name here",
        )
    if as_json:
        print_json(facts.as_json())
        return
    say = spoken()
    if isinstance(facts, FileInFull):
        _print_file(facts, say)
        return
    for message in facts.messages:
        _print_message(message, say)
    for record in facts.records:
        _print_record(record, say)


def _print_file(facts: FileInFull, say: Language) -> None:
    drop, receipt = facts.drop, facts.receipt
    counts = ", ".join(f"{count} {state}" for state, count in receipt.counts.items()) or "-"
    print(one_line(f"{say.word('文件', 'file')} {drop.id}  {drop.name}  {drop.enterprise}  {drop.type or '-'}"))
    print(one_line(f"  {say.word('位置', 'place')}: {drop.place}"))
    print(f"  {say.word('记录', 'records')}: {counts}")
    _print_events(facts.events, say)
    for problem in receipt.problems[:_MOST_PROBLEMS]:
        say.say(_text(f"{problem.id} {problem.zh}", f"{problem.id} {problem.en}"), "  ! ")
    for message in facts.messages:
        _print_message(message, say)


def _print_message(life: MessageLife, say: Language) -> None:
    from cebd.operations.inquiries.events import events_of_message
    from cebd.operations.inquiries.life import waits_for

    message = life.message
    print(one_line(f"{say.word('报文', 'message')} {message.guid}  {message.type}  {message.state}  {life.file}"))
    _print_events(events_of_message(life), say)
    _print_waits(waits_for(life), (), say)
    _print_bytes(life, say)


def _print_record(life: RecordLife, say: Language) -> None:
    record = life.record.record
    number = " ".join(record.key.values())
    print(one_line(f"{record.type}  {number}  {record.state}  guid {record.guid}"))
    place = f"{record.sheet or ''} {record.row or ''}".strip()
    print(one_line(f"  {say.word('文件', 'file')} {record.drop_id} {record.file}  {place}"))
    numbers = " ".join(
        f"{name} {value}" for name, value in (("preNo", record.pre_no), ("invtNo", record.invt_no)) if value
    )
    if numbers:
        print(one_line(f"  {numbers}"))
    _print_events(life.events, say)
    _print_waits(life.waits_for, life.waited_for_by, say)
    if life.meaning is not None:
        say.say(_text(life.meaning.meaning_zh, life.meaning.meaning_en), "  = ")
        say.say(_text(life.meaning.next_zh, life.meaning.next_en), "  → ")
    for problem in record.problems:
        say.say(_text(f"{problem.id} {problem.zh}", f"{problem.id} {problem.en}"), "  ! ")
    if life.message is not None:
        _print_bytes(life.message, say)


def _print_events(events: Iterable[Event], say: Language) -> None:
    for event in events:
        say.say(event.what, f"  {event.time[:19]:<19}  ")


def _print_waits(waits_for: Iterable[Text], waited_for_by: Iterable[Text], say: Language) -> None:
    for text in waits_for:
        say.say(_text(f"等待：{text.zh}", f"waits for: {text.en}"), "  … ")
    for text in waited_for_by:
        say.say(_text(f"等待它的有：{text.zh}", f"is waited for by: {text.en}"), "  … ")


def _print_bytes(life: MessageLife, say: Language) -> None:
    composed, signed = life.composed, life.signed
    if life.removed is not None:
        return
    print(
        f"  {say.word('签名前', 'before signing')}: {composed.size} {say.word('字节', 'bytes')}  SHA-256 {composed.sha256}"
    )
    if signed is not None:
        print(f"  {say.word('签名后', 'signed')}: {signed.size} {say.word('字节', 'bytes')}  SHA-256 {signed.sha256}")


def _text(zh: str, en: str) -> Text:
    from cebd.operations.text import Text

    return Text(zh, en)


def why(
    file: Annotated[str, typer.Argument(help="A file's name, path, or number.")],
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Which rule took, ignored or refused a file, or what it waits for. Exit 3 for a file that nobody knows.

    Example: cebd why orders.xlsx
    """
    from cebd.operations.inquiries.why import why as ask

    settings = settings_from(config)
    verdicts = ask(settings, file)
    if as_json:
        print_json({"verdicts": [verdict.as_json() for verdict in verdicts]})
    else:
        say = spoken()
        for verdict in verdicts:
            owner = f"  {verdict.enterprise}" if verdict.enterprise else ""
            print(one_line(f"{verdict.file}{owner}  {verdict.verdict}  {verdict.since or ''}".rstrip()))
            say.say(verdict.rule, "  ")
            if verdict.to_do is not None:
                say.say(verdict.to_do, "  → ")
    if verdicts[0].verdict == "unknown":
        raise SystemExit(int(Exit.REJECTED))
