"""The tables of what is told of a month or a day. Times are ISO 8601 text."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from cebd.store.tables import metadata

tax_bills = Table(  # what customs said of the tax of a list (`cebd.store.statements.tax_bills`)
    "tax_bills",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("enterprise", String, nullable=False),
    Column("number", String, nullable=False),
    Column("record_id", ForeignKey("records.id"), nullable=False),  # its list
    Column("month", String, nullable=False),  # 2026-11: of the first word of it
    Column("words", String, nullable=False),  # all of them in the order of time, as JSON
    UniqueConstraint("enterprise", "number"),
    Index("tax_bills_by_month", "enterprise", "month"),
    Index("tax_bills_by_record", "record_id"),
)

statements = Table(  # workbooks of a month or a day in the outboxes (`cebd.store.statements.books`)
    "statements",
    metadata,
    Column("enterprise", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("period", String, primary_key=True),  # 2026-11, 2026-11-26
    Column("changed", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("digests", String, nullable=False),  # as of `published_books`
    Column("aside", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False),  # asked for by the station itself, after the day had ended
)
