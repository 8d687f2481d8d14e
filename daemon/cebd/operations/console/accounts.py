"""Accounts of the console, and keys of programs. Passwords are kept as argon2id, keys and sessions as digests."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cebd.clock import iso
from cebd.operations.console.passwords.guessed import require_unguessed
from cebd.operations.text import Refused
from cebd.store.console import accounts, api_keys
from cebd.store.console.accounts import Account, Role
from cebd.store.databases.migrations import note
from cebd.store.store import Store

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
SESSION_LASTS = timedelta(hours=12)
SESSION_RESTS = timedelta(hours=2)  # so long nobody needs to touch it
_SEEN_EVERY = timedelta(minutes=5)
_KEY_MARK = "cebd_"  # so that scanners of secrets know one when they see it

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP, Password Storage Cheat Sheet
_one_at_a_time = threading.Lock()  # each takes 19 MiB
_OF_NOBODY = _hasher.hash(secrets.token_hex())


def put_account(store: Store, name: str, roles: Iterable[Role], password: str, now: datetime) -> None:
    """Add an account, or give the one of that name these roles and that password; its sessions end. Raises Refused."""
    require_unguessed(password, name)
    kept, given = _hash(password), frozenset(roles)
    with store.write() as transaction:
        accounts.put_account(transaction, Account(name, given, kept, iso(now)))
        note(transaction, "account", f"{name}: {' '.join(sorted(given))}")


def set_password(store: Store, name: str, password: str) -> None:
    """Give the account another password; its sessions end. Raises Refused."""
    require_unguessed(password, name)
    kept = _hash(password)
    with store.write() as transaction:
        account = accounts.account_named(transaction, name)
        if account is None:
            raise _no_account(name)
        accounts.put_account(transaction, Account(name, account.roles, kept, account.since))
        note(transaction, "password changed", name)


def change_password(store: Store, name: str, old: str, new: str) -> bool:
    """What a person does for an account of his own: its sessions end. False: the old one is not right. Raises Refused."""
    with store.read() as transaction:
        account = accounts.account_named(transaction, name)
    if account is None or not _is_right(account.password, old):
        return False
    set_password(store, name, new)
    return True


def remove_account(store: Store, name: str) -> None:
    """Take the account away; its sessions end. Raises Refused."""
    with store.write() as transaction:
        if not accounts.remove_account(transaction, name):
            raise _no_account(name)
        note(transaction, "account removed", name)


def list_accounts(store: Store) -> list[Account]:
    """Every account, by name."""
    with store.read() as transaction:
        return accounts.all_accounts(transaction)


def _no_account(name: str) -> Refused:
    return Refused(f"没有帐号 {name}。", f"There is no account {name}.")


def _hash(password: str) -> str:
    text = unicodedata.normalize("NFKC", password)
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise Refused(
            f"密码应有 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符。",
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
        )
    with _one_at_a_time:
        return _hasher.hash(text)


# Sessions


def log_in(store: Store, name: str, password: str, now: datetime) -> str | None:
    """What the browser keeps from now on; None for a wrong name or password, which take the same time to say."""
    with store.read() as transaction:
        account = accounts.account_named(transaction, name)
    if not _is_right(account.password if account else _OF_NOBODY, password) or account is None:
        return None
    token = secrets.token_urlsafe(32)
    with store.write() as transaction:
        if accounts.account_named(transaction, name) != account:
            return None  # it was changed meanwhile
        accounts.forget_sessions(transaction, iso(now - SESSION_LASTS))
        accounts.begin_session(transaction, digest(token), name, iso(now))
        note(transaction, "logged in", name)
    return token


def _is_right(kept: str, password: str) -> bool:
    with _one_at_a_time:
        try:
            return _hasher.verify(kept, unicodedata.normalize("NFKC", password[:LONGEST_PASSWORD]))
        except (VerificationError, InvalidHashError):
            return False


def who(store: Store, token: str, now: datetime, *, by_itself: bool = False) -> Account | None:
    """The account whose session that is; None for one that has ended. `by_itself`: a page asks, no person has done anything."""
    with store.read() as transaction:
        session = accounts.session_of(transaction, digest(token))
        account = accounts.account_named(transaction, session.account) if session is not None else None
    if session is None or account is None:
        return None
    since, seen = datetime.fromisoformat(session.since), datetime.fromisoformat(session.seen)
    if now - since > SESSION_LASTS or now - seen > SESSION_RESTS:
        return None
    if now - seen > _SEEN_EVERY and not by_itself:
        with store.write() as transaction:
            accounts.seen(transaction, session.digest, iso(now))
    return account


def log_out(store: Store, token: str) -> None:
    """The session is over."""
    with store.write() as transaction:
        accounts.end_session(transaction, digest(token))


def end_sessions(store: Store, name: str, by: str) -> int:
    """Log the account out everywhere; returns how many sessions that were."""
    with store.write() as transaction:
        count = accounts.end_sessions(transaction, name)
        note(transaction, "sessions ended", f"{name}: {count}, by {by}")
        return count


def end_session(store: Store, of_session: str, by: str) -> None:
    """Log out one browser (the digest of its session)."""
    with store.write() as transaction:
        if accounts.end_session(transaction, of_session):
            note(transaction, "sessions ended", f"one, by {by}")


def digest(secret: str) -> str:
    """Under what a session or key is kept."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


# Keys of programs


def add_key(store: Store, enterprise: str, name: str, now: datetime) -> tuple[int, str]:
    """A new key: its number, and the key itself, which is shown this once."""
    key = _KEY_MARK + secrets.token_urlsafe(32)
    with store.write() as transaction:
        number = api_keys.add_key(transaction, digest(key), enterprise, name, iso(now))
        note(transaction, "key added", f"{number} {name}, {enterprise}")
    return number, key


def enterprise_of_key(store: Store, key: str) -> tuple[str, str] | None:
    """The enterprise for which that key gives documents, and the name of the program; None for no key of ours, or a revoked one."""
    with store.read() as transaction:
        found = api_keys.key_of(transaction, digest(key))
    return None if found is None else (found.enterprise, f"{found.name} ({found.id})")


def list_keys(store: Store) -> list[api_keys.ApiKey]:
    """Every key there was."""
    with store.read() as transaction:
        return api_keys.all_keys(transaction)


def revoke_key(store: Store, number: int, now: datetime) -> None:
    """From now on it counts for nothing. Raises Refused."""
    with store.write() as transaction:
        if not api_keys.revoke_key(transaction, number, iso(now)):
            raise Refused(f"没有有效的密钥 {number}。", f"There is no key {number} that counts.")
        note(transaction, "key revoked", str(number))
