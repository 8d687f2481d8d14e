"""[signer.NAME], [channel.NAME] and [alarm.NAME]: tables whose `type` names their kind. Each kind declares its settings beside itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from cebd.alarms.kind import AlarmSettings
from cebd.alarms.kinds import alarm_kind
from cebd.settings_table import Table
from cebd.signing.signers.kind import SignerSettings
from cebd.signing.signers.kinds import signer_kind
from cebd.transport.channels.kind import ChannelSettings
from cebd.transport.channels.kinds import channel_kind


def _by_its_type(base: type[Table], class_of: Callable[[str], type[Table]]) -> Callable[[Any], Table]:
    """Read a table as its kind's settings. The errors are those of pydantic's tagged unions: a union must be known when code is checked.

    `base`: of all kinds' classes; `class_of` raises KeyError.
    """

    def read(given: Any) -> Table:  # whatever stands in the file
        if isinstance(given, base):
            return given
        if not isinstance(given, dict):
            raise PydanticCustomError("model_attributes_type", "must be a table of keys")
        if "type" not in given:
            raise PydanticCustomError("union_tag_not_found", "this setting is required")
        try:
            settings = class_of(given["type"])
        except KeyError:
            raise PydanticCustomError("union_tag_invalid", "no such type", {"tag": str(given["type"])}) from None
        return settings.model_validate(given)

    return read


Signer = Annotated[
    SignerSettings, PlainValidator(_by_its_type(SignerSettings, lambda type_: signer_kind(type_).settings))
]
Channel = Annotated[
    ChannelSettings, PlainValidator(_by_its_type(ChannelSettings, lambda type_: channel_kind(type_).settings))
]
Alarm = Annotated[AlarmSettings, PlainValidator(_by_its_type(AlarmSettings, lambda type_: alarm_kind(type_).settings))]
