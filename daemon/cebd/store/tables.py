"""The tables. Times are ISO 8601 text with +08:00; bytes are compressed with zlib; keys are joined by U+001F."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    and_,
    case,
    func,
    literal_column,
    select,
    true,
)

from cebd.records.states import OPEN_DROPS, MessageState, State

metadata = MetaData()

about = Table("about", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))

drops = Table(
    "drops",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("enterprise", String, nullable=False),
    Column("name", String, nullable=False),
    Column("stem", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("received", String, nullable=False),
    Column("state", String, nullable=False),  # claiming, claimed, filing, filed, withdrawn
    Column("outcome", String),  # done, error, hold
    Column("source", String, nullable=False),  # path in the inbox, relative to the enterprise's folder
    Column("place", String, nullable=False),  # where the file is to be by its state, relative to the same folder
    Column("type", String),
    Column("records", Integer),  # the number of records read; None until the file is converted
    Column("repeat_of", Integer, ForeignKey("drops.id")),
    Column("problems", String, nullable=False, server_default="[]"),
    Column("changed", Integer, nullable=False, server_default="1"),
    Column("published", Integer, nullable=False, server_default="0"),
    Column("published_at", String),
    Column("stem_key", String),  # the stem as disks compare names
    Column("working", String),  # where the file is while it is ours, relative to the same folder
    Column(
        "field_columns", String
    ),  # of a workbook: where each field stands, as JSON (`cebd.store.drops.FieldColumns`)
    Column("inode", String),  # of the file claimed, `DEVICE:NUMBER`: a rename keeps it
    Column("saved_by", String),  # the person who saved it last, if known
    Column("saved_at", String),
    Column(
        "corrects", Integer, ForeignKey("drops.id")
    ),  # of a receipt workbook dropped again: the drop whose receipt it is
    Column("removed", String),  # when its bytes were removed after years (`cebd.store.across.retention`)
    UniqueConstraint("enterprise", "stem"),
    Index("drops_by_content", "enterprise", "sha256"),
    Index("drops_by_stem", "enterprise", "stem_key"),
    Index("drops_by_name", "name"),
    Index("drops_by_time", "received"),
    sqlite_autoincrement=True,  # a number names work in the engine: it is never used again
)

# Asked at every look, of tables that grow for years. SQLite uses such an index only for a query that says the index's own words.
IS_OPEN = drops.c.state.in_([literal_column(f"'{state}'") for state in OPEN_DROPS])
IS_BEHIND = drops.c.changed > drops.c.published
Index("drops_with_repeat_of", drops.c.repeat_of, sqlite_where=drops.c.repeat_of.is_not(None))
Index("drops_that_correct", drops.c.corrects, sqlite_where=drops.c.corrects.is_not(None))
Index("drops_open", drops.c.state, drops.c.enterprise, sqlite_where=IS_OPEN)
Index("drops_behind", drops.c.state, drops.c.enterprise, sqlite_where=IS_BEHIND)

published_books = Table(  # digests of our receipt workbooks: any other workbook was changed by a person (`cebd.receipts.publishing.outbox`)
    "published_books",
    metadata,
    Column("drop_id", ForeignKey("drops.id"), primary_key=True),
    Column("digests", String, nullable=False),  # SHA-256, as JSON; the latest last
    Column("aside", Boolean, nullable=False),  # a new workbook waits beside an open workbook
)

Index("books_set_aside", published_books.c.drop_id, sqlite_where=published_books.c.aside == true())

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("drop_id", ForeignKey("drops.id"), nullable=False, index=True),
    Column("enterprise", String, nullable=False),
    Column("type", String, nullable=False),
    Column("guid", String, nullable=False),
    Column("cop_msg_id", String, nullable=False, unique=True),
    Column("signer", String, nullable=False),
    Column("channel", String, nullable=False),
    Column(
        "sign", String, nullable=False
    ),  # composed (canonical), foreign (as dropped), kept (signed by its maker), no (not asked for)
    Column("state", String, nullable=False, index=True),  # ready, signed, sent, in_doubt
    Column("created", String, nullable=False),
    Column(
        "sender", String, nullable=False
    ),  # of its envelope, which is made of this row alone: the same bytes at every attempt
    Column("receiver", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the message; a dropped message with its signature
    Column("signature", LargeBinary),  # of a composed message, apart from it: `ds:Signature`
    Column("sha256", String, nullable=False),  # of `body` unpacked
    Column("sent_at", String),
    Column("waiting", String),  # why it does not go on, as JSON of a problem
    Column("let_go", String),  # a person's reason to send it without what it waited for
    Column("resent_by", String),  # who had it sent once more, and why
    Column("removed", String),  # when its bytes were removed after years; `sha256` is still theirs
    Column("kept", LargeBinary),  # then: what later declarations are held against (`cebd.records.kept`)
    sqlite_autoincrement=True,
)

Index("messages_by_guid", messages.c.guid)
Index("messages_by_state_and_file", messages.c.state, messages.c.drop_id)
Index(  # asked every few seconds; `waiting` stands behind the bytes of the message in its row
    "messages_that_wait",
    messages.c.enterprise,
    messages.c.state,
    messages.c.waiting,
    messages.c.created,
    sqlite_where=messages.c.waiting.is_not(None),
)

records = Table(
    "records",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("drop_id", ForeignKey("drops.id"), nullable=False, index=True),
    Column("message_id", ForeignKey("messages.id"), index=True),
    Column("enterprise", String, nullable=False),
    Column("type", String, nullable=False),
    Column("key", String, nullable=False),
    Column("guid", String, nullable=False),
    Column("sheet", String),
    Column("row", Integer),
    Column("rows", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", String, nullable=False),  # ready: that of its message (`state_of`)
    Column("active", Boolean, nullable=False),
    Column("repeat_of", Integer, ForeignKey("records.id")),
    Column(
        "edit_of", Integer, ForeignKey("records.id")
    ),  # for an edited row: the record that was declared with other content
    Column("edits", String),  # which of its fields, as JSON (`cebd.records.edited_field`)
    Column("status", String),
    Column("info", String),
    Column("time", String),
    Column("pre_no", String),
    Column("invt_no", String),
    Column("problems", String),
    # Facts for later declarations (`cebd.records.facts`).
    Column("app_type", String),
    Column("order_no", String),
    Column("waybill_no", String),
    Column("list_no", String),  # of a cancel or return application: the list it is about
    Column("buyer", LargeBinary),
    Column("value", Integer),  # cents
    Column("shared", LargeBinary),  # digests of what other documents say, too (`cebd.records.shared`)
)
Index(
    "one_active_record_per_key",
    records.c.enterprise,
    records.c.type,
    records.c.key,
    unique=True,
    sqlite_where=records.c.active,
)
Index("records_by_key", records.c.type, records.c.key)
for _asked in (records.c.repeat_of, records.c.edit_of, records.c.pre_no, records.c.invt_no):
    Index(f"records_with_{_asked.name}", _asked, sqlite_where=_asked.is_not(None))
for _asked in (records.c.order_no, records.c.waybill_no, records.c.list_no, records.c.buyer):
    Index(f"records_by_{_asked.name}", records.c.type, _asked, sqlite_where=_asked.is_not(None))
# For the query after each look for receipts: messages with a record that customs have not answered.
_MAY_BE_SENT = records.c.state.in_([literal_column(f"'{state}'") for state in (State.READY, State.SENT)])
IS_UNANSWERED = and_(_MAY_BE_SENT, records.c.status.is_(None))
Index("records_without_answer", records.c.message_id, sqlite_where=IS_UNANSWERED)
# For lists of records (`cebd.store.across.finding`): every group of equal first columns is read from its end, the latest file first.
# It begins with words that no other query uses: SQLite knows no figures of our tables, and would take it for the best one wherever
# an enterprise, a type and a state are asked for, in place of the one by key.
group_state: ColumnElement[str] = func.lower(records.c.state)
Index(
    "records_by_group",
    group_state,
    *(records.c[name] for name in ("enterprise", "type", "status", "drop_id")),
)
Index("records_by_guid", records.c.guid)
HAS_CUSTOMS_CODE = func.instr(func.lower(records.c.info), literal_column("'[code:'")) > literal_column("0")
Index(
    "records_by_customs_code", records.c.drop_id, records.c.id, records.c.info, sqlite_where=HAS_CUSTOMS_CODE
)  # in the order of lists, or they would be read by another


def state_of(record: FromClause = records) -> ColumnElement[str]:
    """The state of a record. While its row says `ready` it is that of its message, which is signed and sent as a whole: one row is written
    for its hundred records."""
    own = messages.alias(f"message_of_{record.description}")
    in_doubt = (own.c.state == MessageState.ASKED, str(State.IN_DOUBT))
    of_message = select(case(in_doubt, else_=own.c.state)).where(own.c.id == record.c.message_id).correlate(record)
    follows = and_(record.c.state == State.READY, record.c.message_id.is_not(None))
    return case((follows, of_message.scalar_subquery()), else_=record.c.state)


submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("phase", String, nullable=False),  # writing: not visible to the other side yet; handing-over: may be
    Column("intent", String, nullable=False),
    Column("outcome", String),  # sent, failed, in_doubt
    Column("settled", String),
    Column("detail", String),
    Column("channel", String),  # by which it went; None: of an earlier version, the message's own
    Column("envelope", String),  # the form of its bytes (`cebd.messages.envelope`); None: of an earlier version
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("name", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("received", String, nullable=False),
    Column("type", String),
    Column("state", String, nullable=False, index=True),  # stored, applied, unmatched, unreadable
    Column("copied", Boolean, nullable=False),
    Column("enterprises", String, nullable=False, server_default="[]"),
    Column("content", LargeBinary, nullable=False),
    Column("handed_over", Integer),  # the last hand-over (of `submissions`) before it; 0: there was no hand-over yet
    Column("clock", String),  # evidence about our clock (`cebd.receipts.clock_evidence`)
    Column(
        "owed", String
    ),  # as JSON, enterprises whose copy is missing because the settings did not have them any more
    Column("removed", String),  # when its bytes were removed after years; `sha256` is still theirs
    UniqueConstraint("channel", "sha256"),
)

# For queries at every look: they must not read the long rows.
Index("receipts_to_copy", receipts.c.id, sqlite_where=receipts.c.copied.is_(False))
Index("receipts_owed", receipts.c.owed, sqlite_where=receipts.c.owed.is_not(None))

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("record_id", ForeignKey("records.id"), nullable=False),
    Column("receipt_id", ForeignKey("receipts.id"), nullable=False),
    Column("status", String, nullable=False),
    Column("info", String, nullable=False),
    Column("time", String, nullable=False),
    Column(
        "evidence", Boolean, nullable=False
    ),  # "already exists" after a send in doubt: it only proves that the message arrived
    UniqueConstraint("record_id", "status", "time", "info"),
)

conditions = Table(  # present troubles (`cebd.store.conditions`)
    "conditions",
    metadata,
    Column("key", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("enterprise", String),
    Column("since", String, nullable=False),
    Column("problem", String, nullable=False),  # as JSON
)

journal = Table(  # changes to the store as a whole, and people's decisions
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", String, nullable=False),
    Column("event", String, nullable=False),
    Column("detail", String, nullable=False),
)

retries = Table(  # messages that a person wants tried at once (`cebd.store.across.intervening.holding`)
    "retries",
    metadata,
    Column("message_id", Integer, primary_key=True),
    Column("time", String, nullable=False),
)

tokens = Table(  # the token of every signer, and other tokens seen in its place (`cebd.store.tokens`)
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("signer", String, nullable=False, index=True),
    Column("state", String, nullable=False),  # known, offered, revoked
    Column("how", String, nullable=False),
    Column("since", String, nullable=False),
    Column("reason", String),  # a person's, of a token that is revoked
    Column("token", String, nullable=False),  # its serial number
    Column("model", String, nullable=False),
    Column("number", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("organisation", String, nullable=False),
    Column("issuer", String, nullable=False),
    Column("valid_until", String, nullable=False),
)

words = Table(  # notices in the outboxes about waiting files (`cebd.intake.notices`)
    "words",
    metadata,
    Column("key", String, primary_key=True),  # of the condition
    Column("enterprise", String, nullable=False),
    Column("name", String, nullable=False),
    Column("sha256", String, nullable=False),
)
