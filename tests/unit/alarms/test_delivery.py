"""Alarms arrive at real servers: SMTP, and HTTP as the robots of DingTalk and WeCom answer; what fails harms nothing and is said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import TypeAdapter

from builders.clocks import StillClock
from builders.declared import an_open_store
from builders.waiting import until
from cebd.alarms.alarms import Alarms, deliver_trial
from cebd.alarms.kind import AlarmSettings, NotDelivered
from cebd.problems.problem import problem
from cebd.settings.kinds import Alarm
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

DOWN = problem("CEBD-1601", value="sftp", channel="sftp", reason="no route to host", reason_zh="没有路由")


def settings(text: str) -> AlarmSettings:
    return TypeAdapter[AlarmSettings](Alarm).validate_python(tomllib.loads(text))


class Post:
    """A mail server on loopback."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")


@contextmanager
def a_mail_server() -> Iterator[tuple[Post, int]]:
    post = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=port, authenticator=post.authenticate, auth_require_tls=False
    )
    controller.start()
    try:
        yield post, port
    finally:
        controller.stop()


@contextmanager
def a_robot(
    answer: bytes = b'{"errcode":0,"errmsg":"ok"}', status: int = 200
) -> Iterator[tuple[list[tuple[str, Any]], str]]:
    """What was posted, path and JSON; and the address."""
    posted: list[tuple[str, Any]] = []

    class Robot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(body)))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Robot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield posted, f"http://127.0.0.1:{server.server_port}/robot/send?access_token=TOKEN"
    finally:
        server.shutdown()
        server.server_close()


def a_webhook(folder: Path, url: str, format_: str, more: str = "") -> AlarmSettings:
    (folder / "url").write_text(url + "\n", encoding="utf-8")
    return settings(
        f'type = "webhook"\nformat = "{format_}"\nurl = {{ file = "url" }}\nafter_minutes = 0\nevery_minutes = 0\n{more}'
    )


class Desk:
    def __init__(self, store: Store, folder: Path, **alarms: AlarmSettings) -> None:
        self.clock = StillClock()
        self.conditions = Conditions(store, self.clock)
        self.alarms = Alarms("站一", alarms, folder, store, self.clock, self.conditions, "both")

    def look(self) -> None:
        self.alarms.look()
        until(lambda: not self.alarms.at_it(), "the alarms to end")


def test_a_mail_names_cause_evidence_and_next_step_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("right", encoding="utf-8")
    with a_mail_server() as (post, port), an_open_store(tmp_path) as store:
        mail = settings(
            f'type = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nuser = "cebd"\n'
            'password = { file = "mail" }\nsender = "cebd@example.org"\nto = ["a@example.org", "b@example.org"]\n'
            "after_minutes = 0\nevery_minutes = 0\n"
        )
        desk = Desk(store, tmp_path, mail=mail)
        desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
        desk.look()
        desk.look()
    assert len(post.mails) == 1
    assert post.logins == [(b"cebd", b"right")]
    mail_read = message_from_bytes(post.mails[0], policy=policy.default)
    assert mail_read["Subject"] == "cebd 站一: 1 件事不正常"
    assert mail_read["To"] == "a@example.org, b@example.org"
    text = mail_read.get_content()
    for part in ("CEBD-1601", DOWN.zh, DOWN.en, DOWN.fix_zh, DOWN.fix_en, "自 2026-03-04 05:06", "由谁处理：网络"):
        assert part in text
    assert "right" not in text


def test_a_wrong_password_is_said_in_the_conditions_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("wrong-password", encoding="utf-8")
    with a_mail_server() as (post, port), an_open_store(tmp_path) as store:
        mail = settings(
            f'type = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nuser = "cebd"\n'
            'password = { file = "mail" }\nsender = "cebd@example.org"\nto = ["a@example.org"]\nafter_minutes = 0\n'
        )
        desk = Desk(store, tmp_path, mail=mail)
        desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
        desk.look()
        said = {condition.key: condition.problem for condition in desk.conditions.current()}
    assert post.mails == []
    assert said["alarm:mail"].id == "CEBD-2401"
    assert "wrong-password" not in repr(said)


