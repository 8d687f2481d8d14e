"""Rules of the payment (CEB411)."""

from __future__ import annotations

from cebd.rules.amounts import amounts_have_sign, amounts_not_zero
from cebd.rules.dates import dates_exist
from cebd.rules.identity import identity_rules
from cebd.rules.masked import nobody_is_masked
from cebd.rules.placeholders import something_is_said
from cebd.rules.registrations import enterprise_codes

RULES = (
    *identity_rules("payerIdType", "payerIdNumber"),
    dates_exist("appTime", "payTime"),
    amounts_have_sign(not_below=("amountPaid",)),
    amounts_not_zero(head=("amountPaid",)),
    enterprise_codes("payCode"),
    nobody_is_masked("payerName", "telephone"),
    something_is_said(head=("orderNo", "payTransactionId", "payerName", "telephone")),
)
