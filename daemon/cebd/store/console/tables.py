"""The console's tables. Secrets stand here as digests alone: who reads the store can use none of them. Times are ISO 8601."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from cebd.store.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", String, primary_key=True),
    Column("roles", String, nullable=False),  # parted by blanks
    Column("password", String, nullable=False),  # as argon2 writes it
    Column("since", String, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String, primary_key=True),  # SHA-256 of what the browser keeps
    Column("account", ForeignKey("accounts.name"), nullable=False, index=True),
    Column("since", String, nullable=False),
    Column("seen", String, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String, nullable=False, unique=True),  # SHA-256 of the key
    Column("enterprise", String, nullable=False),
    Column("name", String, nullable=False),  # of the program that has it
    Column("since", String, nullable=False),
    Column("revoked", String),
    sqlite_autoincrement=True,
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),  # who saved it last
    Column("enterprise", String, nullable=False),
    Column("type", String, nullable=False),
    Column("content", String, nullable=False),  # JSON as it is dropped (`cebd.documents.workbooks.entered`)
    Column("changed", String, nullable=False),
    Column("about", Integer),  # the record that it corrects, or is an application about
    Column("file", String),  # under which it is declared; written before the file is
    Column("owed", String),  # since when that file is to be brought into the inbox, until it is there
    sqlite_autoincrement=True,  # a number names the file
)
Index("drafts_open", drafts.c.id, sqlite_where=drafts.c.file.is_(None))
Index("drafts_owed", drafts.c.id, sqlite_where=drafts.c.owed.is_not(None))

imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),  # who changed it last
    Column("enterprise", String, nullable=False),
    Column("folder", String, nullable=False),  # beside the store, with its bytes
    Column("name", String, nullable=False),  # the operator's
    Column("file", String, nullable=False),  # under which it is declared
    Column("sha256", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("hint", String, nullable=False),  # which document it is, where a person says so
    Column("said", String, nullable=False),  # what is decided of it, as JSON (`cebd.decisions.of_file`)
    Column("revision", Integer, nullable=False),
    Column("changed", String, nullable=False),
    Column("declared", String),  # when; written before its file is brought into the inbox
    Column("after", Integer),  # the declared one of whose rows this has the rest
    Column("owed", String),  # as of drafts
    sqlite_autoincrement=True,  # a number stands in the file's name
)
Index("imports_open", imports.c.id, sqlite_where=imports.c.declared.is_(None))
Index("imports_owed", imports.c.id, sqlite_where=imports.c.owed.is_not(None))
Index("imports_by_file", imports.c.file)

views = Table(  # queries that an account has kept under a name
    "views",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("query", String, nullable=False),  # as it stands in the address of the list
)
