"""What lies in the folder of a channel, or is not allowed there, keeps no other receipt from being taken, and is named once."""

from __future__ import annotations

import os
from pathlib import Path

from builders.stations import TryStation
from builders.waiting import until

_INV201 = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n<Package><EnvelopInfo><version>1.0</version><message_id>N14</message_id>"
    b"<message_type>INV201</message_type></EnvelopInfo><DataInfo/></Package>"
)
_UNKNOWN_ORDER = (
    '<CEB312Message xmlns="http://www.chinaport.gov.cn/ceb" version="1.0" guid="{guid}"><OrderReturn>'
    "<guid>4f2011fc-4ed0-478c-b190-22e76ef8b78a</guid><ebpCode>9900000001</ebpCode><ebcCode>9900000002</ebcCode>"
    "<orderNo>NOT-OURS-{number}</orderNo><returnStatus>2</returnStatus><returnTime>20261126191000123</returnTime>"
    "<returnInfo>x</returnInfo></OrderReturn></CEB312Message>"
)


def a_receipt(number: int) -> bytes:
    return _UNKNOWN_ORDER.format(guid=f"C49D69D2-2544-4C8F-96E6-F82C65C1CA{number:02d}", number=number).encode()


def test_receipts_that_cannot_be_removed_or_are_not_ours_or_oddly_named_hold_up_nothing(tmp_path: Path) -> None:
    with TryStation(tmp_path, as_user=True, audited=False) as station:
        station.add_enterprise()
        text = station.settings_path.read_text(encoding="utf-8")
        station.settings_path.write_text(
            text.replace('channel = "sandbox"', 'channel = "files"', 1)
            + '\n[channel.files]\ntype = "folder"\nsend_dir = "to"\nreceive_dir = "from"\n',
            encoding="utf-8",
        )
        send, receive = station.settings_path.parent / "to", station.settings_path.parent / "from"
        send.mkdir()
        receive.mkdir()
        (receive / "archive").mkdir()
        (receive / "INV201_1.xml").write_bytes(_INV201)
        names = [b"CEB312_1.xml", "回执".encode("gbk") + b".xml", "回执".encode() * 40 + b".xml", b"d:e?f*g.xml"]
        for number, name in enumerate(names):
            Path(os.fsdecode(os.fsencode(receive) + b"/" + name)).write_bytes(a_receipt(number))
        receive.chmod(0o555)  # the daemon runs as another user, for whom this counts
        station.start()
        not_removed = station.condition("receipt:files:CEBD-1610", "CEBD-1610")
        assert not_removed["party"] == "e-port"
        assert not_removed["en"].startswith("4 receipts")
        assert "INV201_1.xml" in station.condition("receipt:files:CEBD-1713", "CEBD-1713")["en"]
        assert "archive" in station.condition("receipt:files:CEBD-1612", "CEBD-1612")["en"]
        station.other_enterprise_goes_on()
        until(lambda: len(_copied_out(station)) == len(names), "each receipt copied out")
        fetched = station.log().count("receipts fetched")
        assert len(list(receive.iterdir())) == len(names) + 2

        station.stop()
        station.start()
        station.condition("receipt:files:CEBD-1610", "CEBD-1610")
        station.other_enterprise_goes_on()
        assert len(_copied_out(station)) == len(names)
        assert _of_the_folder(station.log()).count("receipts fetched") <= fetched
        receive.chmod(0o755)


def _of_the_folder(log: str) -> str:
    return "\n".join(line for line in log.splitlines() if "channel=files" in line)


def _copied_out(station: TryStation) -> list[str]:
    return [path.name for path in (station.outbox / "unmatched").rglob("*.xml") if path.is_file()]
