"""The process that makes them. It sends `file` name, content for each, then `done`; or a failure (`child/failures.py`)."""

from __future__ import annotations

from cebd.child.frames import Frames
from cebd.child.work import work_for
from cebd.messages.schema_files import schemas_from
from cebd.operations.handouts.apart.making import Order
from cebd.operations.handouts.files import made_files


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    work_for(parent, _make)


def _make(order: Order, frames: Frames) -> None:
    with schemas_from(order.schemas):
        for name, content in made_files(order.codes, order.languages, order.own):
            frames.send("file", name, content)
    frames.send("done")
