"""What a schema says of a message, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cebd.messages.fact_paths import FactPaths

Kind = Literal["text", "decimal", "int"]
Part = Literal["head", "line"]
Role = Literal["declaration", "receipt", "notice", "refusal"]


@dataclass(frozen=True, slots=True)
class Field:
    """An element of a record's head or goods line. Lengths are in characters, as XSD counts them.

    `unsure` are those aliases (marked `?` in the schema) that trade practice uses, but not always for this field. `fixed`: the only text
    that the schema takes; `closed`: the texts that the specification allows, where it names them.
    """

    name: str
    part: Part
    zh: str
    en: str
    kind: Kind
    required: bool
    min_length: int
    max_length: int | None
    total_digits: int | None
    fraction_digits: int | None
    aliases: tuple[str, ...]
    unsure: frozenset[str]
    hint_zh: str
    hint_en: str
    table: str | None
    closed: tuple[str, ...]
    fixed: str | None
    default: str | None
    sample: str | None


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message of the specification. `code` is `CEB311`, `root` is `CEB311Message`, `record` is `Order`.

    `head` and `line` are None where the record itself has the fields, or there are no lines; `max_lines` None: as many as there are.
    A `notice` (816, 818, 792) is something customs tell of a declaration without deciding anything about it. `key_needed` is `key`
    without what a record may lack (marked `?` in the schema): the payment number of money that came in cash.

    `number`: the element of its receipts in which customs tell the number they gave it; `list_number`: in which they repeat that of the
    list an application is about. `cancels`, `returns`: the declaration that it is an application about. `mark`: what a notice's status
    is kept under (`tax:1`). `facts`: see there.
    """

    code: str
    root: str
    name: str | None
    role: Role
    export: bool
    zh: str
    en: str
    record: str
    head: str | None
    line: str | None
    head_fields: tuple[Field, ...]
    line_fields: tuple[Field, ...]
    key: tuple[str, ...]
    key_needed: tuple[str, ...]
    group: str | None
    group_else: tuple[str, ...]
    numbered: str | None
    must_sign: bool
    app_status: str | None
    receipt: str | None
    answers: str | None
    match: tuple[str, ...]
    number: str | None
    list_number: str | None
    cancels: str | None
    returns: str | None
    mark: str | None
    facts: FactPaths | None
    max_records: int
    max_lines: int | None
    needs_lines: bool

    def field(self, part: Part, name: str) -> Field:
        """The field of that part. Raises KeyError when the description has none."""
        for field in self.head_fields if part == "head" else self.line_fields:
            if field.name == name:
                return field
        raise KeyError(name)
