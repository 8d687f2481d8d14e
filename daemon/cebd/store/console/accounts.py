"""Accounts of the console, and their sessions: rows that can be taken back at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete, insert, select, update

from cebd.store.console.tables import accounts, sessions
from cebd.store.transaction import Transaction


class Role(StrEnum):
    """What an account may do beside looking, which every account may."""

    VIEW = "view"
    ENTER = "enter"  # drafts
    DECLARE = "declare"  # have drafts declared; to see one, and mend it, is part of that
    ADMINISTER = "administer"  # accounts' sessions, keys of programs


@dataclass(frozen=True, slots=True)
class Account:
    """`password`: as argon2 writes it."""

    name: str
    roles: frozenset[Role]
    password: str = field(repr=False)
    since: str

    def may(self, role: Role) -> bool:
        """Whether it has that role; everybody may look, and who declares opens drafts, too."""
        return role is Role.VIEW or role in self.roles or (role is Role.ENTER and Role.DECLARE in self.roles)

    @property
    def sees_identities(self) -> bool:
        """Whether it is shown identity numbers in full: who enters and declares them."""
        return bool(self.roles & {Role.ENTER, Role.DECLARE})


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in. `seen`: the last request, to within some minutes."""

    digest: str
    account: str
    since: str
    seen: str


def account_named(transaction: Transaction, name: str) -> Account | None:
    """The account of that name."""
    row = transaction.execute(select(accounts).where(accounts.c.name == name)).first()
    return None if row is None else Account(row.name, _roles(row.roles), row.password, row.since)


def all_accounts(transaction: Transaction) -> list[Account]:
    """Every account, by name."""
    rows = transaction.execute(select(accounts).order_by(accounts.c.name))
    return [Account(row.name, _roles(row.roles), row.password, row.since) for row in rows]


def put_account(transaction: Transaction, account: Account) -> None:
    """Add the account, or put it in the place of the one of its name. Its sessions end."""
    remove_account(transaction, account.name)
    roles = " ".join(sorted(account.roles))
    values = {"name": account.name, "roles": roles, "password": account.password, "since": account.since}
    transaction.execute(insert(accounts).values(values))


def remove_account(transaction: Transaction, name: str) -> bool:
    """Take it away with its sessions; False where there is none."""
    end_sessions(transaction, name)
    return transaction.execute(delete(accounts).where(accounts.c.name == name)).rowcount > 0


def _roles(stored: str) -> frozenset[Role]:
    return frozenset(map(Role, stored.split()))


# Sessions


def begin_session(transaction: Transaction, digest: str, account: str, now: str) -> None:
    """A browser has logged in."""
    transaction.execute(insert(sessions).values(digest=digest, account=account, since=now, seen=now))


def session_of(transaction: Transaction, digest: str) -> Session | None:
    """The session of that digest, as long as nobody has ended it."""
    row = transaction.execute(select(sessions).where(sessions.c.digest == digest)).first()
    return None if row is None else Session(row.digest, row.account, row.since, row.seen)


def all_sessions(transaction: Transaction) -> list[Session]:
    """Every session, the latest first."""
    rows = transaction.execute(select(sessions).order_by(sessions.c.since.desc()))
    return [Session(row.digest, row.account, row.since, row.seen) for row in rows]


def seen(transaction: Transaction, digest: str, now: str) -> None:
    """It is still in use."""
    transaction.execute(update(sessions).where(sessions.c.digest == digest).values(seen=now))


def end_session(transaction: Transaction, digest: str) -> bool:
    """It is over; False where there is none."""
    return transaction.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount > 0


def end_sessions(transaction: Transaction, account: str) -> int:
    """All sessions of an account are over; returns how many."""
    return transaction.execute(delete(sessions).where(sessions.c.account == account)).rowcount


def forget_sessions(transaction: Transaction, seen_before: str) -> None:
    """Those that were not used since then."""
    transaction.execute(delete(sessions).where(sessions.c.seen < seen_before))
