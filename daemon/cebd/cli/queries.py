"""`list`, `show`, `audit`: what the store knows, for people and for scripts. They only read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line, plain

if TYPE_CHECKING:
    from cebd.settings import Settings
    from cebd.store.across.listings import ListedRecord
    from cebd.store.store import Store


def list_(
    config: SettingsFile = None,
    state: Annotated[
        str | None, typer.Option("--state", help="List the records in this state instead of files.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The files taken in, the latest first; with --state, the records in that state."""
    from cebd.records.states import State
    from cebd.store.across.listings import latest_drops, latest_records

    if state is not None and state not in list(State):
        states = ", ".join(State)
        stop(
            Exit.SETTINGS, f"没有状态 {state}；可用的有：{states}。", f"There is no state {state}; there are: {states}"
        )
    store = _store(settings_from(config))
    if state is not None:
        with store.read() as transaction:
            records = latest_records(transaction, State(state), limit)
        if as_json:
            print_json({"records": [record.as_json() for record in records]})
            return
        for record in records:
            number = " ".join(record.key.values())
            print(one_line(f"{record.id:>7}  {record.type}  {number}  {record.state}  {record.file}"))
        return
    with store.read() as transaction:
        drops = latest_drops(transaction, limit)
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
    from cebd.receipts.publishing.drop_receipt import receipt_of
    from cebd.store.across.listings import drop_named, records_named

    settings = settings_from(config)
    with _store(settings).read() as transaction:
        drop = drop_named(transaction, ref)
        if drop is not None:
            receipt = receipt_of(transaction, drop, drop.published_at or "").as_json()
            facts: dict[str, Any] = {"drop": {**receipt, "id": drop.id, "place": drop.place, "state": drop.state}}
        else:
            records = records_named(transaction, ref)
            facts = {"records": [{**record.as_json(), "customs": _explained(record.record)} for record in records]}
    if drop is None and not facts["records"]:
        stop(
            Exit.REJECTED,
            f"{ref}：此处没有该文件名、编号或 guid。",
            f"{ref}: there is no file, number or guid of that name here",
        )
    if as_json:
        print_json(facts)
        return
    print(json.dumps(plain(facts), ensure_ascii=False, indent=2))


def _explained(record: ListedRecord) -> dict[str, str] | None:
    """What the latest word of customs means for the record, and what to do next."""
    from cebd.receipts.publishing.drop_receipt import meaning_of

    if record.status is None:
        return None
    entry = meaning_of(record.type, record.state, record.status, record.info)
    names = ("text_zh", "text_en", "meaning_zh", "meaning_en", "next_zh", "next_en")
    return {name: getattr(entry, name.removeprefix("text_")) for name in names}


def audit(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Prove from store and disk that everything is in exactly one place and state; exit 0 only when it is."""
    from cebd.operations.audit import audit as look_through

    settings = settings_from(config)
    store = _store(settings)
    balance = look_through(store, settings)
    if as_json:
        print_json(balance.as_json())
    else:
        states = ", ".join(f"{count} {state}" for state, count in balance.states.items()) or "none"
        print(f"records read: {balance.claimed} = {states}; in flight: {balance.in_flight}")
        print("files: " + (", ".join(f"{count} {state}" for state, count in balance.files.items()) or "none"))
        for one in balance.exceptions:
            print(one_line(f"{one.id}  {one.zh}。{one.fix_zh}"))
            print(one_line(f"           {one.en}. {one.fix_en}"))
        print("clean" if balance.clean else f"{len(balance.exceptions)} exceptions")
    if not balance.clean:
        raise SystemExit(int(Exit.STORE))


def _store(settings: Settings) -> Store:
    from cebd.store.store import Store

    return Store.open(Path(settings.store_dir), create=False)
