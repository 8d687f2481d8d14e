"""Profiles, rates, settings and brought receipts of the HTTP channel, each by itself."""

from __future__ import annotations

import socket
import threading
import tomllib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from pydantic import ValidationError

from builders.settings_files import GOOD
from builders.waiting import until
from cebd.clock import CST
from cebd.listening.door import Door
from cebd.operations.settings.machine import machine_faults
from cebd.settings import load_settings
from cebd.transport.channel import Arrival, ChannelError, Handover
from cebd.transport.channels.http.answers import at_path, judge
from cebd.transport.channels.http.budget import Budget
from cebd.transport.channels.http.line import Answer, Limits, Line, Request
from cebd.transport.channels.http.listed import files_listed
from cebd.transport.channels.http.polled import RowsInbound, rows_of
from cebd.transport.channels.http.profile import SHIPPED, Profile, Push, load_profile, shipped_profiles
from cebd.transport.channels.http.proving import disproved, lacks
from cebd.transport.channels.http.pushed import PushedInbound
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.http.trust import Trust
from cebd.transport.channels.http.wrapping import request_for
from cebd.transport.channels.left_names import LeftNames

HERE = Path()
MESSAGE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<dxp:DxpMsg xmlns:dxp="http://www.chinaport.gov.cn/dxp"><dxp:TransInfo>'
    b"<dxp:CopMsgId>0001</dxp:CopMsgId><dxp:CreatTime>2026-03-04T05:06:07</dxp:CreatTime></dxp:TransInfo>"
    b"<dxp:Data>PD94bWw+Pz8+</dxp:Data></dxp:DxpMsg>"
)
GATEWAY = {"client_id": "ENT001", "client_key": "k", "sender_id": "ENT001", "receiver_id": "P"}
CEBCMSG = {"dxp_id": "D", "sender_id": "S", "receiver_id": "R"}


def handover() -> Handover:
    return Handover("CEB311Message_0001.xml", MESSAGE, 1, "0001")


def settings(**more: object) -> HttpSettings:
    given = {"type": "http", "profile": "dxp-xml", "send_url": "https://eport.example.org/in"}
    return HttpSettings.model_validate(given | more)


# Profiles


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_shipped_profile_holds_to_its_own_examples(name: str) -> None:
    profile = load_profile(name, HERE)
    assert list(disproved(profile)) == []
    assert ("simulated" in profile.verified) == (name == "dxp-xml"), "no platform itself was ever tried"


def test_no_address_of_record_is_shipped() -> None:
    for path in SHIPPED.glob("*.toml"):
        for word in path.read_text(encoding="utf-8").split('"'):
            if word.startswith(("http://", "https://")):
                assert "example.org" in word or "chinaport.gov.cn" in word or "schemas.xmlsoap.org" in word, word


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (('MessageType = "{message}.xml"', 'MessageType = "{message}"'), "body, from its character"),
        (('text = "OK"', 'text = "TAKEN"'), "answers 1: unknown"),
        (('reason = "message"', 'reason = "code"'), "answers 2: reason E01"),
        (('copNo = "{copno}"', 'copNo = "{preno}"'), "receipts 1, from its character"),
        (('url = "https://eport.example.org"\nbody', 'url = "https://other.example.org"\nbody'), "url: "),
        (('SenderID = "{sender_id}"', 'SenderID = "{nobody}"'), "asks for nobody"),
    ],
)
def test_a_profile_that_does_not_do_what_its_examples_say_is_named(
    tmp_path: Path, change: tuple[str, str], word: str
) -> None:
    text = (SHIPPED / "cebcmsg-json.toml").read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "own.toml").write_text(text.replace(*change), encoding="utf-8")
    wanted = settings(profile="own.toml", values=CEBCMSG, receipts_url="https://eport.example.org")
    found = list(lacks(wanted, tmp_path))
    assert {lack.key for lack in found} == {"profile"}
    assert any(word in lack.en for lack in found)


