"""What stands in a file is declared whole, or said: no tin of a list, no row of a CSV, no typed-over example goes missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from builders.customs_messages import a_message
from builders.customs_messages import an_order as an_order_message
from builders.stations import TryStation
from builders.waiting import until
from builders.workbooks import INVENTORY, a_csv, a_workbook, an_inventory, an_order, table
from cebd.documents.templates.workbook import write_template
from cebd.messages.description import message_type
from cebd.sandbox.ledger import read_ledger

BY_WAYBILL = """
[mapping.by-waybill]
type = "inventory"
[mapping.by-waybill.defaults]
orderNo = "{logisticsNo}"
copNo = "{orderNo}"
"""
SIGNATURE = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>'


def drop(station: TryStation, made: Path, folder: str = "") -> None:
    target = station.inbox / folder
    target.mkdir(exist_ok=True)
    made.replace(target / made.name)


def ids(receipt: dict[str, Any]) -> set[str]:
    return {one["id"] for record in (receipt, *receipt["records"]) for one in record["problems"]}


def test_nothing_that_stands_in_a_file_goes_missing_without_a_word(tmp_path: Path) -> None:
    """A list of six tins was declared with one of them (72 yuan of 432); two stray quotes made three of five orders vanish; an order
    typed over the template's example was left white; the same message with other white space was "other content", and another
    enterprise's was signed as ours."""
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        station.add_settings(BY_WAYBILL)
        station.start()

        tins = [{**an_inventory(None, 订单编号=None, 申报日期="20260304"), "序号": str(nth)} for nth in range(1, 7)]
        assert set(tins[0]) == set(INVENTORY)
        drop(station, a_workbook(tmp_path / "tins.xlsx", table(tins)), "by-waybill")

        rows = table([an_order(f"Q-{number}", 商品规格型号="HERE") for number in range(1, 6)])
        stray = a_csv(tmp_path / "stray.csv", rows)
        lines = stray.read_text(encoding="utf-8").split("\n")
        lines[2], lines[4] = lines[2].replace("HERE", '"大号'), lines[4].replace("HERE", '大号"')
        stray.write_text("\n".join(lines), encoding="utf-8", newline="\r\n")
        drop(station, stray)

        form = tmp_path / "form.xlsx"
        write_template(form, message_type("order"), flat=True)
        book = load_workbook(form)
        sheet = book.worksheets[0] if book.worksheets[0].sheet_state == "visible" else book.worksheets[1]
        at = next(cell.column for cell in sheet[1] if str(cell.value).endswith("orderNo"))
        sheet.cell(2, at).value = "E-1"
        book.save(form)
        drop(station, form)

        message = a_message(an_order_message("X-1"))
        station.drop("message.xml", message)
        station.drop("foreign.xml", a_message(an_order_message("X-2")).replace(b"4407961999", b"9999999999"))
        twice = a_message(an_order_message("X-3")).replace(
            b"</ceb:CEB311Message>", SIGNATURE * 2 + b"</ceb:CEB311Message>"
        )
        station.drop("twice.xml", twice)

        declared = station.final_receipt("message")
        station.drop(
            "spaced.xml", message.replace(b"><", b">\n  <").replace(b"ceb:", b"x:").replace(b"xmlns:ceb", b"xmlns:x")
        )
        assert station.final_receipt("tins")["counts"] == {"succeeded": 1}
        assert declared["counts"] == station.final_receipt("twice")["counts"] == {"succeeded": 1}
        assert "CEBD-1075" in ids(station.final_receipt("twice"))
        foreign, typed_over, spaced = (station.final_receipt(name) for name in ("foreign", "form", "spaced"))
        assert (foreign["counts"], "CEBD-1072" in ids(foreign)) == ({"rejected": 1}, True)
        assert (typed_over["counts"], ids(typed_over)) == ({"rejected": 1}, {"CEBD-1030"})
        assert ids(spaced) == {"CEBD-1403"}
        said = until(lambda: next((station.share / "error").rglob("stray.csv.problem.txt"), None), "stray.csv refused")
        assert "CSV 第 3 行 U 列" in said.read_text(encoding="utf-8")

        station.other_enterprise_goes_on()
        assert station.stop() == 0
        ledger = read_ledger(station.customs_folder)
    numbers = [number for entry in ledger for number in entry.get("key", {}).values()]
    assert numbers.count("X-1") == 1
    assert not [one for one in numbers if one.startswith("Q-") or one in ("E-1", "X-2")]
