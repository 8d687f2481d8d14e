"""The templates and the manual, as the station gets them from the process that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from cebd.child.failures import ChildBroke, ChildEnded, failure_of
from cebd.child.process import ChildProcess
from cebd.messages.schema_files import schema_dir
from cebd.operations.handouts.files import OwnValues
from cebd.rules.codes.tables import Tables

log = structlog.get_logger("cebd")

_MODULE = "cebd.operations.handouts.apart"
_PATIENCE_SECONDS = 120.0  # for each file; all of them take two seconds


@dataclass(frozen=True)
class Order:
    """What the process is sent first."""

    schemas: Path
    codes: Tables
    languages: Sequence[str]
    own: OwnValues


def made_apart(codes: Tables, languages: Sequence[str], own: OwnValues) -> dict[str, bytes]:
    """The contents by name of file. Raises OSError, too, where the process ends before its time: nothing was changed, try again."""
    files: dict[str, bytes] = {}
    try:
        with closing(ChildProcess(_MODULE, Order(schema_dir(), codes, tuple(languages), own))) as process:
            while True:
                match process.receive(_PATIENCE_SECONDS):
                    case "file", str(name), bytes(content):
                        files[name] = content
                    case ("done",):
                        return files
                    case said:
                        raise failure_of(said)
    except ChildEnded as ended:
        raise OSError(f"the process that makes them has {ended.how}") from ended
    except ChildBroke as broke:
        log.warning("the process that makes templates and manual has broken", trace=broke.trace)
        raise OSError(f"the process that makes them has broken: {broke.kind}") from broke