@pytest.mark.parametrize(
    ("text", "word"), [("title = 1", "title"), ("= broken", "Invalid"), ('title = "x"\nnew = 1', "new")]
)
def test_a_profile_that_cannot_be_read_is_named_with_its_file(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    found = [lack.en for lack in lacks(settings(profile="own.toml"), tmp_path)]
    assert len(found) == 1
    assert "own.toml" in found[0]


def test_settings_that_lack_what_the_profile_needs_are_named() -> None:
    assert {lack.key for lack in lacks(settings(profile="gateway-form"), HERE)} == {"values", "listen", "push_secret"}
    assert {lack.key for lack in lacks(settings(profile="dxp-xml"), HERE)} == {"receipts_url"}
    [unknown] = lacks(settings(profile="nobody"), HERE)
    assert unknown.en.endswith("nobody.toml: No such file or directory")


def test_config_check_names_them_with_their_place(tmp_path: Path) -> None:
    table = ["[channel.c]", 'type = "http"', 'profile = "gateway-form"', 'send_url = "https://eport.example.org"', ""]
    path = tmp_path / "cebd.toml"
    path.write_text(GOOD[: GOOD.index("[channel.c]")] + "\n".join(table), encoding="utf-8")
    found = [str(fault) for fault in machine_faults(load_settings(path)) if "channel.c" in str(fault)]
    assert any("channel.c.values" in fault and "client_id" in fault for fault in found)
    assert any("channel.c.push_secret" in fault for fault in found)


def test_base64_in_a_form_keeps_its_plus_signs_and_sent_again_every_byte_is_the_same() -> None:
    profile = load_profile("gateway-form", HERE)
    request = request_for(profile, handover(), {**GATEWAY, "send_url": "https://eport.example.org"})
    assert b64encode(MESSAGE).count(b"+") > 0
    assert b"+" not in request.body
    transfer = parse_qs(request.body.decode())["messageText"][0]
    assert f"<Data>{b64encode(MESSAGE).decode()}</Data>" in transfer
    assert "<SendTime>2026-03-04 05:06:07</SendTime>" in transfer
    assert request_for(profile, handover(), {**GATEWAY, "send_url": "https://eport.example.org"}) == request


def test_a_text_of_a_profile_reaches_nothing_but_facts(tmp_path: Path) -> None:
    profile = load_profile("dxp-xml", HERE)
    sends = profile.send.model_copy(update={"url": "{send_url.__class__}"})
    with pytest.raises(ChannelError) as error:
        request_for(profile.model_copy(update={"send": sends}), handover(), {"send_url": "https://eport.example.org"})
    assert error.value.problem == "CEBD-1913"


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(400, "refused"), (404, "refused"), (408, "unknown"), (409, "unknown"), (302, "unknown"), (500, "unknown")],
)
def test_an_answer_that_no_profile_knows_is_judged_by_its_status(status: int, meaning: str) -> None:
    for name in ("cebcmsg-json", "gateway-form", "soap-declare"):
        assert judge(Answer(status, {}, b"<html>?</html>"), load_profile(name, HERE).send).meaning == meaning


def test_xml_with_a_document_type_is_not_read() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "1">]><a><return>&b;</return></a>'
    assert judge(Answer(200, {}, bomb), load_profile("soap-declare", HERE).send).meaning == "unknown"


def test_a_path_leads_through_names_and_numbers() -> None:
    value = {"data": {"items": [{"code": 7}, {"code": True}]}}
    assert at_path(value, "data.items.0.code") == "7"
    assert at_path(value, "data.items.1.code") == "true"
    assert at_path(value, "data.items.2.code") is None
    assert at_path(value, "data") is None


def test_rows_whose_texts_hold_commas_braces_and_equals_signs_are_taken_apart_by_the_names_alone() -> None:
    kind = load_profile("cebcmsg-json", HERE).poll.kinds[0]  # type: ignore[union-attr]
    text = "[{copno=A, returnstatus=100, returninfo=[Code:1;Desc:a, b=c, {d}], returntime2=20260101080000}, {copno=B}]"
    rows = rows_of(Answer(200, {}, text.encode()), kind, {"dxp_id": "D"})
    assert b"<ceb:returnInfo>[Code:1;Desc:a, b=c, {d}]</ceb:returnInfo>" in rows[0].content
    assert b"<ceb:copNo>B</ceb:copNo>" in rows[1].content
    assert (rows[0].time is None, rows[1].time is None) == (False, True)


def test_what_is_no_list_of_rows_is_said_and_not_taken_for_none() -> None:
    kind = load_profile("cebcmsg-json", HERE).poll.kinds[0]  # type: ignore[union-attr]
    with pytest.raises(ChannelError) as error:
        rows_of(Answer(200, {}, b"<html>login</html>"), kind, {})
    assert error.value.problem == "CEBD-1664"


def test_rows_in_json_become_receipts_too() -> None:
    profile = tomllib.loads((SHIPPED / "cebcmsg-json.toml").read_text(encoding="utf-8"))
    profile["poll"]["kinds"][0] |= {"form": "json", "rows": "data.list"}
    kind = Profile.model_validate(profile).poll.kinds[0]  # type: ignore[union-attr]
    body = '{"data": {"list": [{"copno": "A&B", "returnstatus": 800, "returntime2": "20260101080000"}]}}'
    [row] = rows_of(Answer(200, {}, body.encode()), kind, {})
    assert b"<ceb:copNo>A&amp;B</ceb:copNo><ceb:returnStatus>800</ceb:returnStatus>" in row.content


