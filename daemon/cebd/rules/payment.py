"""Rules of the payment (CEB411)."""

from __future__ import annotations

from cebd.rules.amounts import signs
from cebd.rules.dates import dates_exist
from cebd.rules.identity import identity_rules
from cebd.rules.registrations import enterprise_codes

RULES = (
    *identity_rules("payerIdType", "payerIdNumber"),
    dates_exist("appTime", "payTime"),
    signs(not_below=("amountPaid",)),
    enterprise_codes("payCode"),
)
