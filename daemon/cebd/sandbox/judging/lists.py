"""What the customs side knows of inventory lists, and what it says to applications that name one.

| application | taken | else |
| --- | --- | --- |
| cancellation (623) | of a list that was entered, not yet released and not cancelled | a code of table 7-2 |
| return (625) | of a released list, for goods that are its own, no more of them than it had | a code of table 7-2 |

A list that was cancelled is not released any more: what was to be said of that is struck from the answers that wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lxml import etree

from cebd.messages.annotations import annotation
from cebd.messages.description import CEB, DXP
from cebd.messages.envelope import carried
from cebd.messages.relations import cancelling, named_by_number
from cebd.messages.schema import parse_xml
from cebd.sandbox.answering.answers import in_envelope
from cebd.sandbox.answering.replies import Reply
from cebd.sandbox.ledger import Entry

_RELEASED = ("800", "899")


@dataclass(frozen=True)
class KnownList:
    """A list customs have entered. `released`: when it is, or will be, None for never; `goods`: (gcode, qty) by gnum."""

    released: datetime | None
    goods: Mapping[str, tuple[str, Decimal]]


def is_list(code: str) -> bool:
    """Whether declarations of that kind are lists, which applications can cancel."""
    return code in cancelling().values()


def after_release() -> list[str]:
    """Root elements of what is told about lists and may follow from their release: their receipts, and what bills them."""
    answers = (annotation(code, "message").get("receipt") for code in cancelling().values())
    return [root for root in answers if root] + [
        f"{code}Message" for code, named in named_by_number().items() if is_list(named)
    ]


def entry_of(lines: Sequence[Mapping[str, str]], released: datetime | None) -> Entry:
    """What the ledger keeps of a list beside its numbers."""
    goods = {line.get("gnum", ""): [line.get("gcode", ""), line.get("qty", "0")] for line in lines}
    return {"released": released.isoformat(timespec="milliseconds") if released else None, "goods": goods}


def known_list(entry: Entry) -> KnownList:
    """The list as the ledger has it."""
    released = datetime.fromisoformat(entry["released"]) if entry["released"] else None
    return KnownList(released, {gnum: (gcode, Decimal(qty)) for gnum, (gcode, qty) in entry["goods"].items()})


def against_cancelling(number: str, declared_list: KnownList | None, *, cancelled: bool, now: datetime) -> Reply | None:
    """Why that list (`number`: its invtNo) cannot be cancelled."""
    if declared_list is None:
        return "-623003", f"系统中不存在清单编号为[{number}]的清单！"
    if cancelled:
        return "-623009", f"撤单清单[{number}]已经申报过"
    if declared_list.released is not None and declared_list.released <= now:
        return "-623005", f"清单的状态不符合撤单申报要求(清单编号[{number}])！"
    return None


def against_returning(
    cop_no: str, lines: Sequence[Mapping[str, str]], declared_list: KnownList | None, *, cancelled: bool, now: datetime
) -> Reply | None:
    """Why the goods that application `cop_no` names cannot be returned."""
    if declared_list is None:
        return "-625016", "查无此数据"
    if cancelled or declared_list.released is None or declared_list.released > now:
        return "-625004", "退货申请单申报失败，[清单未放行]"
    for line in lines:
        gcode, qty = declared_list.goods.get(line.get("gnum", ""), ("", Decimal()))
        if gcode != line.get("gcode"):
            where = f"在关联的清单中未找到表体序号为[{line.get('gnum')}],商品编号为[{line.get('gcode')}]的数据"
            return "-625209", f"退货申请单[{cop_no}],{where}"
        if Decimal(line.get("qty", "0")) > qty:
            return "-625001", f"退货申请单报文校验失败，[表体序号{line.get('gnum')}的数量大于原清单的数量]"
    return None


def without_release(content: bytes, cancelled: Collection[str], now: datetime) -> bytes | None:
    """An answer without what it says of the release of cancelled lists; None when nothing is left of it."""
    root = parse_xml(content, huge=True)
    enveloped = root.tag == f"{{{DXP}}}DxpMsg"
    message = parse_xml(carried(root), huge=True) if enveloped else root
    struck = [element for element in message if _speaks_of_release(element, cancelled)]
    if not struck:
        return content
    for element in struck:
        message.remove(element)
    if not len(message):
        return None
    rest = etree.tostring(message, xml_declaration=True, encoding="UTF-8", standalone=True)
    if not enveloped:
        return rest
    receiver = root.findtext(f".//{{{DXP}}}ReceiverId") or ""
    return in_envelope(rest, etree.QName(message).localname, receiver, now)


def _speaks_of_release(element: etree._Element, cancelled: Collection[str]) -> bool:
    number = element.findtext(f".//{{{CEB}}}invtNo")
    status = element.findtext(f"{{{CEB}}}returnStatus")
    return number in cancelled and (status is None or status in _RELEASED)
