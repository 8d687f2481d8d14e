"""What is on this machine: settings, store, schemas and code tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from cebd.clock import CST
from cebd.intake.inboxes.shares import is_share
from cebd.messages.description import message_types
from cebd.messages.schema_files import message_schemas
from cebd.operations.doctor import remedies
from cebd.operations.doctor.finding import Finding, fail, ok, warn
from cebd.rules.codes.tables import table_names
from cebd.settings import Settings
from cebd.store.safety.holder import holder_of
from cebd.store.store import STORE, Store, StoreError

_OLD_YEARS = 3


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Mistakes that switch something off."""
    mistakes = [fault for fault in settings.faults if not fault.follows]
    for fault in mistakes:
        make = fail if fault.severity == "error" else warn
        yield make("settings", f"{fault.key}：{fault.zh}", f"{fault}", remedies.edit(settings, line=fault.line))
    if not mistakes:
        yield ok("settings", "设置没有错误", "the settings have no mistake")


def store_findings(settings: Settings) -> Iterator[Finding]:
    """Whether it is there, sound, private, and on a local disk; whether the daemon runs."""
    folder = settings.store_dir
    if not (folder / STORE).exists():
        yield warn(
            "store",
            f"{folder} 里还没有数据库：守护进程尚未运行过",
            f"no store in {folder} yet: the daemon has not run",
            remedies.start(),
        )
        return
    try:
        Store.open(folder, create=False).close()
    except StoreError as error:
        yield fail("store", error.zh or str(error), str(error), remedies.of_store(folder, error))
        return
    with closing(sqlite3.connect(f"{(folder / STORE).resolve().as_uri()}?mode=ro", uri=True)) as store:
        found = store.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found == "ok":
        yield ok("store", "数据库完好（逐页检查）", "the store is sound (every page looked at)")
    else:
        yield fail("store", f"数据库已损坏：{found}", f"the store is damaged: {found}", remedies.restore(folder))
    if is_share(folder):
        yield fail(
            "store",
            f"{folder} 在网络共享上：必须放在本机磁盘",
            f"{folder} is on a network share: a local disk is needed",
            remedies.edit(settings, "store", "path"),
        )
    holder = holder_of(folder)
    if holder.runs:
        yield ok("daemon", f"cebd 正在运行（进程 {holder.pid or '?'}）", f"cebd runs (pid {holder.pid or '?'})")
    elif holder.runs is False:
        yield warn("daemon", "cebd 没有运行", "cebd does not run", remedies.start())


def description_findings(settings: Settings) -> Iterator[Finding]:
    """Schemas and code tables: whether they can be read, and how old the tables are."""
    for code in message_schemas():
        message_types()[code]
    number = len(message_schemas())
    yield ok("schemas", f"{number} 种报文的说明可以读取", f"the descriptions of {number} messages can be read")
    tables = settings.code_tables
    this_year = datetime.now(CST).year
    for name in table_names():
        table = tables[name]
        year, number = table.year[:4], len(table.rows)
        zh, en = f"{table.zh}：{number} 行，{table.year}", f"{name}: {number} rows, of {table.year}"
        if year.isdecimal() and this_year - int(year) > _OLD_YEARS:
            yield warn(
                "code tables",
                f"{zh}；此后海关可能有增删，可把新表放入 [codes] folder 所指的文件夹",
                f"{en}; customs may have changed codes since: put a newer table into the folder of [codes]",
                remedies.new_table(settings, name),
            )
        else:
            yield ok("code tables", zh, en)
