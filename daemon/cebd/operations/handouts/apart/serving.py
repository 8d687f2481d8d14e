"""The process that makes them. It sends `file` name, content for each, then `done`; or `refused by the system` number, reason, name."""

from __future__ import annotations

from cebd.child.life import begin_life, end_life, step_back
from cebd.messages.schema_files import schemas_from
from cebd.operations.handouts.apart.making import Order
from cebd.operations.handouts.files import made_files


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent)
    step_back()
    order: Order = frames.receive_task()
    try:
        with schemas_from(order.schemas):
            for name, content in made_files(order.codes, order.languages, order.own):
                frames.send("file", name, content)
    except OSError as error:
        frames.send("refused by the system", error.errno, error.strerror, error.filename)
    frames.send("done")
    end_life()
