"""The folders of the Single Window's client: what it does with a message is read from where the message stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.both_halves import BothHalves
from builders.broken_share import share_that_fails
from cebd.messages.returns import read_returns, whose
from cebd.transport.channel import ASLEEP, ChannelError, Handover, Sent
from cebd.transport.channels.single_window import ASLEEP_SECONDS, ClientInbound, ClientOutbound
from cebd.transport.complete_receipts import StableReceipts

NAME = "CEB621Message_2F1B7C1E-0000-4000-8000-000000000001.xml"
ID = "2F1B7C1E-0000-4000-8000-000000000001"
MESSAGE = b"<CEB621Message/>"
# As the client writes them (other systems' messages, the same form).
REFUSED = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<CommonResponeMessage>
  <EtpsPreentNo>A1</EtpsPreentNo>
  <CheckInfo>报文类型为CEB621,
    企业未备案，请修改后重新导入。</CheckInfo>
  <DealFlag>-1</DealFlag>
</CommonResponeMessage>
""".encode()
TAKEN = b"<CommonResponeMessage><CheckInfo>\xe6\x88\x90\xe5\x8a\x9f</CheckInfo><DealFlag>0</DealFlag></CommonResponeMessage>"


class Client:
    """The client's folders, and our channel into them."""

    def __init__(self, root: Path) -> None:
        self.now = 0.0
        self.out_box, self.sent_box, self.fail_box, self.in_box = (
            root / name for name in ("OutBox", "SentBox", "FailBox", "InBox")
        )
        for folder in (self.out_box, self.sent_box, self.fail_box, self.in_box):
            folder.mkdir()
        receipts = StableReceipts(0.0, lambda: self.now)
        outbound = ClientOutbound(self.out_box, (self.sent_box, self.fail_box), root / "parts")
        self.channel = BothHalves(
            outbound, ClientInbound(self.in_box, self.out_box, self.fail_box, receipts, lambda: self.now)
        )

    def hand_over(self, name: str = NAME) -> None:
        assert self.channel.deliver(name, MESSAGE, lambda: None) == Sent()

    def take(self, to: Path, name: str = NAME) -> None:
        (self.out_box / name).rename(to / name)

    def fetched(self) -> list[bytes]:
        """What comes at a look, stored and removed."""
        contents = []
        for name in self.channel.waiting():
            contents.append(self.channel.fetch(name))
            self.channel.remove(name)
        return contents


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


# Sending


def test_the_client_never_sees_a_message_that_is_being_written(client: Client) -> None:
    seen: list[list[str]] = []
    client.channel.deliver(NAME, MESSAGE, lambda: seen.append([path.name for path in client.out_box.iterdir()]))
    assert seen == [[]]  # whatever it takes for a message


def test_what_the_client_has_sent_has_arrived_though_signing_has_changed_it(client: Client) -> None:
    client.hand_over()
    client.take(client.sent_box)
    (client.sent_box / NAME).write_bytes(b"<CEB621Message><ds:Signature/></CEB621Message>")
    assert client.channel.find(NAME, MESSAGE) == "arrived"


def test_a_copy_of_what_was_sent_before_proves_nothing_of_what_is_sent_once_more(client: Client) -> None:
    """Whoever was killed meanwhile finds the earlier copy in the SentBox, and the new one nowhere."""
    client.hand_over()
    client.take(client.sent_box)
    outbound = client.channel.outbound
    once_more = Handover(NAME, MESSAGE, 2, was_sent=True)
    assert outbound.find(once_more) == "unknown"
    assert outbound.deliver(once_more) == Sent()
    assert outbound.find(once_more) == "arrived"  # it stands in the OutBox


def test_what_the_client_could_not_send_was_taken_all_the_same(client: Client) -> None:
    client.hand_over()
    client.take(client.fail_box)
    assert client.channel.find(NAME, MESSAGE) == "arrived"


def test_while_the_folder_of_what_it_sent_fails_nobody_knows_whether_it_arrived(client: Client) -> None:
    client.hand_over()
    client.take(client.fail_box)
    with share_that_fails(client.sent_box), pytest.raises(ChannelError) as asked:
        client.channel.find(NAME, MESSAGE)
    assert asked.value.problem == "CEBD-1601"


