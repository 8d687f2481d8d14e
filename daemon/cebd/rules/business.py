"""Business rules that XSD cannot say, message by message. Each rule is a named function; its id stands in `problems/`.

Only records whose cells are all right by themselves are judged. The rules find all violations in one pass, each on its own cell; their
docstrings say what they tolerate, and why. A further rule is a function in the message's module, in its RULES, and a text. Where it is
asked of many records at once, a screen (`cebd.rules.rule`) spares it most of them; it is right without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cebd.rules.codes.tables import PUBLISHED, Tables
from cebd.rules.figures import Figures
from cebd.rules.messages import applications, delivery, inventory, order, payment, waybill
from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Texts, Violation

RULES: dict[str, tuple[Rule, ...]] = {
    "CEB311": order.RULES,
    "CEB411": payment.RULES,
    "CEB511": waybill.RULES,
    "CEB513": waybill.STATUS_RULES,
    "CEB621": inventory.RULES,
    "CEB623": applications.CANCEL_RULES,
    "CEB625": applications.RETURN_RULES,
    "CEB711": delivery.RULES,
}

_DELETES = "3"


def has_rules(code: str) -> bool:
    """Whether any business rule is asked about declarations of that message."""
    return code in RULES


def broken_rules(
    code: str,
    head: Texts,
    lines: Sequence[Texts],
    figures: Figures,
    today: date,
    declarant: str = "",
    tables: Tables = PUBLISHED,
) -> list[Violation]:
    """Every rule of that message the record breaks. `today` is the day in China, `declarant` the code of the enterprise.

    A deletion (appType 3) is not judged: it repeats what was declared, which is mostly deleted because it was wrong.
    """
    if head.get("appType") == _DELETES:
        return []
    record = RecordTexts(head, lines, figures, today, declarant, tables)
    return [violation for rule in RULES.get(code, ()) for violation in rule.check(record)]


def breaking(code: str, columns: RecordColumns) -> set[int]:
    """The records that break any rule of that message; as in `broken_rules`, no deletion does."""
    found: set[int] = set()
    looked_at: dict[int, RecordTexts] = {}
    for rule in RULES.get(code, ()):
        for number in range(len(columns)) if rule.screen is None else rule.screen(columns):
            if number not in found:
                record = looked_at.get(number)
                if record is None:
                    record = looked_at[number] = columns.record(number)
                if next(iter(rule.check(record)), None) is not None:
                    found.add(number)
    return found.difference(columns.heads_where("appType", lambda kind: kind == _DELETES))
