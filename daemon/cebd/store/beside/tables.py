"""The tables of what the store keeps beside declarations. Times are ISO 8601 text with +08:00."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint

from cebd.store.tables import metadata

alarms_told = Table(  # what each alarm has told people and not taken back (`cebd.store.beside.alarms_told`)
    "alarms_told",
    metadata,
    Column("alarm", String, primary_key=True),
    Column("key", String, primary_key=True),  # of the trouble
    Column("stage", String, nullable=False),
    Column("since", String, nullable=False),
    Column("problem", String, nullable=False),  # as JSON
)

signatures_given = Table(  # what was signed for others (`cebd.store.beside.signatures_given`)
    "signatures_given",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("signer", String, nullable=False),
    Column("number", String, nullable=False),  # of the certificate
    Column("kind", String, nullable=False),
    Column("names", String, nullable=False),  # the digest in a SignedInfo, the sessionID of a 179 text
    Column("sha256", String, nullable=False),  # of the text
)

goods = Table(  # what lists that customs accepted say of an item number (`cebd.store.beside.goods`)
    "goods",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("enterprise", String, nullable=False),
    Column("item_no", String, nullable=False),
    Column("field", String, nullable=False),  # of a goods line
    Column("value", String, nullable=False),
    UniqueConstraint("enterprise", "item_no", "field", "value"),
)

files_to_remove = Table(  # files of which the store has let go, until they are removed (`cebd.store.across.retention`)
    "files_to_remove",
    metadata,
    Column("enterprise", String, primary_key=True),
    Column("path", String, primary_key=True),  # relative to the enterprise's folder
    Column("digests", String, nullable=False),  # SHA-256, as JSON: a file of none of them is a person's by now
)
