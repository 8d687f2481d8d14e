"""Evidence of what a reference names, as entries of a ZIP file."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path, PurePath
from typing import IO, NamedTuple

from cebd.clock import CST, iso
from cebd.disk.files import new_file
from cebd.file_names import path_from_text
from cebd.operations.inquiries.life import FileInFull, life_of
from cebd.operations.inquiries.lookup import reading
from cebd.operations.text import Refused
from cebd.receipts.publishing.drop_receipt import records_of
from cebd.receipts.publishing.receipt_json import RecordLines
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

_BYTES_AT_ONCE, _RECORDS_AT_ONCE, _BETWEEN_RECORDS = 256 * 1024, 1000, ",\n   "
_LEAST_FREE = 500_000_000  # bytes: the station's own work needs the disk, too
_QUICKLY = 1  # messages are so alike that a better compression is hardly smaller
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
    """A file in the evidence: its bytes in parts, each no larger than a message."""

    name: str
    content: Iterable[bytes]


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
    if out.exists():
        raise Refused(f"{out} 已存在，请另取文件名。", f"{out} exists already; name a new file")
    missing: list[str] = []
    with new_file(out, private=True) as made, reading(settings.store_dir) as transaction:
        entries, head = _write(_entries(settings, transaction, ref, missing), ref, made)
    return Evidence(out, entries, head, tuple(missing))


def write_evidence(settings: Settings, ref: str, out: IO[bytes]) -> Evidence:
    """The same into an open file on the disk of the store: of 100,000 rows never more than a message, or a thousand rows, stands in memory.
    Refused where the disk has too little room, too."""

    def with_room(entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if shutil.disk_usage(settings.store_dir).free < _LEAST_FREE:
                raise Refused(
                    "磁盘空间不足，没有生成证据包：请告知管理员清理磁盘后再试。",
                    "The disk has too little room left, and the evidence was not made: have the administrator make room.",
                )
            yield entry

    missing: list[str] = []
    with reading(settings.store_dir) as transaction:
        entries, head = _write(with_room(_entries(settings, transaction, ref, missing)), ref, out)
    return Evidence(Path(), entries, head, tuple(missing))


def _entries(settings: Settings, transaction: Transaction, ref: str, missing: list[str]) -> Iterator[Entry]:
    life = life_of(transaction, ref, with_records=False)
    if life is None:
        raise Refused(
            f"{ref}：此处没有该文件名、编号或 guid。", f"{ref}: there is no file, number or guid of that name here"
        )
    yield Entry("README.txt", [_README.encode()])
    if isinstance(life, FileInFull):
        yield Entry("life.json", _life_of_file(transaction, life))
        drop_ids, message_ids = {life.drop.id}, [one.message.id for one in life.messages]
    else:
        yield Entry("life.json", [_json(life.as_json())])
        drop_ids = {one.record.record.drop_id for one in life.records}
        message_ids = message_ids_of(transaction, ref)
    for drop_id in sorted(drop_ids):
        yield from _source(settings, transaction, drop_id, missing)
    receipt_ids = set()
    for message_id in message_ids:
        yield from _message(transaction, message_id)
        for batch in batches(records_of_messages(transaction, [message_id])):
            receipt_ids |= {answer.receipt_id for answer in answers_to(transaction, batch)}
    for batch in batches(find(transaction, ref).record_ids):
        receipt_ids |= {answer.receipt_id for answer in answers_to(transaction, batch)}
    for ids in batches(sorted(receipt_ids), 50):
        for receipt in load_receipts(transaction, ids):
            yield Entry(f"receipts/{receipt.id:08d}-{_safe(receipt.name)}", [receipt.content()])


def _life_of_file(transaction: Transaction, life: FileInFull) -> Iterator[bytes]:
    """What `show --json` says of it, with the records of its receipt a thousand at a time."""
    told = life.as_json()
    drop = told.pop("drop")
    assert isinstance(drop, dict)  # noqa: S101
    drop.pop("records")
    yield _json({**told, "drop": drop}).removesuffix(b"\n }\n}") + b',\n  "records": [\n   '
    line, between = RecordLines().of, ""
    records = records_of(transaction, life.drop)
    while some := list(islice(records, _RECORDS_AT_ONCE)):
        yield f"{between}{_BETWEEN_RECORDS.join(map(line, some))}".encode()
        between = _BETWEEN_RECORDS
    yield b"\n  ]\n }\n}"


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
    yield Entry(f"source/{drop_id}.json", [_json({**told, "enterprise": drop.enterprise, "removed": removed})])
    if removed is not None:
        missing.append(f"{drop.place}, its messages and receipts (removed on {removed[:10]} by cebd retention)")
        return
    try:
        folder = settings.folder(settings.enterprise_named(drop.enterprise))
        file = (folder / path_from_text(drop.place)).open("rb")
    except (KeyError, OSError):
        missing.append(drop.place)
        return
    with file:
        if hashlib.file_digest(file, "sha256").hexdigest() != drop.sha256:
            missing.append(f"{drop.place} (changed since it was taken)")
            return
        file.seek(0)
        yield Entry(f"source/{drop_id}-{_safe(drop.name)}", iter(partial(file.read, _BYTES_AT_ONCE), b""))


def _message(transaction: Transaction, message_id: MessageId) -> Iterator[Entry]:
    message, unsigned = load_message(transaction, message_id), message_body(transaction, message_id)
    at = f"messages/{message.cop_msg_id}"
    if message.body == unsigned:
        yield Entry(f"{at}.xml", [unsigned])
    else:
        place = _first_difference(unsigned, message.body)
        yield Entry(f"{at}.unsigned.xml", [unsigned])
        yield Entry(f"{at}.signature.xml", [message.body[place : place + len(message.body) - len(unsigned)]])
        yield Entry(f"{at}.signed.xml", [message.body])
    attempts = submissions_of(transaction, message_id)
    for number, attempt in enumerate(attempts, 1):
        yield Entry(f"{at}.attempt-{number}.xml", [message.in_envelope(attempt.envelope)])
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
    yield Entry(f"transport/{message.cop_msg_id}.json", [_json({"guid": message.guid, "attempts": told})])


def _first_difference(unsigned: bytes, signed: bytes) -> int:
    """Where the signature was put in: before the root's end tag."""
    return unsigned.rindex(b"</") if signed.startswith(unsigned[: unsigned.rindex(b"</")]) else 0


