"""The documents of one order side by side: field by field what each states, and where they differ, by the rules of the check
(`cebd.declared.four_documents`): spelling is no difference, and what one document does not say is not compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import combinations

from cebd.declared.four_documents.differences import Difference, differences, parts_of
from cebd.declared.four_documents.pairs import LINES, PAIRS, Pair
from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts
from cebd.operations.console.record.declared_texts import declared_texts
from cebd.operations.console.record.page import RecordPage
from cebd.operations.text import Text
from cebd.records.shared import plain
from cebd.store.console.questions import FoundRecord
from cebd.store.messages import load_message
from cebd.store.transaction import Transaction

FOUR = ("CEB311", "CEB411", "CEB511", "CEB621")
_PAYMENT, _OF_ONE_PAYMENT = "CEB411", ("amountPaid", "payTransactionId")
_OF_EACH_ALONE = ("guid", "appTime", "appType", "appStatus", "note", "copNo")


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A field that several of the documents have: its name in the first, its labels, and what each states, in their order; None where it
    has no such field. `unlike`: those of the documents, by their place, that say another thing than another one. `line`: of goods, from 1;
    None: of the head."""

    name: str
    label: Text
    texts: tuple[str | None, ...]
    unlike: frozenset[int]
    line: int | None = None

    @property
    def differs(self) -> bool:
        return bool(self.unlike)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """`documents`: the order, its payment, waybill and list, as far as this station declared them; `missing`: the codes of the others.
    `removed`: those whose content was removed after years: they are not compared. `lines`: where goods differ, and nothing else of them.
    `payments`: so many the order has; of several each is a part of what was paid."""

    documents: tuple[FoundRecord, ...]
    missing: tuple[str, ...]
    removed: tuple[FoundRecord, ...]
    fields: tuple[ComparedField, ...]
    lines: tuple[ComparedField, ...]
    payments: int

    @property
    def unlike(self) -> int:
        """In how many fields they differ."""
        return sum(field.differs for field in (*self.fields, *self.lines))

    @property
    def compared(self) -> int:
        """How many of the documents are compared."""
        return len(self.documents) - len(self.removed)


def side_by_side(transaction: Transaction, page: RecordPage) -> SideBySide:
    """Of the order to which the record belongs; of each kind the latest that holds its number."""
    latest: dict[str, FoundRecord] = {}
    payments = 0
    for record in (*page.family, page.record):
        if record.type in FOUR and record.active:
            payments += record.type == _PAYMENT
            known = latest.get(record.type)
            latest[record.type] = record if known is None or record.id > known.id else known
    documents = tuple(latest[code] for code in FOUR if code in latest)
    stated = [_stated(transaction, one) for one in documents]
    compared = _Compared([one.type for one in documents], stated, payments)
    missing = tuple(code for code in FOUR if code not in latest)
    removed = tuple(one for one, texts in zip(documents, stated, strict=True) if texts is None)
    return SideBySide(documents, missing, removed, tuple(compared.heads()), tuple(compared.lines()), payments)


def _stated(transaction: Transaction, record: FoundRecord) -> StatedTexts | None:
    message = load_message(transaction, record.message_id) if record.message_id is not None else None
    return declared_texts(record, message)


