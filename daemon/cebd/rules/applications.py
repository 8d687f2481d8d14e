"""Rules of the applications that follow a list: cancelling it (CEB623), returning goods of it (CEB625)."""

from __future__ import annotations

from cebd.rules.amounts import amounts_have_sign
from cebd.rules.dates import dates_exist
from cebd.rules.goods import commodity_codes_are_digits
from cebd.rules.identity import identity_rules
from cebd.rules.registrations import enterprise_codes, list_number_is_formed

_BOTH = (
    *identity_rules("buyerIdType", "buyerIdNumber"),
    dates_exist("appTime"),
    enterprise_codes("ebcCode", "logisticsCode", "agentCode"),
    list_number_is_formed,
)

CANCEL_RULES = _BOTH
RETURN_RULES = (*_BOTH, amounts_have_sign(line_above_zero=("qty",)), commodity_codes_are_digits)
