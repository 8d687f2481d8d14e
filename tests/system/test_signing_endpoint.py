"""Two stations of which one signs for the other: work waits for it, goes on by itself, and each signature is noted before it is given."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_station_signs_by_another_s_token_and_waits_while_it_is_not_there(tmp_path: Path) -> None:
    port = a_free_port()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with TryStation(tmp_path / "one", by_folder=True) as one, TryStation(tmp_path / "two", by_folder=True) as two:
        one.add_settings(f'\n[signing_endpoint]\nlisten = "127.0.0.1:{port}"\nsigners = ["trial"]\n')
        two.change_settings(
            'type = "software"\nkey = "keys/trial.key.pem"\ncert = "keys/trial.cert.pem"',
            f'type = "remote"\nurl = "http://127.0.0.1:{port}"\nsigner = "trial"',
        )
        two.drop_rows("first.xlsx", "order", list(order_rows(1, first=1)))
        two.start()
        waiting = two.condition("signer:trial", "CEBD-1501")
        assert f"http://127.0.0.1:{port}" in waiting["zh"]
        one.start()
        assert two.final_receipt("first")["counts"] == {"succeeded": 1}
        one.kill()
        two.drop_rows("second.xlsx", "order", list(order_rows(1, first=2)))
        two.condition("signer:trial", "CEBD-1501")
        one.start()
        assert two.final_receipt("second")["counts"] == {"succeeded": 1}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/sign",
            json.dumps({"signer": "trial", "text": "anything else"}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request)
        except HTTPError as error:
            refusal = json.load(error)
        assert refusal["problem"] == "CEBD-1530"
        assert two.stop() == 0
        assert one.stop() == 0
        declared = read_ledger(two.customs_folder)
        assert len(declared) == len({entry["guid"] for entry in declared}) == 2
        told = one.cebd("token", "given", "--json", "-c", str(one.settings_path))
        given = json.loads(told.stdout)["signatures"]
        assert {(row["caller"], row["signer"], row["kind"]) for row in given} == {("127.0.0.1", "trial", "SignedInfo")}
        assert len({row["names"] for row in given}) == 2


def test_an_endpoint_whose_port_is_taken_is_named_and_listens_once_it_is_free(tmp_path: Path) -> None:
    with TryStation(tmp_path, by_folder=True) as station:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            station.add_settings(f'\n[signing_endpoint]\nlisten = "127.0.0.1:{port}"\nsigners = ["trial"]\n')
            station.start()
            station.condition("listen:signing_endpoint", "CEBD-2301")
        until(lambda: not station.standing()["conditions"], "nothing is wrong any more")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/certificate?signer=trial") as answer:
            assert json.load(answer)["certificate_number"]
        assert station.stop() == 0
