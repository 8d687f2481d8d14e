"""What a record declares though no cell and no setting says it."""

from __future__ import annotations

from cebd.messages.description import Field, MessageType

GENERATED_FIELDS = frozenset({"guid", "appTime"})  # made here for each record, never read


def head_defaults(message: MessageType) -> dict[str, str]:
    """What a head declares where neither cell nor settings say it, beside the defaults of the schema: a new declaration, to be declared."""
    return {"appType": "1", "appStatus": message.app_status or "2"}


def default_of(message: MessageType, field: Field) -> str | None:
    """What an empty cell declares without any settings."""
    if field.part == "head" and field.default is None:
        return head_defaults(message).get(field.name)
    return field.default