def test_dingtalk_gets_markdown_and_the_sign_that_it_asks_for(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECabc", encoding="utf-8")
    with a_robot() as (posted, url), an_open_store(tmp_path) as store:
        desk = Desk(store, tmp_path, ding=a_webhook(tmp_path, url, "dingtalk", 'secret = { file = "secret" }'))
        desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
        desk.look()
    ((path, body),) = posted
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    expected = hmac.new(b"SECabc", f"{query['timestamp']}\nSECabc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"]) == expected
    assert query["access_token"] == "TOKEN"
    assert body["msgtype"] == "markdown"
    assert body["markdown"]["title"] == "cebd 站一: 1 件事不正常"
    assert DOWN.fix_zh in body["markdown"]["text"]


def test_wecom_gets_no_more_than_it_takes_and_the_rest_is_counted(tmp_path: Path) -> None:
    with a_robot() as (posted, url), an_open_store(tmp_path) as store:
        desk = Desk(store, tmp_path, wecom=a_webhook(tmp_path, url, "wecom"))
        for number in range(30):
            desk.conditions.note(f"channel:c{number:02}", DOWN, Party.NETWORK)
        desk.look()
    content = posted[0][1]["markdown"]["content"]
    assert len(content.encode()) <= 4096
    shown = content.count("【CEBD-1601】")
    assert 0 < shown < 30
    assert content.endswith(f"… +{30 - shown}")


def test_json_has_what_is_new_and_then_what_is_over(tmp_path: Path) -> None:
    with a_robot(b"", 204) as (posted, url), an_open_store(tmp_path) as store:
        desk = Desk(store, tmp_path, hook=a_webhook(tmp_path, url, "json"))
        desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
        desk.look()
        desk.conditions.end("channel:sftp")
        desk.look()
        desk.clock.moment = desk.clock.moment.replace(minute=20)
        desk.look()
        desk.look()
    (_, alarm), (_, over) = posted
    assert (alarm["event"], alarm["new"][0]["key"], alarm["new"][0]["party"]) == ("alarm", "channel:sftp", "network")
    assert alarm["new"][0]["fix_en"] == DOWN.fix_en
    assert (over["event"], [told["key"] for told in over["over"]]) == ("over", ["channel:sftp"])


def test_a_start_tells_nothing_again(tmp_path: Path) -> None:
    with a_robot() as (posted, url), an_open_store(tmp_path) as store:
        for _ in range(2):
            desk = Desk(store, tmp_path, wecom=a_webhook(tmp_path, url, "wecom"))
            desk.conditions.start()
            desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
            desk.look()
    assert len(posted) == 1


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        (b'{"errcode":310000,"errmsg":"sign not match"}', 200, "errcode 310000"),
        (b"<html>", 200, "none of a robot"),
        (b"", 500, "HTTP 500"),
        (b"", 302, "HTTP 302"),
    ],
)
def test_a_robot_that_refuses_is_told_by_the_other_alarm_and_tried_again_later(
    tmp_path: Path, answer: bytes, status: int, why: str
) -> None:
    (tmp_path / "other").mkdir()
    with a_robot(answer, status) as (refused, url), a_robot() as (posted, other), an_open_store(tmp_path) as store:
        bad, good = a_webhook(tmp_path, url, "wecom"), a_webhook(tmp_path / "other", other, "wecom")
        good = good.model_copy(update={"url": good.url.model_copy(update={"file": Path("other/url")})})  # type: ignore[attr-defined]
        desk = Desk(store, tmp_path, bad=bad, good=good)
        desk.conditions.note("channel:sftp", DOWN, Party.NETWORK)
        desk.look()
        desk.look()
        said = {condition.key: condition.problem.en for condition in desk.conditions.current()}
    assert why in said["alarm:bad"]
    assert "TOKEN" not in repr(said)
    assert len(refused) == 1
    assert "CEBD-2401" in repr(posted[-1])


def test_a_server_that_is_not_there_is_named_without_its_address(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered) as refused:
        deliver_trial("站一", a_webhook(tmp_path, "http://127.0.0.1:9/robot?key=TOKEN", "wecom"), tmp_path, "zh")
    assert "TOKEN" not in str(refused.value)


def test_a_trial_says_that_it_is_one(tmp_path: Path) -> None:
    with a_robot() as (posted, url):
        deliver_trial("站一", a_webhook(tmp_path, url, "wecom"), tmp_path, "zh")
    assert "测试报警" in posted[0][1]["markdown"]["content"]


def test_an_address_written_into_the_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never written here"):
        settings('type = "webhook"\nurl = "https://example.org/?key=TOKEN"\n')
