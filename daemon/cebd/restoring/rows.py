"""The rows of a file that the restored store did not know: each takes the state that the receipt gives it, or is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cebd.enterprise import Enterprise
from cebd.messages.compose import new_guid
from cebd.messages.description import message_type
from cebd.problems.problem import problem
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.ids import DropId, MessageId
from cebd.records.states import HELD_BACK, MessageState, SignatureMode, State, SubmissionOutcome, SubmissionPhase
from cebd.restoring.bodies import Composed, composed, put_together
from cebd.restoring.receipt_files import ReceiptFile, key_of, was_repeat
from cebd.restoring.words import HANDED_OVER
from cebd.store.across.restoring import (
    add_unread_record,
    first_with_guid,
    forget_messages,
    is_free,
    put_into_message,
    set_repeat,
    set_undeclared,
)
from cebd.store.messages import NewMessage, add_message, load_message, messages_of_drop
from cebd.store.records import StoredRecord, records_of_drop
from cebd.store.submissions import add_submission
from cebd.store.transaction import Transaction


@dataclass(frozen=True)
class _Row:
    """A record as converted now, with its earlier message; and its entry in the receipt, None without an entry."""

    record: StoredRecord
    shown: ReceiptRecord | None

    @property
    def guid(self) -> str:
        """The guid to use for it."""
        return (self.shown.guid if self.shown is not None else None) or self.record.guid


@dataclass(frozen=True)
class _Group:
    """Rows of a message. `guid`: the message's guid in the receipt, else a new guid."""

    type: str
    guid: str
    rows: list[_Row]
    sent: bool


