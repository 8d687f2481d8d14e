"""Record states, and what a customs status makes of them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The states of a record (one at a time)."""

    REJECTED = "rejected"
    HELD = "held"
    READY = "ready"
    SIGNED = "signed"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    ACKNOWLEDGED = "acknowledged"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    REPEAT = "repeat"  # a row declared before: shown with the state of the record it repeats


FINAL = frozenset({State.REJECTED, State.SUCCEEDED, State.REFUSED})
BEFORE_RECEIPTS = frozenset({State.READY, State.SIGNED, State.SENT, State.IN_DOUBT})

_SUCCEEDED = frozenset({"399", "800", "899"})
_REFUSED = frozenset({"4", "100", "599", "700"})
_ENDS_AT_ENTRY = frozenset({"CEB311", "CEB411", "CEB511"})

# "Already exists, already declared": evidence of delivery when an earlier send is of unknown outcome (table 7-2).
ALREADY_THERE = frozenset({"-301010", "-401007", "-504012", "-504015", "-621004", "-625022", "-625033", "-800003"})
# Older than what the platform has, not processed.
_OUTDATED = frozenset({"-301014", "-401012", "-505016", "-800005"})

TEXTS = {
    "1": ("电子口岸已暂存", "Stored at the platform"),
    "2": ("电子口岸申报中", "Declaring"),
    "3": ("发送海关成功", "Sent to customs"),
    "4": ("发送海关失败", "Sending to customs failed"),
    "100": ("海关退单", "Returned by customs"),
    "120": ("海关入库", "Entered at customs"),
    "300": ("人工审核", "Manual review"),
    "399": ("海关审结", "Concluded"),
    "500": ("查验", "Inspection"),
    "501": ("扣留移送通关", "Detained: passed to clearance"),
    "502": ("扣留移送缉私", "Detained: passed to anti-smuggling"),
    "503": ("扣留移送法规", "Detained: passed to legal"),
    "599": ("其它扣留", "Detained"),
    "700": ("退运", "Sent back"),
    "800": ("放行", "Released"),
    "899": ("结关", "Closed"),
}


def state_for(record_type: str, status: str) -> State:
    """The state a returnStatus puts a record in (specification: remarks on returnStatus of each receipt)."""
    if status in _SUCCEEDED or (status == "120" and record_type in _ENDS_AT_ENTRY):
        return State.SUCCEEDED
    if status in _OUTDATED:
        return State.ACKNOWLEDGED
    if status in _REFUSED or status.startswith("-"):
        return State.REFUSED
    return State.ACKNOWLEDGED


def texts_for(status: str) -> tuple[str, str]:
    """A status in words, Chinese and English."""
    if status.startswith("-"):
        return ("处理异常", "Processing error")
    return TEXTS.get(status, (status, status))
