"""A token, a key or a channel that cannot be used: its own messages wait and say why, everything else goes on, also from the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from builders.stations import TryStation, receipt_json
from builders.waiting import until
from cebd.sandbox.home import prepare
from cebd.trial.rows import order_rows, write_workbook


def conditions(station: TryStation) -> dict[str, Any]:
    """What `cebd status` says is not as it should be."""
    told = station.cebd("status", "--json", "-c", str(station.settings_path))
    return {one["key"]: one for one in json.loads(told.stdout)["conditions"]}


def drop(inbox: Path, name: str, prefix: str) -> None:
    until(inbox.is_dir, f"{inbox}")
    write_workbook(inbox / f"{name}.part", "order", list(order_rows(1, prefix=prefix)))
    (inbox / f"{name}.part").replace(inbox / f"{name}.xlsx")


def counts(outbox: Path, name: str) -> object:
    path = receipt_json(outbox, name)
    return None if path is None else json.loads(path.read_text(encoding="utf-8"))["counts"]


def add_broken_ways(station: TryStation) -> tuple[Path, Path]:
    """An enterprise whose key is away, and one whose login is refused; the folders of both."""
    away, refused = station.add_enterprise("away"), station.add_enterprise("refused")
    text = station.settings_path.read_text(encoding="utf-8")
    head, of_away, of_refused = text.partition('name = "away"')
    of_away, _, of_refused = of_refused.partition('name = "refused"')
    of_away = of_away.replace('signer = "trial"', 'signer = "away"')
    of_refused = of_refused.replace('channel = "sandbox"', 'channel = "refused"')
    channel = head[head.index("[channel.sandbox]") :].partition("\n\n")[0]
    channel = channel.replace("[channel.sandbox]", "[channel.refused]").replace("client_key", "other_key")
    station.settings_path.write_text(
        f'{head}name = "away"{of_away}name = "refused"{of_refused}\n'
        f'[signer.away]\ntype = "software"\nkey = "usb/key.pem"\ncert = "keys/trial.cert.pem"\n\n{channel}\n',
        encoding="utf-8",
    )
    return away, refused


def test_the_station_starts_with_a_token_away_and_a_login_refused_and_goes_on_when_they_are_mended(
    tmp_path: Path,
) -> None:
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        away, refused = add_broken_ways(station)
        base = station.settings_path.parent
        client_key = (base / "sandbox" / "client_key").read_bytes()
        (base / "sandbox" / "other_key").write_bytes(prepare(tmp_path / "stranger").client_key.read_bytes())
        station.start()
        station.other_enterprise_goes_on()
        drop(away / "inbox", "orders", "AWAY")
        drop(refused / "inbox", "orders", "REFUSED")
        until(lambda: counts(away / "outbox", "orders") == {"ready": 1}, "the order that waits for its key")
        until(lambda: counts(refused / "outbox", "orders") == {"signed": 1}, "the order that waits for its channel")
        found = until(
            lambda: {"signer:away", "channel:refused"} <= (now := conditions(station)).keys() and now, "both named"
        )
        assert found["signer:away"]["party"] == "token"
        assert found["channel:refused"]["party"] == "administrator"
        station.other_enterprise_goes_on()

        (base / "usb").mkdir()
        (base / "usb" / "key.pem").write_bytes((base / "keys" / "trial.key.pem").read_bytes())
        (base / "sandbox" / "other_key").write_bytes(client_key)
        until(lambda: counts(away / "outbox", "orders") == {"succeeded": 1}, "the order whose key came back")
        until(lambda: counts(refused / "outbox", "orders") == {"succeeded": 1}, "the order whose login was mended")
        until(lambda: not conditions(station), "nothing wrong any more")
        assert station.log().count("Traceback") == 0
