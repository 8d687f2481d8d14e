"""Makes `version-1.tar.gz`: a station as commit 2af15e4 left it when it was killed in the middle of its work.

    git worktree add OLD 2af15e4; PYTHONPATH=OLD/daemon:OLD/tests python tests/stores/make_station.py TARGET.tar.gz

Its messages stand in every state there is; its keys are left out (a test makes new ones); the channel is a folder.

| file | what became of it |
| --- | --- |
| answered.xlsx | sent; one order accepted, one refused, one acknowledged (2), one not answered; one row rejected by us |
| sent.xlsx | sent, no answer |
| doubtful.xlsx | handed over, and not known whether it arrived: it did, the other side has taken it |
| visible.xlsx | handed over, killed before the outcome was written: it stands at the other side |
| signed.xlsx | signed, the channel was away |
| ready.xlsx | not signed, the token was away |
| claimed.xlsx | claimed, not converted |
| claiming.xlsx | its row written, the file still in the inbox |
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from cebd.cli.starter import make_station
from cebd.config import load_settings
from cebd.documents.trial_rows import order_rows, write_workbook
from cebd.rounds import Polling
from cebd.signing.signer import TokenError
from cebd.station import Station
from cebd.transport.channel import ChannelError, Failed, InDoubt, Sent

RECEIPT = """<?xml version="1.0" encoding="UTF-8"?>
<CEB312Message guid="{guid}" version="1.0" xmlns="http://www.chinaport.gov.cn/ceb"><OrderReturn><guid>{guid}</guid>
<ebpCode>{ebp}</ebpCode><ebcCode>{ebc}</ebcCode><orderNo>{order}</orderNo><returnStatus>{status}</returnStatus>
<returnTime>20261126120000{number:03d}</returnTime><returnInfo>{info}</returnInfo></OrderReturn></CEB312Message>
"""


def main(target: Path) -> None:
    folder = Path(tempfile.mkdtemp()) / "station"
    made = make_station(folder, 0)
    text = made.settings.read_text(encoding="utf-8")
    channel = '[channel.sandbox]\ntype = "folder"\nsend_dir = "client/in"\nreceive_dir = "client/out"\n'
    text = text[: text.index("[channel.sandbox]")] + channel
    made.settings.write_text(text.replace("stable_seconds = 1.0", "stable_seconds = 0.0"), encoding="utf-8")
    for name in ("in", "out", "taken"):
        (folder / "client" / name).mkdir(parents=True)
    station = Station(load_settings(made.settings))
    station.start()
    rounds: Polling = station.rounds

    def drop(name: str, prefix: str, count: int, bad: bool = False) -> None:
        rows = list(order_rows(count, prefix=prefix))
        if bad:
            rows[-1]["head.freight"] = "-1"
        write_workbook(made.inbox / f"{name}.xlsx", "order", rows)

    def look(name: str, *states: str) -> None:
        """Take it in, and wait until its message has come that far."""
        import time

        for _ in range(200):
            rounds.claim_new_files()
            time.sleep(0.05)
            with station.store.read() as connection:
                query = (
                    "SELECT drops.state, messages.state FROM drops LEFT JOIN messages ON messages.drop_id = drops.id"
                    f" WHERE drops.name = '{name}.xlsx'"
                )
                found = [tuple(row) for row in connection.exec_driver_sql(query)]
            if found and found[0][0] == "filed" and found[0][1] in states:
                return
        raise SystemExit(f"{name}: {found}")

    drop("answered", "ANSWERED", 5, bad=True)
    look("answered", "sent")
    drop("sent", "SENT", 2)
    look("sent", "sent")
    for path in (folder / "client" / "in").iterdir():
        path.rename(folder / "client" / "taken" / path.name)
    with station.store.read() as connection:
        keys = list(
            connection.exec_driver_sql("SELECT key, guid FROM records WHERE drop_id = 1 AND message_id IS NOT NULL")
        )
    said = [("120", "放行"), ("-301018", "refused"), ("2", "申报中")]
    for number, (row, (status, info)) in enumerate(zip(keys, said, strict=False)):
        ebp, ebc, order = row[0].split("\x1f")
        content = RECEIPT.format(guid=row[1], order=order, ebp=ebp, ebc=ebc, status=status, info=info, number=number)
        (folder / "client" / "out" / f"receipt-{number}.xml").write_text(content, encoding="utf-8")
    import time

    for _ in range(3):
        rounds.look_for_receipts()
        time.sleep(0.6)
    rounds.publish_changes(at_once=True)

    wire: Any = station._channels["sandbox"]
    really = wire.deliver

    def doubtful(name: str, content: bytes, before_visible: Any, attempt: int = 1) -> Any:
        assert isinstance(really(name, content, before_visible, attempt), Sent)
        path = folder / "client" / "in" / name
        path.rename(folder / "client" / "taken" / name)
        return InDoubt("the line went away")

    def no_line(*_: Any) -> Any:
        raise ChannelError("CEBD-1601", "the line is down")

    wire.probe = no_line
    wire.deliver = doubtful
    drop("doubtful", "DOUBTFUL", 2)
    look("doubtful", "in_doubt")

    import cebd.transport.submit as submit

    settle, submit._settle = submit._settle, lambda *_: None
    wire.deliver = really
    drop("visible", "VISIBLE", 2)
    look("visible", "signed")
    for _ in range(100):
        if any((folder / "client" / "in").iterdir()):
            break
        time.sleep(0.05)
    assert any((folder / "client" / "in").iterdir())
    wire.deliver = lambda *_: Failed("CEBD-1601", "the line is down")
    submit._settle = settle
    drop("signed", "SIGNED", 2)
    look("signed", "signed")
    station._signers["trial"] = TokenError("the token is away")
    station._signer = lambda _name: TokenError("the token is away")
    drop("ready", "READY", 2)
    look("ready", "ready")
    time.sleep(2.5)
    rounds._begin = lambda _drop_id: None
    drop("claimed", "CLAIMED", 2)
    rounds.claim_new_files()
    rounds.claim_new_files()
    import cebd.intake.claim as claim
    import cebd.rounds

    cebd.rounds.claim = lambda *_: None
    drop("claiming", "CLAIMING", 2)
    with station.store.write() as connection:
        source = made.inbox / "claiming.xlsx"
        digest = claim.sha256_of(source)
        claim.record_drop(connection, "trial", source, station.clock, digest, "inbox/claiming.xlsx")
        connection.exec_driver_sql("UPDATE drops SET place = 'working/000008-claiming.xlsx' WHERE id = 8")
    rounds.publish_changes(at_once=True)
    for path in (folder / "keys").iterdir():
        path.unlink()
    os.sync()
    with tarfile.open(target, "w:gz") as packed:
        for name in ("cebd.toml", "store", "share", "client"):
            packed.add(folder / name, name)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
