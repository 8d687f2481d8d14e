"""The token of a signer: recorded at its first use, and whenever it changes.

| state | meaning |
| --- | --- |
| `known` | the signer's token; the latest row counts, earlier rows stay as evidence |
| `offered` | another token that was plugged in and not used; a person accepts it (`cebd token accept`), or it goes away again |
| `revoked` | the signer's token, which a person has revoked (`cebd token revoke`); it counts until another is known, or the same again |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from cebd.store.tables import tokens

How = Literal["first use", "renewed", "moved", "settings", "accepted", "found", "revoked"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A token and its signing certificate; `token` is empty for a key in a file, the rest if the certificate is unknown yet.

    `number` is the certificate's serial in hex, `sha256` its fingerprint in hex, `valid_until` ISO 8601.
    """

    token: str
    model: str
    number: str = ""
    sha256: str = ""
    subject: str = ""
    organisation: str = ""
    issuer: str = ""
    valid_until: str = ""

    def days_left(self, now: datetime) -> int | None:
        """Whole days until the certificate ends, negative behind that; None where it is unknown yet."""
        return (datetime.fromisoformat(self.valid_until) - now).days if self.valid_until else None

    def has_ended(self, now: datetime) -> bool:
        """Whether its certificate is over; not while it is unknown yet."""
        return bool(self.valid_until) and datetime.fromisoformat(self.valid_until) <= now

    def __str__(self) -> str:
        """The identity for people: token, organisation, certificate and its end."""
        device = f"{self.model} {self.token}".strip()
        owner = self.organisation or self.subject
        certificate = f"{self.number} ({self.valid_until[:10]})" if self.number else ""
        return ", ".join(one for one in (device, owner, certificate) if one)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An identity with how and when it came into the store. `reason`: why a person has revoked it."""

    identity: Identity
    how: How
    since: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TokenInUse:
    """A signer's token. `state`: `known` signs, `offered` was plugged in in its place and is not used, `revoked` signs no more."""

    signer: str
    state: str
    recorded: Recorded

    def as_json(self) -> dict[str, object]:
        """For `status --json` and `token list --json`; `text` is the identity in one line."""
        recorded = self.recorded
        values = {"signer": self.signer, "state": self.state, "how": recorded.how, "since": recorded.since}
        if self.state == "revoked":
            values["reason"] = recorded.reason
        return {**values, **asdict(recorded.identity), "text": str(recorded.identity)}


def known(connection: Connection, signer: str) -> Recorded | None:
    """The signer's token on record; None before its first use."""
    return _latest(connection, signer, "known")


def offered(connection: Connection, signer: str) -> Recorded | None:
    """Another token that was plugged in and is not used."""
    return _latest(connection, signer, "offered")


def revocation(connection: Connection, signer: str) -> Recorded | None:
    """The signer's token, where a person has revoked it and no other has been let in since."""
    row = connection.execute(_LAST_WORD, {"of": signer}).mappings().first()
    return _recorded(row) if row is not None and row["state"] == "revoked" else None


def revocation_of(connection: Connection, sha256: str) -> TokenInUse | None:
    """The token with a certificate of this fingerprint, where a person has revoked it and not let it in again, whoever it signed for."""
    query = select(tokens).where(tokens.c.sha256 == sha256, tokens.c.state.in_(("known", "revoked")))
    row = connection.execute(query.order_by(tokens.c.id.desc()).limit(1)).mappings().first()
    return None if row is None or row["state"] != "revoked" else TokenInUse(row["signer"], "revoked", _recorded(row))


def revoke(connection: Connection, signer: str, identity: Identity, reason: str, now: str) -> None:
    """From now on nothing is signed or sent by the signer. A token that was offered before is offered anew when it is seen again."""
    forget_offer(connection, signer)
    values = {"signer": signer, "state": "revoked", "how": "revoked", "since": now, "reason": reason}
    connection.execute(insert(tokens).values(**values, **asdict(identity)))


def record(connection: Connection, signer: str, identity: Identity, how: How, now: str) -> None:
    """From now on the signer signs with this."""
    forget_offer(connection, signer)
    connection.execute(insert(tokens).values(signer=signer, state="known", how=how, since=now, **asdict(identity)))


def offer(connection: Connection, signer: str, identity: Identity, now: str) -> None:
    """Record another token; it is not used until a person accepts it."""
    forget_offer(connection, signer)
    connection.execute(
        insert(tokens).values(signer=signer, state="offered", how="found", since=now, **asdict(identity))
    )


def forget_offer(connection: Connection, signer: str) -> None:
    """The other token is away again."""
    connection.execute(delete(tokens).where(tokens.c.signer == signer, tokens.c.state == "offered"))


def accept(connection: Connection, signer: str, identity: Identity, now: str) -> bool:
    """Make the offered token the signer's. False: it is no longer the token that the person has seen."""
    found = offered(connection, signer)
    if found is None or found.identity != identity:
        return False
    connection.execute(
        update(tokens)
        .where(tokens.c.signer == signer, tokens.c.state == "offered")
        .values(state="known", how="accepted", since=now)
    )
    return True


def tokens_in_use(connection: Connection) -> list[TokenInUse]:
    """The token of every signer, and other tokens in its place, for `status`."""
    signers = connection.execute(select(tokens.c.signer).distinct().order_by(tokens.c.signer)).scalars()
    return [
        TokenInUse(signer, state, recorded)
        for signer in list(signers)
        for state, recorded in (_in_use(connection, signer), ("offered", offered(connection, signer)))
        if recorded is not None
    ]


def holders(tokens_: Iterable[TokenInUse]) -> dict[str, str]:
    """By signer, the enterprise that holds the token it signs with, as far as its certificate says so."""
    return {one.signer: one.recorded.identity.organisation for one in tokens_ if one.state == "known"}


def _in_use(connection: Connection, signer: str) -> tuple[str, Recorded | None]:
    revoked = revocation(connection, signer)
    return ("known", known(connection, signer)) if revoked is None else ("revoked", revoked)


def _latest(connection: Connection, signer: str, state: str) -> Recorded | None:
    query = select(tokens).where(tokens.c.signer == signer, tokens.c.state == state).order_by(tokens.c.id.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else _recorded(row)


def _recorded(row: RowMapping) -> Recorded:
    identity = Identity(**{name: row[name] for name in Identity.__dataclass_fields__})
    return Recorded(identity, row["how"], row["since"], row["reason"] or "")


# Built once: it is asked for every message.
_LAST_WORD = (
    select(tokens)
    .where(tokens.c.signer == bindparam("of"), tokens.c.state.in_(("known", "revoked")))
    .order_by(tokens.c.id.desc())
    .limit(1)
)
