"""Receipts that are late, broken, misplaced or dated by another clock: each finds its declaration, and none keeps others waiting."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from builders.customs_messages import CEB
from builders.stations import TryStation
from builders.waiting import until
from cebd.clock import CST
from cebd.trial.rows import order_rows

CLIENT = """
[channel.client]
type = "folder"
send_dir = "client/send"
receive_dir = "client/receive"
"""
INV201 = b'<?xml version="1.0"?>\n<Package><EnvelopInfo><message_type>INV201</message_type></EnvelopInfo><DataInfo/></Package>'


class ClientStation:
    """A station whose first enterprise declares through the folders of an access client; the other one's line is the sandbox."""

    def __init__(self, station: TryStation) -> None:
        self.station = station
        folder = station.settings_path.parent / "client"
        self.sent, self.receive = folder / "send", folder / "receive"
        for one in (self.sent, self.receive):
            one.mkdir(parents=True)
        station.add_enterprise()
        text = station.settings_path.read_text(encoding="utf-8")
        station.settings_path.write_text(
            text.replace('channel = "sandbox"', 'channel = "client"', 1) + CLIENT, encoding="utf-8"
        )

    def declare(self, name: str, number: int, address: str = "") -> dict[str, str]:
        """Drop one order; once it lies in the client's folder, its key."""
        rows = list(order_rows(1, first=number))
        before = len(list(self.sent.glob("*.xml")))
        for row in rows:
            row["head.consigneeAddress"] += address
        self.station.drop_rows(f"{name}.xlsx", "order", rows)
        until(lambda: len(list(self.sent.glob("*.xml"))) > before, f"{name} handed over")
        until(lambda: (self.the_record(name) or {}).get("state") == "sent", f"{name} sent")
        key: dict[str, str] = (self.the_record(name) or {})["key"]
        return key

    def the_record(self, name: str) -> dict[str, Any] | None:
        receipt = self.station.receipt(name)
        return receipt["records"][0] if receipt is not None else None

    def ends(self, name: str, state: str, status: str) -> dict[str, Any]:
        def told() -> dict[str, Any] | None:
            record = self.the_record(name)
            said = record is not None and record["customs"] is not None and record["customs"]["status"] == status
            return record if record is not None and said and record["state"] == state else None

        record: dict[str, Any] = until(told, f"{name} {state} with {status}")
        return record

    def answer(self, name: str, key: dict[str, str], status: str, info: str, *, ago: float = 0.0) -> None:
        """A receipt of that name about the order; customs' clock is so many seconds behind ours. `info` goes in as it is."""
        fields = "".join(f"<{one}>{text}</{one}>" for one, text in key.items())
        made = f"{datetime.now(CST) - timedelta(seconds=ago):%Y%m%d%H%M%S}000"
        said = f"<returnStatus>{status}</returnStatus><returnTime>{made}</returnTime><returnInfo>{info}</returnInfo>"
        content = f'<CEB312Message xmlns="{CEB}" guid="x" version="1.0"><OrderReturn>{fields}{said}</OrderReturn></CEB312Message>'
        self.put(name, content.encode())

    def put(self, name: str, content: bytes) -> None:
        (self.receive / f".{name}").write_bytes(content)
        (self.receive / f".{name}").replace(self.receive / name)

    def conditions(self) -> dict[str, Any]:
        """What `cebd status` says is not as it should be, by key."""
        told = self.station.cebd("status", "--json", "-c", str(self.station.settings_path))
        return {one["key"]: one for one in json.loads(told.stdout)["conditions"]}


def test_with_a_clock_five_minutes_fast_the_corrected_order_is_accepted_and_the_refused_one_stays_refused(
    tmp_path: Path,
) -> None:
    with TryStation(tmp_path) as station:
        client = ClientStation(station)
        station.start()
        key = client.declare("clk1", 1)
        client.answer("c1.xml", key, "-301008", "处理失败:[Code:-301008;Desc:收货地址不详]", ago=300)
        client.ends("clk1", "refused", "-301008")
        clock = until(lambda: client.conditions().get("clock:station"), "the clock named")
        assert (clock["id"], clock["party"]) == ("CEBD-1710", "administrator")
        assert "4 分钟" in clock["zh"]
        client.declare("clk2", 1, address="测试路9号")
        client.answer("c2.xml", key, "2", "新增申报成功", ago=300)
        client.answer("c3.xml", key, "120", "[Code:1800;Desc:逻辑校验通过]", ago=295)
        client.ends("clk2", "succeeded", "120")
        first = client.ends("clk1", "refused", "-301008")
        assert [one["status"] for one in first["history"]] == ["-301008"]
        station.other_enterprise_goes_on()
        until(lambda: "clock:station" not in client.conditions(), "newer receipts show the clock right")


def test_odd_receipts_keep_no_other_waiting_and_each_is_named(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        client = ClientStation(station)
        station.start()
        keys = {number: client.declare(f"n{number}", number) for number in (1, 2)}
        client.put("a-foreign.xml", INV201)
        client.put("b-long-" + "回" * 80 + ".xml", b"<CEB312Message><OrderReturn>")
        client.answer("c-ampersand.xml", keys[1], "-301008", "地址 A&B 座有误 < 5")
        client.answer("d-plain.xml", keys[2], "120", "入库")
        client.ends("n2", "succeeded", "120")
        refused = client.ends("n1", "refused", "-301008")
        assert refused["customs"]["info"] == "地址 A&B 座有误 < 5"
        assert "CEBD-1712" in [one["id"] for one in refused["problems"]]
        left = client.conditions()["receipt:client:CEBD-1713"]
        assert "a-foreign.xml" in left["zh"]
        until(lambda: sorted(path.name for path in client.receive.iterdir()) == ["a-foreign.xml"], "the others taken")
        assert (client.receive / "a-foreign.xml").read_bytes() == INV201
        until(lambda: list((station.outbox / "unmatched").rglob("*.problem.txt")), "the cut one in unmatched/")
        station.other_enterprise_goes_on()
