"""A desk at which files are converted one after the other, as a station does it, without a station."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.customs_messages import a_message
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import CST, iso
from cebd.documents.convert import ClaimedFile, convert
from cebd.records.ids import DropId
from cebd.settings import Settings, load_settings
from cebd.signing.dropped_signature import judge_of
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer
from cebd.store.tables import drops, history, receipts, records
from cebd.trial.rows import inventory_rows, order_rows, write_workbook

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=CST)
Rows = list[dict[str, str]]


class Desk:
    """A station's store and settings, into which files are converted one after the other."""

    def __init__(self, folder: Path) -> None:
        new_station(folder / "station", port=2222)
        self.folder = folder
        self.settings: Settings = load_settings(folder / "station" / "cebd.toml")
        self.store = open_store(self.settings.store_dir)
        self.count = 0
        self.now = NOW

    @property
    def clock(self) -> StillClock:
        return StillClock(self.now)

    def ruled(self, **rules: str) -> None:
        self.settings = self.settings.model_copy(update={"rules": {f"CEBD-{id_[1:]}": w for id_, w in rules.items()}})

    def drop(self, code: str, rows: Rows) -> list[dict[str, Any]]:
        """Convert a workbook of these rows; the records it gave, with the ids of their problems."""
        self.count += 1
        path = self.folder / f"{self.count}.xlsx"
        write_workbook(path, code, rows)
        return self.convert(path)

    def drop_sheets(self, *sheets: Rows) -> list[dict[str, Any]]:
        """Convert a workbook of orders with such sheets."""
        self.count += 1
        book = Workbook()
        for number, rows in enumerate(sheets):
            write_workbook(self.folder / "sheet.xlsx", "order", rows)
            sheet = book.active if number == 0 else book.create_sheet()
            for row in load_workbook(self.folder / "sheet.xlsx").active.values:
                sheet.append(row)
        book.save(self.folder / f"{self.count}.xlsx")
        return self.convert(self.folder / f"{self.count}.xlsx")

    def drop_message(self, *records: str, signer: Signer | None = None) -> list[dict[str, Any]]:
        """Convert a message of these records, dropped as XML. `signer`: who has signed it before."""
        content = a_message(*records)
        return self.drop_xml(content if signer is None else sign_document(content, signer, self.now))

    def drop_xml(self, content: bytes) -> list[dict[str, Any]]:
        """Convert a message, dropped as it is."""
        self.count += 1
        path = self.folder / f"{self.count}.xml"
        path.write_bytes(content)
        return self.convert(path)

    def convert(self, path: Path) -> list[dict[str, Any]]:
        enterprise = self.settings.enterprise[0]
        facts = {"enterprise": enterprise.name, "name": path.name, "stem": path.stem, "sha256": path.name}
        facts |= {"received": iso(self.now), "state": "claimed", "source": path.name, "place": path.name}
        with self.store.write() as connection:
            self.drop_id = drop_id = DropId(connection.execute(insert(drops).values(**facts)).inserted_primary_key[0])
        with self.store.write() as connection:
            self.converted = convert(
                connection,
                ClaimedFile(drop_id, path, path.name),
                enterprise,
                self.settings.reading_options,
                self.clock,
                judge_of(connection),
            )
        with self.store.read() as connection:
            query = select(records).where(records.c.drop_id == drop_id).order_by(records.c.sheet, records.c.row)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            row["problems"] = json.loads(row["problems"] or "[]")
            row["ids"] = [one["id"] for one in row["problems"]]
        return rows

    def becomes(self, record: Mapping[str, Any], state: str, **values: object) -> None:
        """Customs (or the wire) brought the record there."""
        with self.store.write() as connection:
            query = update(records).where(records.c.id == record["id"]).values(state=state, **values)
            connection.execute(query)

    def is_released(self, record: Mapping[str, Any], time: str, invt_no: str) -> None:
        self.becomes(record, "succeeded", status="800", time=time, invt_no=invt_no)
        with self.store.write() as connection:
            told = {"channel": "c", "name": invt_no, "sha256": invt_no, "received": time, "state": "applied"}
            receipt_id = connection.execute(
                insert(receipts).values(**told, copied=True, content=b"")
            ).inserted_primary_key[0]
            said = {"record_id": record["id"], "receipt_id": receipt_id, "status": "800", "info": "放行", "time": time}
            connection.execute(insert(history).values(**said, evidence=False))


def orders(count: int = 1, **head: str) -> Rows:
    return [row | {f"head.{name}": text for name, text in head.items()} for row in order_rows(count)]


def lists(count: int = 1, *, first: int = 1, lines: int = 1, **head: str) -> Rows:
    rows = inventory_rows(count, first=first, lines=lines)
    return [row | {f"head.{name}": text for name, text in head.items()} for row in rows]
