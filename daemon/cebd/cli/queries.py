"""`list`, `show`, `audit`: the store's content, for people and for scripts. They only read."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line, plain


def list_(
    config: SettingsFile = None,
    state: Annotated[str | None, typer.Option("--state", help="List records in this state instead of files.")] = None,
    code: Annotated[
        str | None,
        typer.Option(
            "--code", help="List records whose latest answer has this status (-621004), or customs' own code (1322)."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The files taken in, the latest first; with --state or --code, the records in that state, with that code of customs."""
    from cebd.customs.customs_codes import for_people
    from cebd.operations.inquiries import lookup
    from cebd.records.states import State

    if state is not None and state not in list(State):
        states = ", ".join(State)
        stop(
            Exit.SETTINGS, f"没有状态 {state}；可用的有：{states}。", f"There is no state {state}; there are: {states}"
        )
    store_dir = settings_from(config).store_dir
    if state is not None or code is not None:
        records = lookup.latest_records(store_dir, State(state) if state is not None else None, code, limit)
        if as_json:
            print_json({"records": [record.as_json() for record in records]})
            return
        for record in records:
            number = " ".join(record.key.values())
            print(one_line(f"{record.id:>7}  {record.type}  {number}  {record.state}  {record.file}"))
            if code is not None:
                print(one_line(f"         {record.status} {for_people(record.info or '')}"))
        return
    drops = lookup.latest_files(store_dir, limit)
    if as_json:
        print_json({"drops": [drop.as_json() for drop in drops]})
        return
    for drop in drops:
        counts = ", ".join(f"{count} {name}" for name, count in drop.counts.items())
        ending = counts or drop.outcome or drop.state
        print(one_line(f"{drop.id:>5}  {drop.received}  {drop.type or '-':<7} {drop.file}  {ending}"))


def show(
    ref: Annotated[str, typer.Argument(help="A file's number or name, an order number, copNo, guid or CopMsgId.")],
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Everything about one file, record or message."""
    from cebd.operations.inquiries.lookup import look_up

    facts = look_up(settings_from(config).store_dir, ref)
    if facts is None:
        stop(
            Exit.REJECTED,
            f"{ref}：此处没有该文件名、编号或 guid。",
            f"{ref}: there is no file, number or guid of that name here",
        )
    if as_json:
        print_json(facts.as_json())
    else:
        print(json.dumps(plain(facts.as_json()), ensure_ascii=False, indent=2))


def audit(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Prove from store and disk that every file and record is in exactly one place and state; exit 0 only when the proof succeeds."""
    from cebd.operations.audit import audit_station

    balance = audit_station(settings_from(config))
    if as_json:
        print_json(balance.as_json())
    else:
        states = ", ".join(f"{count} {state}" for state, count in balance.states.items()) or "-"
        print(f"读出的记录 records read: {balance.claimed} = {states}; 在途 in flight: {balance.in_flight}")
        files = ", ".join(f"{count} {state}" for state, count in balance.files.items()) or "-"
        print(f"文件 files: {files}")
        for exception in balance.exceptions:
            print(one_line(f"{exception.id}  {exception.zh}。{exception.fix_zh}"))
            print(one_line(f"           {exception.en}. {exception.fix_en}"))
        count = len(balance.exceptions)
        print("账目相符 clean" if balance.clean else f"{count} 处异常 {count} exceptions")
    if not balance.clean:
        raise SystemExit(int(Exit.STORE))