class Rows:
    """The rows of a drop, converted now. `received`, `now`: ISO 8601."""

    def __init__(
        self, transaction: Transaction, drop_id: DropId, enterprise: Enterprise, received: str, now: str
    ) -> None:
        self._transaction = transaction
        self._drop_id = drop_id
        self._enterprise = enterprise
        self._received = received
        self._now = now

    def take_states(self, receipt: ReceiptFile | None) -> None:
        """Give each row its state, and put the messages together that were sent, or may have been."""
        records = records_of_drop(self._transaction, self._drop_id)
        made = self._take_messages_apart()
        groups: dict[tuple[str, object, bool], _Group] = {}
        for row in self._paired(records, receipt):
            record, shown = row.record, row.shown
            if record.state is State.REPEAT or (shown is None and record.state in HELD_BACK):
                continue
            if shown is not None and was_repeat(shown):
                self._repeat(record, shown)
            elif shown is not None and shown.state in HELD_BACK:
                set_undeclared(self._transaction, record.id, shown.state, row.guid, shown.problems)
            else:
                sent = shown is not None and shown.state in HANDED_OVER
                named = shown.message if shown is not None else None
                # Rows that no receipt assigns to a message are in doubt together, as they were converted; or they were sent one by one.
                message: object = named or (record.id if sent else record.message_id)
                group = groups.setdefault(
                    (record.type, message, sent), _Group(record.type, named or new_guid(), [], sent)
                )
                group.rows.append(row)
        for group in sorted(groups.values(), key=lambda group: not group.sent):
            self._add_message(made, group)

    # Rows and their entries in the receipt

    def _take_messages_apart(self) -> list[Composed]:
        """Remove the messages of the conversion from the store: none of them may be sent as it is."""
        message_ids = messages_of_drop(self._transaction, self._drop_id)
        made = [composed(load_message(self._transaction, message_id)) for message_id in message_ids]
        forget_messages(self._transaction, self._drop_id)
        return made

    def _paired(self, records: Sequence[StoredRecord], receipt: ReceiptFile | None) -> list[_Row]:
        """Every record with its receipt entry: by place and key, else by key; then entries without a record."""
        entries = list(receipt.records) if receipt is not None else []
        by_place = {(entry.place.sheet, entry.place.row, key_of(entry)): entry for entry in entries}
        by_key: dict[tuple[str, str], list[ReceiptRecord]] = {}
        for entry in entries:
            by_key.setdefault((entry.type, key_of(entry)), []).append(entry)
        rows: list[_Row] = []
        used: set[int] = set()
        for record in records:
            match = by_place.get((record.sheet, record.row, record.key))
            if match is None or id(match) in used:
                same_key = by_key.get((record.type, record.key), [])
                match = next((entry for entry in same_key if id(entry) not in used), None)
            if match is not None:
                used.add(id(match))
            rows.append(_Row(record, match))
        return rows + [_Row(self._unread(entry), entry) for entry in entries if id(entry) not in used]

    def _unread(self, entry: ReceiptRecord) -> StoredRecord:
        """A row that could not be read again: its receipt entry is all that remains of it."""
        return add_unread_record(
            self._transaction,
            self._drop_id,
            self._enterprise.name,
            entry.type,
            key_of(entry),
            entry.guid or new_guid(),
            (entry.place.sheet, entry.place.row),
            entry.place.rows,
        )

    # Their states

    def _repeat(self, record: StoredRecord, shown: ReceiptRecord) -> None:
        """The row repeated the declaration with its guid."""
        repeat_of = first_with_guid(self._transaction, shown.guid, beside=record.id)
        set_repeat(self._transaction, record.id, repeat_of, shown.problems)

    def _add_message(self, made: list[Composed], group: _Group) -> None:
        guids = {row.record.guid: row.guid for row in group.rows}
        sources = {row.record.message_id for row in group.rows}
        parts = [part for part in made if part.message.id in sources]
        as_it_was = len(parts) == 1 and parts[0].is_just(group.guid, guids)
        body = parts[0].message.body if as_it_was else put_together(parts, group.type, group.guid, guids)
        enterprise = self._enterprise
        about = parts[0].message if parts else None
        type_ = message_type(group.type)
        new = NewMessage(
            drop_id=self._drop_id,
            enterprise=enterprise.name,
            type=group.type,
            guid=group.guid,
            cop_msg_id=group.guid if is_free(self._transaction, group.guid) else new_guid(),
            signer=about.signer if about is not None else enterprise.first_signer,
            channel=about.channel if about is not None else enterprise.channel.of(type_.code, type_.name or ""),
            signature_mode=_signature_mode(parts, group, as_it_was=as_it_was),
            sender=enterprise.dxpId,
            receiver=about.receiver if about is not None else enterprise.receiver_of(export=type_.export),
            created=self._received,
        )
        message_id = add_message(
            self._transaction,
            new,
            body,
            state=MessageState.SENT if group.sent else MessageState.ASKED,
            sent_at=self._received if group.sent else None,
            waiting=None if group.sent else problem("CEBD-2120"),
        )
        self._add_submission(message_id, group)
        for row in group.rows:
            state = row.shown.state if group.sent and row.shown is not None else State.IN_DOUBT
            put_into_message(self._transaction, row.record, message_id, row.guid, state)

    def _add_submission(self, message_id: MessageId, group: _Group) -> None:
        detail = "the store was restored: it may have been sent"
        if group.sent:
            detail = "the receipt in the outbox says so"
        add_submission(
            self._transaction,
            message_id,
            f"{group.type}Message_{group.guid}.xml",
            self._received,
            phase=SubmissionPhase.HANDING_OVER,
            outcome=SubmissionOutcome.SENT if group.sent else SubmissionOutcome.IN_DOUBT,
            settled=self._now,
            detail=detail,
        )


def _signature_mode(parts: Sequence[Composed], group: _Group, *, as_it_was: bool) -> SignatureMode:
    if group.sent:
        return SignatureMode.RESTORED
    modes = {part.message.signature_mode for part in parts}
    mode = next(iter(modes)) if len(modes) == 1 else SignatureMode.DETACHED
    # A signature in the message does not hold for another body.
    return SignatureMode.EMBEDDED if mode is SignatureMode.KEPT and not as_it_was else mode
