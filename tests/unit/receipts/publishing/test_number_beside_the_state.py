"""What stands beside the state in a receipt: the number by which people call the row's document."""

from __future__ import annotations

import pytest

from cebd.messages.description import declarations
from cebd.receipts.publishing.book.remarks import number_of
from cebd.receipts.publishing.receipt import ReceiptRecord, RecordPlace
from cebd.records.states import State

CALLED_BY = {"CEB311": "orderNo", "CEB411": "payTransactionId", "CEB511": "logisticsNo", "CEB621": "copNo"} | {
    "CEB623": "copNo",
    "CEB625": "copNo",
}


@pytest.mark.parametrize("code", CALLED_BY)
def test_a_document_is_called_by_its_own_number_and_not_by_the_code_of_an_enterprise(code: str) -> None:
    """An operator: "Every row of my inventory lists said 4407961999." """
    (message,) = [one for one in declarations() if one.code == code]
    key = {name: f"the {name}" for name in message.key}
    record = ReceiptRecord(code, key, RecordPlace("清单", 3, (3,)), State.SENT, "a guid")
    assert number_of(record) == f"the {CALLED_BY[code]}"
