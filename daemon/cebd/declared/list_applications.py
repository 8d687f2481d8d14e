"""Applications about an inventory list: cancelling it (623) before its release, returning its goods (625) in time and as declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from lxml import etree

from cebd.clock import CST
from cebd.declared.checked_file import Checking
from cebd.messages.description import CEB
from cebd.messages.relations import cancelling
from cebd.messages.schema import parse_xml
from cebd.problems.problem import Problem
from cebd.records.record import Record
from cebd.store.across.declared import InForce, lists_numbered
from cebd.store.messages import message_body


class ListApplications:
    """The check of the applications of a file (CEBD-1407 to CEBD-1410)."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    def check(self, records: Sequence[Record]) -> Iterator[tuple[int, Problem]]:
        """Problems with the positions of their records."""
        numbers = [record.facts.list_no for record in records if record.facts.list_no]
        lists = lists_numbered(self._checking.transaction, numbers)
        for position, record in enumerate(records):
            if record.facts.list_no is not None:
                for problem in self._of_application(record, lists.get(record.facts.list_no)):
                    yield position, problem

    def _of_application(self, record: Record, original: InForce | None) -> Iterator[Problem]:
        if original is None:
            yield self._checking.problem("CEBD-1407", record, "invtNo", record.facts.list_no)
        elif record.type in cancelling():
            if original.released:
                released = original.released[:10]
                yield self._checking.problem("CEBD-1408", record, "invtNo", original.invt_no, released=released)
        else:
            yield from self._return_in_time(record, original)
            yield from self._return_of_its_lines(record, original)

    def _return_in_time(self, record: Record, original: InForce) -> Iterator[Problem]:
        """Days of the calendar in China count, the last one whole (GACC 2018 No. 194: within 30 days from the day of release)."""
        limit = self._checking.figures.return_days
        if original.released is None:
            why = {"why_zh": "还没有放行", "why_en": "was not released yet"}
        else:
            day = datetime.fromisoformat(original.released).astimezone(CST).date()
            if (self._checking.now.astimezone(CST).date() - day).days <= limit:
                return
            why = {
                "why_zh": f"已于 {day} 放行，超过 {limit} 日",
                "why_en": f"was released on {day}, over {limit} days ago",
            }
        yield self._checking.problem("CEBD-1409", record, "invtNo", original.invt_no, limit=limit, **why)

    def _return_of_its_lines(self, record: Record, original: InForce) -> Iterator[Problem]:
        if original.message_id is None:
            return
        lines = _lines_of(message_body(self._checking.transaction, original.message_id), original.guid)
        returned: dict[str, Decimal] = {}  # by line number: a line may stand in an application twice
        for gnum, gcode, qty in record.facts.lines:
            returned[gnum] = returned.get(gnum, Decimal()) + Decimal(qty)
            declared_code, declared_quantity = lines.get(gnum, (None, Decimal()))
            if declared_code is None:
                why = ("原清单没有这一项", "the original list has no such line")
            elif declared_code != gcode:
                why = (
                    f"原清单的商品编码是 {declared_code}",
                    f"the original list has the commodity code {declared_code}",
                )
            elif returned[gnum] > declared_quantity:
                why = (f"原清单的数量是 {declared_quantity}", f"the original list has the quantity {declared_quantity}")
            else:
                continue
            facts = {"number": gnum, "list": original.invt_no, "why_zh": why[0], "why_en": why[1]}
            yield self._checking.problem("CEBD-1410", record, "invtNo", original.invt_no, **facts)


def _lines_of(message: bytes, guid: str) -> dict[str, tuple[str, Decimal]]:
    """The goods lines of a list in a stored message: commodity code and quantity by line number."""
    root = parse_xml(message, huge=True)
    for inventory in root.iterfind(f"{{{CEB}}}Inventory"):
        if (inventory.findtext(f"{{{CEB}}}InventoryHead/{{{CEB}}}guid") or "").upper() == guid.upper():
            lines = inventory.iterfind(f"{{{CEB}}}InventoryList")
            return {_text(line, "gnum"): (_text(line, "gcode"), Decimal(_text(line, "qty"))) for line in lines}
    return {}


def _text(line: etree._Element, name: str) -> str:
    return (line.findtext(f"{{{CEB}}}{name}") or "").strip()
