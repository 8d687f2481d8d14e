"""Rows of export declarations: every field that must be filled in, with the sample its description gives."""

from __future__ import annotations

from cebd.messages.description import message_type
from cebd.trial.rows import Line

_MADE = ("guid", "appType", "appTime", "appStatus")


def export_rows(code: str, *numbers: str) -> list[Line]:
    """One row for each number, keys `head.NAME` and `line.NAME`; the number is the record's own (orderNo, copNo, logisticsNo)."""
    message = message_type(code)
    fields = [one for one in (*message.head_fields, *message.line_fields) if one.required and one.name not in _MADE]
    row = {f"{one.part}.{one.name}": one.sample or one.default or "" for one in fields}
    return [{**row, f"head.{message.group}": number} for number in numbers]
