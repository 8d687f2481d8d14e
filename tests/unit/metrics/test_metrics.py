"""What Prometheus and watchers are told, read by their own programs; and that telling it keeps no work."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event

from builders.clocks import StillClock
from builders.declared import a_receipt, a_return, an_open_store, declare, settle
from builders.settings_files import GOOD
from builders.waiting import until
from cebd.clock import CST
from cebd.metrics.exposition import exposition
from cebd.metrics.figures import FigureMaker
from cebd.metrics.meter import Meter
from cebd.problems.problem import problem
from cebd.settings import load_settings
from cebd.signing.signer import PinTries
from cebd.station.listening.watched import Watched
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

MONITORING = Path(__file__).parents[3] / "docs/monitoring"
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)


class Desk:
    def __init__(self, store: Store) -> None:
        self.store, self.seconds = store, 100.0
        self.conditions = Conditions(store, StillClock())
        self.meter = Meter(lambda: 1_772_600_000.0)
        self.maker = FigureMaker(
            store,
            self.conditions,
            self.meter,
            ["token"],
            ["sftp"],
            lambda: datetime.fromtimestamp(1_772_500_000, CST),
            lambda: self.seconds,
        )

    def text(self) -> str:
        self.seconds += 1000.0
        return exposition(self.maker.figures(), is_well=True).decode()

    def values(self) -> dict[tuple[str, ...], float]:
        """Each sample: its name with the values of its labels, by the names of these."""
        return {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
        }


def a_busy_desk(store: Store) -> Desk:
    desk = Desk(store)
    declare(store, "A1", "A2")
    settle(store, a_receipt(a_return("A1", "120", "093000"), a_return("A2", "-301008", "093000")))
    declare(store, "B1")
    declare(store, "C1", "C2", sent_at=None)
    for seconds in (0.02, 0.3, 40.0):
        desk.meter.signed("token", seconds)
    desk.meter.heard("sftp")
    return desk


def test_the_figures_say_how_things_stand(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        values = a_busy_desk(store).values()
    assert values["cebd_up",] == 1
    assert values["cebd_records", "succeeded", "CEB311"] == 1
    assert values["cebd_records", "refused", "CEB311"] == 1
    assert values["cebd_records", "sent", "CEB311"] == 1
    assert values["cebd_queue_messages", "signed", "sftp"] == 1
    assert values["cebd_unanswered_oldest_timestamp_seconds",] == 1772586000  # 2026-03-04 09:00 at customs
    assert values["cebd_token_up", "token"] == values["cebd_channel_up", "sftp"] == 1
    assert values["cebd_last_contact_timestamp_seconds", "sftp"] == 1_772_600_000
    assert values["cebd_sign_seconds_count", "token"] == 3
    assert values["cebd_sign_seconds_bucket", "0.025", "token"] == 1
    assert values["cebd_sign_seconds_bucket", "30.0", "token"] == 2
    assert values["cebd_sign_seconds_sum", "token"] == pytest.approx(40.32)
    assert values["cebd_backup_last_timestamp_seconds",] == 1_772_500_000


def test_a_token_away_and_a_refused_pin_are_told(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        desk = Desk(store)
        refused = problem("CEBD-1502", value="token", reason="wrong")
        desk.conditions.note("signer:token", refused, Party.TOKEN)
        values = desk.values()
    assert (values["cebd_token_up", "token"], values["cebd_token_pin_tries_low", "token"]) == (0, 1)
    assert values["cebd_problems", "token"] == 1


def test_what_a_token_says_of_its_pin_is_told(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        desk = Desk(store)
        assert ("cebd_token_pin_last_try", "token") not in desk.values()
        desk.meter.token_said("token", PinTries(left=1, is_low=True, is_last=True))
        values = desk.values()
        assert [values[f"cebd_token_pin_{name}", "token"] for name in ("tries_low", "last_try", "tries_left")] == [
            1,
            1,
            1,
        ]
        desk.meter.token_said("token", PinTries())
        values = desk.values()
    assert [values[f"cebd_token_pin_{name}", "token"] for name in ("tries_low", "last_try")] == [0, 0]
    assert ("cebd_token_pin_tries_left", "token") not in values


@needs_promtool
def test_promtool_has_no_word_to_say_about_the_figures_and_the_rules(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        text = a_busy_desk(store).text()
    checks = (
        (["promtool", "check", "metrics"], text),
        (["promtool", "check", "rules", "cebd.rules.yml"], ""),
        (["promtool", "test", "rules", "cebd.rules.test.yml"], ""),
    )
    for words, given in checks:
        said = subprocess.run(words, input=given, capture_output=True, text=True, cwd=MONITORING, check=False)
        assert (said.returncode, said.stderr) == (0, ""), said.stdout


def test_rules_and_dashboard_name_no_figure_that_is_not_told(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        told = set(re.findall(r"^# TYPE (\S+)", a_busy_desk(store).text(), re.MULTILINE))
    told |= {f"cebd_sign_seconds_{part}" for part in ("bucket", "count", "sum")}
    rules = (MONITORING / "cebd.rules.yml").read_text(encoding="utf-8")
    expressions = re.findall(r"^ +expr: (.*)$", rules, re.MULTILINE)
    board = json.loads((MONITORING / "cebd-dashboard.json").read_text(encoding="utf-8"))
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for expression in expressions for name in re.findall(r"\bcebd_\w+", expression)}
    assert len(named) > 15
    assert named - told == set()


def test_counting_every_record_waits_for_a_change_and_takes_little_of_the_time(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    asked: list[str] = []
    with an_open_store(tmp_path) as store:

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        request.addfinalizer(lambda: event.remove(Engine, "before_cursor_execute", note))
        desk = Desk(store)
        for _ in range(5):
            desk.text()
        counts = [query for query in asked if "GROUP BY records.type" in query]
        assert len(counts) == 1
        declare(store, "A1")
        desk.text()
        assert len([query for query in asked if "GROUP BY records.type" in query]) == 2


@contextmanager
def watched(folder: Path, metrics: str, hung: list[str]) -> Iterator[tuple[Watched, Conditions]]:
    (folder / "cebd.toml").write_text(f"{GOOD}\n[metrics]\n{metrics}\n", encoding="utf-8")
    settings = load_settings(folder / "cebd.toml")
    with an_open_store(folder / "own") as store:
        conditions = Conditions(store, StillClock())
        looked_after = Watched(settings, store, StillClock(), conditions, Meter(), lambda _seconds: hung)
        try:
            yield looked_after, conditions
        finally:
            looked_after.stop()


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_prometheus_reads_the_figures_and_a_watcher_the_health(tmp_path: Path) -> None:
    hung: list[str] = []
    with watched(tmp_path, 'listen = "127.0.0.1:0"', hung) as (looked_after, _):
        looked_after.look()
        status, text = get(looked_after.port, "/metrics")
        assert status == 200
        assert "cebd_up 1.0" in text
        assert get(looked_after.port, "/health") == (200, '{"v":1,"status":"ok","reasons":[]}')
        hung.append("look for files")
        status, text = get(looked_after.port, "/health")
        assert (status, json.loads(text)["reasons"]) == (503, ["look for files does not come back"])


def test_a_textfile_is_written_whole_and_a_heartbeat_only_while_the_station_is_well(tmp_path: Path) -> None:
    hung = ["look for files"]
    lines = f'textfile = "{tmp_path}/cebd.prom"\nheartbeat = "{tmp_path}/alive"'
    with watched(tmp_path, lines, hung) as (looked_after, _):
        looked_after.look()
        assert "cebd_up 0.0" in (tmp_path / "cebd.prom").read_text(encoding="utf-8")
        assert not (tmp_path / "alive").exists()
        hung.clear()
        looked_after.look()
        assert (tmp_path / "alive").read_text(encoding="utf-8") == "2026-03-04T05:06:07+08:00\n"


def test_an_address_is_asked_and_one_that_refuses_is_said_without_being_named(tmp_path: Path) -> None:
    asked: list[str] = []

    class Watcher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Watcher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "url").write_text(f"http://127.0.0.1:{server.server_port}/ping/SECRET\n", encoding="utf-8")
    try:
        with watched(tmp_path, f'heartbeat_url = {{ file = "{tmp_path}/url" }}', []) as (looked_after, conditions):
            looked_after.look()
            said = until(conditions.current, "the refusal said")
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["/ping/SECRET"]
    assert (said[0].key, said[0].problem.id) == ("metrics:heartbeat_url", "CEBD-2404")
    assert "SECRET" not in repr(said)
    assert "503" in said[0].problem.en


def test_a_station_without_such_settings_does_nothing_for_it(tmp_path: Path) -> None:
    with watched(tmp_path, "", []) as (looked_after, _):
        assert not looked_after.is_wanted
