"""The store or the folders were meddled with, or the disk went bad: `cebd audit` names what does not fit any more."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator

import pytest

from builders.stations import TryStation
from cebd.operations.audit import Balance, audit
from cebd.settings import load_settings
from cebd.store.store import Store
from cebd.trial.rows import order_rows


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TryStation]:
    """A station that has declared three orders and heard of all of them, at rest."""
    with TryStation(tmp_path_factory.mktemp("declared"), audited=False) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        station.start()
        station.final_receipt("orders")
        assert station.stop() == 0
        yield station


@pytest.fixture
def books(declared: TryStation) -> Iterator[Books]:
    """Its books, put back afterwards."""
    kept = declared.store.with_name("kept")
    shutil.copytree(declared.store, kept)
    yield Books(declared)
    shutil.rmtree(declared.store)
    kept.rename(declared.store)


class Books:
    """What a test does to the books, and what the audit says of them then."""

    def __init__(self, station: TryStation) -> None:
        self.station = station

    def do(self, statement: str, *values: object) -> None:
        connection = sqlite3.connect(self.station.store / "cebd.sqlite")
        with connection:
            assert connection.execute(statement, values).rowcount > 0
        connection.close()

    def ask(self, query: str) -> bytes:
        connection = sqlite3.connect(self.station.store / "cebd.sqlite")
        (value,) = connection.execute(query).fetchone()
        connection.close()
        return bytes(value)

    def audit(self) -> Balance:
        settings = load_settings(self.station.settings_path)
        store = Store.open(settings.store_dir, create=False)
        try:
            return audit(store, settings)
        finally:
            store.close()

    def named(self) -> list[str]:
        return [one.id for one in self.audit().exceptions]


def test_books_in_order_are_clean(books: Books) -> None:
    assert books.audit().clean
    assert books.audit().states == {"succeeded": 3}


def test_a_record_that_is_gone_is_missed(books: Books) -> None:
    books.do("UPDATE drops SET records = 4")
    assert books.named() == ["CEBD-1801", "CEBD-1801"]


def test_a_record_ahead_of_its_message_is_named(books: Books) -> None:
    books.do("UPDATE records SET state = 'ready' WHERE id = 1")
    assert books.named() == ["CEBD-1804"]


def test_a_message_that_was_not_sent_and_that_nobody_works_on_is_named(books: Books) -> None:
    books.do("UPDATE messages SET state = 'signed'")
    assert books.named() == ["CEBD-1806"]


def test_a_second_hand_over_is_named(books: Books) -> None:
    books.do(
        "INSERT INTO submissions (message_id, name, phase, intent, outcome)"
        " SELECT message_id, name, phase, intent, outcome FROM submissions"
    )
    assert books.named() == ["CEBD-1808"]


def cut_short(packed: bytes) -> bytes:
    return packed[:-8]


def changed(packed: bytes) -> bytes:
    return zlib.compress(zlib.decompress(packed).replace(b"T0000000001", b"T0000000009"))


def resigned(packed: bytes) -> bytes:
    """A base64 digit of the signature value is another."""
    head, tag, value = zlib.decompress(packed).partition(b"<ds:SignatureValue>")
    return zlib.compress(head + tag + (b"B" if value[:1] == b"A" else b"A") + value[1:])


@pytest.mark.parametrize(
    ("column", "damage"),
    [("body", cut_short), ("body", changed), ("signature", cut_short), ("signature", resigned)],
    ids=["a message cut short", "a message changed", "a signature cut short", "a signature changed"],
)
def test_damage_to_a_message_is_named(books: Books, column: str, damage: Callable[[bytes], bytes]) -> None:
    was = books.ask(f"SELECT {column} FROM messages")
    broken = damage(was)
    assert broken != was
    books.do(f"UPDATE messages SET {column} = ?", broken)
    assert books.named() == ["CEBD-1805"]


def test_a_signature_that_was_lost_is_named(books: Books) -> None:
    books.do("UPDATE messages SET signature = NULL")
    assert books.named() == ["CEBD-1805"]


@pytest.mark.parametrize("damage", [cut_short, lambda packed: zlib.compress(b"x")], ids=["cut short", "changed"])
def test_damage_to_a_receipt_of_customs_is_named(books: Books, damage: Callable[[bytes], bytes]) -> None:
    books.do(
        "UPDATE receipts SET content = ? WHERE id = 1", damage(books.ask("SELECT content FROM receipts WHERE id = 1"))
    )
    assert books.named() == ["CEBD-1805"]


def test_a_file_taken_away_or_left_over_is_named(books: Books) -> None:
    share = books.station.share
    (file,) = (share / "done").rglob("orders.xlsx")
    stranger = share / "working" / "000009-other.xlsx"
    [receipt] = books.station.outbox.glob("json/*/orders.receipt.json")
    away = books.station.store / "away"
    file.rename(away)
    kept = receipt.read_bytes()
    receipt.unlink()
    stranger.write_bytes(b"x")
    try:
        found = {(one.id, one.value) for one in books.audit().exceptions}
    finally:
        away.rename(file)
        receipt.write_bytes(kept)
        stranger.unlink()
    assert found == {
        ("CEBD-1802", "orders.xlsx"),
        ("CEBD-1803", "000009-other.xlsx"),
        ("CEBD-1807", "orders.receipt.json"),
    }


def test_a_store_that_is_none_any_more_is_left_as_it_is(books: Books) -> None:
    (books.station.store / "cebd.sqlite").write_bytes(b"not a database" * 1000)
    said = books.station.cebd("audit", "-c", str(books.station.settings_path))
    assert said.returncode == 6, said
    assert "cebd.sqlite" in said.stderr