class _Compared:
    """Documents by their place, of which each pair that is known was compared."""

    def __init__(self, types: Sequence[str], stated: Sequence[StatedTexts | None], payments: int) -> None:
        known = {type_ for type_, texts in zip(types, stated, strict=True) if texts is not None}
        self._types, self._payments = types, payments
        self._stated = [StatedTexts({}, []) if texts is None else texts for texts in stated]
        self._pairs = [pair for pair in PAIRS if pair.one in known and pair.other in known]
        self._found = {pair: tuple(self._differences(pair)) for pair in self._pairs}

    def heads(self) -> Iterator[ComparedField]:
        """The fields that at least two have and one states."""
        ruled = {(one, other) for pair in self._pairs for one, other in self._same(pair)}
        unlike = {
            self._named(pair, found)
            for pair in self._pairs
            for found in self._found[pair]
            if found.one.line is None and found.other.line is None
        }
        for name, named in self._rows().items():
            texts = tuple(
                self._stated[place].head.get(named[place], "") if place in named else None
                for place in range(len(self._types))
            )
            if len(named) < 2 or name in _OF_EACH_ALONE or not any(texts):
                continue
            apart: set[int] = set()
            for one, other in combinations(named, 2):
                both = ((one, named[one]), (other, named[other]))
                said, says = texts[one], texts[other]
                if said and says and (both in unlike if both in ruled else _reads_otherwise(said, says)):
                    apart |= {one, other}
            yield ComparedField(name, self._label(named), texts, frozenset(apart))

    def lines(self) -> Iterator[ComparedField]:
        """What differs in the goods, and how many lines there are where that does."""
        for pair in self._pairs:
            for found in self._found[pair]:
                if found.one.line is None and found.other.line is None:
                    continue
                one, other = self._types.index(pair.one), self._types.index(pair.other)
                texts: list[str | None] = [None] * len(self._types)
                texts[one], texts[other] = found.one.text, found.other.text
                if found.id == pair.ids.get(LINES):
                    yield ComparedField("", _HOW_MANY, tuple(texts), frozenset((one, other)))
                    continue
                field = message_types()[pair.one].field("line", found.one.field)
                line = (found.one.line or 0) + 1
                yield ComparedField(field.name, Text(field.zh, field.en), tuple(texts), frozenset((one, other)), line)

    def _rows(self) -> dict[str, dict[int, str]]:
        """By the name in the first document, how each document calls the field."""
        rows: dict[str, dict[int, str]] = {}
        for place, type_ in enumerate(self._types):
            for field in message_types()[type_].head_fields:
                rows.setdefault(field.name, {})[place] = field.name
        for pair in self._pairs:
            for (one, own), (other, theirs) in self._same(pair):
                if own != theirs and other not in rows[own] and one in rows[own]:
                    rows[own][other] = theirs
                    rows[theirs].pop(other, None)
        return rows

    def _same(self, pair: Pair) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
        """The fields of heads that mean the same in both: the place of the document, and its name there."""
        one, other = self._types.index(pair.one), self._types.index(pair.other)
        theirs = {part.name: part for part in parts_of(pair.other)}
        for part in parts_of(pair.one):
            if part.name in pair.parts:
                for own, their in zip(part.head, theirs[part.name].head, strict=True):
                    yield _ordered((one, own.names[0]), (other, their.names[0]))

    def _named(self, pair: Pair, found: Difference) -> tuple[tuple[int, str], tuple[int, str]]:
        one, other = self._types.index(pair.one), self._types.index(pair.other)
        return _ordered((one, found.one.field), (other, found.other.field))

    def _differences(self, pair: Pair) -> Iterator[Difference]:
        one, other = (self._stated[self._types.index(type_)] for type_ in (pair.one, pair.other))
        for found in differences(pair, one, other):
            if not (self._payments > 1 and pair.other == _PAYMENT and found.other.field in _OF_ONE_PAYMENT):
                yield found

    def _label(self, named: dict[int, str]) -> Text:
        fields = [message_types()[self._types[place]].field("head", name) for place, name in sorted(named.items())]
        return Text(
            " / ".join(dict.fromkeys(field.zh for field in fields)),
            " / ".join(dict.fromkeys(field.en for field in fields)),
        )


_HOW_MANY = Text("商品项数", "lines of goods")


def _ordered(one: tuple[int, str], other: tuple[int, str]) -> tuple[tuple[int, str], tuple[int, str]]:
    return (one, other) if one[0] < other[0] else (other, one)


def _reads_otherwise(one: str, other: str) -> bool:
    """Of fields that no rule compares: numbers by their amount, texts without what only spells them otherwise."""
    try:
        return Decimal(one) != Decimal(other)
    except InvalidOperation:
        return plain(one).upper() != plain(other).upper()
