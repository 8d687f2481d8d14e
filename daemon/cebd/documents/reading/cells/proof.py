"""Whether our check of a cell implies what the schema asks of its element: then no text that passes needs to be held against the schema.

| the schema asks | it is implied where |
| --- | --- |
| characters that XML takes | always: `values.py` refuses all others in a text, and a number has none of them |
| a length, or a limit of it | the description has the same limit, or a closer one, and so has each closed value, which passes without it |
| a length of what is left when white space is collapsed | it is three at most: a text has no white space around it, so as many are left |
| digits in all, digits after the point | the description has that number, or a smaller one |
| a 32-bit integer | always, of a whole number |
| one fixed text | the description has it, as the only closed value: such a field tolerates nothing |
| anything else (a pattern, an enumeration, a greatest value) | never |

What settings may tolerate (`section.py`) is let through here too: a proof holds whatever they say, and whatever tables they name.
`tests/conformance/test_cells_imply_schemas.py` holds this page against the schemas themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS
from cebd.messages.compose import new_guid
from cebd.messages.description import Field, MessageType, message_types
from cebd.messages.schema_files import kept_with_schemas
from cebd.messages.simple_types import SimpleType, text_types

_MADE_LENGTHS = {"guid": len(new_guid()), "appTime": len("yyyyMMddHHmmss")}
_KEPT_WHEN_COLLAPSED = 3  # characters of a text without white space around it: the first, one blank, the last
_NO_LIMIT = 10**9


@dataclass(frozen=True, slots=True)
class Unproved:
    """The fields of a message whose texts the schema must see, by their positions in a record's shape. `frame`: something that
    stands in every message, so that no message is proved.
    """

    head: frozenset[int]
    line: frozenset[int]
    frame: bool


def unproved_fields(message: MessageType) -> Unproved:
    """What of the message our checks do not prove, computed from its schema."""
    return _unproved(message.code)


@kept_with_schemas
@cache
def _unproved(code: str) -> Unproved:
    message = message_types()[code]
    types = text_types(message)
    if types is None:
        return Unproved(frozenset(), frozenset(), frame=True)
    read = [field for field in message.head_fields if field.name not in GENERATED_FIELDS]
    made = [types.head.get(field.name) for field in message.head_fields if field.name in GENERATED_FIELDS]
    lengths = [_MADE_LENGTHS[field.name] for field in message.head_fields if field.name in GENERATED_FIELDS]
    return Unproved(
        frozenset(at for at, field in enumerate(read) if not is_implied(field, types.head.get(field.name))),
        frozenset(
            at for at, field in enumerate(message.line_fields) if not is_implied(field, types.line.get(field.name))
        ),
        frame=not all(map(_takes_length, [*made, types.guid], [*lengths, _MADE_LENGTHS["guid"]])),
    )


def is_implied(field: Field, asked: SimpleType | None) -> bool:
    """Whether the schema takes every text that is declared for the field."""
    if asked is None:
        return False
    if field.kind == "text":
        return asked.base == "string" and _text_is_implied(field, asked)
    limits = {
        "totalDigits": field.total_digits,
        "fractionDigits": field.fraction_digits if field.kind == "decimal" else 0,
    }
    return (
        asked.base == field.kind
        and asked.fixed is None
        and all(_is_closer(limits.get(name), value) for name, value in asked.facets)
    )


def _is_closer(limit: int | None, value: str) -> bool:
    return limit is not None and limit <= int(value)


def _text_is_implied(field: Field, asked: SimpleType) -> bool:
    if asked.fixed is not None and (field.fixed, set(field.closed)) != (asked.fixed, {asked.fixed}):
        return False
    closed = [len(text) for text in field.closed]
    if asked.fixed is not None:
        return _takes_lengths(asked, min(closed), max(closed))
    shortest, longest = max(field.min_length, 1), _NO_LIMIT if field.max_length is None else field.max_length
    return _takes_lengths(asked, min([shortest, *closed]), max([longest, *closed]))


def _takes_length(asked: SimpleType | None, length: int) -> bool:
    """Whether the schema takes whatever text of that length is made here."""
    return (
        asked is not None and asked.base == "string" and asked.fixed is None and _takes_lengths(asked, length, length)
    )


def _takes_lengths(asked: SimpleType, shortest: int, longest: int) -> bool:
    """Whether the schema's facets hold of all texts of such lengths that have no white space around them."""
    as_it_stands = dict(asked.facets).get("whiteSpace", "preserve") == "preserve"
    left = shortest if as_it_stands else min(shortest, _KEPT_WHEN_COLLAPSED)

    def holds(facet: str, value: str) -> bool:
        match facet:
            case "length":
                return left == longest == int(value)
            case "minLength":
                return left >= int(value)
            case "maxLength":
                return longest <= int(value)
        return facet == "whiteSpace"

    return all(holds(facet, value) for facet, value in asked.facets)
