"""Message descriptions: the content of `schemas/import/CEBnnnMessage.xsd` and `schemas/export/`, as values.

The XSD is the only description of a message. Structure and lengths are its own language; what XSD cannot say stands in its
annotations (`cebd.messages.annotations`): business key, what customs number, hints, column aliases, code table, closed values, sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from threading import Lock

from cebd.messages.annotations import DescriptionError, annotation, message_annotations
from cebd.messages.described.kept import kept
from cebd.messages.described.values import Field, Kind, MessageType, Part, Role
from cebd.messages.schema_files import message_schemas

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"
_reading = Lock()


class _Descriptions(Mapping[str, MessageType]):
    """Messages by code, each description read when it is first asked for.

    Those of one folder are listed; those of the other are found by their code all the same. So whatever goes through all messages
    goes through the import ones, and an export message is met only where something names it: a root element, a mapping, a folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __getitem__(self, code: str) -> MessageType:
        with _reading:  # two threads that ask at the same time get the same value
            return _load(message_schemas()[code])

    def __iter__(self) -> Iterator[str]:
        return (code for code, path in message_schemas().items() if path.parent.name == self._folder)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def message_types(*, export: bool = False) -> Mapping[str, MessageType]:
    """The import (or export) messages by code (`CEB311`). Lookup by code finds both kinds; iteration yields the chosen kind."""
    return _Descriptions("export" if export else "import")


def read_descriptions() -> None:
    """Read, before work begins, the annotations of every message, and the whole import messages. Raises DescriptionError."""
    for path in message_schemas().values():
        message_annotations(path)
    for code in message_types():
        message_types()[code]


def message_type(code_or_name: str) -> MessageType:
    """A message by code, root element or short name (`order`), import or export. Raises KeyError."""
    wanted = code_or_name.removesuffix("Message")
    for code in message_schemas():
        if wanted.upper() == code or wanted == annotation(code, "message").get("name"):
            return message_types()[code]
    raise KeyError(code_or_name)


def declarations(*, export: bool = False) -> list[MessageType]:
    """The messages an enterprise sends."""
    listed = message_types(export=export)
    return [listed[code] for code in listed if annotation(code, "message")["role"] == "declaration"]


@cache
def _load(path: Path) -> MessageType:
    described = kept(path)
    if described is not None:
        return described
    from cebd.messages.described.from_schema import read_message  # its library takes long to import

    return read_message(path)


__all__ = [
    "CEB",
    "DS",
    "DXP",
    "DescriptionError",
    "Field",
    "Kind",
    "MessageType",
    "Part",
    "Role",
    "declarations",
    "message_type",
    "message_types",
    "read_descriptions",
]
