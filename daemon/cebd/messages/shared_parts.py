"""What a record shares with the other documents of the same purchase: the annotation `d:shared`, resolved once for each message.

An order, its payment, its waybill and its inventory list say the same things, and customs compare them. Each attribute is a part; where
two messages have the same part, its fields mean the same, one by one in their order. A field that may be left out is a part of its own:
what one document does not say is not compared.

| part | shared by | what it says |
| --- | --- | --- |
| `payment` | order, payment | what was paid, and by whom |
| `telephone` | order, payment | the payer's telephone |
| `company` | order, payment | the payment company |
| `transaction` | order, payment | its number of the payment |
| `list` | order, list | seller, buyer, address, freight, goods |
| `names` | order, list | the names of the goods |
| `consignee` | order, waybill | to whom and where it is brought |
| `parcel` | list, waybill | the order, where it is brought |
| `weight` | list, waybill | kilograms |
| `freight`, `insurance` | list, waybill | what the carrier takes |
| `bill` | list, waybill | the bill of lading |

A field is an element of the head (`orderNo`) or of each line (`line.qty`); `line.itemName|line.gname` is the first of them that is given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

PARTS = (
    *("payment", "telephone", "company", "transaction", "list", "names", "consignee"),
    *("parcel", "weight", "freight", "insurance", "bill"),
)
WEIGHT = "weight"
_LINE, _OR, _TELEPHONE = "line.", "|", "telephone"
_FOUND_BY = frozenset({"orderNo", "logisticsNo", "payTransactionId"})


class Refuse(Protocol):
    """Raises what is wrong with an annotation."""

    def __call__(self, reason: str) -> NoReturn: ...


class SharedField(NamedTuple):
    """`names`: elements, the first of which that is given says it.

    A number is compared by its amount, every text without blanks, in half-width forms and in capitals; a telephone number without what
    only parts its digits, and without China's code; a number by which customs find documents (`is_exact`) in the letters as they are.
    """

    names: tuple[str, ...]
    is_number: bool = False
    is_telephone: bool = False
    is_exact: bool = False


class SharedPart(NamedTuple):
    """The fields of a part: of the head, then of each line."""

    name: str
    head: tuple[SharedField, ...]
    line: tuple[SharedField, ...] = ()


def shared_parts(
    texts: Mapping[str, str], head: Collection[str], lines: Collection[str], numbers: Collection[str], refuse: Refuse
) -> tuple[SharedPart, ...]:
    """The parts of that annotation, in the order of PARTS. `numbers`: the paths of elements that are numbers."""
    parts = []
    for name in PARTS:
        own: list[SharedField] = []
        of_lines: list[SharedField] = []
        for path in texts.get(name, "").split():
            names = path.split(_OR)
            for one in names:
                if (one.removeprefix(_LINE) not in lines) if one.startswith(_LINE) else (one not in head):
                    refuse(f"{name}: there is no element {one}")
            in_line = names[0].startswith(_LINE)
            if any(one.startswith(_LINE) != in_line for one in names):
                refuse(f"{name}: {path} is of the head and of a line")
            field = SharedField(
                tuple(one.removeprefix(_LINE) for one in names),
                names[0] in numbers,
                names[0].lower().endswith(_TELEPHONE),
                names[0] in _FOUND_BY,
            )
            (of_lines if in_line else own).append(field)
        if own or of_lines:
            parts.append(SharedPart(name, tuple(own), tuple(of_lines)))
    return tuple(parts)


def parts_from(said: Sequence[Any]) -> tuple[SharedPart, ...]:
    """The parts as they were kept (`Any`: as JSON is read)."""
    return tuple(SharedPart(name, _fields(head), _fields(line)) for name, head, line in said)


def _fields(said: Sequence[Any]) -> tuple[SharedField, ...]:
    return tuple(SharedField(tuple(names), *kinds) for names, *kinds in said)
