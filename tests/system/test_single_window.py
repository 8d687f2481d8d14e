"""The whole way through the Single Window's client, which signs and sends by itself: played beside the simulated customs side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from builders.waiting import until
from cebd.sandbox.inject import inject_file, inject_status
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.single_window import SingleWindowSide

NAME = "CEB311Message_2F1B7C1E-0000-4000-8000-000000000001.xml"


def test_orders_and_lists_go_through_the_clients_folders_unsigned_and_are_released(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cebd", "demo", "--channel", "single-window", "--dir", tmp_path / "demo"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    receipts = [
        json.loads(path.read_bytes()) for path in (tmp_path / "demo" / "share" / "outbox").glob("json/*/*.json")
    ]
    states = {record["state"] for receipt in receipts for record in receipt["records"]}
    assert states == {"succeeded", "acknowledged", "rejected"}  # orders without a list rest at 2
    assert {problem["id"] for receipt in receipts for problem in receipt["problems"]} == {"CEBD-1646"}
    client = tmp_path / "demo" / "sandbox" / "client"
    sent = [path.read_bytes() for path in (client / "SentBox").iterdir()]
    assert len(sent) == 2
    assert all(
        b"Message" in content[:200] and b"DxpMsg" not in content and b"Signature" not in content for content in sent
    )
    assert list((client / "OutBox").iterdir()) == []
    verdicts = {entry["verdict"] for entry in read_ledger(tmp_path / "demo" / "sandbox")}
    assert verdicts == {"accepted"}


def test_what_the_clients_check_refuses_lies_in_its_fail_box_with_a_note(tmp_path: Path) -> None:
    with SingleWindowSide(tmp_path, scenario=Scenario()) as side:
        boxes = side.home.folder / "client"
        (boxes / "OutBox" / NAME).write_bytes(b"<CEB311Message/>")
        until((boxes / "FailBox" / NAME).exists, "the message in the FailBox")
    assert "-1</DealFlag>" in (boxes / "InBox" / f"Failed_{NAME}").read_text(encoding="utf-8")
    assert list((tmp_path / "in").iterdir()) == []


def test_a_client_that_sleeps_takes_nothing(tmp_path: Path) -> None:
    with SingleWindowSide(tmp_path, scenario=Scenario()) as side:
        boxes = side.home.folder / "client"
        (boxes / "asleep").touch()
        (boxes / "OutBox" / NAME).write_bytes(b"<CEB311Message/>")
        inject_file(tmp_path, _a_file(tmp_path / "receipt.xml"))
        until((boxes / "InBox" / "receipt_receipt.xml").exists, "the receipt in the InBox")  # it looked meanwhile
        assert (boxes / "OutBox" / NAME).exists()
        (boxes / "asleep").unlink()
        until(lambda: not (boxes / "OutBox" / NAME).exists(), "an empty OutBox")


def test_a_status_put_out_by_hand_answers_the_declaration_of_that_number(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    key = {"orderNo": "O1", "ebpCode": "E", "ebcCode": "C"}
    line = {"type": "CEB311", "key": key, "guid": "G1", "records": 1}
    (tmp_path / "ledger.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    name = inject_status(tmp_path, "O1", "120", "已入库")
    receipt = (tmp_path / "out" / name).read_text(encoding="utf-8")
    assert name.startswith("CEB312Message_")
    for told in ("<orderNo>O1</orderNo>", "<returnStatus>120</returnStatus>", "已入库[G1]"):
        assert told in receipt


def _a_file(path: Path) -> Path:
    path.write_bytes(b"<CEB312Message/>")
    return path
