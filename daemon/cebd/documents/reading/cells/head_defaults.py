"""Values that a record declares when neither a cell nor a setting gives a value."""

from __future__ import annotations

from cebd.messages.description import Field, MessageType

GENERATED_FIELDS = frozenset({"guid", "appTime"})  # made here for each record, never read


def head_defaults(message: MessageType) -> dict[str, str]:
    """A head's values without cells and settings, beside the defaults of the schema: a new declaration, to be declared."""
    return {"appType": "1", "appStatus": message.app_status or "2"}


def default_of(message: MessageType, field: Field) -> str | None:
    """The value of an empty cell without any settings."""
    if field.part == "head" and field.default is None:
        return head_defaults(message).get(field.name)
    return field.default
