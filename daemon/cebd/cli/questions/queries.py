"""`list`, `audit`: the store's content, for people and for scripts. They only read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.language import Language, spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.operations.text import Text
from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.operations.inquiries.lookup import Page, Place
    from cebd.store.across.finding.listings import ListedDrop, ListedRecord


def list_(
    file: Annotated[str | None, typer.Option("--file", help="Of the file of that name or number.")] = None,
    order: Annotated[str | None, typer.Option("--order", help="Records of that order number.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="List records in this state instead of files.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Of this message: its code (CEB621) or name (inventory).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Taken in since: 2026-11-26 or 2026-11-26T08:30, China time.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Taken in before that time; a day without a time is in it.")
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(
            "--code", help="List records whose latest answer has this status (-621004), or customs' own code (1322)."
        ),
    ] = None,
    records: Annotated[bool, typer.Option("--records", help="List records, not files.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the latest first.")] = 50,
    before: Annotated[str | None, typer.Option("--before", help="The next page: as the page before it says.")] = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """The files taken in, the latest first; with --state, --code, --order or --records: the records.

    Example: cebd list --state refused --type inventory --since 2026-11-26
    """
    from cebd.operations.inquiries.lookup import Filter, list_files, list_records
    from cebd.records.states import State

    if state is not None and state not in list(State):
        states = ", ".join(State)
        stop(
            Exit.SETTINGS, f"没有状态 {state}；可用的有：{states}。", f"There is no state {state}; there are: {states}"
        )
    settings = settings_from(config)
    wanted = Filter(
        file=file,
        order=order,
        state=None if state is None else State(state),
        type=None if type_ is None else _type(type_),
        since=None if since is None else _moment(since),
        until=None if until is None else _moment(until, end=True),
        code=code,
    )
    place = None if before is None else _place(before)
    say = spoken()
    if records or wanted.is_of_records:
        of_records = list_records(settings.store_dir, wanted, limit, place)
        if as_json:
            print_json({"records": [record.as_json() for record in of_records.rows], "before": _shown(of_records)})
            return
        for record in of_records.rows:
            _print_record(record, with_answer=code is not None)
        _print_more(of_records, say)
        return
    of_files = list_files(settings.store_dir, wanted, limit, place)
    if as_json:
        print_json({"drops": [drop.as_json() for drop in of_files.rows], "before": _shown(of_files)})
        return
    for drop in of_files.rows:
        _print_drop(drop)
    _print_more(of_files, say)


def _print_record(record: ListedRecord, *, with_answer: bool) -> None:
    from cebd.customs.customs_codes import for_people

    number = " ".join(record.key.values())
    print(one_line(f"{record.id:>7}  {record.type}  {number}  {record.state}  {record.file}"))
    if with_answer:
        print(one_line(f"         {record.status} {for_people(record.info or '')}"))


def _print_drop(drop: ListedDrop) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in drop.counts.items())
    ending = counts or drop.outcome or drop.state
    print(one_line(f"{drop.id:>5}  {drop.received}  {drop.type or '-':<7} {drop.file}  {ending}"))


def _shown(page: Page[ListedDrop] | Page[ListedRecord]) -> str | None:
    return None if page.before is None else f"{page.before.drop_id}.{page.before.record_id}"


def _print_more(page: Page[ListedDrop] | Page[ListedRecord], say: Language) -> None:
    if page.before is not None:
        print(f"… {say.word('还有', 'more')}: --before {_shown(page)}")


def _place(text: str) -> Place:
    from cebd.operations.inquiries.lookup import Place
    from cebd.records.ids import DropId, RecordId

    file, _, record = text.partition(".")
    if not (file.isdecimal() and record.isdecimal()):
        stop(
            Exit.SETTINGS,
            f"--before {text} 不是上一页所示的位置（如 12.345）。",
            f"--before {text} is no place that a page has shown (such as 12.345)",
        )
    return Place(DropId(int(file)), RecordId(int(record)))


def _type(text: str) -> str:
    from cebd.messages.description import message_type, message_types

    try:
        return message_type(text).code
    except KeyError:
        names = ", ".join(f"{message.code} {message.name}" for message in message_types().values() if message.name)
        stop(
            Exit.SETTINGS,
            f"没有 {text} 这种报文；可用的有：{names}。",
            f"There is no message {text}; there are: {names}",
        )


def _moment(text: str, *, end: bool = False) -> str:
    """The time as the store has it; a day without a time as the `end` is the end of that day."""
    from cebd.clock import CST, iso

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        stop(
            Exit.SETTINGS,
            f"{text} 不是日期或时间（如 2026-11-26、2026-11-26T08:30）。",
            f"{text} is no day or time (such as 2026-11-26, 2026-11-26T08:30)",
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CST)
    return iso(moment + timedelta(days=1) if end and len(text) <= 10 else moment)


def audit(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Prove from store and disk that every file and record is in exactly one place and state; exit 0 only when the proof succeeds.

    Example: cebd audit --json
    """
    from cebd.operations.audit import audit_station

    balance = audit_station(settings_from(config))
    if as_json:
        print_json(balance.as_json())
    else:
        states = ", ".join(f"{count} {state}" for state, count in balance.states.items()) or "-"
        word = spoken().word
        read, under_way = word("读出的记录", "records read"), word("在途", "in flight")
        print(f"{read}: {balance.claimed} = {states}; {under_way}: {balance.in_flight}")
        files = ", ".join(f"{count} {state}" for state, count in balance.files.items()) or "-"
        print(f"{word('文件', 'files')}: {files}")
        for exception in balance.exceptions:
            zh, en = f"{exception.zh}。{exception.fix_zh}", f"{exception.en}. {exception.fix_en}"
            first, *rest = spoken().lines(Text(zh, en))
            print(one_line(f"{exception.id}  {first}"))
            for line in rest:
                print(one_line(f"           {line}"))
        count = len(balance.exceptions)
        print(word("账目相符", "clean") if balance.clean else word(f"{count} 处异常", f"{count} exceptions"))
    if not balance.clean:
        raise SystemExit(int(Exit.STORE))