class Platform(Line):
    """Answers each question with the rows that stand there, and keeps the questions."""

    def __init__(self, rows: str) -> None:
        super().__init__(Trust(), Limits(), lambda: None)
        self.rows = rows
        self.asked: list[str] = []

    def exchange(self, request: Request, before_last: Callable[[], None] = lambda: None) -> Answer:
        before_last()
        self.asked.append(parse_qs(urlsplit(request.url).query)["qryid"][0])
        return Answer(200, {}, self.rows.encode() if "ceb622msg" in request.url else b"[]")


def test_a_row_of_a_year_to_come_does_not_keep_the_rows_of_today_from_being_asked_for() -> None:
    poll = load_profile("cebcmsg-json", HERE).poll
    assert poll is not None
    platform = Platform("[{copno=A, returnstatus=2, returntime2=20990101080000}]")
    values = {"dxp_id": "D", "receipts_url": "https://eport.example.org"}
    rows = RowsInbound(poll, platform, Budget(None), lambda: values, 0.0)
    for _ in range(2):
        for arrival in rows.receive():
            arrival.accept()
    tomorrow = datetime.now(CST) + timedelta(days=1)
    assert platform.asked[2] < f"{tomorrow:%Y%m%d}"
    platform.rows = "[{copno=B, returnstatus=2, returntime2=20260101080000}]"
    assert len(list(rows.receive())) == 1


@pytest.mark.parametrize("answer", [b"[" * 100_000, b'{"code": ' * 100_000])
def test_an_answer_of_brackets_alone_is_none_that_the_profile_knows(answer: bytes) -> None:
    assert judge(Answer(200, {}, answer), load_profile("cebcmsg-json", HERE).send).meaning == "unknown"
    listing = load_profile("dxp-xml", HERE).listing
    assert listing is not None
    with pytest.raises(ChannelError) as error:
        files_listed(Answer(200, {}, answer), listing)
    assert error.value.problem == "CEBD-1664"


def test_a_size_beyond_all_numbers_is_no_list_of_files() -> None:
    listing = load_profile("dxp-xml", HERE).listing
    assert listing is not None
    body = '{"receipts": [{"name": "a.xml", "size": 1e999, "changed": 1}]}'
    with pytest.raises(ChannelError) as error:
        files_listed(Answer(200, {}, body.encode()), listing)
    assert error.value.problem == "CEBD-1664"


# Rates


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_429_shuts_the_channel_for_as_long_as_the_other_side_says() -> None:
    time = Time()
    budget = Budget(None, lambda: time.now, time.wait)
    budget.heed(Answer(429, {"retry-after": "90"}, b""))
    with pytest.raises(ChannelError) as error:
        budget.take_turn()
    assert error.value.problem == "CEBD-1663"
    assert "91 s" in error.value.reason
    time.now += 90
    budget.take_turn()


def test_retry_after_may_be_a_date_or_nothing() -> None:
    for said, least, most in (
        (format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True), 50, 62),
        ("soon", 29, 32),
    ):
        time = Time()
        budget = Budget(None, lambda time=time: time.now, time.wait)  # type: ignore[misc]
        budget.heed(Answer(429, {"retry-after": said}, b""))
        with pytest.raises(ChannelError) as error:
            budget.take_turn()
        assert least <= int(error.value.reason.split()[2]) <= most


def test_no_more_requests_a_minute_than_the_settings_say() -> None:
    time = Time()
    budget = Budget(60, lambda: time.now, time.wait)
    for _ in range(70):
        budget.take_turn()
    assert 59.0 <= time.now - 100.0 <= 61.0
    slow = Budget(1, lambda: time.now, time.wait)
    slow.take_turn()
    with pytest.raises(ChannelError):
        slow.take_turn()


# Settings


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"send_url": "eport.example.org"}, "http://"),
        ({"send_url": "https://eport.example.org:port"}, "must be an address"),
        ({"send_url": "https://[eport.example.org"}, "must be an address"),
        ({"send_url": "https://user:pass@eport.example.org"}, "no user and no password"),
        ({"server_sha256": ["AA:BB"]}, "fingerprint"),
        ({"client_key": "k.pem"}, "needs client_cert"),
        ({"proxy_user": "u"}, "belong together"),
        ({"values": {"a": "1"}, "secret_values": {"a": {"env": "A"}}}, "values and in secret_values"),
        ({"secret_values": {"a": "s3cret"}}, "never written here"),
    ],
)
def test_a_mistake_in_the_settings_is_said(given: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word) as error:
        settings(**given)
    assert "s3cret" not in str(error.value.errors(include_input=False))


def test_secrets_are_read_where_they_are_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPORT_KEY", "s3cret")
    wanted = settings(secret_values={"client_key": {"env": "EPORT_KEY"}})
    assert wanted.read_values(HERE)["client_key"] == "s3cret"
    assert "s3cret" not in repr(wanted)
    assert wanted.secrets()["secret_values.client_key"].env == "EPORT_KEY"
    monkeypatch.delenv("EPORT_KEY")
    with pytest.raises(ChannelError) as error:
        wanted.read_values(HERE)
    assert error.value.problem == "CEBD-1603"


