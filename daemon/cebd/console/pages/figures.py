"""Charts, and tax bills with their sums."""

from __future__ import annotations

import re

from starlette.responses import Response

from cebd.console.charts import drawn
from cebd.console.visit import Visit
from cebd.decisions.wording import Language, worded
from cebd.operations.text import Refused, Text
from cebd.receipts.statements.tables import Cell, Row, make_workbook
from cebd.receipts.statements.tax_bill_book import SUM_COLUMNS, bill_columns, bill_row, sums, tax_bill_tables
from cebd.store.statements.tax_bills import Bill, bills_between

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_SHOWN = 300
_SUMMED = 20_000
_TOO_MANY = (
    f"税单超过 {_SUMMED:,} 张，合计和导出请缩小月份；每月的税单表在 outbox/税单/。",
    f"There are over {_SUMMED:,} bills: take fewer months for sums and a workbook; each month's bills are in outbox/税单/.",
)


def charts(visit: Visit) -> Response:
    """Each as a picture and as a table."""

    def say(text: Text) -> str:
        return visit.text(text)

    made = [(chart, drawn(chart, say)) for chart in visit.desk.charts.charts()]
    return visit.page("charts.html", charts=made)


def tax(visit: Visit) -> Response:
    """The tax bills of an enterprise and some months: with sums, or as a workbook."""
    names = [one.name for one in visit.desk.settings.enterprise]
    enterprise = visit.query("enterprise") if visit.query("enterprise") in names else (names or [""])[0]
    this = f"{visit.desk.clock.now():%Y-%m}"
    first, last = (visit.query(name) if _MONTH.fullmatch(visit.query(name)) else this for name in ("first", "last"))
    payer = visit.query("payer")[:100]
    bills, shown = list[Bill](), 0
    with visit.desk.store.read() as transaction:
        for bill in bills_between(transaction, enterprise, first, last):
            if not payer or payer in (bill.head.get("assureCode"), bill.head.get("customsCode")):
                shown += 1
                if shown <= _SUMMED:  # more are counted, and not kept in memory
                    bills.append(bill)
    if visit.query("as") == "xlsx":
        if shown > _SUMMED:
            raise Refused(*_TOO_MANY)
        until = f"{visit.desk.clock.now():%Y-%m-%d %H:%M}"
        content = make_workbook(tax_bill_tables(bills, until))
        headers = {"content-disposition": f'attachment; filename="tax-{first}-{last}.xlsx"'}
        return Response(content, media_type="application/octet-stream", headers=headers)
    return visit.page(
        "tax.html",
        enterprises=names,
        enterprise=enterprise,
        first=first,
        last=last,
        payer=payer,
        columns=bill_columns(),
        rows=[_in_words(visit, bill_row(bill)) for bill in bills[:_SHOWN]],
        shown=shown,
        sum_columns=SUM_COLUMNS,
        sums=[_in_words(visit, row) for row in sums(bills)] if shown <= _SUMMED else None,
        too_many=_TOO_MANY,
    )


def _in_words(visit: Visit, row: Row) -> list[Cell]:
    """The cells in the language of the page; in a workbook the first two of a row have words of both."""
    language: Language = "en" if visit.language == "en" else "zh"
    named = [worded(str(cell or "").strip("（）"), language) for cell in row.cells[:2]]
    return [*named, *row.cells[2:]]
