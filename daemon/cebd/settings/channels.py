"""[channel.NAME]: how declarations leave and receipts come. Each kind declares its settings beside itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from cebd.transport.channels.kind import ChannelSettings
from cebd.transport.channels.kinds import channel_kind


def _by_its_type(given: Any) -> ChannelSettings:
    """The table as its kind's settings. The errors are those of pydantic's tagged unions: a union must be known when code is checked."""
    if isinstance(given, ChannelSettings):
        return given
    if not isinstance(given, dict):
        raise PydanticCustomError("model_attributes_type", "must be a table of keys")
    if "type" not in given:
        raise PydanticCustomError("union_tag_not_found", "this setting is required")
    try:
        kind = channel_kind(given["type"])
    except KeyError:
        raise PydanticCustomError("union_tag_invalid", "no such type", {"tag": str(given["type"])}) from None
    return kind.settings.model_validate(given)


Channel = Annotated[ChannelSettings, PlainValidator(_by_its_type)]
