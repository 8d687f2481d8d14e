"""The documents of one order side by side: field by field what each states, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cebd.messages.description import message_types
from cebd.operations.console.declared_texts import declared_texts
from cebd.operations.console.record_page import RecordPage
from cebd.store.console.questions import FoundRecord
from cebd.store.messages import load_message
from cebd.store.transaction import Transaction

FOUR = ("CEB311", "CEB411", "CEB511", "CEB621")
_OF_EACH_ALONE = ("guid", "appTime", "appType", "appStatus", "note", "copNo")


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A field that several of the documents have: what each states, in their order; None where it has no such field."""

    name: str
    zh: str
    en: str
    texts: tuple[str | None, ...]

    @property
    def differs(self) -> bool:
        return len({text for text in self.texts if text}) > 1


@dataclass(frozen=True, slots=True)
class SideBySide:
    """`documents`: the order, its payment, waybill and list, as far as this station declared them; `missing`: the codes of the others."""

    documents: tuple[FoundRecord, ...]
    missing: tuple[str, ...]
    fields: tuple[ComparedField, ...]


def side_by_side(transaction: Transaction, page: RecordPage) -> SideBySide:
    """Of the order to which the record belongs; of each kind the latest that holds its number."""
    latest: dict[str, FoundRecord] = {}
    for record in (*page.family, page.record):
        if record.type in FOUR and record.active:
            known = latest.get(record.type)
            latest[record.type] = record if known is None or record.id > known.id else known
    documents = tuple(latest[code] for code in FOUR if code in latest)
    heads = [_head(transaction, record) for record in documents]
    return SideBySide(documents, tuple(code for code in FOUR if code not in latest), _compared(documents, heads))


def _head(transaction: Transaction, record: FoundRecord) -> dict[str, str]:
    message = load_message(transaction, record.message_id) if record.message_id is not None else None
    texts = declared_texts(record, message)
    return {} if texts is None else dict(texts.head)


def _compared(documents: Sequence[FoundRecord], heads: Sequence[dict[str, str]]) -> tuple[ComparedField, ...]:
    found: list[ComparedField] = []
    fields = [{field.name: field for field in message_types()[one.type].head_fields} for one in documents]
    for name in dict.fromkeys(name for of_one in fields for name in of_one):
        having = [of_one[name] for of_one in fields if name in of_one]
        if len(having) < 2 or name in _OF_EACH_ALONE:
            continue
        texts = tuple(
            head.get(name, "") if name in of_one else None for head, of_one in zip(heads, fields, strict=True)
        )
        if any(texts):
            found.append(ComparedField(name, having[0].zh, having[0].en, texts))
    return tuple(found)
