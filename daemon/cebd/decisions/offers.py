"""What may be meant by a value, for the drop-down beside it: codes with names like that one. A person chooses; nothing is taken of it."""

from __future__ import annotations

from functools import lru_cache

from cebd.decisions.decision import Key
from cebd.decisions.wording import Language
from cebd.messages.description import Field, message_types
from cebd.rules.codes.tables import PUBLISHED, near


@lru_cache(maxsize=4096)
def offers_of(key: Key) -> tuple[str, ...]:
    """`142 盒`; nothing for a field without a code table. Of a field that takes some of its codes alone, these."""
    field = field_of(key)
    offered = () if field is None or field.table is None else near(PUBLISHED[field.table], key.value)
    return tuple(one for one in offered if field is None or not field.closed or one.split()[0] in field.closed)


def label_of(key: Key, language: Language = "both") -> str:
    """The field, for a person: `计量单位 unit`."""
    field = field_of(key)
    if field is None:
        return key.field
    return {"zh": field.zh, "en": field.en, "both": f"{field.zh} {field.name}"}[language]


def field_of(key: Key) -> Field | None:
    """The element; of the goods line where the head has one of that name, too."""
    message = message_types().get(key.type)
    fields = (*message.line_fields, *message.head_fields) if message is not None else ()
    return next((field for field in fields if field.name == key.field), None)
