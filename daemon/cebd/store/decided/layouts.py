"""Layouts of files that people told: a row for each workbook that says what headings mean, kept for ever; and what was asked.

The latest that does not say that it ended counts for its headings. Both are written in the transaction that converts the file.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, insert, select, update

from cebd.decisions.layout import KnownLayout, Proposal
from cebd.records.ids import DropId
from cebd.store.databases.database import insert_or_update
from cebd.store.tables import metadata
from cebd.store.transaction import Transaction

layouts = Table(
    "layouts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("enterprise", String, nullable=False),
    Column("drop_id", ForeignKey("drops.id"), nullable=False),  # the workbook that says it
    Column("type", String, nullable=False),
    Column("columns", String, nullable=False),  # headings and fields, as JSON
    Column("name", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at", String, nullable=False),
    Column("ended", String),  # since when another one counts for its headings
)
Index("layouts_of_enterprise", layouts.c.enterprise)

proposals = Table(
    "proposals",
    metadata,
    Column("drop_id", ForeignKey("drops.id"), primary_key=True),
    Column("proposal", String, nullable=False),  # as JSON (`Proposal.as_text`)
)


def known_layouts(transaction: Transaction, enterprise: str) -> tuple[KnownLayout, ...]:
    """Those that count for the enterprise, the latest last."""
    query = select(layouts).where(layouts.c.enterprise == enterprise, layouts.c.ended.is_(None)).order_by(layouts.c.id)
    return tuple(
        KnownLayout(row.type, json.loads(row.columns), row.name, row.who, row.at) for row in transaction.execute(query)
    )


def keep_layout(transaction: Transaction, enterprise: str, drop_id: DropId, layout: KnownLayout) -> None:
    """From now on files with these headings are read by it; without a type they are read as if nobody had said anything."""
    same = select(layouts).where(layouts.c.enterprise == enterprise, layouts.c.ended.is_(None))
    for row in transaction.execute(same).all():
        if json.loads(row.columns).keys() == layout.columns.keys():
            transaction.execute(update(layouts).where(layouts.c.id == row.id).values(ended=layout.at))
    told = {"type": layout.type, "columns": json.dumps(dict(layout.columns), ensure_ascii=False), "name": layout.name}
    of = {"enterprise": enterprise, "drop_id": drop_id}
    ended = None if layout.type else layout.at
    transaction.execute(insert(layouts).values(**of, **told, who=layout.who, at=layout.at, ended=ended))


class KeptLayout(NamedTuple):
    """What was told of headings, for a list. `ended`: since when it does not count any more (ISO 8601); None: it counts."""

    enterprise: str
    layout: KnownLayout
    ended: str | None


def kept_layouts(transaction: Transaction, enterprise: str | None = None) -> list[KeptLayout]:
    """All that was ever told, the latest first; of one enterprise or of all."""
    query = select(layouts).order_by(layouts.c.id.desc())
    if enterprise is not None:
        query = query.where(layouts.c.enterprise == enterprise)
    return [
        KeptLayout(row.enterprise, KnownLayout(row.type, json.loads(row.columns), row.name, row.who, row.at), row.ended)
        for row in transaction.execute(query)
    ]


def ask(transaction: Transaction, drop_id: DropId, proposal: Proposal) -> None:
    """The file's headings are unknown, and this is proposed."""
    values = {"proposal": proposal.as_text()}
    insert_or_update(transaction, proposals, {"drop_id": drop_id, **values}, ["drop_id"], values)


def proposal_for(transaction: Transaction, drop_id: DropId) -> Proposal | None:
    """What was proposed for the file; None where its headings were known."""
    text = transaction.execute(select(proposals.c.proposal).where(proposals.c.drop_id == drop_id)).scalar()
    return None if text is None else Proposal.from_text(text)
