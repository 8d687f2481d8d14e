"""What lies in the outboxes: receipt JSON, which says what became of each row, and customs' raw receipts. They outlive a store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from cebd.clock import CST, iso
from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.receipts.publishing.receipt import Receipt, ReceiptRecord
from cebd.records.key import joined
from cebd.settings import Enterprise, Settings
from cebd.store.store import pack
from cebd.store.tables import receipts

log = structlog.get_logger("cebd")

RESTORED = "restored"  # the channel of what was read again
_LARGEST = 20_000_000  # bytes of a raw receipt


@dataclass(frozen=True)
class ReceiptFile:
    """One receipt JSON. `stem`: the name of the outbox files without endings; `received`, `published`: ISO 8601."""

    path: Path
    enterprise: str
    stem: str
    file: str
    sha256: str
    received: str
    published: str
    problems: tuple[Problem, ...]
    records: Sequence[ReceiptRecord]


def receipt_files(settings: Settings, enterprise: Enterprise) -> list[ReceiptFile]:
    """Every receipt JSON in the enterprise's outbox, the oldest first. One that cannot be understood is said and left out."""
    files = []
    for path in (settings.folder(enterprise) / "outbox").rglob("*.json"):
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        try:
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict) or "sha256" not in values or values.get("enterprise") != enterprise.name:
                continue
            receipt = Receipt.from_json(values)
            file = ReceiptFile(
                path,
                enterprise.name,
                stem=path.name.removesuffix(".json").removesuffix(".receipt"),
                file=str(receipt.file),
                sha256=str(receipt.sha256),
                received=iso(datetime.fromisoformat(receipt.received)),
                published=str(receipt.published),
                problems=receipt.problems,
                records=receipt.records,
            )
            files.append(file)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning(
                "a receipt file cannot be understood", file=str(path), reason=f"{type(error).__name__}: {error}"
            )
    return sorted(files, key=lambda file: (file.received, file.published, file.stem))


def key_of(record: ReceiptRecord) -> str:
    """The business key of a record, as the store has it."""
    return joined([str(record.key.get(name, "")) for name in message_types()[record.type].key])


def was_repeat(record: ReceiptRecord) -> bool:
    """Whether the row repeated an earlier declaration, whose state the receipt shows."""
    return any(problem.id == "CEBD-1403" for problem in record.problems)


def read_raw_receipts(connection: Connection, settings: Settings) -> list[int]:
    """Take raw receipts that the store does not have out of the outboxes, to be applied; returns their numbers."""
    known = set(connection.execute(select(receipts.c.sha256)).scalars())
    added = []
    for enterprise in settings.enterprise:
        for path in _raw(settings.folder(enterprise) / "outbox"):
            content = path.read_bytes()
            digest = sha256(content).hexdigest()
            if digest in known:
                continue
            known.add(digest)
            moment = datetime.fromtimestamp(path.stat().st_mtime, CST)
            values = {"name": path.name, "sha256": digest, "received": iso(moment), "content": pack(content)}
            made = connection.execute(
                insert(receipts).values(channel=str(enterprise.channel), state="stored", copied=True, **values)
            ).inserted_primary_key
            assert made is not None  # noqa: S101
            added.append(int(made[0]))
    return added


def _raw(outbox: Path) -> Iterator[Path]:
    for path in sorted(outbox.rglob("*")):
        place = path.relative_to(outbox).parts[:-1]
        if not {"customs", "unmatched"} & set(place) or path.name.startswith(".") or path.name.endswith(".problem.txt"):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _LARGEST:
            yield path
