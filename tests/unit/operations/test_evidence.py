"""The evidence of a declaration: all its bytes, and a script inside that finds every change of them, by Python alone."""

from __future__ import annotations

import errno
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select, update

from builders.certificates import Authority, a_signer
from builders.declared import a_drop, a_receipt, a_return, declare, settle
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.operations.evidence.collect import Evidence, collect
from cebd.operations.inquiries.life import life_of
from cebd.operations.inquiries.lookup import reading
from cebd.operations.text import Refused
from cebd.records.ids import MessageId
from cebd.settings import Settings, load_settings
from cebd.signing.xmldsig import signature_over
from cebd.store.messages import message_body
from cebd.store.packing import pack
from cebd.store.tables import messages

CONTENT = b"the workbook, byte for byte"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A station that has declared two orders, signed by an RSA key, and was answered."""
    made = new_station(tmp_path_factory.mktemp("evidence") / "station", port=1)
    settings = load_settings(made.settings)
    (enterprise,) = settings.enterprise
    store = open_store(settings.store_dir)
    name, place = "orders.xlsx", "done/2026-03-04/orders.xlsx"
    file = settings.folder(enterprise) / place
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    drop = a_drop(store, name, enterprise.name, sha256=hashlib.sha256(CONTENT).hexdigest(), place=place)
    declare(store, "N-1", "N-2", drop=drop, enterprise=enterprise.name)
    with store.write() as transaction:
        number = MessageId(transaction.execute(select(messages.c.id)).scalar_one())
        signature = signature_over(message_body(transaction, number), a_signer(Authority()))
        transaction.execute(update(messages).values(signature=pack(signature)))
    settle(store, a_receipt(a_return("N-1", "120", "093000", "逻辑校验通过")))
    store.close()
    return settings


@pytest.fixture
def made(settings: Settings, tmp_path: Path) -> Evidence:
    return collect(settings, "N-1", tmp_path / "evidence.zip")


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    """The script as it lies in the evidence, by a Python that sees no package."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


def unpacked(made: Evidence, folder: Path) -> Path:
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(folder)
    return folder


def test_it_holds_the_file_the_message_before_and_after_signing_each_attempt_and_the_receipts(
    made: Evidence, tmp_path: Path
) -> None:
    folder = unpacked(made, tmp_path / "unpacked")
    assert (folder / "source" / "1-orders.xlsx").read_bytes() == CONTENT
    names = sorted(path.name.split(".", 1)[1] for path in (folder / "messages").iterdir())
    assert names == ["attempt-1.xml", "signature.xml", "signed.xml", "unsigned.xml"]
    (receipt,) = (folder / "receipts").iterdir()
    assert "逻辑校验通过" in receipt.read_text(encoding="utf-8")
    (transport,) = (folder / "transport").iterdir()
    assert [one["outcome"] for one in json.loads(transport.read_text(encoding="utf-8"))["attempts"]] == ["sent"]
    assert made.missing == ()


def test_the_script_inside_verifies_chain_and_signature_by_python_alone(made: Evidence, tmp_path: Path) -> None:
    ended = verified(unpacked(made, tmp_path / "unpacked"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ".signature.xml: holds" in ended.stdout
    assert made.head in ended.stdout


def test_whatever_file_is_changed_taken_away_or_added_is_named(made: Evidence, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "unpacked")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("manifest.json", "verify.py")]
    assert len(files) > 8
    for path in files:
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        ended = verified(folder)
        assert (ended.returncode, path.name in ended.stdout) == (1, True), ended.stdout
        path.write_bytes(before)
    files[0].unlink()
    (folder / "another.txt").write_text("x", encoding="utf-8")
    ended = verified(folder)
    assert ended.returncode == 1
    assert f"{files[0].name}: missing" in ended.stdout
    assert "another.txt: not in the manifest" in ended.stdout


def test_a_forged_message_with_a_chain_made_anew_is_found_by_its_signature(made: Evidence, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "unpacked")
    (unsigned,) = (folder / "messages").glob("*.unsigned.xml")
    unsigned.write_bytes(unsigned.read_bytes().replace(b"N-1", b"N-9"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    link = "0" * 64
    for entry in manifest["entries"]:
        content = (folder / entry["name"]).read_bytes()
        entry["size"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        told = f"{link}\n{entry['name']}\n{entry['size']}\n{entry['sha256']}\n"
        link = entry["chain"] = hashlib.sha256(told.encode()).hexdigest()
    manifest["head"] = link
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    ended = verified(folder)
    assert ended.returncode == 1
    assert "the digest is not that of the message" in ended.stdout
    assert made.head not in ended.stdout


def test_a_file_that_people_have_changed_since_is_left_out_and_said(settings: Settings, tmp_path: Path) -> None:
    (enterprise,) = settings.enterprise
    file = settings.folder(enterprise) / "done/2026-03-04/orders.xlsx"
    file.write_bytes(b"changed")
    try:
        made = collect(settings, "orders.xlsx", tmp_path / "evidence.zip")
    finally:
        file.write_bytes(CONTENT)
    assert made.missing == ("done/2026-03-04/orders.xlsx (changed since it was taken)",)
    with zipfile.ZipFile(made.path) as archive:
        assert "source/1-orders.xlsx" not in archive.namelist()


def test_nothing_is_written_for_what_nobody_knows_nor_over_a_file(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        collect(settings, "X-9", tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()
    (tmp_path / "there.zip").write_bytes(b"mine")
    with pytest.raises(Refused):
        collect(settings, "N-1", tmp_path / "there.zip")
    assert (tmp_path / "there.zip").read_bytes() == b"mine"


def test_what_is_written_bit_by_bit_says_what_show_says_of_the_file(settings: Settings, tmp_path: Path) -> None:
    made = collect(settings, "orders.xlsx", tmp_path / "evidence.zip")
    with zipfile.ZipFile(made.path) as archive:
        told = json.loads(archive.read("life.json"))
    with reading(settings.store_dir) as transaction:
        life = life_of(transaction, "orders.xlsx")
    assert life is not None
    assert told == json.loads(json.dumps(life.as_json(), default=str))
    assert len(told["drop"]["records"]) == 2


def test_the_manifest_has_every_file_in_its_order_with_size_digest_and_link(made: Evidence) -> None:
    with zipfile.ZipFile(made.path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = [name for name in archive.namelist() if name not in ("manifest.json", "verify.py")]
        contents = [archive.read(name) for name in names]
    assert [one["name"] for one in manifest["entries"]] == names
    assert [one["size"] for one in manifest["entries"]] == [len(content) for content in contents]
    assert [one["sha256"] for one in manifest["entries"]] == [hashlib.sha256(one).hexdigest() for one in contents]
    assert (manifest["v"], manifest["ref"], manifest["head"]) == (1, "N-1", manifest["entries"][-1]["chain"])
    assert (made.entries, made.head) == (len(names), manifest["head"])


def test_nothing_is_left_of_evidence_that_fails_half_way(settings: Settings, tmp_path: Path) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cebd.operations.evidence.collect.load_receipts", full)
        with pytest.raises(OSError, match="No space"):
            collect(settings, "N-1", tmp_path / "evidence.zip")
    assert list(tmp_path.iterdir()) == []
