"""Documents of purchases, drawn at random, and a store in which their files are converted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import iso
from cebd.documents.convert import ClaimedFile, convert
from cebd.records.ids import DropId
from cebd.settings import load_settings
from cebd.store.tables import drops, metadata, records
from cebd.store.transaction import Transaction
from cebd.trial.rows import (
    Line,
    cancel_rows,
    identity_number,
    inventory_rows,
    order_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    write_workbook,
)

ROWS: dict[str, Callable[..., Iterator[Line]]] = {
    "order": order_rows,
    "payment": payment_rows,
    "waybill": waybill_rows,
    "inventory": inventory_rows,
    "cancel": cancel_rows,
    "return": return_rows,
}
_SELLER = {"head.ebcCode": "4407961888", "head.ebcName": "另一家跨境电子商务有限公司"}
_PLATFORM = {"head.ebpCode": "4407961777", "head.ebpName": "另一家平台有限公司"}
_PERSON = {"head.buyerName": "钱试二", "head.buyerIdNumber": identity_number(9)}
_NAME, _NUMBER = {"head.buyerName": "李四"}, {"head.buyerIdNumber": identity_number(9)}
_TELEPHONE, _CONSIGNEE, _ADDRESS = (
    {"head.buyerTelephone": "13900000009"},
    {"head.consignee": "李四"},
    {"head.consigneeAddress": "上海市"},
)
_OTHER_ORDER, _OTHER_WAYBILL = (
    {"head.orderNo": "T0000000002"},
    {"head.logisticsNo": "YD0000000002"},
)  # of the second purchase
_AMOUNTS = {"line.qty": "4", "line.price": "64.25"}
# What a document may say otherwise than the others of its purchase, or than itself in another version.
OTHERWISE: dict[str, list[Line]] = {
    "order": [
        *(_SELLER, _PLATFORM, _PERSON, _NAME, _TELEPHONE, _CONSIGNEE, _ADDRESS, _AMOUNTS),
        {"head.payTransactionId": "PAYT000000000001", "head.payCode": "4407961777"},
        {"head.payTransactionId": "PAYT000000000009", "head.payCode": "4407961778"},
        {"head.freight": "5", "head.acturalPaid": "285.39"},
        {"line.unit": "035"},
        {"line.itemName": "面包"},
    ],
    "payment": [
        *(_PLATFORM, _OTHER_ORDER),
        {"head.payerName": "李四"},
        {"head.payerIdNumber": identity_number(9)},
        {"head.telephone": "13900000009"},
        {"head.payCode": "4407961778"},
        {"head.payTransactionId": "PAYT000000000009"},
        {"head.payTransactionId": "PAYT000000000009", "head.amountPaid": "1"},
        *({"head.amountPaid": amount} for amount in ("1", "100", "280.38", "280.40")),
    ],
    "waybill": [
        *(_OTHER_ORDER, _OTHER_WAYBILL, _CONSIGNEE, _ADDRESS),
        {"head.consigneeTelephone": "13900000009"},
        {"head.logisticsNo": "YD0000000009"},
        {"head.billNo": "784-00000009"},
        *({"head.weight": weight} for weight in ("500", "700")),
        {"head.freight": "5"},
        {"head.insuredFee": "5"},
    ],
    "inventory": [
        *(_SELLER, _PLATFORM, _PERSON, _NAME, _NUMBER, _ADDRESS, _OTHER_ORDER, _OTHER_WAYBILL, _AMOUNTS),
        {"head.copNo": "C-9"},
        {"head.logisticsNo": "YD0000000009"},
        {"head.billNo": "784-00000009"},
        {"head.grossWeight": "700"},
        {"head.freight": "5"},
        {"line.price": "129", "line.totalPrice": "258"},
        {"line.gname": "面包"},
    ],
    "cancel": [
        *(_NAME, _NUMBER),
        {"head.copNo": "X-9"},
        {"head.reason": "其他"},
        {"head.orderNo": "T0000000009"},
        {"head.logisticsName": "另一家物流有限公司"},
    ],
    "return": [
        _TELEPHONE,
        {"head.copNo": "R-9", "line.qty": "1"},
        *({"line.qty": quantity} for quantity in ("1", "3")),
        {"line.gcode": "2106909001"},
        {"line.unit": "035"},
    ],
}


@dataclass(frozen=True)
class File:
    """Documents of one kind of an enterprise, and what has become of them."""

    kind: str
    rows: tuple[Line, ...]
    enterprise: str
    became: tuple[str, str] | None = None


def documents(kind: str) -> st.SearchStrategy[Line]:
    def row(number: int, otherwise: Line, app_type: str) -> Line:
        [made] = ROWS[kind](1, first=number)
        return made | {"head.appType": app_type} | otherwise

    return st.builds(
        row,
        st.sampled_from([1, 1, 2]),
        st.one_of(st.just({}), st.sampled_from(OTHERWISE[kind])),
        st.sampled_from(["1", "1", "1", "1", "2", "3"]),
    )


def files(*kinds: str) -> st.SearchStrategy[File]:
    def of(kind: str) -> st.SearchStrategy[File]:
        return st.builds(
            File,
            st.just(kind),
            st.lists(documents(kind), min_size=1, max_size=2).map(tuple),
            st.sampled_from(["trial", "trial", "trial", "other"]),
            st.sampled_from(
                [None, None, ("acknowledged", "2"), ("succeeded", "120"), ("succeeded", "800"), ("refused", "100")]
            ),
        )

    return st.sampled_from(kinds).flatmap(of)


PURCHASE = ("order", "payment", "waybill", "inventory")
APPLICATIONS = ("cancel", "return")


def declared_rightly(kind: str) -> File:
    """The document of that kind of the first purchase, which has succeeded."""
    [row] = ROWS[kind](1)
    return File(kind, (row,), "trial", ("succeeded", "800"))


def saying_otherwise(*kinds: str) -> st.SearchStrategy[File]:
    """A document of the first purchase, declared anew or changed, which says otherwise than the others, or than itself before."""

    def of(kind: str) -> st.SearchStrategy[File]:
        [right] = ROWS[kind](1)
        wrong = st.sampled_from(OTHERWISE[kind])
        return st.builds(
            lambda fields, app_type: File(kind, (right | fields | {"head.appType": app_type},), "trial"),
            wrong,
            st.sampled_from(["1", "1", "2"]),
        )

    return st.sampled_from(kinds).flatmap(of)


class Desk:
    """A store in which files are converted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        new_station(folder / "station", port=2222)
        self.settings = made = load_settings(folder / "station" / "cebd.toml")
        self.store = open_store(made.store_dir)
        self.enterprises = {name: made.enterprise[0].model_copy(update={"name": name}) for name in ("trial", "other")}
        options = made.reading_options
        figures = options.figures.model_copy(update={"annual_limit": Decimal(1000), "order_limit": Decimal(650)})
        self.options = replace(options, figures=figures)
        self.made: dict[int, tuple[File, DropId, Path]] = {}

    def clear(self) -> None:
        self.made.clear()
        with self.store.write() as transaction:
            transaction.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for table in metadata.sorted_tables:
                if table.name not in ("about",):
                    transaction.execute(table.delete())

    def claim(self, file: File) -> DropId:
        number = len(self.made) + 1
        path = self.folder / f"{number}.xlsx"
        write_workbook(path, file.kind, list(full_rows(file.rows)))
        values = {
            "enterprise": file.enterprise,
            "name": path.name,
            "stem": path.stem,
            "sha256": path.stem,
            "state": "claimed",
        }
        values |= {"received": iso(StillClock().now()), "source": path.name, "place": path.name}
        with self.store.write() as transaction:
            drop_id = DropId(transaction.execute(insert(drops).values(**values)).inserted_primary_key[0])
        self.made[drop_id] = (file, drop_id, path)
        return drop_id

    def convert(self, transaction: Transaction, drop_id: DropId) -> None:
        file, _, path = self.made[drop_id]
        claimed = ClaimedFile(drop_id, path, path.name)
        enterprise = self.enterprises[file.enterprise]
        convert(transaction, claimed, enterprise, self.options, StillClock(), lambda _root: False)

    def declare(self, file: File) -> None:
        """Convert the file and let its documents become what they became."""
        drop_id = self.claim(file)
        with self.store.write() as transaction:
            self.convert(transaction, drop_id)
            if file.became is not None:
                state, status = file.became
                is_ready = (records.c.drop_id == drop_id, records.c.state == "ready")
                transaction.execute(update(records).where(*is_ready).values(state=state, status=status))


def full_rows(rows: tuple[Line, ...]) -> Iterator[Line]:
    """The rows with the same columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return ({name: row.get(name, "") for name in names} for row in rows)


def stored(transaction: Transaction) -> list[dict[str, Any]]:
    """The records, without what is made anew each time."""
    rows = [
        dict(row) for row in transaction.execute(select(records).order_by(records.c.drop_id, records.c.id)).mappings()
    ]
    nth = {None: None} | {row["id"]: number for number, row in enumerate(rows)}
    for row in rows:
        row |= {name: nth[row[name]] for name in ("id", "repeat_of", "edit_of")}
        row |= {
            "guid": "",
            "message_id": row["message_id"] is not None,
            "problems": json.loads(row["problems"] or "[]"),
        }
    return rows
