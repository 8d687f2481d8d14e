"""`cebd run` with a share whose server is away as long as FLAG is there: whoever looks at FOLDER, or into it, waits.

What is called unanswered takes a second, instead of half a minute.

With a NAME it goes away by itself as soon as a file of that name is to be read for its declarations.

python tests/daemons/hung_share.py CONFIG FOLDER FLAG [NAME]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cebd.cli.main import main
from cebd.intake import local_copy as brought
from cebd.intake import look
from cebd.intake.inboxes import watch
from cebd.intake.waits import Waits
from cebd.receipts.publishing import outgoing
from cebd.station.work import stages

FOLDER, FLAG, *NAME = sys.argv[2:]
real_stat = os.stat


def answer(path: object) -> None:
    """Returns when the server answers."""
    if not isinstance(path, str | bytes | os.PathLike):
        return
    name = os.fsdecode(path)
    while name == FOLDER or name.startswith(f"{FOLDER}/"):
        try:
            real_stat(FLAG)
        except FileNotFoundError:
            return
        time.sleep(0.05)


def hear(event: str, facts: tuple[Any, ...]) -> None:
    if event == "open" or event.startswith(("os.", "shutil.")):
        for fact in facts:
            answer(fact)


def answering(call: Callable[..., Any]) -> Callable[..., Any]:
    def asked(path: Any, *more: Any, **how: Any) -> Any:
        answer(path)
        return call(path, *more, **how)

    return asked


if __name__ == "__main__":
    for call in ("stat", "lstat", "access"):  # nobody hears of these
        setattr(os, call, answering(getattr(os, call)))
    sys.addaudithook(hear)
    if NAME:
        convert = stages.convert

        def converted(transaction: Any, file: Any, *rest: Any, **named: Any) -> Any:
            if file.path.name.endswith(NAME[0]):
                Path(FLAG).touch()
            return convert(transaction, file, *rest, **named)

        stages.convert = converted  # type: ignore[attr-defined]
    look.HUNG = outgoing.HUNG = 1.0  # type: ignore[attr-defined]
    watch.is_share = brought.is_share = lambda _folder: True
    look.WAITS = Waits(share=1.0)  # not ten seconds for each file
    sys.argv = ["cebd", "run", "-c", sys.argv[1]]
    main()
