"""Numbers of rows in the store. Every kind has its own type, so that kinds cannot be confused; 0 is never used."""

from __future__ import annotations

from typing import NewType

DropId = NewType("DropId", int)
MessageId = NewType("MessageId", int)
RecordId = NewType("RecordId", int)
SubmissionId = NewType("SubmissionId", int)
ReceiptId = NewType("ReceiptId", int)
