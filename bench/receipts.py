"""`./dev bench receipts`: how many receipts the daemon applies in a second, once they are stored.

Customs answer each of 10,000 orders in a receipt of its own, and once before that a hundred in each receipt.

    python bench/receipts.py STATION        applies both to a station that bench/conversion.py has converted
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import process_tree
from benchmark import Figure, Options, Result
from conversion import new_station, put_into_inbox, read_what_a_daemon_reads
from sheets import orders
from side_by_side import CONVERSION

if TYPE_CHECKING:
    from cebd.store.store import Store

A_SECOND_LIMIT = 5_000.0
IN_ONE = 100  # returns that customs put into one receipt at most
CHINA = timezone(timedelta(hours=8))
NAMESPACE = "http://www.chinaport.gov.cn/ceb"


def measure(options: Options) -> Result:
    count = options.size(10_000, 5)
    alone, together = [], []
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as temporary:
        folder = Path(temporary)
        station = new_station(folder / "station")
        for _ in range(options.runs):
            put_into_inbox(station, orders(count))
            process_tree.measured(CONVERSION, station.settings.parent)
            with (folder / "said").open("wb") as said:
                process_tree.measured(Path(__file__), station.settings.parent, str(count), output=said)
            made = json.loads((folder / "said").read_text(encoding="utf-8").splitlines()[-1])
            alone.append(count / made["alone"])
            together.append(count / made["together"])
    return Result(
        "receipts",
        f"{count:,} orders answered, median of {options.runs}",
        (
            Figure("receipts of one return applied", median(alone), "a second", A_SECOND_LIMIT, at_least=True),
            Figure(
                f"returns applied, {IN_ONE} in a receipt", median(together), "a second", A_SECOND_LIMIT, at_least=True
            ),
        ),
    )


def apply(folder: Path, count: int) -> None:
    """Hand the messages over, store the receipts, apply them, and print the seconds that the latter took."""
    from cebd.clock import SystemClock, iso
    from cebd.records.ids import DropId
    from cebd.records.states import State, SubmissionOutcome, SubmissionPhase
    from cebd.settings import load_settings
    from cebd.store.messages import mark_sent, messages_of_drop
    from cebd.store.store import Store
    from cebd.store.submissions import add_submission

    settings = load_settings(folder / "cebd.toml")
    read_what_a_daemon_reads()
    store = Store.open(settings.store_dir)
    now = iso(SystemClock().now())
    with store.write() as transaction:
        for message_id in messages_of_drop(transaction, DropId(1)):
            add_submission(
                transaction,
                message_id,
                f"{message_id}.xml",
                now,
                phase=SubmissionPhase.HANDING_OVER,
                outcome=SubmissionOutcome.SENT,
                settled=now,
            )
            mark_sent(transaction, message_id, State.SENT, now)
    together = _applied(
        store, [range(first, min(first + IN_ONE, count + 1)) for first in range(1, count + 1, IN_ONE)], "2"
    )
    alone = _applied(store, [range(number, number + 1) for number in range(1, count + 1)], "120")
    print(json.dumps({"alone": alone, "together": together}), flush=True)


def _applied(store: Store, receipts: Sequence[range], status: str) -> float:
    """Seconds that it takes to apply receipts, each about the orders of these numbers. Raises RuntimeError where one is not applied."""
    from cebd.clock import SystemClock, iso
    from cebd.receipts.settle import apply_stored
    from cebd.store.receipts import add_receipt

    now = iso(SystemClock().now())
    with store.write() as transaction:
        for number, orders_answered in enumerate(receipts):
            add_receipt(transaction, "sandbox", f"{status}-{number}.xml", _receipt(orders_answered, status), now)
    began = time.perf_counter()
    apply_stored(store)
    seconds = time.perf_counter() - began
    with sqlite3.connect(f"file:{store.folder / 'cebd.sqlite'}?mode=ro", uri=True) as connection:
        (left,) = connection.execute("select count(*) from receipts where state <> 'applied'").fetchone()
    if left:
        raise RuntimeError(f"{left} receipts were not applied")
    return seconds


def _receipt(numbers: range, status: str) -> bytes:
    moment = f"{datetime.now(CHINA):%Y%m%d%H%M%S}{int(status):03d}"
    returns = "".join(
        f"<OrderReturn><guid>{_guid(number)}</guid><ebpCode>4407961999</ebpCode><ebcCode>4407961999</ebcCode>"
        f"<orderNo>T{number:010d}</orderNo><returnStatus>{status}</returnStatus><returnTime>{moment}</returnTime>"
        f"<returnInfo>回执{status}</returnInfo></OrderReturn>"
        for number in numbers
    )
    guid = _guid(numbers.start * 1_000 + int(status))
    return f'<CEB312Message xmlns="{NAMESPACE}" guid="{guid}" version="1.0">{returns}</CEB312Message>'.encode()


def _guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


if __name__ == "__main__":
    apply(Path(sys.argv[1]), int(sys.argv[2]))
