"""The whole life of a file, a message or a declaration: what happened when, what it waits for and what waits for it, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cebd.customs.book_files import Entry
from cebd.customs.code_book import noun
from cebd.operations.inquiries.events import Event, event_of_answer, events_of_file, events_of_message
from cebd.operations.text import Text
from cebd.receipts.publishing.drop_receipt import meaning_of, receipt_head, receipt_of
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.ids import MessageId
from cebd.records.key import bare_number, parts_of
from cebd.store.across.finding.life import (
    Answer,
    FileLife,
    MessageLife,
    WaitingList,
    answers_to,
    file_life,
    lists_that_wait_for,
    message_lives,
)
from cebd.store.across.finding.listings import RecordInFull, records_in_full, records_of_messages
from cebd.store.across.finding.references import find
from cebd.store.across.sending.order import HELD, WAITS_FOR_DOCUMENTS
from cebd.store.drops import Drop, load_drop
from cebd.store.messages import messages_of_drop
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RecordLife:
    """A declaration with all that happened to it. `meaning`: of customs' latest answer. `message` None: it is in no message.

    `waiting`: the lists that are kept until this document has reached the e-port.
    """

    record: RecordInFull
    meaning: Entry | None
    file: FileLife
    message: MessageLife | None
    answers: tuple[Answer, ...]
    waiting: tuple[WaitingList, ...]

    @property
    def events(self) -> list[Event]:
        """From the file that it came in to the latest receipt, in the order of time."""
        events = [
            *events_of_file(self.file),
            *(events_of_message(self.message) if self.message else ()),
            *map(event_of_answer, self.answers),
        ]
        return sorted(events, key=lambda event: event.time)

    @property
    def waits_for(self) -> list[Text]:
        """What keeps it from going on."""
        return waits_for(self.message) if self.message else []

    @property
    def waited_for_by(self) -> list[Text]:
        """What it keeps from going on."""
        return [_named(waiting.type, waiting.key) for waiting in self.waiting]

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        meaning = self.meaning
        customs = None
        if meaning is not None:
            customs = {
                "text_zh": meaning.zh,
                "text_en": meaning.en,
                "meaning_zh": meaning.meaning_zh,
                "meaning_en": meaning.meaning_en,
                "next_zh": meaning.next_zh,
                "next_en": meaning.next_en,
            }
        return {
            **self.record.as_json(),
            "customs": customs,
            "life": [event.as_json() for event in self.events],
            "waits_for": [text._asdict() for text in self.waits_for],
            "waited_for_by": [text._asdict() for text in self.waited_for_by],
            "bytes": bytes_as_json(self.message),
        }


@dataclass(frozen=True, slots=True)
class RecordsInFull:
    """The declarations that a number or guid names; `messages`: those that it names itself."""

    records: tuple[RecordLife, ...]
    messages: tuple[MessageLife, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        return {
            "records": [record.as_json() for record in self.records],
            "messages": [message_as_json(message) for message in self.messages],
        }


@dataclass(frozen=True, slots=True)
class FileInFull:
    """A file that was taken, with its receipt as of now, and its messages."""

    drop: Drop
    receipt: Receipt
    file: FileLife
    messages: tuple[MessageLife, ...]

    @property
    def events(self) -> list[Event]:
        """What happened to the file as a whole."""
        return sorted(events_of_file(self.file), key=lambda event: event.time)

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        drop = self.drop
        return {
            "drop": {**self.receipt.as_json(), "id": drop.id, "place": drop.place, "state": drop.state},
            "life": [event.as_json() for event in self.events],
            "messages": [message_as_json(message) for message in self.messages],
        }


def life_of(transaction: Transaction, ref: str, *, with_records: bool = True) -> FileInFull | RecordsInFull | None:
    """The latest file of that number or name, else the message of that guid or CopMsgId with its records, else the records of that number;
    None when there is no match. `with_records` False: the receipt of a file has none of its records.
    """
    found = find(transaction, ref)
    if found.drop_ids:
        drop = load_drop(transaction, found.drop_ids[0])
        message_ids = messages_of_drop(transaction, drop.repeat_of or drop.id)
        return FileInFull(
            drop,
            (receipt_of if with_records else receipt_head)(transaction, drop, drop.published_at or ""),
            file_life(transaction, drop.id),
            tuple(message_lives(transaction, message_ids)),
        )
    if not found:
        return None
    ids = {*found.record_ids, *records_of_messages(transaction, found.message_ids)}
    return RecordsInFull(
        tuple(record_lives(transaction, records_in_full(transaction, sorted(ids)))),
        tuple(message_lives(transaction, found.message_ids)),
    )


def record_lives(transaction: Transaction, records: Sequence[RecordInFull]) -> Iterator[RecordLife]:
    """Each of these records with its life; of a message, asked once for all its records."""
    ids = {one.record.message_id for one in records if one.record.message_id is not None}
    lives: dict[MessageId, MessageLife] = {life.message.id: life for life in message_lives(transaction, sorted(ids))}
    files = {drop_id: file_life(transaction, drop_id) for drop_id in {one.record.drop_id for one in records}}
    answers = answers_to(transaction, [one.record.id for one in records])
    for one in records:
        record = one.record
        meaning = None
        if record.status is not None:
            meaning = meaning_of(record.type, record.state, record.status, record.info)
        yield RecordLife(
            one,
            meaning,
            files[record.drop_id],
            lives.get(record.message_id) if record.message_id is not None else None,
            tuple(answer for answer in answers if answer.record_id == record.id),
            tuple(lists_that_wait_for(transaction, record.id, (WAITS_FOR_DOCUMENTS, HELD))),
        )


def waits_for(life: MessageLife) -> list[Text]:
    """What a message waits for: the reason, then each document that is missing."""
    why = life.message.waiting
    texts = [Text(f"{why.id} {why.zh}", f"{why.id} {why.en}")] if why is not None else []
    texts += [_named(missing.type, bare_number(missing.number)) for missing in life.missing]
    return texts + [_named(life.message.type, " ".join(parts_of(key))) for key in life.originals]


def message_as_json(life: MessageLife) -> dict[str, object]:
    """A message in `show --json`."""
    message = life.message
    return {
        "guid": message.guid,
        "cop_msg_id": message.cop_msg_id,
        "type": message.type,
        "state": message.state,
        "file": life.file,
        "enterprise": message.enterprise,
        "signer": message.signer,
        "channel": message.channel,
        "created": message.created,
        "sent_at": message.sent_at,
        "life": [event.as_json() for event in events_of_message(life)],
        "waits_for": [text._asdict() for text in waits_for(life)],
        "bytes": bytes_as_json(life),
    }


def bytes_as_json(life: MessageLife | None) -> dict[str, object] | None:
    """The bytes of a message before and after it was signed."""
    if life is None:
        return None
    if life.removed is not None:
        return {"removed": life.removed}
    return {"composed": life.composed.as_json(), "signed": life.signed and life.signed.as_json()}


def _named(type_: str, number: str) -> Text:
    zh, en = noun(type_)
    return Text(f"{zh} {number}", f"{en} {number}")
