"""The content of the outboxes: receipt JSON, which has the state of each row, and customs' raw receipts. They outlive a store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import structlog

from cebd.clock import CST, iso
from cebd.enterprise import Enterprise
from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.receipts.publishing.places import stem_at
from cebd.receipts.publishing.receipt import Receipt, ReceiptRecord
from cebd.records.ids import ReceiptId
from cebd.records.key import joined
from cebd.records.states import ReceiptState
from cebd.store.across.restoring import keep_receipt, receipt_digests
from cebd.store.transaction import Transaction

log = structlog.get_logger("cebd")

RESTORED = "restored"  # the channel of receipts read again
_MAX_BYTES = 20_000_000  # of a raw receipt


@dataclass(frozen=True)
class ReceiptFile:
    """A receipt JSON. `stem`: that of its drop (`publishing.places`); `received`, `published`: ISO 8601."""

    path: Path
    enterprise: str
    stem: str
    file: str
    sha256: str
    received: str
    published: str
    problems: tuple[Problem, ...]
    records: Sequence[ReceiptRecord]


def receipt_files(enterprise: str, folder: Path) -> list[ReceiptFile]:
    """Every receipt JSON in the outbox of the enterprise's folder, the oldest first. Others are logged and left out."""
    files = []
    for path in (folder / "outbox").rglob("*.json"):
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        try:
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict) or "sha256" not in values or values.get("enterprise") != enterprise:
                continue
            receipt = Receipt.from_json(values)
            file = ReceiptFile(
                path,
                enterprise,
                stem=stem_at(path.relative_to(folder / "outbox")),
                file=str(receipt.file),
                sha256=str(receipt.sha256),
                received=iso(datetime.fromisoformat(receipt.received)),
                published=str(receipt.published),
                problems=receipt.problems,
                records=receipt.records,
            )
            files.append(file)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("receipt file cannot be parsed", file=str(path), reason=f"{type(error).__name__}: {error}")
    return sorted(files, key=lambda file: (file.received, file.published, file.stem))


def key_of(record: ReceiptRecord) -> str:
    """The business key of a record, as the store has it."""
    return joined([str(record.key.get(name, "")) for name in message_types()[record.type].key])


def was_repeat(record: ReceiptRecord) -> bool:
    """Whether the row repeated an earlier declaration, whose state the receipt shows."""
    return any(problem.id == "CEBD-1403" for problem in record.problems)


def read_raw_receipts(transaction: Transaction, enterprise: Enterprise, folder: Path) -> list[ReceiptId]:
    """Take raw receipts that the store does not have out of the outbox of the enterprise's folder, to be applied; returns their numbers."""
    known = receipt_digests(transaction)
    added = []
    for path in _raw(folder / "outbox"):
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        if digest not in known:
            known.add(digest)
            received = iso(datetime.fromtimestamp(path.stat().st_mtime, CST))
            added.append(
                keep_receipt(transaction, enterprise.channel.default, path.name, content, received, ReceiptState.STORED)
            )
    return added


def _raw(outbox: Path) -> Iterator[Path]:
    for path in sorted(outbox.rglob("*")):
        place = path.relative_to(outbox).parts[:-1]
        if not {"customs", "unmatched"} & set(place) or path.name.startswith(".") or path.name.endswith(".problem.txt"):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _MAX_BYTES:
            yield path
