"""The process that keeps rows of a large workbook. It sends `kept`, or `cannot` why."""

from __future__ import annotations

from cebd.child.life import begin_life, end_life, step_back
from cebd.child.limits import limit_memory
from cebd.documents.keeping.keep import Order
from cebd.documents.keeping.rows import keep_rows
from cebd.documents.worker.limits import MEMORY


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent)
    step_back()
    order: Order = frames.receive_task()
    limit_memory(MEMORY)
    try:
        keep_rows(order.path, order.name, order.wanted, order.begins, order.out)
        frames.send("kept")
    except Exception as error:
        frames.send("cannot", type(error).__name__)
    end_life()
