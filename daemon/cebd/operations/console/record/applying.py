"""Texts of a declared record for a new draft: its correction, change or deletion, and the applications about a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from cebd.documents.workbooks.entered import Document, Texts
from cebd.messages.description import MessageType, message_types
from cebd.messages.parse import StatedTexts
from cebd.messages.relations import cancelling, returning
from cebd.operations.console.record.offers import Offer
from cebd.operations.console.record.page import RecordPage
from cebd.operations.text import Refused, Text
from cebd.records.original_list import repeated_fields
from cebd.store.across.earlier.stated import stated_records
from cebd.store.across.finding.references import records_numbered
from cebd.store.transaction import Transaction

_MADE_ANEW = ("guid", "appTime", "appStatus")
_APP_TYPES = {Offer.CHANGE: "2", Offer.DELETE: "3"}
_MOST_APPLICATIONS = 99


def texts_for(page: RecordPage, offer: Offer) -> Document:
    """What was declared, as the draft of its correction, change or deletion begins. Raises Refused where it may not be done."""
    texts = _allowed(page, offer)
    head = {name: text for name, text in texts.head.items() if name not in _MADE_ANEW}
    if offer in _APP_TYPES:
        head["appType"] = _APP_TYPES[offer]
    return Document(head, tuple(texts.lines))


def texts_for_cancelling(transaction: Transaction, page: RecordPage) -> tuple[str, Document]:
    """The application (its type) and what the list says for it; the reason is the person's. Raises Refused."""
    texts = _allowed(page, Offer.CANCEL)
    application = _application(cancelling(), page)
    return application.code, Document(_head(transaction, page, texts, application, "C"))


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A line of goods of a list: `declared` of it, `applied` for in returns that were not refused."""

    number: str
    code: str
    name: str
    unit: str
    declared: Decimal
    applied: Decimal

    @property
    def left(self) -> Decimal:
        """So much may still be returned."""
        return max(self.declared - self.applied, Decimal())


def lines_to_return(transaction: Transaction, page: RecordPage) -> tuple[ReturnLine, ...]:
    """The lines of a released list. Raises Refused where no return may be applied for."""
    texts = _allowed(page, Offer.RETURN)
    applied: dict[str, Decimal] = {}
    for number, quantity in _applied(transaction, page):
        applied[number] = applied.get(number, Decimal()) + quantity
    return tuple(
        ReturnLine(
            number=line.get("gnum", ""),
            code=line.get("gcode", ""),
            name=line.get("gname", ""),
            unit=line.get("unit", ""),
            declared=_number(line.get("qty", "")),
            applied=applied.get(line.get("gnum", ""), Decimal()),
        )
        for line in texts.lines
    )


def texts_for_returning(
    transaction: Transaction, page: RecordPage, lines: Sequence[ReturnLine], wanted: Mapping[str, str], reason: str
) -> tuple[str, Document]:
    """The application to return these quantities, by line number. Raises Refused for more than is left, and for nothing at all."""
    texts = _allowed(page, Offer.RETURN)
    application = _application(returning(), page)
    stated = {line.get("gnum", ""): line for line in texts.lines}
    names = repeated_fields(application).line
    chosen: list[Texts] = []
    for line in lines:
        text = wanted.get(line.number, "").strip()
        quantity = _number(text)
        if not quantity and text in ("", "0"):
            continue
        if not 0 < quantity <= line.left:
            raise Refused(
                f"第 {line.number} 项“{line.name}”最多还可退 {line.left:f}，填的是“{text}”，请改正。",
                f"Line {line.number} ({line.name}): at most {line.left:f} can be returned, {text} was entered; correct it.",
            )
        own = {name: text for name, text in stated[line.number].items() if name in names}
        chosen.append({**own, "qty": text})
    if not chosen:
        raise Refused("请至少给一项填上退货数量。", "Enter the quantity to return of one line at least.")
    head = _head(transaction, page, texts, application, "R")
    return application.code, Document({**head, **({"reason": reason} if reason else {})}, tuple(chosen))


def _applied(transaction: Transaction, page: RecordPage) -> Iterator[tuple[str, Decimal]]:
    for one in page.applications:
        if one.type not in returning() or one.message_id is None:
            continue
        stated = stated_records(transaction, one.message_id).of(one.guid)
        for line in stated.texts.lines if stated is not None else ():
            yield line.get("gnum", ""), _number(line.get("qty", ""))


def require(page: RecordPage, offer: Offer) -> None:
    """Raises Refused, with the reason why it may not be done."""
    offered = next((one for one in page.offers if one.offer is offer), None)
    why_not = _NOT_NOW if offered is None else offered.why_not
    if why_not is not None:
        raise Refused(*why_not)


def _allowed(page: RecordPage, offer: Offer) -> StatedTexts:
    """What was declared. Raises Refused."""
    require(page, offer)
    if page.texts is None:
        raise Refused(*_NOT_NOW)
    return page.texts


def _application(of: Mapping[str, str], page: RecordPage) -> MessageType:
    return message_types()[next(code for code, about in of.items() if about == page.record.type)]


def _head(
    transaction: Transaction, page: RecordPage, texts: StatedTexts, application: MessageType, mark: str
) -> dict[str, str]:
    has_default = {field.name for field in application.head_fields if field.default is not None}
    repeated = repeated_fields(application).head | has_default  # the list may say otherwise than the default
    head = {name: text for name, text in texts.head.items() if name in repeated}
    number = _free_number(transaction, texts.head.get("copNo", ""), mark, application)
    return {**head, **({"copNo": number} if number else {}), "invtNo": page.record.invt_no or ""}


def _free_number(transaction: Transaction, of_list: str, mark: str, application: MessageType) -> str:
    """The list's number with a mark and a count behind it, as far as nobody has used it; empty where none is short enough."""
    longest = application.field("head", "copNo").max_length or len(of_list) + 4
    for nth in range(1, _MOST_APPLICATIONS):
        number = f"{of_list}-{mark}{nth}"
        if not of_list or len(number) > longest:
            return ""
        if not records_numbered(transaction, number):
            return number
    return ""


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(-1) if text else Decimal()
    return number if number.is_finite() else Decimal(-1)


# Differences


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is another one than was declared. `line`: its number; None: of the head."""

    name: Text
    element: str
    line: int | None
    before: str
    after: str


def differences(type_: str, before: StatedTexts, after: Document) -> list[Difference]:
    """What a new declaration says otherwise, in the order of the specification; lines are compared by their place."""
    message = message_types()[type_]
    found = []
    for field in message.head_fields:
        was, now = before.head.get(field.name, ""), after.head.get(field.name, "")
        if was != now and field.name not in _MADE_ANEW:
            found.append(Difference(Text(field.zh, field.en), field.name, None, was, now))
    for nth in range(max(len(before.lines), len(after.lines))):
        old = before.lines[nth] if nth < len(before.lines) else {}
        new = after.lines[nth] if nth < len(after.lines) else {}
        for field in message.line_fields:
            was, now = old.get(field.name, ""), new.get(field.name, "")
            if was != now and field.name != message.numbered:
                found.append(Difference(Text(field.zh, field.en), field.name, nth + 1, was, now))
    return found


_NOT_NOW = Text("目前不能这样做。", "This cannot be done now.")
