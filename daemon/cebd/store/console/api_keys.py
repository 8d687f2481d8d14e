"""Keys by which a program may give documents for an enterprise."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from cebd.store.console.tables import api_keys
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without itself. `revoked`: since when it counts for nothing (ISO 8601)."""

    id: int
    enterprise: str
    name: str
    since: str
    revoked: str | None


def add_key(transaction: Transaction, digest: str, enterprise: str, name: str, now: str) -> int:
    """Add a key; returns its number."""
    values = {"digest": digest, "enterprise": enterprise, "name": name, "since": now}
    return int(transaction.execute(insert(api_keys).values(values).returning(api_keys.c.id)).scalar_one())


def key_of(transaction: Transaction, digest: str) -> ApiKey | None:
    """The key of that digest, unless it is revoked."""
    wanted = select(api_keys).where(api_keys.c.digest == digest, api_keys.c.revoked.is_(None))
    row = transaction.execute(wanted).first()
    return None if row is None else ApiKey(row.id, row.enterprise, row.name, row.since, row.revoked)


def all_keys(transaction: Transaction) -> list[ApiKey]:
    """Every key there was, the latest first."""
    rows = transaction.execute(select(api_keys).order_by(api_keys.c.id.desc()))
    return [ApiKey(row.id, row.enterprise, row.name, row.since, row.revoked) for row in rows]


def revoke_key(transaction: Transaction, number: int, now: str) -> bool:
    """From now on it counts for nothing; False where there is none that counts."""
    still = (api_keys.c.id == number) & api_keys.c.revoked.is_(None)
    return transaction.execute(update(api_keys).where(still).values(revoked=now)).rowcount > 0
