"""An SFTP server behind a jump host; and the next message, begun while the one before it is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from builders.openssh import OpenSsh, Wire, free_port
from builders.waiting import until
from cebd.transport.channel import Failed, Handover, InDoubt, Sent
from cebd.transport.channels.sftp import SftpOutbound
from cebd.transport.channels.sftp_connection import Login

CONTENTS = {f"{number}.xml": b"<message>%d</message>" % number * 5000 for number in range(4)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("server")
    with OpenSsh(folder / "sshd", folder) as made:
        yield made


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("gate")
    with OpenSsh(folder / "sshd", folder) as made:
        yield made


@pytest.fixture
def into(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


def login(to: OpenSsh, port: int | None = None) -> Login:
    return Login("127.0.0.1", port or to.port, to.user, to.fingerprint, 10.0, to.user_key, lambda: None)


def deliver(outbound: SftpOutbound, name: str, following: str | None = None, attempt: int = 1) -> object:
    """Hand over; `following` is named when this one is on record, as a batch does."""

    def before_visible() -> None:
        if following is not None:
            outbound.begin(lambda: Handover(following, CONTENTS[following]))

    return outbound.deliver(Handover(name, CONTENTS[name], attempt, before_visible=before_visible))


def delivered_after_a_cut(outbound: SftpOutbound) -> None:
    """It connects anew: at once, or after a try in vain where it had not seen yet that the line was cut; what it cannot know it asks."""
    outcome = deliver(outbound, "1.xml")
    if outcome != Sent():
        assert isinstance(outcome, Failed | InDoubt)
        if isinstance(outcome, InDoubt):
            assert outbound.find(Handover("1.xml", CONTENTS["1.xml"])) == "not-arrived"
        assert deliver(outbound, "1.xml", attempt=2) == Sent()


def there(into: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in into.iterdir()}


# A jump host


def test_a_server_is_reached_through_a_jump_host_and_by_no_other_way(
    server: OpenSsh, gate: OpenSsh, into: Path
) -> None:
    with Wire(gate.port) as wire:
        through = replace(login(server), jump=login(gate, wire.port))
        with closing(SftpOutbound(through, str(into))) as outbound:
            assert deliver(outbound, "0.xml") == Sent()
            wire.cut()
            delivered_after_a_cut(outbound)
        assert wire.connections == 2
    assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "1.xml")}


def test_the_keys_of_both_hosts_are_pinned(server: OpenSsh, gate: OpenSsh, into: Path) -> None:
    other = "SHA256:" + "A" * 43
    for wrong, whose in (
        (replace(login(server), jump=replace(login(gate), host_key=other)), gate),
        (replace(login(server), host_key=other, jump=login(gate)), server),
    ):
        with closing(SftpOutbound(wrong, str(into))) as outbound:
            outcome = deliver(outbound, "0.xml")
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1602"
        assert whose.fingerprint in outcome.reason
        assert ("by way of" in outcome.reason) == (whose is gate)
        assert ("跳板机" in outcome.reason_zh) == (whose is gate)
    assert there(into) == {}


def test_a_jump_host_that_is_away_and_a_server_behind_it_that_is_away_are_said_with_its_name(
    server: OpenSsh, gate: OpenSsh, into: Path
) -> None:
    nobody = free_port()
    for away, what in (
        (replace(login(server), jump=login(gate, nobody)), "refused"),
        (replace(login(server, nobody), jump=login(gate)), "Connect failed"),
    ):
        with closing(SftpOutbound(away, str(into))) as outbound:
            outcome = deliver(outbound, "0.xml")
        assert isinstance(outcome, Failed)
        assert outcome.problem == "CEBD-1601"
        assert f"by way of 127.0.0.1:{away.jump.port if away.jump else 0}" in outcome.reason
        assert what in outcome.reason


# The next message


def test_the_next_message_is_there_all_but_its_last_byte_when_the_one_before_it_has_gone(
    server: OpenSsh, into: Path
) -> None:
    with closing(SftpOutbound(login(server), str(into))) as outbound:
        assert deliver(outbound, "0.xml", following="1.xml") == Sent()
        begun = {"0.xml": CONTENTS["0.xml"], "1.xml.1.part": CONTENTS["1.xml"][:-1]}
        until(lambda: there(into) == begun, "the next one is written")
        assert deliver(outbound, "1.xml", following="2.xml") == Sent()
        assert deliver(outbound, "2.xml") == Sent()
    assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "1.xml", "2.xml")}


def test_what_is_asked_while_the_next_message_is_being_written_loses_none_of_its_answers(
    server: OpenSsh, into: Path
) -> None:
    with closing(SftpOutbound(login(server), str(into))) as outbound:
        assert deliver(outbound, "0.xml", following="1.xml") == Sent()
        assert outbound.find(Handover("2.xml", CONTENTS["2.xml"])) == "unknown"
        assert deliver(outbound, "1.xml") == Sent()
    assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "1.xml")}


def test_where_another_message_comes_what_was_begun_is_taken_back(server: OpenSsh, into: Path) -> None:
    with closing(SftpOutbound(login(server), str(into))) as outbound:
        assert deliver(outbound, "0.xml", following="1.xml") == Sent()
        assert deliver(outbound, "2.xml") == Sent()
        assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "2.xml")}
        assert deliver(outbound, "1.xml") == Sent()
    assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "1.xml", "2.xml")}


def test_a_message_that_changed_since_it_was_begun_arrives_as_it_is_now(server: OpenSsh, into: Path) -> None:
    with closing(SftpOutbound(login(server), str(into))) as outbound:
        assert deliver(outbound, "0.xml", following="1.xml") == Sent()
        assert outbound.deliver(Handover("1.xml", b"<signed anew/>")) == Sent()
    assert there(into) == {"0.xml": CONTENTS["0.xml"], "1.xml": b"<signed anew/>"}


def test_with_the_line_cut_after_it_was_begun_a_message_is_written_anew(server: OpenSsh, into: Path) -> None:
    with Wire(server.port) as wire, closing(SftpOutbound(login(server, wire.port), str(into))) as outbound:
        assert deliver(outbound, "0.xml", following="1.xml") == Sent()
        wire.cut()
        delivered_after_a_cut(outbound)
    assert there(into) == {name: CONTENTS[name] for name in ("0.xml", "1.xml")}


def test_a_full_disk_at_the_message_that_was_begun_is_that_messages_failure(tmp_path: Path, into: Path) -> None:
    big = b"<message>" + b"x" * 200_000 + b"</message>"
    with (
        OpenSsh(tmp_path / "sshd", tmp_path, largest_file=131_072) as small,
        closing(SftpOutbound(login(small), str(into))) as outbound,
    ):

        def before_visible() -> None:
            outbound.begin(lambda: Handover("big.xml", big))

        first = Handover("0.xml", b"<small/>", before_visible=before_visible)
        assert outbound.deliver(first) == Sent()
        outcome = outbound.deliver(Handover("big.xml", big))
        assert isinstance(outcome, Failed)
        assert outbound.deliver(Handover("1.xml", b"<small/>")) == Sent()
    assert {name for name in there(into) if not name.endswith(".part")} == {"0.xml", "1.xml"}


def test_new_keys_in_the_middle_of_a_batch_lose_nothing(tmp_path: Path, into: Path) -> None:
    names = [*CONTENTS] * 3
    with OpenSsh(tmp_path / "sshd", tmp_path, settings="RekeyLimit 200K\nLogLevel DEBUG1\n") as server:
        with closing(SftpOutbound(login(server), str(into))) as outbound:
            for name, following in pairwise([*names, None]):
                assert name is not None
                assert deliver(outbound, name, following) == Sent()
        log = (tmp_path / "sshd" / "sshd.log").read_text(encoding="utf-8", errors="replace")
    assert there(into) == CONTENTS
    assert log.count("SSH2_MSG_NEWKEYS received") > 2