def _write(entries: Iterable[Entry], ref: str, out: IO[bytes]) -> tuple[int, str]:
    """The ZIP file; how many entries it has, and the last link of their chain."""
    links, digests = _Chain(), bytearray()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICKLY) as archive:
        for name, content in entries:
            digest, size = hashlib.sha256(), 0
            with archive.open(name, "w", force_zip64=True) as member:
                for part in content:
                    digest.update(part)
                    size += len(part)
                    member.write(part)
            links.add(name, size, digest.hexdigest())
            digests += digest.digest()
        written = archive.infolist()[:]
        with archive.open("manifest.json", "w") as member:
            for part in _manifest(written, digests, ref, links.head):
                member.write(part)
        archive.write(VERIFIER, "verify.py")
    return len(written), links.head


class _Chain:
    """`head`: the link of the latest entry, which rests on all before."""

    def __init__(self) -> None:
        self.head = "0" * 64

    def add(self, name: str, size: int, digest: str) -> None:
        self.head = hashlib.sha256(f"{self.head}\n{name}\n{size}\n{digest}\n".encode()).hexdigest()


def _manifest(written: Sequence[zipfile.ZipInfo], digests: bytearray, ref: str, head: str) -> Iterator[bytes]:
    """`digests`: of all entries, one behind the other. Of 100,000 receipts it has 24 MB, which are never in memory as a whole."""
    told = json.dumps({"v": 1, "ref": ref, "made": iso(datetime.now(CST)), "head": head}, ensure_ascii=False)
    yield f'{told.removesuffix("}")}, "entries": ['.encode()
    links, between = _Chain(), "\n"
    for nth, one in enumerate(written):
        digest = digests[nth * 32 : nth * 32 + 32].hex()
        links.add(one.filename, one.file_size, digest)
        entry = {"name": one.filename, "size": one.file_size, "sha256": digest, "chain": links.head}
        yield f"{between}{json.dumps(entry, ensure_ascii=False)}".encode()
        between = ",\n"
    yield b"\n]}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()


def _safe(name: str) -> str:
    """A name that is a file's in the ZIP and nothing else."""
    return PurePath(name.replace("\\", "_").replace("/", "_")).name.lstrip(".") or "file"