# Receipts that are brought

PUSH = Push(field="content", answer="success", refusal="no", answer_seconds=0.5)


@pytest.fixture
def pushed() -> Iterator[PushedInbound]:
    with closing(PushedInbound(PUSH, Door("127.0.0.1", 0), lambda: "sécret/1")) as inbound:
        assert list(inbound.receive()) == []
        yield inbound


def bring(inbound: PushedInbound, content: str, secret: str = "s%C3%A9cret%2F1") -> httpx2.Response:
    body = urlencode({"content": content})
    url = f"http://127.0.0.1:{inbound.port}/receipts/{secret}"
    return httpx2.post(url, content=body.encode(), timeout=20, trust_env=False)


class Bringing:
    """Calls at once, each in a thread of its own."""

    def __init__(self, inbound: PushedInbound, *contents: str) -> None:
        self.answers: list[httpx2.Response] = []
        self._threads = [
            threading.Thread(target=lambda content=content: self.answers.append(bring(inbound, content)))  # type: ignore[misc]
            for content in contents
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> list[httpx2.Response]:
        for thread in self._threads:
            thread.join()
        return self.answers


def one_arrival(inbound: PushedInbound) -> Arrival:
    [arrival] = until(lambda: list(inbound.receive()), "a receipt was brought")
    assert isinstance(arrival, Arrival)
    return arrival


def test_the_word_is_said_once_the_receipt_is_stored_to_all_who_bring_it(pushed: PushedInbound) -> None:
    bringing = Bringing(pushed, "<a>放行</a>", "<a>放行</a>")
    arrival = one_arrival(pushed)
    assert arrival.content() == "<a>放行</a>".encode()
    assert bringing.answers == []
    arrival.accept()
    again = until(lambda: list(pushed.receive()) or len(bringing.answers) == 2, "both were answered or one comes again")
    if isinstance(again, list):  # it came after the first was stored: it is stored again, and known
        again[0].accept()
    assert [(answer.status_code, answer.text) for answer in bringing.end()] == [(200, "success")] * 2


def test_whoever_does_not_know_the_secret_is_not_heard(pushed: PushedInbound) -> None:
    for secret in ("wrong", "", "s%C3%A9cret"):
        assert bring(pushed, "<a/>", secret).status_code in (404, 405)
    assert list(pushed.receive()) == []


def test_what_the_station_does_not_take_in_time_is_brought_again_later(pushed: PushedInbound) -> None:
    answer = bring(pushed, "<a/>")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert list(pushed.receive()) == []


def test_calls_that_wait_are_told_to_come_again_when_the_station_stops() -> None:
    patient = PUSH.model_copy(update={"answer_seconds": 60.0})
    inbound = PushedInbound(patient, Door("127.0.0.1", 0), lambda: "sécret/1")
    assert list(inbound.receive()) == []
    bringing = Bringing(inbound, "<a/>")
    one_arrival(inbound)
    inbound.close()
    [answer] = bringing.end()
    assert answer.status_code == 503


def test_what_is_not_ours_is_refused_and_named(pushed: PushedInbound) -> None:
    bringing = Bringing(pushed, "<foreign/>")
    arrival = one_arrival(pushed)
    arrival.leave("CEBD-1713")
    [answer] = bringing.end()
    assert (answer.status_code, answer.text) == (422, "no")
    assert pushed.left() == {"CEBD-1713": [arrival.name]}


def test_of_what_is_not_ours_the_last_hundred_are_named_however_many_are_brought() -> None:
    left = LeftNames()
    for number in range(1000):
        left.add("CEBD-1713", f"{number:04}.xml")
    left.add("CEBD-1713", "0950.xml")
    assert left.by_problem() == {"CEBD-1713": [f"{number:04}.xml" for number in range(900, 1000)]}


def test_a_call_without_a_receipt_is_refused_at_once(pushed: PushedInbound) -> None:
    url = f"http://127.0.0.1:{pushed.port}/receipts/s%C3%A9cret%2F1"
    for body in (b"", b"other=1", b"\xff", b"content=%20"):
        assert httpx2.post(url, content=body, trust_env=False).status_code == 422


def test_a_port_that_is_taken_is_the_channels_trouble_until_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        inbound = PushedInbound(PUSH, Door("127.0.0.1", port), lambda: "s")
        with pytest.raises(ChannelError) as error:
            next(inbound.receive(), None)
        assert error.value.problem == "CEBD-2301"
    with closing(inbound):
        assert list(inbound.receive()) == []
        assert inbound.port == port
