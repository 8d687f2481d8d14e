"""Descriptions kept beside the schemas they were read from, in `schemas/descriptions.txt`: a line for each message, with the name of
its root element, the digest of its schema and of all that this includes, and the description as JSON.

So no process has to read a schema, unless it has changed since (then `cebd.messages.described.from_schema` does, and a test asks for the
file to be made anew: `./dev descriptions`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from cebd.messages.described.values import Field, MessageType
from cebd.messages.fact_paths import FactPaths
from cebd.messages.schema_files import message_schemas
from cebd.messages.shared_parts import parts_from

FILE = "descriptions.txt"
_INCLUDED = re.compile(rb'schemaLocation="([^"]+)"')

_Json = Mapping[str, Any]


def kept(path: Path) -> MessageType | None:
    """The message that this schema describes; None where nothing is kept of the schema as it is now."""
    wanted = f"{path.stem} {_digest(path)} ".encode()
    with suppress(FileNotFoundError), (path.parents[1] / FILE).open("rb") as lines:
        for line in lines:
            if line.startswith(wanted):
                return _message(json.loads(line.removeprefix(wanted)))
    return None


def to_be_kept() -> str:
    """The text of the file, from the schemas themselves."""
    from cebd.messages.described.from_schema import read_message  # its library takes long to import

    lines = []
    for path in message_schemas().values():
        message = read_message(path)
        facts = None if message.facts is None else message.facts._asdict()
        said = json.dumps(asdict(message) | {"facts": facts}, ensure_ascii=False, default=sorted)
        lines.append(f"{path.stem} {_digest(path)} {said}\n")
    return "".join(lines)


def _digest(path: Path) -> str:
    """The SHA-256 of a schema with everything that it includes or imports."""
    files = [path.resolve()]
    content = sha256()
    for file in files:
        own = file.read_bytes()
        content.update(sha256(own).digest())
        named = ((file.parent / location.decode()).resolve() for location in _INCLUDED.findall(own))
        files += [other for other in named if other not in files]
    return content.hexdigest()


def _message(said: _Json) -> MessageType:
    facts = said["facts"] and FactPaths(**_with_tuples(said["facts"]) | {"shared": parts_from(said["facts"]["shared"])})
    fields = {part: tuple(map(_field, said[part])) for part in ("head_fields", "line_fields")}
    return MessageType(**_with_tuples(said) | fields | {"facts": facts})


def _field(said: _Json) -> Field:
    return Field(**_with_tuples(said) | {"unsure": frozenset(said["unsure"])})


def _with_tuples(said: _Json) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # it is a text stream
    sys.stdout.write(to_be_kept())
