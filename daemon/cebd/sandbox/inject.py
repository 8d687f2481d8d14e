"""A receipt by hand: from a file, or made for a declaration that the ledger has.

| status | what is put out |
| --- | --- |
| `800`, `-621004`, any other number | the receipt of the declaration with that returnStatus |
| `tax:1`; `tax:2`, `tax:3` | the tax bill of a list (816); its status (818) |
| `dxp:1001` | the exchange platform's DxpRep about the envelope |
| `CEB900` | the refusal of the whole message at the format check |

So is every status in the code book. Customs' own codes stand in the text: `[Code:1322;Desc:...]`.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from cebd.clock import CST
from cebd.messages.description import message_type
from cebd.messages.relations import customs_number, customs_numbers
from cebd.sandbox.answering.answers import (
    compose_answer,
    compose_notices,
    compose_refusal,
    compose_returns,
    new_guid,
    stamp,
)
from cebd.sandbox.answering.bills import BILL, BILL_STATUS, MADE, is_taxed
from cebd.sandbox.ledger import Entry, read_ledger

_RETURN_STATUS = re.compile(r"-?[0-9]{1,9}")
_TAX, _PLATFORM, _REFUSAL = "tax:", "dxp:", "CEB900"
_GOODS = {"gnum": "1", "gcode": "2106909090", "taxPrice": "100", "customsTax": "0", "valueAddedTax": "9.10"}


class NothingToAnswer(Exception):
    """The ledger has no declaration of that number."""


class NoSuchStatus(ValueError):
    """Customs have no such answer to that declaration; the message says what they have."""


def inject_file(folder: Path, receipt: Path) -> str:
    """Put a file out as it is, whatever it says; returns its name there. Raises OSError."""
    return _put_out(folder, receipt.name, receipt.read_bytes())


def inject_status(folder: Path, number: str, status: str, info: str) -> str:
    """Answer the last declaration of that number (of its order, list, payment ...) with that status; returns the receipt's name.

    Raises NothingToAnswer, NoSuchStatus, OSError.
    """
    entry = next((one for one in reversed(read_ledger(folder)) if number in one["key"].values()), None)
    if entry is None:
        raise NothingToAnswer(number)
    root, content = _answer(entry, status, info, datetime.now(CST))
    return _put_out(folder, f"{root}_{new_guid()}.xml", content)


def _answer(entry: Entry, status: str, info: str, now: datetime) -> tuple[str, bytes]:
    """The root of what customs would say, and its bytes."""
    declared = message_type(entry["type"])
    if status == _REFUSAL:
        return "CEB900Message", compose_refusal(entry["cop_msg_id"], declared.root, b"", info or "格式校验不通过", now)
    if status.startswith(_PLATFORM):
        original = {"CopMsgId": entry["cop_msg_id"], "MsgType": declared.root}
        return "DxpRep", compose_answer(status.removeprefix(_PLATFORM), info, original, now)
    if status.startswith(_TAX):
        return _bill(entry, status.removeprefix(_TAX), info, now)
    if not _RETURN_STATUS.fullmatch(status):
        raise NoSuchStatus("800, -621004, tax:1, dxp:1001, CEB900")
    receipt = message_type(str(declared.receipt))
    numbers = {name: entry[name] for name in ("preNo", *customs_numbers()) if entry.get(name)}
    told = {
        **entry["key"],
        **numbers,
        "guid": new_guid(),
        "returnStatus": status,
        "returnTime": stamp(now),
        "returnInfo": f"{info}[{entry['guid']}]",
    }
    return receipt.root, compose_returns(receipt, [told])


def _bill(entry: Entry, status: str, note: str, now: datetime) -> tuple[str, bytes]:
    number = entry.get(customs_number(entry["type"]) or "")
    if not is_taxed(entry["type"]) or not number:
        raise NoSuchStatus("800, -621004, dxp:1001, CEB900")
    notice = message_type(BILL if status == MADE else BILL_STATUS)
    head = {
        **{name: _GOODS[name] for name in ("customsTax", "valueAddedTax")},
        "consumptionTax": "0",
        "guid": new_guid(),
        "returnTime": stamp(now),
        "invtNo": number,
        "taxNo": f"T{number}",
        "status": status,
        "note": note,
    }
    lines = [{**_GOODS, "consumptionTax": "0"}] if notice.line else []
    return notice.root, compose_notices(notice, [(head, lines)])


def _put_out(folder: Path, name: str, content: bytes) -> str:
    part = folder / "out" / f".{name}.part"
    part.write_bytes(content)
    part.replace(folder / "out" / name)
    return name
