"""The process that keeps rows of a large workbook. It sends `kept`, or why it cannot (`child/failures.py`)."""

from __future__ import annotations

from cebd.child.frames import Frames
from cebd.child.limits import limit_memory
from cebd.child.work import work_for
from cebd.documents.keeping.keep import Order
from cebd.documents.keeping.rows import keep_rows
from cebd.documents.worker.limits import MEMORY


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    work_for(parent, _keep)


def _keep(order: Order, frames: Frames) -> None:
    limit_memory(MEMORY)
    keep_rows(order.path, order.name, order.wanted, order.begins, order.whole, order.out)
    frames.send("kept")
