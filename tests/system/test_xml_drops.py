"""Messages that an enterprise's own system composed: signed as they are, or sent untouched where they are signed already."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from lxml import etree

from builders.customs_messages import make_key, needs_openssl, sent_by_ours, signed_sm2
from builders.papers import OFFICIAL, needs_official
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import inventory_rows, order_rows, write_workbook


def carried(station: TryStation) -> list[bytes]:
    """The messages that arrived, out of their envelopes."""
    arrived = sorted((station.customs_folder / "taken").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    name = "{http://www.chinaport.gov.cn/dxp}Data"
    return [base64.b64decode(etree.fromstring(path.read_bytes()).findtext(name) or "") for path in arrived]


def message_of(station: TryStation, tmp_path: Path, code: str) -> Path:
    """An unsigned message, made by `cebd convert`."""
    rows = list(order_rows(2)) if code == "order" else list(inventory_rows(2))
    write_workbook(tmp_path / "rows.xlsx", code, rows)
    made = station.cebd(
        "convert", str(tmp_path / "rows.xlsx"), "-o", str(tmp_path / code), "-c", str(station.settings_path)
    )
    assert made.returncode == 0, made.stderr
    return next((tmp_path / code).iterdir())


def notices(receipt: dict[str, object]) -> list[str]:
    return [one["id"] for one in receipt["problems"]]  # type: ignore[attr-defined]


def test_a_message_that_is_signed_already_is_sent_untouched(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        unsigned = message_of(station, tmp_path, "inventory")
        signed = tmp_path / "signed.xml"
        station.cebd("sign", str(unsigned), "-o", str(signed), "--signer", "trial", "-c", str(station.settings_path))
        station.start()
        station.drop("lists.xml", signed.read_bytes())
        receipt = station.final_receipt("lists")
        assert station.stop() == 0
        assert carried(station) == [signed.read_bytes()]
    assert receipt["counts"] == {"succeeded": 2}
    assert "CEBD-1512" in notices(receipt)


@needs_openssl
def test_a_message_signed_with_sm2_is_sent_untouched_and_signed_anew_where_its_value_is_der(tmp_path: Path) -> None:
    key = make_key(tmp_path, sm2=True)
    with TryStation(tmp_path) as station:
        lists, orders = (message_of(station, tmp_path, code).read_bytes() for code in ("inventory", "order"))
        signed = signed_sm2(lists, key, folder=tmp_path)
        station.start()
        station.drop("lists.xml", signed)
        station.drop("orders.xml", signed_sm2(orders, key, folder=tmp_path, der=True))
        untouched, anew = station.final_receipt("lists"), station.final_receipt("orders")
        assert station.stop() == 0
        sent = carried(station)
        ledger = read_ledger(station.customs_folder)
    assert signed in sent
    assert [notices(receipt) for receipt in (untouched, anew)] == [["CEBD-1512"], ["CEBD-1511"]]
    assert {entry["signature"] for entry in ledger} == {"valid"}
    assert untouched["counts"] == anew["counts"] == {"succeeded": 2}


def test_a_message_without_signature_is_signed_and_keeps_its_guids(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        unsigned = message_of(station, tmp_path, "order")
        station.start()
        station.drop("orders.xml", unsigned.read_bytes())
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        ledger = read_ledger(station.customs_folder)
    guids = etree.parse(unsigned).xpath("//*[local-name()='OrderHead']/*[local-name()='guid']/text()")
    assert receipt["counts"] == {"succeeded": 2}
    assert {entry["signature"] for entry in ledger} == {"valid"}
    assert [entry["guid"] for entry in ledger] == guids


@needs_official
@pytest.mark.parametrize("name", ["CEB311Message.xml", "CEB621Message.xml"])
def test_an_official_sample_has_its_placeholder_signature_replaced_and_that_is_noted(name: str, tmp_path: Path) -> None:
    sample = tmp_path / name
    sample.write_bytes(sent_by_ours((OFFICIAL / "samples" / name).read_bytes()))
    with TryStation(tmp_path) as station:
        strict = json.loads(station.cebd("check", str(sample), "-c", str(station.settings_path), "--json").stdout)
        rules = sorted({one["id"] for one in strict["problems"] if one["severity"] == "error"})
        station.add_settings("\n[rules]\n" + "".join(f'"{rule}" = "warning"\n' for rule in rules))
        station.start()
        station.drop(name, sample.read_bytes())

        def answered() -> dict[str, object] | None:
            # Half of the sample's lists are only stored (appStatus 1): customs say so, and that is not their end.
            receipt = station.receipt(Path(name).stem)
            return receipt if receipt and all(one["customs"] for one in receipt["records"]) else None

        receipt = until(answered, "an answer to every record")
        assert station.stop() == 0
        ledger = read_ledger(station.customs_folder)
    assert "CEBD-1511" in notices(receipt)
    assert {entry["signature"] for entry in ledger} == {"valid"}
    assert {entry["type"] for entry in ledger} == {Path(name).stem.removesuffix("Message")}


def test_a_message_with_one_bad_record_is_refused_as_a_whole(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        message = message_of(station, tmp_path, "order").read_text(encoding="utf-8")
        station.start()
        station.drop("orders.xml", message.replace("<ceb:acturalPaid>", "<ceb:acturalPaid>1", 1).encode())
        receipt = station.final_receipt("orders")
        assert station.stop() == 0
        assert read_ledger(station.customs_folder) == []
    assert receipt["counts"] == {"rejected": 2}
    assert "CEBD-1301" in [found["id"] for record in receipt["records"] for found in record["problems"]]
