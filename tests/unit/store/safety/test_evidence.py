"""Evidence in the folders of enterprises: what one of them holds, or that it does not answer, is no other enterprise's matter."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.new_store import open_store
from cebd.apart import Apart
from cebd.clock import iso
from cebd.settings import Settings, load_settings
from cebd.store.conditions import Conditions
from cebd.store.safety import evidence as evidence_module
from cebd.store.safety.evidence import NAME, Evidence, Place, read_evidence
from cebd.store.safety.progress import Progress, advance
from cebd.store.safety.trust import StoreRefused, open_trusted
from cebd.store.store import Store

ENTERPRISE = """
[[enterprise]]
name = "{name}"
copCode = "4407961999"
copName = "示例"
dxpId = "DXPENT0000010001"
folder = "{name}"
signer = "trial"
channel = "hand-over"
"""
REST = """
[signer.trial]
type = "software"
key = "key.pem"
[channel.hand-over]
type = "folder"
send_dir = "out"
receive_dir = "in"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A station with two enterprises, "one" and "other"."""
    text = ENTERPRISE.format(name="one") + ENTERPRISE.format(name="other") + REST
    (tmp_path / "cebd.toml").write_text(text, encoding="utf-8")
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return load_settings(tmp_path / "cebd.toml")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with closing(open_store(settings.store_dir)) as opened:
        yield opened


@pytest.fixture
def evidence(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.setattr(evidence_module, "_ENDING_SECONDS", 0.2)
    clock = StillClock()
    made = Evidence(settings.folders, store, clock, Conditions(store, clock), [])
    made._apart = Apart("evidence", patience=0.2)
    return made


def closed(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int) -> None:
    """Whoever looks at the folder, or at what is in it, is told so."""
    real = Path.stat

    def stat(self: Path, **how: bool) -> object:
        if self == folder or folder in self.parents:
            raise OSError(number, "no way in", str(self))
        return real(self, **how)

    def put(place: Place, made: Progress) -> None:
        place.folder.stat()
        real_put(place, made)

    real_put = evidence_module._put
    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(evidence_module, "_put", put)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EHOSTDOWN, errno.ENOTCONN])
def test_a_folder_that_cannot_be_entered_stops_neither_the_start_nor_the_other_enterprise(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    closed(monkeypatch, settings.base / "other", number)
    store, found = open_trusted(settings.folders, StillClock())
    assert [one.place.enterprise for one in found if one.trouble] == ["other"]
    clock = StillClock()
    conditions = Conditions(store, clock)
    evidence = Evidence(settings.folders, store, clock, conditions, found)
    evidence.start()
    with store.write() as connection:
        evidence.before_hand_over(advance(connection, iso(clock.now())))
    evidence.stop()
    store.close()
    assert (settings.base / "one" / NAME).exists()
    assert [one.key for one in conditions.current()] == ["store:evidence:other"]


def test_a_share_that_hangs_keeps_neither_a_hand_over_nor_the_stop_waiting(
    settings: Settings, store: Store, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, answers = evidence_module._put, threading.Event()

    def put(place: Place, made: Progress) -> None:
        if place.enterprise == "other":
            answers.wait(60)
        real(place, made)

    monkeypatch.setattr(evidence_module, "_put", put)
    began = time.monotonic()
    evidence.start()
    with store.write() as connection:
        made = advance(connection, "2026-11-26T10:00:00+08:00")
    handed_over = time.monotonic()
    evidence.before_hand_over(made)
    assert time.monotonic() - handed_over < 20, "it would have hung for a minute"
    evidence.follow(at_once=True)
    assert [one.key for one in evidence._conditions.current()] == ["store:evidence:other"]
    assert json.loads((settings.base / "one" / NAME).read_text())["step"] == made.step + 1
    evidence.stop()
    assert time.monotonic() - began < 20, "it would have hung for a minute"
    answers.set()
    for _ in range(100):
        if not evidence._apart.at_it():
            break
        time.sleep(0.05)
    evidence.follow()
    assert json.loads((settings.base / "other" / NAME).read_text())["step"] == made.step + 1
    assert not evidence._conditions.current()


@pytest.mark.parametrize(
    "told",
    [
        '{"identity":"a","step":1e999,"drops":1,"messages":1,"time":"x"}',
        '{"identity":"a","step":Infinity,"drops":1,"messages":1,"time":"x"}',
        '{"identity":"a","step":10000000000000000000000000,"drops":1,"messages":1,"time":"x"}',
        '{"identity":"a","step":' + "9" * 5000 + ',"drops":1,"messages":1,"time":"x"}',
        '{"identity":"a","step":1,"drops":-1,"messages":1,"time":"x"}',
        "[" * 9000,
        "[]",
    ],
)
def test_a_file_that_somebody_made_up_is_no_evidence(settings: Settings, told: str) -> None:
    (settings.base / "other" / NAME).write_text(told)
    found = {one.place.enterprise: one for one in read_evidence(settings.folders)}["other"]
    assert (found.progress, found.trouble) == (None, "cannot be understood")
    open_trusted(settings.folders, StillClock())[0].close()


def test_what_nothing_beside_the_store_bears_out_is_refused_with_the_name_of_the_file(
    settings: Settings, store: Store, evidence: Evidence
) -> None:
    evidence.follow(at_once=True)
    planted = settings.base / "other" / NAME
    planted.write_text(json.dumps({**json.loads(planted.read_text()), "step": 1_000_000}))
    with pytest.raises(StoreRefused) as refused:
        open_trusted(settings.folders, StillClock())
    said = refused.value.problem
    assert said.id == "CEBD-2106"
    for text in (said.fix_zh, said.fix_en):
        assert str(planted) in text
        assert "cebd restore" in text
    planted.unlink()
    open_trusted(settings.folders, StillClock())[0].close()


def test_a_folder_that_does_not_answer_is_not_waited_for_at_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, answers = Path.stat, threading.Event()

    def stat(self: Path, **how: bool) -> object:
        if self == settings.base / "other":
            answers.wait(60)
        return real(self, **how)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(evidence_module, "_READING_SECONDS", 0.2)
    began = time.monotonic()
    found = {one.place.enterprise: one for one in read_evidence(settings.folders)}
    assert found["other"].trouble == "the folder does not answer"
    assert time.monotonic() - began < 20
    answers.set()
