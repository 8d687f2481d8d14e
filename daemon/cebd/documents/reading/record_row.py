"""A record as the row that the store keeps of it."""

from __future__ import annotations

import json
from typing import Any

from cebd.records.key import joined
from cebd.records.record import Record

# What the conversion says of a record, what the record says of itself (`as_row`), and its state.
COLUMNS = (
    *("drop_id", "message_id", "enterprise"),
    *("type", "key", "guid", "sheet", "row", "rows", "content", "problems"),
    *("app_type", "order_no", "waybill_no", "list_no", "buyer", "value"),
    *("state", "active", "repeat_of", "edit_of", "edits"),
)


def as_row(record: Record) -> tuple[Any, ...]:
    """The middle columns of `COLUMNS`, from `type` to `value`."""
    facts = record.facts
    problems = record.problems
    return (
        record.type,
        joined(record.key),
        record.guid,
        record.place.sheet,
        record.place.row,
        ",".join(map(str, record.rows)),
        record.content,
        json.dumps([one.as_json() for one in problems], ensure_ascii=False) if problems else None,
        record.app_type,
        facts.order_no,
        facts.waybill_no,
        facts.list_no,
        facts.buyer,
        facts.value,
    )
