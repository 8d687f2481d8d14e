"""Rules of the warehouse-entry detail (CEB711)."""

from __future__ import annotations

from cebd.rules.dates import dates_exist
from cebd.rules.goods import lines_are_numbered
from cebd.rules.registrations import enterprise_codes

RULES = (
    lines_are_numbered,
    dates_exist("appTime"),
    enterprise_codes("operatorCode", "logisticsCode"),
)