def test_what_vanished_and_was_not_sent_is_not_known(client: Client) -> None:
    client.hand_over()
    (client.out_box / NAME).unlink()
    assert client.channel.find(NAME, MESSAGE) == "unknown"


# Notes and receipts


def test_a_failure_note_refuses_its_message_in_the_clients_own_words(client: Client) -> None:
    (client.in_box / f"Failed_{NAME}").write_bytes(REFUSED)
    (content,) = client.fetched()
    assert content.startswith(REFUSED.rstrip())  # as it came
    assert whose(content) == "ours"
    type_, (returned,) = read_returns(content)
    assert (type_, returned.status, returned.message_ids) == ("ClientNote", "failed", (ID,))
    assert returned.info == "报文类型为CEB621, 企业未备案，请修改后重新导入。"
    assert list(client.in_box.iterdir()) == []


def test_notes_of_the_same_words_are_of_one_message_each(client: Client) -> None:
    other = NAME.replace("0001.xml", "0002.xml")
    for name in (NAME, other):
        (client.in_box / f"Successed_{name}").write_bytes(TAKEN)
    contents = client.fetched()
    assert len(set(contents)) == 2
    ids = [read_returns(content)[1][0].message_ids for content in contents]
    assert ids == [(ID,), (ID[:-1] + "2",)]
    assert {read_returns(content)[1][0].status for content in contents} == {"sent"}


def test_a_note_that_is_no_xml_is_read_as_text(client: Client) -> None:
    (client.in_box / f"Failed_{NAME}").write_bytes("卡未插好>".encode("gb18030"))
    (content,) = client.fetched()
    assert read_returns(content)[1][0].info == "卡未插好>"


def test_a_receipt_under_the_clients_own_name_is_a_receipt(client: Client) -> None:
    (client.in_box / "receipt_CEB622Message_1.xml").write_bytes(b"<CEB622Message/>")
    assert client.fetched() == [b"<CEB622Message/>"]


def test_notes_about_other_systems_messages_stay_as_they_are(client: Client) -> None:
    (client.in_box / "Failed_SAS121_1.xml").write_bytes(REFUSED)
    assert client.channel.waiting() == ["Failed_SAS121_1.xml"]
    content = client.channel.fetch("Failed_SAS121_1.xml")
    assert content == REFUSED
    assert whose(content) == "foreign"  # and is left there


def test_a_message_in_the_fail_box_is_refused_once_after_a_minute_without_a_note(client: Client) -> None:
    client.hand_over()
    client.take(client.fail_box)
    assert client.fetched() == []
    client.now += 61
    (content,) = client.fetched()
    (returned,) = read_returns(content)[1]
    assert (returned.status, returned.message_ids) == ("failed", (ID,))
    assert "FailBox" in returned.info
    client.now += 61
    assert client.fetched() == []
    assert (client.fail_box / NAME).exists()  # it is the client's


def test_a_message_in_the_fail_box_whose_note_came_is_refused_by_the_note_alone(client: Client) -> None:
    client.hand_over()
    client.take(client.fail_box)
    (client.in_box / f"Failed_{NAME}").write_bytes(REFUSED)
    assert len(client.fetched()) == 1
    client.now += 61
    assert client.fetched() == []


def test_nothing_is_removed_from_the_sent_box(client: Client) -> None:
    client.hand_over()
    client.take(client.sent_box)
    for _ in range(3):
        client.now += 400
        client.fetched()
    assert (client.sent_box / NAME).exists()


# A client that sleeps


def test_a_client_that_takes_nothing_for_five_minutes_is_named_with_what_waits(client: Client) -> None:
    client.hand_over()
    client.channel.waiting()
    client.now += ASLEEP_SECONDS - 1
    client.channel.waiting()
    assert client.channel.left() == {}
    client.now += 1
    client.channel.waiting()
    assert client.channel.left() == {ASLEEP: [NAME]}
    client.take(client.sent_box)
    client.channel.waiting()
    assert client.channel.left() == {}


def test_a_client_that_is_slow_is_not_asleep(client: Client) -> None:
    names = [NAME.replace("0001.xml", f"{number:04d}.xml") for number in range(1, 5)]
    for name in names:
        client.hand_over(name)
    client.channel.waiting()
    for name in names[:-1]:
        client.now += ASLEEP_SECONDS - 1
        client.take(client.sent_box, name)
        client.channel.waiting()
        assert client.channel.left() == {}
