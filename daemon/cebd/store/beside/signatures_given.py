"""The journal of the signing endpoint: each signature that this station's token made for somebody else, before it was given."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from cebd.store.beside.tables import signatures_given


@dataclass(frozen=True, slots=True)
class SignatureGiven:
    """`time`: ISO 8601. `caller`: a certificate's subject and fingerprint, or an address. `number`: of the signing certificate, in hex.

    `kind`: SignedInfo or 179; `names`: the digest in a SignedInfo in base64, or the sessionID of a 179 text. `sha256`: of the text, in hex.
    """

    time: str
    caller: str
    signer: str
    number: str
    kind: str
    names: str
    sha256: str

    def as_json(self) -> dict[str, str]:
        """The fields by their names."""
        return asdict(self)


def note_given(connection: Connection, given: SignatureGiven) -> None:
    """Add it to the journal."""
    connection.execute(insert(signatures_given).values(**asdict(given)))


def latest_given(connection: Connection, most: int) -> list[SignatureGiven]:
    """The latest, newest first."""
    table = signatures_given
    columns = [column for column in table.columns if column.name != "id"]
    rows = connection.execute(select(*columns).order_by(table.c.id.desc()).limit(most))
    return [SignatureGiven(**row._mapping) for row in rows]
