"""A station that an earlier version left in the middle of its work is taken over: all of it is finished, nothing is sent twice."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from builders import processes
from builders.old_station import cebd, old_station
from builders.waiting import until
from cebd.messages.description import CEB

RECEIPT = """<?xml version="1.0" encoding="UTF-8"?>
<CEB312Message guid="{guid}" version="1.0" xmlns="http://www.chinaport.gov.cn/ceb"><OrderReturn><guid>{guid}</guid>
<ebpCode>{ebpCode}</ebpCode><ebcCode>{ebcCode}</ebcCode><orderNo>{orderNo}</orderNo><returnStatus>{status}</returnStatus>
<returnTime>20270101120000000</returnTime><returnInfo>{info}</returnInfo></OrderReturn></CEB312Message>
"""


class OtherSide:
    """Takes messages out of the channel's folder and answers each order: once accepted, it says so and only so."""

    def __init__(self, client: Path, *, answers: bool = True) -> None:
        self.client = client
        self.answers = answers
        self.arrived: Counter[str] = Counter()
        self.answered = 0
        for path in sorted((client / "taken").iterdir()):
            self._hear(path)  # what the earlier version had sent; its answers are out already, or come now

    def work(self) -> None:
        for path in sorted((self.client / "in").iterdir()):
            if not path.name.startswith("."):
                path.rename(self.client / "taken" / path.name)
                self._hear(self.client / "taken" / path.name)

    def _hear(self, path: Path) -> None:
        envelope = etree.parse(path)
        data = next(element for element in envelope.iter("{*}Data"))
        message = etree.fromstring(base64.b64decode(data.text or ""))
        for head in message.iter(f"{{{CEB}}}OrderHead"):
            told = {etree.QName(one).localname: one.text for one in head}
            self.arrived[told["orderNo"] or ""] += 1
            again = self.arrived[told["orderNo"] or ""] > 1
            status, info = ("-301010", "已存在相同编号的订单") if again else ("120", "放行")
            if not self.answers or (told["orderNo"] or "").startswith("ANSWERED"):
                continue
            self.answered += 1
            receipt = RECEIPT.format(**told, status=status, info=info)
            (self.client / "out" / f"answer-{self.answered}.xml").write_text(receipt, encoding="utf-8")


def test_work_in_flight_of_an_earlier_version_is_finished_and_nothing_goes_twice(tmp_path: Path) -> None:
    settings = old_station(tmp_path)
    text = settings.read_text(encoding="utf-8").replace("receipts_seconds = 2.0", "receipts_seconds = 0.3")
    # What was in doubt is years old by now: here it is to be settled by its answer, not by sending the same bytes again.
    patient = text.replace('type = "folder"', 'type = "folder"\nin_doubt_seconds = 1e9')
    settings.write_text(patient.replace("rescan_seconds = 5.0", "rescan_seconds = 0.5"), encoding="utf-8")
    other_side = OtherSide(tmp_path / "client")
    outbox = tmp_path / "share" / "outbox"
    log = (tmp_path / "log").open("wb")
    daemon = processes.start(["run", "-c", settings], stdout=log, stderr=log)
    try:

        def finished() -> bool:
            other_side.work()
            counts = {}
            for path in outbox.glob("*.receipt.json"):
                told = json.loads(path.read_text(encoding="utf-8"))
                counts[told["file"]] = told["counts"]
            through = ("sent", "doubtful", "visible", "signed", "ready", "claimed", "claiming")
            return all(counts.get(f"{name}.xlsx") == {"succeeded": 2} for name in through)

        until(finished, "all finished")
        answered = json.loads((outbox / "answered.receipt.json").read_text(encoding="utf-8"))
        wanted = {"succeeded": 1, "refused": 1, "acknowledged": 1, "rejected": 1, "sent": 1}
        assert answered["counts"] == wanted
    finally:
        daemon.terminate()
        assert daemon.wait(timeout=30) == 0
        log.close()
    assert set(other_side.arrived.values()) == {1}, "each order arrived once"
    audit = cebd("audit", "-c", str(settings))
    assert audit.returncode == 0, audit.stdout
    assert [path.name[:17] for path in (tmp_path / "store" / "backups").iterdir()] == ["before-version-2-"]


@pytest.mark.parametrize("station", ["waiting-2af15e4", "waiting-dfebd28", "waiting-236d9e3"])
def test_twenty_messages_that_an_earlier_version_had_at_the_token_go_on_and_none_goes_twice(
    tmp_path: Path, station: str
) -> None:
    settings = old_station(tmp_path, station)
    other_side = OtherSide(tmp_path / "client", answers=False)
    log = (tmp_path / "log").open("wb")
    daemon = processes.start(["run", "-c", settings], stdout=log, stderr=log)
    orders = {f"WAITING{number:010d}" for number in range(1, 21)} | {f"LARGE{number:010d}" for number in range(1, 2001)}
    try:

        def all_arrived() -> bool:
            other_side.work()
            return other_side.arrived.keys() == orders

        until(all_arrived, "all orders at the other side")
        until(lambda: rows(tmp_path, "cebd", "messages WHERE state != 'sent'") == 0, "all recorded as sent")
        alive = "workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')"
        until(lambda: rows(tmp_path, "engine", alive) == 0, "the engine's work finished")
    finally:
        daemon.terminate()
        assert daemon.wait(timeout=30) == 0
        log.close()
    other_side.work()
    assert set(other_side.arrived.values()) == {1}, "each order arrived once"
    assert rows(tmp_path, "cebd", "messages") == 40
    audit = cebd("audit", "-c", str(settings))
    assert audit.returncode == 0, audit.stdout


def rows(folder: Path, file: str, what: str) -> int:
    """How many there are, in a file of the station's store."""
    with closing(sqlite3.connect(f"file:{folder / 'store' / file}.sqlite?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
