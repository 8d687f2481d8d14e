"""Evidence of what a reference names, as entries of a ZIP file."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePath
from typing import NamedTuple

from cebd.clock import CST, iso
from cebd.disk import write_file
from cebd.file_names import path_from_text
from cebd.operations.inquiries.life import FileInFull, life_of
from cebd.operations.inquiries.lookup import reading
from cebd.operations.text import Refused
from cebd.records.ids import DropId, MessageId
from cebd.settings import Settings
from cebd.store.across.finding.life import answers_to
from cebd.store.across.finding.listings import records_of_messages
from cebd.store.across.finding.references import find
from cebd.store.across.intervening.holding import message_ids_of
from cebd.store.across.retention import removed_at
from cebd.store.drops import load_drop
from cebd.store.messages import load_message, message_body
from cebd.store.receipts import load_receipts
from cebd.store.submissions import submissions_of
from cebd.store.transaction import Transaction, batches

VERIFIER = Path(__file__).with_name("verify_evidence.py")
_README = """证据包 / Evidence

manifest.json   每个文件的大小、SHA-256 和哈希链 / size, SHA-256 and hash chain of every file
source/         收到的原文件及各行的位置 / the files as they were taken, and where each row stands
messages/       签名前、签名、签名后、发送时的字节 / bytes before signing, the signature, the signed message, each envelope as it was sent
transport/      每次发送的时间、结果 / time and outcome of every attempt
receipts/       收到的回执原文 / receipts as they came
life.json       全过程 / the whole life

核对 / To verify (Python 3 alone):  python3 verify.py
本包含有身份证件号码，请妥善保管 / It contains identity numbers: keep it where only you can read it.
"""


class Entry(NamedTuple):
    """A file in the evidence."""

    name: str
    content: bytes


class Evidence(NamedTuple):
    """What was written. `head`: the last link of the hash chain; to be handed over apart from the file."""

    path: Path
    entries: int
    head: str
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For `evidence --json`."""
        return {"file": str(self.path), "entries": self.entries, "head": self.head, "missing": list(self.missing)}


def collect(settings: Settings, ref: str, out: Path) -> Evidence:
    """Write the evidence of the file, message or records that `ref` names. Raises StoreError, OSError; Refused where there is none."""
    missing: list[str] = []
    with reading(settings.store_dir) as transaction:
        entries = list(_entries(settings, transaction, ref, missing))
    made, head = _as_zip(entries, ref)
    if out.exists():
        raise Refused(f"{out} 已存在，请另取文件名。", f"{out} exists already; name a new file")
    write_file(out, made, private=True)
    return Evidence(out, len(entries), head, tuple(missing))


def _entries(settings: Settings, transaction: Transaction, ref: str, missing: list[str]) -> Iterator[Entry]:
    life = life_of(transaction, ref)
    if life is None:
        raise Refused(
            f"{ref}：此处没有该文件名、编号或 guid。", f"{ref}: there is no file, number or guid of that name here"
        )
    yield Entry("README.txt", _README.encode())
    yield Entry("life.json", _json(life.as_json()))
    if isinstance(life, FileInFull):
        drop_ids, message_ids = {life.drop.id}, [one.message.id for one in life.messages]
    else:
        drop_ids = {one.record.record.drop_id for one in life.records}
        message_ids = message_ids_of(transaction, ref)
    for drop_id in sorted(drop_ids):
        yield from _source(settings, transaction, drop_id, missing)
    receipt_ids = set()
    for message_id in message_ids:
        yield from _message(transaction, message_id)
        for batch in batches(records_of_messages(transaction, [message_id])):
            receipt_ids |= {answer.receipt_id for answer in answers_to(transaction, batch)}
    record_ids = find(transaction, ref).record_ids
    receipt_ids |= {answer.receipt_id for answer in answers_to(transaction, record_ids)}
    for ids in batches(sorted(receipt_ids), 50):
        for receipt in load_receipts(transaction, ids):
            yield Entry(f"receipts/{receipt.id:08d}-{_safe(receipt.name)}", receipt.content())


def _source(settings: Settings, transaction: Transaction, drop_id: DropId, missing: list[str]) -> Iterator[Entry]:
    """The file itself, where it is still what was taken; else that it is not there is said."""
    drop = load_drop(transaction, drop_id)
    told = {
        "number": drop.id,
        "name": drop.name,
        "sha256": drop.sha256,
        "received": drop.received,
        "from": drop.source,
        "place": drop.place,
    }
    removed = removed_at(transaction, drop_id)
    yield Entry(f"source/{drop_id}.json", _json({**told, "enterprise": drop.enterprise, "removed": removed}))
    if removed is not None:
        missing.append(f"{drop.place}, its messages and receipts (removed on {removed[:10]} by cebd retention)")
        return
    try:
        folder = settings.folder(settings.enterprise_named(drop.enterprise))
        content = (folder / path_from_text(drop.place)).read_bytes()
    except (KeyError, OSError):
        missing.append(drop.place)
        return
    if hashlib.sha256(content).hexdigest() != drop.sha256:
        missing.append(f"{drop.place} (changed since it was taken)")
        return
    yield Entry(f"source/{drop_id}-{_safe(drop.name)}", content)


def _message(transaction: Transaction, message_id: MessageId) -> Iterator[Entry]:
    message, unsigned = load_message(transaction, message_id), message_body(transaction, message_id)
    at = f"messages/{message.cop_msg_id}"
    if message.body == unsigned:
        yield Entry(f"{at}.xml", unsigned)
    else:
        place = _first_difference(unsigned, message.body)
        yield Entry(f"{at}.unsigned.xml", unsigned)
        yield Entry(f"{at}.signature.xml", message.body[place : place + len(message.body) - len(unsigned)])
        yield Entry(f"{at}.signed.xml", message.body)
    attempts = submissions_of(transaction, message_id)
    for number, attempt in enumerate(attempts, 1):
        yield Entry(f"{at}.attempt-{number}.xml", message.in_envelope(attempt.envelope))
    told = [
        {
            "name": attempt.name,
            "channel": attempt.channel,
            "phase": attempt.phase,
            "intent": attempt.intent,
            "outcome": attempt.outcome,
            "settled": attempt.settled,
            "detail": attempt.detail,
        }
        for attempt in attempts
    ]
    yield Entry(f"transport/{message.cop_msg_id}.json", _json({"guid": message.guid, "attempts": told}))


def _first_difference(unsigned: bytes, signed: bytes) -> int:
    """Where the signature was put in: before the root's end tag."""
    return unsigned.rindex(b"</") if signed.startswith(unsigned[: unsigned.rindex(b"</")]) else 0


def _as_zip(entries: list[Entry], ref: str) -> tuple[bytes, str]:
    made, link, told = io.BytesIO(), "0" * 64, []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            digest = hashlib.sha256(content).hexdigest()
            link = hashlib.sha256(f"{link}\n{name}\n{len(content)}\n{digest}\n".encode()).hexdigest()
            told.append({"name": name, "size": len(content), "sha256": digest, "chain": link})
            archive.writestr(name, content)
        manifest = {"v": 1, "ref": ref, "made": iso(datetime.now(CST)), "head": link, "entries": told}
        archive.writestr("manifest.json", _json(manifest))
        archive.write(VERIFIER, "verify.py")
    return made.getvalue(), link


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()


def _safe(name: str) -> str:
    """A name that is a file's in the ZIP and nothing else."""
    return PurePath(name.replace("\\", "_").replace("/", "_")).name.lstrip(".") or "file"
