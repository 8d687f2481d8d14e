"""Tax bills: 816 says what a released list is to be taxed, 818 that its bill was taken up into a collective one.

The rates are invented: 70% of 13% value-added tax on every line, no customs duty, no consumption tax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cebd.messages.description import message_type
from cebd.sandbox.answering.answers import compose_notices, new_guid, stamp

MADE, SUMMARISED = "1", "2"
BILL, BILL_STATUS = "CEB816", "CEB818"
_VALUE_ADDED = Decimal("0.13") * Decimal("0.7")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Bill:
    """The bill of one list: its head as declared, its goods, and the number customs gave it."""

    head: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]
    invt_no: str

    def fields(self, status: str, moment: datetime) -> dict[str, str]:
        """What its head says, in 816 as in 818: each takes the fields it has."""
        return {
            **self.head,
            "note": "",
            "guid": new_guid(),
            "returnTime": stamp(moment),
            "invtNo": self.invt_no,
            "taxNo": f"T{self.invt_no}",
            "customsTax": "0",
            "valueAddedTax": str(sum((_tax(line) for line in self.lines), Decimal())),
            "consumptionTax": "0",
            "status": status,
            "entDutyNo": f"{self.invt_no[:8]}D{moment:%m%d}" if status == SUMMARISED else "",
        }


def is_taxed(code: str) -> bool:
    """Whether tax bills are about declarations of that kind: a return of exported goods is released, too, and owes nothing."""
    return message_type(BILL).answers == code


def compose_bills(bills: Sequence[Bill], moment: datetime) -> bytes:
    """816: these bills are made."""
    return compose_notices(
        message_type(BILL), [(bill.fields(MADE, moment), list(map(_line, bill.lines))) for bill in bills]
    )


def compose_bill_statuses(bills: Sequence[Bill], moment: datetime) -> bytes:
    """818: these bills are summarised."""
    return compose_notices(message_type(BILL_STATUS), [(bill.fields(SUMMARISED, moment), []) for bill in bills])


def _line(line: Mapping[str, str]) -> dict[str, str]:
    return {
        "gnum": line["gnum"],
        "gcode": line["gcode"],
        "taxPrice": line["totalPrice"],
        "customsTax": "0",
        "valueAddedTax": str(_tax(line)),
        "consumptionTax": "0",
    }


def _tax(line: Mapping[str, str]) -> Decimal:
    return (Decimal(line["totalPrice"]) * _VALUE_ADDED).quantize(_CENT)
