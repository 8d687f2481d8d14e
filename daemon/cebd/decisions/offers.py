"""What may be meant by a value, for the drop-down beside it: codes with names like that one. A person chooses; nothing is taken of it."""

from __future__ import annotations

import re
from functools import lru_cache

from cebd.decisions.decision import Key
from cebd.decisions.wording import Language
from cebd.messages.description import Field, message_types
from cebd.rules.codes.tables import PUBLISHED, few_codes, near

_CODES = re.compile(r"[0-9A-Z]+")


@lru_cache(maxsize=4096)
def offers_of(key: Key) -> tuple[str, ...]:
    """`142 盒`; of `122 盒`, in which code and name disagree, both. Nothing for a field without codes; of a field that takes some of its
    codes alone, these.
    """
    field = field_of(key)
    if field is None:
        return ()
    if field.table is None:
        codes = few_codes(field.name).items()
        offered = tuple(f"{code} {names[0]}" for code, names in codes if any(name in key.value for name in names))
    else:
        table = PUBLISHED[field.table]
        written = [code for code in _CODES.findall(key.value) if code in table.names]
        offered = (*(f"{code} {table.names[code].strip()}" for code in written), *near(table, key.value))
    return tuple(one for one in dict.fromkeys(offered) if not field.closed or one.split()[0] in field.closed)


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
