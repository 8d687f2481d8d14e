"""A channel to a real RabbitMQ: what each of its words means, and what happens when it says nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from builders.both_halves import BothHalves
from builders.channel_sides import Queues
from builders.new_store import open_store
from builders.rabbitmq import RabbitMq, needs_rabbitmq
from builders.settings_files import GOOD, mistakes_of
from builders.signed_message import ENVELOPE, SignedMessage
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.transport.channel import ChannelError, Failed, Handover, InDoubt, Outcome, Sent
from cebd.transport.channels.amqp.settings import AmqpSettings

pytestmark = needs_rabbitmq
NAME = "CEB311Message_0001.xml"
MESSAGE = b"<DxpMsg>declared</DxpMsg>"
HANDOVER = Handover(NAME, MESSAGE, message_id="DXPENT0001-1")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with RabbitMq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def plain(broker: RabbitMq) -> Iterator[Queues]:
    side = Queues(broker, tls=False)
    yield side
    side.close()


@pytest.fixture
def over_tls(broker: RabbitMq) -> Iterator[Queues]:
    side = Queues(broker, tls=True)
    yield side
    side.close()


def delivered(side: Queues, **settings: object) -> Outcome:
    """What became of a message on a channel with these settings."""
    channel = BothHalves.of(side.open_with(**settings))
    try:
        return channel.outbound.deliver(HANDOVER)
    finally:
        channel.close()


def refused(side: Queues, problem: str, **settings: object) -> str:
    """The reason of the certain failure that has this problem."""
    outcome = delivered(side, **settings)
    assert isinstance(outcome, Failed)
    assert outcome.problem == problem
    assert side.has() == []
    return outcome.reason


def test_a_message_is_the_envelope_alone_persistent_and_known_by_its_number(plain: Queues) -> None:
    assert delivered(plain) == Sent()
    properties = plain.properties()
    assert (properties.delivery_mode, properties.content_type) == (2, "text/xml")
    assert properties.message_id == "DXPENT0001-1"
    assert plain.has() == [MESSAGE]


def test_a_queue_that_nobody_has_is_said_with_its_name(plain: Queues) -> None:
    assert "nowhere: 312 NO_ROUTE" in refused(plain, "CEBD-1630", send_queue="nowhere")


def test_an_exchange_that_nobody_has_is_said_with_its_name(plain: Queues) -> None:
    assert "no exchange 'nowhere'" in refused(plain, "CEBD-1636", exchange="nowhere")


def test_a_message_that_a_full_queue_refuses_is_kept(plain: Queues) -> None:
    plain.declare_anew(**{"x-max-length": 0, "x-overflow": "reject-publish"})
    assert plain.sends_to in refused(plain, "CEBD-1631")


def test_a_broker_without_memory_is_said_and_the_next_messages_are_not_even_tried(
    broker: RabbitMq, plain: Queues
) -> None:
    outbound = plain.open_with(timeout_seconds=1.0).outbound
    assert outbound.deliver(HANDOVER) == Sent()
    broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        outcome = outbound.deliver(replace(HANDOVER, content=b"<second/>"))
        assert isinstance(outcome, InDoubt)
        assert (outcome.problem, outcome.reason) == ("CEBD-1632", "low on memory")
        recorded: list[str] = []
        third = Handover(NAME, b"<third/>", before_visible=lambda: recorded.append("third"))
        assert outbound.deliver(third) == Failed("CEBD-1632", "low on memory")
        assert recorded == []
    finally:
        broker.control("set_vm_memory_high_watermark", "absolute", "512MB")
    until(lambda: outbound.deliver(third) == Sent(), "the broker takes messages again")
    assert plain.has() == [MESSAGE, b"<second/>", b"<third/>"]
    outbound.close()


def test_no_client_certificate_where_one_is_asked_for_is_said(over_tls: Queues) -> None:
    assert "asks for one, none is set" in refused(over_tls, "CEBD-1633", client_cert=None, client_key=None)


def test_a_client_certificate_of_another_authority_is_named_as_the_reason(over_tls: Queues, tmp_path: Path) -> None:
    """RabbitMQ says so by an alert; it may be that it has hung up before the alert is read."""
    path = tmp_path / "stranger.pem"
    trustme.CA().issue_cert("stranger@example.org").private_key_and_cert_chain_pem.write_to_path(path)
    outcome = delivered(over_tls, client_cert=path, client_key=path)
    assert isinstance(outcome, Failed)
    reasons = {"CEBD-1633": "refuses the one that is set", "CEBD-1601": "a client certificate that it wants or refuses"}
    assert reasons[outcome.problem] in outcome.reason
    assert over_tls.has() == []


def test_a_broker_whose_certificate_nobody_vouches_for_gets_nothing(over_tls: Queues) -> None:
    assert "certificate" in refused(over_tls, "CEBD-1660", ca=None)


def test_a_certificate_that_cannot_be_read_is_said_with_its_place(over_tls: Queues, tmp_path: Path) -> None:
    path = tmp_path / "gone.pem"
    assert str(path) in refused(over_tls, "CEBD-1666", client_cert=path, client_key=path)
    assert str(path) in refused(over_tls, "CEBD-1666", ca=path)


def test_a_port_that_speaks_no_tls_is_said(broker: RabbitMq, over_tls: Queues) -> None:
    assert "does not speak TLS" in refused(over_tls, "CEBD-1601", port=broker.port)


def test_a_refused_password_is_a_refused_login_and_is_not_shown(plain: Queues, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("s3cret-and-wrong", encoding="utf-8")
    reason = refused(plain, "CEBD-1603", password={"file": tmp_path / "wrong"})
    assert "login refused" in reason
    assert "s3cret" not in reason


def test_a_virtual_host_that_is_not_ours_is_said(plain: Queues) -> None:
    assert "virtual host" in refused(plain, "CEBD-1603", virtual_host="nowhere")


def test_a_broker_that_is_away_is_the_matter_of_the_network(plain: Queues) -> None:
    assert "refused" in refused(plain, "CEBD-1601", port=1)


def test_a_broker_that_falls_silent_leaves_a_message_in_doubt_and_is_given_up_in_time(plain: Queues) -> None:
    assert plain.wire is not None
    outbound = plain.open_with(timeout_seconds=0.5).outbound
    outbound.deliver(HANDOVER)
    plain.wire.freeze()
    began = time.monotonic()
    assert isinstance(outbound.deliver(HANDOVER), InDoubt)
    assert isinstance(outbound.deliver(HANDOVER), Failed)  # no connection can be made
    assert time.monotonic() - began < 10
    plain.wire.thaw()
    assert outbound.deliver(HANDOVER) == Sent()
    outbound.close()


def test_a_connection_lives_on_while_nothing_is_sent_and_while_a_record_takes_long(plain: Queues) -> None:
    """A broker gives up a connection that is silent for two heartbeats; the wire counts how often one was made."""
    assert plain.wire is not None
    channel = plain.open_with(heartbeat_seconds=1)
    outbound, inbound = channel.outbound, channel.inbound
    assert list(inbound.receive()) == []
    slow = replace(HANDOVER, before_visible=lambda: time.sleep(4))  # the test is about this much silence
    assert outbound.deliver(slow) == Sent()
    assert list(inbound.receive()) == []
    assert outbound.deliver(HANDOVER) == Sent()
    assert plain.wire.connections == 2
    outbound.close()
    inbound.close()


def test_a_message_whose_confirmation_is_lost_waits_for_receipts_and_then_leaves_as_it_was(
    plain: Queues, tmp_path: Path
) -> None:
    assert plain.wire is not None
    store = open_store(tmp_path / "store")
    message = SignedMessage(store)
    outbound = plain.open_with().outbound
    outbound.deliver(Handover("warm", b"<warm/>"))  # the connection is there
    plain.wire.cut_instead_of_answer(0)
    assert message.submit(outbound) is InDoubt
    plain.wire.cut_nothing()
    assert message.attempts == [("handing-over", "in_doubt")]
    assert message.submit(outbound) is InDoubt  # receipts may come yet
    assert plain.has() == [b"<warm/>", ENVELOPE]
    message.later(601)
    assert message.submit(outbound) is Sent
    assert plain.has() == [b"<warm/>", ENVELOPE, ENVELOPE]  # the same number, guid and bytes: the other side knows it
    outbound.close()
    store.close()


def test_a_message_whose_confirmation_is_lost_is_not_sent_again_when_receipts_came(
    plain: Queues, tmp_path: Path
) -> None:
    assert plain.wire is not None
    store = open_store(tmp_path / "store")
    message = SignedMessage(store)
    outbound = plain.open_with().outbound
    outbound.deliver(Handover("warm", b"<warm/>"))
    plain.wire.cut_instead_of_answer(0)
    assert message.submit(outbound) is InDoubt
    plain.wire.cut_nothing()
    message.receipt_for("A")
    message.later(601)
    assert message.submit(outbound) is Sent
    assert plain.has() == [b"<warm/>", ENVELOPE]
    outbound.close()
    store.close()


def test_receipts_fetched_and_not_stored_come_again_while_those_stored_do_not(plain: Queues) -> None:
    plain.answers(b"<stored/>")
    plain.answers(b"<not-stored/>")
    inbound = plain.open_with().inbound
    for arrival in inbound.receive():
        if arrival.content() == b"<stored/>":
            arrival.accept()
    assert [arrival.content() for arrival in inbound.receive()] == [b"<not-stored/>"]
    inbound.close()
    until(lambda: plain.waiting() == [b"<not-stored/>"], "what was not stored is in the queue")


def test_a_receipt_accepted_after_the_connection_was_lost_comes_again(plain: Queues) -> None:
    assert plain.wire is not None
    plain.answers(b"<receipt/>")
    inbound = plain.open_with().inbound
    (arrival,) = inbound.receive()
    plain.wire.cut()
    arrival.accept()
    again = until(lambda: list(inbound.receive()), "it is there again")
    assert [one.content() for one in again] == [b"<receipt/>"]
    inbound.close()


def test_a_message_of_another_system_at_the_same_queue_is_there_for_it_between_our_looks(plain: Queues) -> None:
    channel = plain.make()
    plain.answers(b"<theirs/>")
    plain.answers(b"<CEB312Message/>")
    for _ in range(3):
        for arrival in channel.inbound.receive():
            if arrival.content() == b"<theirs/>":
                arrival.leave("CEBD-1713")
            else:
                arrival.accept()
        until(lambda: plain.waiting() == [b"<theirs/>"], "it is there, and ours is not")
        assert list(channel.left()) == ["CEBD-1713"]


def test_the_demo_declares_through_a_broker(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cebd", "demo", "--channel", "amqp", "--dir", tmp_path / "demo"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    receipts = [
        json.loads(path.read_bytes()) for path in (tmp_path / "demo" / "share" / "outbox").glob("json/*/*.json")
    ]
    taken = sum(receipt["counts"].get(state, 0) for receipt in receipts for state in ("acknowledged", "succeeded"))
    ledger = read_ledger(tmp_path / "demo" / "sandbox")
    assert len(receipts) == 2
    assert Counter(entry["verdict"] for entry in ledger) == {"accepted": taken}
    assert taken > 5


def test_without_pika_it_is_said_what_to_install(plain: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("cebd.transport.channels.amqp.")]:
        if not module.endswith(".settings"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pika", None)
    with pytest.raises(ChannelError) as error:
        plain.open_with()
    assert error.value.problem == "CEBD-1637"
    assert "pip install cebd[amqp]" in error.value.reason


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('receive_queue = "a"', "send_queue and receive_queue must differ"),
        ('receive_queue = "b"\nclient_cert = "c.pem"', "client_cert and client_key belong together"),
        ('receive_queue = "b"\ntls = false\nca = "ca.pem"', "are of no use with tls = false"),
    ],
)
def test_settings_that_cannot_be_meant_are_told(tmp_path: Path, keys: str, told: str) -> None:
    table = (
        f'type = "amqp"\nhost = "amqp.example.org"\nuser = "u"\npassword = {{ env = "X" }}\nsend_queue = "a"\n{keys}\n'
    )
    path = tmp_path / "cebd.toml"
    path.write_text(GOOD[: GOOD.index("[channel.c]")] + f"[channel.c]\n{table}", encoding="utf-8")
    assert any(told in one for one in mistakes_of(path)), mistakes_of(path)


def test_an_address_with_more_than_a_host_is_told() -> None:
    with pytest.raises(ValueError, match="must be a name or an address alone"):
        AmqpSettings.model_validate(
            {
                "type": "amqp",
                "host": "amqp://u@amqp.example.org",
                "user": "u",
                "password": {"env": "X"},
                "send_queue": "a",
                "receive_queue": "b",
            }
        )
