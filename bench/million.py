"""A store of a million records, put into the tables at once: enterprises, files of 500 rows, messages of 100, receipts, in the states of
a station that has worked for months. Its bytes are short: what is measured reads rows and indexes."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cebd.clock import CST, iso
from cebd.messages.description import CEB
from cebd.store.store import STORE, Store

PER_FILE, PER_MESSAGE = 500, 100
_BEGAN = datetime(2026, 1, 2, 8, 0, tzinfo=CST)
_TYPES = ("CEB311", "CEB411", "CEB511", "CEB621")
EBP, EBC, AGENT = "9900000001", "9900000002", "9900000004"
# Of a hundred files: the last word of customs about their records, state and text.
_ENDINGS = (
    *[("succeeded", "120", "逻辑校验通过")] * 80,
    *[("succeeded", "800", "放行")] * 12,
    *[("refused", "100", "[Code:1322;Desc:订单清单表体商品项不一致]海关退单")] * 3,
    *[("refused", "-621004", "海关区代码错误")] * 1,
    *[("acknowledged", "2", "电子口岸申报中")] * 3,
    ("rejected", None, None),
)


ENTERPRISE, SIGNER, CHANNEL = "trial", "trial", "sandbox"  # as a trial station has them


def fill(folder: Path, records: int, *, under_way: bool = True) -> None:
    """Make the store of that many records. `under_way`: the last files are sent, signed, and composed; else everything is answered."""
    Store.open(folder).close()
    files = max(records // PER_FILE, 1)
    with sqlite3.connect(folder / STORE) as database:
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-262144"):
            database.execute(f"PRAGMA {pragma}")
        later = _without_indexes(database)
        body = zlib.compress(f'<ceb:CEB311Message xmlns:ceb="{CEB}">{" " * 4000}</ceb:CEB311Message>'.encode(), 1)
        for file in range(1, files + 1):
            _one_file(database, file, files if under_way else files + 12, body)
        for made in later:
            database.execute(made)
    database.close()
    with sqlite3.connect(folder / STORE) as database:
        database.execute("PRAGMA journal_mode=WAL")
    database.close()


def _without_indexes(database: sqlite3.Connection) -> list[str]:
    """Take the indexes away: built at the end, they take a third of the time."""
    named = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    indexes = database.execute(named).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    return [made for _, made in indexes]


def _one_file(database: sqlite3.Connection, file: int, files: int, body: bytes) -> None:
    type_ = _TYPES[file % len(_TYPES)]
    at = iso(_BEGAN + timedelta(minutes=2 * file))
    state, status, info = _ENDINGS[file * 37 % len(_ENDINGS)]
    message_state = "sent"
    if file > files - 12:
        state, status, info = "ready", None, None
        message_state = "sent" if file <= files - 6 else "signed" if file <= files - 3 else "ready"
    name = f"{type_}-{file:06d}.xlsx"
    drop = (file, ENTERPRISE, name, name[:-5], name[:-5].lower(), f"{file:064x}", at, "filed", "done", f"inbox/{name}")
    database.execute(
        "INSERT INTO drops (id, enterprise, name, stem, stem_key, sha256, received, state, outcome, source, place, type, records, "
        "published, published_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,1,?)",
        (*drop, f"done/{at[:10]}/{name}", type_, PER_FILE, at),
    )
    is_declared = state != "rejected"
    first_message = (file - 1) * (PER_FILE // PER_MESSAGE)
    if is_declared:
        for number in range(first_message + 1, first_message + PER_FILE // PER_MESSAGE + 1):
            guid = _guid(number, "B")
            database.execute(
                "INSERT INTO messages (id, drop_id, enterprise, type, guid, cop_msg_id, signer, channel, sign, state, created, sender, "
                f"receiver, body, sha256, sent_at) VALUES (?,?,'{ENTERPRISE}',?,?,?,'{SIGNER}','{CHANNEL}','composed',?,?,"
                "'DXPENT0000010001','DXPEDCCEB0000002',?,?,?)",
                (
                    number,
                    file,
                    type_,
                    guid,
                    guid,
                    message_state,
                    at,
                    body,
                    f"{number:064x}",
                    at if message_state == "sent" else None,
                ),
            )
            if message_state == "sent":
                database.execute(
                    "INSERT INTO submissions (message_id, name, phase, intent, outcome, settled, channel) "
                    "VALUES (?,?,'handing-over',?,'sent',?,'sandbox')",
                    (number, f"{guid}.xml", at, at),
                )
        if status is not None:
            _answer(database, file, at)
    records = list(_records(file, type_, state, status, info, first_message if is_declared else None, at))
    marks = ",".join("?" * len(records[0]))
    database.executemany(f"INSERT INTO records ({_COLUMNS}) VALUES ({marks})", records)
    if status is not None:
        said = ((record[0], file, status, info, at) for record in records)
        database.executemany(
            "INSERT INTO history (record_id, receipt_id, status, info, time, evidence) VALUES (?,?,?,?,?,0)", said
        )


def _answer(database: sqlite3.Connection, file: int, at: str) -> None:
    database.execute(
        "INSERT INTO receipts (id, channel, name, sha256, received, type, state, copied, enterprises, content) "
        "VALUES (?,'sandbox',?,?,?,'CEB312','applied',1,'[\"trial\"]',x'789c03000000000001')",
        (file, f"R{file}.xml", f"{file:064x}", at),
    )


_COLUMNS = (
    "id, drop_id, message_id, enterprise, type, key, guid, sheet, row, rows, content, state, active, status, info, time, "
    "pre_no, invt_no, order_no, waybill_no"
)


def _records(
    file: int, type_: str, state: str, status: str | None, info: str | None, first_message: int | None, at: str
) -> Iterator[tuple[object, ...]]:
    content = zlib.compress(f"{file}".encode() * 120, 1)
    for row in range(PER_FILE):
        number = (file - 1) * PER_FILE + row + 1
        order = (file // len(_TYPES)) * PER_FILE + row + 1
        key = {
            "CEB311": f"{EBP}\x1f{EBC}\x1fO{order}",
            "CEB411": f"P{number}\x1f{EBP}",
            "CEB511": f"W{number}\x1f{AGENT}",
            "CEB621": f"C{number}\x1f{AGENT}",
        }[type_]
        is_list = type_ == "CEB621"
        message = None if first_message is None else first_message + row // PER_MESSAGE + 1
        yield (
            *(
                number,
                file,
                message,
                ENTERPRISE,
                type_,
                key,
                _guid(number, "A"),
                "Sheet1",
                row + 2,
                str(row + 2),
                content,
            ),
            *(state, state != "rejected", status, info, at if status else None),
            f"B{number:017d}" if is_list and status else None,
            f"5141{number:014d}" if is_list and status == "800" else None,
            f"O{order}\x1f{EBP}",
            f"W{number}\x1f{AGENT}" if is_list else None,
        )


def _guid(number: int, letter: str) -> str:
    digits = f"{number * 2654435761 % (1 << 32):08X}{number:012X}"
    return f"{digits[:8]}-{letter}000-4000-8000-{digits[8:]}"
