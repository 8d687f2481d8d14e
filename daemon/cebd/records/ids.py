"""Numbers of rows in the store. Each kind has a type of its own, so that none is taken for another; 0 is never used."""

from __future__ import annotations

from typing import NewType

DropId = NewType("DropId", int)
MessageId = NewType("MessageId", int)
RecordId = NewType("RecordId", int)
SubmissionId = NewType("SubmissionId", int)
ReceiptId = NewType("ReceiptId", int)
