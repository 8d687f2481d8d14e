"""Whether what others declared meanwhile could change what was found of a file that was held against the store as it was a while ago.

| the records of | are held against | by | it matters |
| --- | --- | --- | --- |
| any file | declarations of their type and enterprise | the key (`changes.py`) | always |
| orders | orders, whoever sells | the order's number (`numbers_in_use.py`) | always |
| lists | lists | the numbers of order and waybill (`numbers_in_use.py`) | always |
| | orders, payments, waybills | the same numbers (`lists/basis.py`) | if one was missing, or refused |
| | that the enterprise declares any of these here | the first of them (`lists/basis.py`) | always |
| the four documents of a purchase | each other | the same numbers (`four_documents/`) | if they differ, or something was said of either |
| orders, payments | payments | the order's number (`payments_together.py`) | if it has several |
| orders, lists | declarations of their type | their buyer's year (`annual_limit.py`) | if the buyer comes near the limit |
| applications | others of their type; their lists | the list's number (`lists/applications.py`, `lists/originals.py`) | always |

So a list matters to the orders of a file only if it says otherwise than its order. What was kept back matters only where it had something
said of others. What is offered beside a wrong value (`suggestions.py`), and what customs say, is left as it was at that moment: as if the
file had come a few seconds earlier.

A check that asks for something else is a line here, too; `tests/properties/test_overtaking.py` holds pairs of documents against it.
"""

from __future__ import annotations

from datetime import datetime

from cebd.declared.annual_limit import comes_near
from cebd.declared.four_documents.counterparts import unlike_parts
from cebd.declared.four_documents.differences import parts_of
from cebd.declared.four_documents.pairs import LIST, LIST_WAYBILL, ORDER, ORDER_WAYBILL, PAIRS, PAYMENT, WAYBILL, Pair
from cebd.messages.relations import cancelling, returning
from cebd.records.key import bare_number
from cebd.records.shared import numbers_in
from cebd.rules.figures import Figures
from cebd.store.across.earlier.counterparts import any_with_several
from cebd.store.across.earlier.overtaken import (
    Document,
    Meanwhile,
    any_about_its_lists,
    any_change_for_buyers,
    any_of,
    any_with_key,
    any_with_problem,
    buyers_of,
    is_first,
    of_one_purchase,
)
from cebd.store.transaction import Transaction

_DELETES = "3"
_OF_A_PURCHASE = (ORDER, PAYMENT, WAYBILL, LIST)
_DIFFERS = frozenset().union(*(pair.all_ids for pair in PAIRS))
_LACKS_BASIS = frozenset({"CEBD-1411", "CEBD-1412"})
# Said of a list and a waybill that do not name each other: whether they belong together hangs on what other orders' documents name.
_NO_STRANGERS = LIST_WAYBILL.ids["logisticsNo"]


def is_overtaken(transaction: Transaction, meanwhile: Meanwhile, figures: Figures, now: datetime) -> bool:
    """Whether the file, whose records are in the store, has to be held against it again."""
    return (
        any_with_key(transaction, meanwhile)
        or (meanwhile.type in _OF_A_PURCHASE and _purchases_differ(transaction, meanwhile))
        or (meanwhile.type in (ORDER, LIST) and _years_differ(transaction, meanwhile, figures, now))
        or (_is_application(meanwhile.type) and any_about_its_lists(transaction, meanwhile))
    )


def _is_application(type_: str) -> bool:
    return type_ in cancelling() or type_ in returning()


def _purchases_differ(transaction: Transaction, meanwhile: Meanwhile) -> bool:
    paid: set[str] = set()  # orders of which a payment, or a payment's order, came meanwhile
    for theirs, own in of_one_purchase(transaction, meanwhile):
        if _matters(theirs, own):
            return True
        if PAYMENT in (theirs.type, own.type) and theirs.order_no == own.order_no and own.order_no:
            paid.add(own.order_no)
    if paid and any_with_several(transaction, PAYMENT, paid):
        return True
    if meanwhile.type == LIST and any(is_first(transaction, meanwhile, basis) for basis in (ORDER, PAYMENT, WAYBILL)):
        return True
    if meanwhile.type not in (LIST, WAYBILL) or not any(any_of(transaction, meanwhile, one) for one in (LIST, WAYBILL)):
        return False
    return any_with_problem(transaction, meanwhile, [_NO_STRANGERS])


def _matters(theirs: Document, own: Document) -> bool:
    """Whether another declaration, which shares a number with a record of the file, has a say in what is said of the two."""
    if own.app_type == _DELETES:
        return False
    if theirs.app_type != _DELETES and (
        _takes_number(theirs, own) if theirs.type == own.type else _differ(theirs, own)
    ):
        return True
    return _has_problem(own, _DIFFERS | _LACKS_BASIS) or _has_problem(theirs, _DIFFERS | _LACKS_BASIS)


def _takes_number(theirs: Document, own: Document) -> bool:
    """Whether two documents of the same type have a number that only one may have."""
    if own.type not in (ORDER, LIST):
        return False
    return theirs.order_no == own.order_no or (own.type == LIST and theirs.waybill_no == own.waybill_no)


def _differ(theirs: Document, own: Document) -> bool:
    """Whether two documents of a purchase may not be each other's, or say otherwise; one that is of no purchase says nothing."""
    pair = next((pair for pair in PAIRS if {pair.one, pair.other} == {theirs.type, own.type}), None)
    if pair is None:
        return False
    shared = [numbers_in(one.shared, parts_of(one.type)) for one in (theirs, own)]
    if shared[0] is None or shared[1] is None or not _name_each_other(pair, theirs, own):
        return True
    return bool(unlike_parts(pair, shared[0], shared[1]))


def _name_each_other(pair: Pair, theirs: Document, own: Document) -> bool:
    if pair is LIST_WAYBILL:
        waybill, list_ = (theirs, own) if theirs.type == WAYBILL else (own, theirs)
        return waybill.key == list_.waybill_no
    if pair is ORDER_WAYBILL:
        return bare_number(theirs.order_no or "") == bare_number(own.order_no or "")
    return theirs.order_no == own.order_no


def _has_problem(document: Document, ids: frozenset[str]) -> bool:
    return document.problems is not None and any(id_ in document.problems for id_ in ids)


def _years_differ(transaction: Transaction, meanwhile: Meanwhile, figures: Figures, now: datetime) -> bool:
    """What was declared anew matters to a buyer who comes near the limit thereby; a change also takes something away."""
    if any_change_for_buyers(transaction, meanwhile):
        return True
    return comes_near(transaction, meanwhile.type, buyers_of(transaction, meanwhile), figures, now)
