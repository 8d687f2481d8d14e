"""A running station tells a robot what is wrong, and a command has it tried."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from builders.stations import TryStation
from builders.waiting import until


@contextmanager
def a_hook() -> Iterator[tuple[list[Any], str]]:
    """What is posted, and the address."""
    posted: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield posted, f"http://127.0.0.1:{server.server_port}/?key=TOKEN"
    finally:
        server.shutdown()
        server.server_close()


def test_customs_away_is_told_once_and_the_command_tries_the_alarm(tmp_path: Path) -> None:
    with a_hook() as (posted, url), TryStation(tmp_path, audited=False) as station:
        (station.settings_path.parent / "hook").write_text(url, encoding="utf-8")
        station.add_settings('[alarm.hook]\ntype = "webhook"\nurl = { file = "hook" }\nafter_minutes = 0\n')
        tried = station.cebd("alarm", "test", "hook", "-c", str(station.settings_path))
        assert tried.returncode == 0, tried.stderr
        assert [one["event"] for one in posted] == ["trial"]
        unknown = station.cebd("alarm", "test", "other", "-c", str(station.settings_path))
        assert unknown.returncode == 2
        station.customs_away()
        station.start()
        until(lambda: len(posted) > 1, "the alarm")
        told = posted[1]["new"]
        assert [one["key"].split(":")[0] for one in told if one["party"] == "network"] == ["channel"]
        assert all(one["fix_zh"] and one["fix_en"] and one["since"] for one in told)
        station.stop()
    assert "TOKEN" not in station.log()
