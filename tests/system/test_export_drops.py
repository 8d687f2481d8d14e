"""An export workbook goes all the way: named by its inbox folder or a mapping, over SFTP, and back with what customs say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builders.export_rows import export_rows
from builders.stations import TryStation
from builders.trial_messages import unsigned_of_rows
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import write_workbook

WAYS = {
    "export-order": ["2", "120", "399"],
    "export-receipt-of-payment": ["2", "120", "399"],
    "export-waybill": ["2", "3", "399"],
    "export-inventory": ["2", "120", "800", "899"],
    "export-manifest": ["2", "120", "399"],
    "export-summary": ["2", "3", "399"],
}
SIGNED = ("CEB603", "CEB607", "CEB701")


def drop_into(station: TryStation, folder: str, name: str, kind: str) -> None:
    """A workbook of three records of that kind, put into a folder of the inbox the careful way."""
    (station.inbox / folder).mkdir(exist_ok=True)
    part = station.inbox / folder / f"{name}.part"
    write_workbook(part, kind, export_rows(kind, *(f"{name}-{number}" for number in (1, 2, 3))))
    part.replace(station.inbox / folder / f"{name}.xlsx")


def told(receipt: dict[str, Any]) -> list[list[str]]:
    """What was said of each record."""
    return [[entry["status"] for entry in record["history"]] for record in receipt["records"]]


def test_export_workbooks_in_folders_of_their_kind_come_to_their_end(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        for kind in WAYS:
            drop_into(station, kind, kind, kind)
        receipts = {kind: station.final_receipt(kind, words=len(way)) for kind, way in WAYS.items()}
        assert station.stop() == 0
        ledger = read_ledger(station.customs_folder)
    assert {kind: told(receipt) for kind, receipt in receipts.items()} == {
        kind: [way] * 3 for kind, way in WAYS.items()
    }
    assert {record["state"] for receipt in receipts.values() for record in receipt["records"]} == {"succeeded"}
    assert receipts["export-order"]["records"][0]["customs"]["text_zh"] == "海关审结"
    assert {(entry["type"] in SIGNED, entry["signature"]) for entry in ledger} <= {
        (True, "valid"),
        (False, "valid"),
        (False, "none"),
    }
    assert not list((station.outbox / "unmatched").glob("*/*"))


def test_a_mapping_by_file_name_is_enough(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.add_settings('\n[mapping.abroad]\ntype = "export-waybill"\nfiles = ["abroad*.xlsx"]\n')
        station.change_settings('mapping = ["orders-as-found"]', 'mapping = ["orders-as-found", "abroad"]')
        station.start()
        drop_into(station, ".", "abroad", "export-waybill")
        receipt = station.final_receipt("abroad")
        assert station.stop() == 0
    assert [record["type"] for record in receipt["records"]] == ["CEB505"] * 3
    assert [record["state"] for record in receipt["records"]] == ["succeeded"] * 3


def test_a_message_with_an_extension_is_signed_before_it_and_declared(tmp_path: Path) -> None:
    message = unsigned_of_rows("CEB603", export_rows("CEB603", "X1"))
    end = message.rindex(b"</")
    inner = b"<ceb:name>own</ceb:name><ceb:version>1.0</ceb:version><ceb:Message><a>1</a></ceb:Message>"
    with TryStation(tmp_path) as station:
        station.start()
        station.drop(
            "list.xml", message[:end] + b"<ceb:ExtendMessage>" + inner + b"</ceb:ExtendMessage>" + message[end:]
        )
        receipt = station.final_receipt("list")
        assert station.stop() == 0
        [entry] = read_ledger(station.customs_folder)
    [record] = receipt["records"]
    assert (record["state"], record["customs"]["status"], entry["signature"]) == ("succeeded", "899", "valid")
    assert record["customs"]["invtNo"][8:9] == "E"
