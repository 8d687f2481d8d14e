"""Who signs is the channel's matter: where the official client does, messages leave bare, and no token is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.new_store import open_store
from builders.signed_message import SIGNED, SignedMessage
from cebd.clock import SystemClock
from cebd.records.states import MessageState, SignatureMode, SubmissionOutcome, SubmissionPhase
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.messages import load_message
from cebd.store.submissions import add_submission
from cebd.store.tables import messages
from cebd.transport.channels.kinds import open_channel

SETTINGS = """\
[[enterprise]]
name = "e"
copCode = "1"
copName = "一"
dxpId = "D"
folder = "e"
{signer}
channel = "eport"

[signer.s]
type = "software"
key = "k.pem"

[channel.eport]
type = "folder"
preset = "{preset}"
send_dir = "client/OutBox"
receive_dir = "client/InBox"
"""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[SignedMessage]:
    store = open_store(tmp_path / "store")
    made = SignedMessage(store)
    with store.write() as transaction:
        unsigned = {"state": "ready", "sign": SignatureMode.DETACHED, "signature": None}
        transaction.execute(update(messages).values(**unsigned))
    yield made
    store.close()


def ways(books: SignedMessage, preset: str, signer: str = 'signer = "s"') -> WaysOut:
    path = books.store.folder.parent / "cebd.toml"
    path.write_text(SETTINGS.format(preset=preset, signer=signer), encoding="utf-8")
    settings = load_settings(path)
    assert not settings.faults
    noted = Conditions(books.store, SystemClock())
    channel = open_channel(settings.channel["eport"], settings.base)
    failures = Failures(noted)
    return WaysOut(settings, books.store, SystemClock(), noted, failures, {"eport": channel.outbound})


def state_of(books: SignedMessage) -> tuple[MessageState, SignatureMode, str, bytes]:
    with books.store.read() as transaction:
        message = load_message(transaction, books.message_id)
    return message.state, message.signature_mode, message.signer, message.body


@pytest.mark.parametrize("signer", ['signer = "s"', ""])
def test_what_the_client_signs_goes_to_the_channel_as_it_is(books: SignedMessage, signer: str) -> None:
    out = ways(books, "single-window", signer)
    assert out.keep([books.message_id]) == 1
    assert out.sending["eport"].keeps(books.message_id)
    assert state_of(books) == (MessageState.SIGNED, SignatureMode.CLIENT, "s", SIGNED)


def test_where_nobody_else_signs_the_signer_does(books: SignedMessage) -> None:
    out = ways(books, "plain")
    out.keep([books.message_id])
    assert out.signing["s"].keeps(books.message_id)
    assert state_of(books)[:2] == (MessageState.READY, SignatureMode.DETACHED)


def test_what_the_client_was_to_sign_and_never_saw_is_signed_here_once_the_settings_say_so(
    books: SignedMessage,
) -> None:
    ways(books, "single-window").keep([books.message_id])
    out = ways(books, "dxp")
    out.keep([books.message_id])
    assert out.signing["s"].keeps(books.message_id)
    assert state_of(books)[:2] == (MessageState.READY, SignatureMode.EMBEDDED)


def test_what_the_client_may_have_seen_unsigned_stays_as_it_is(books: SignedMessage) -> None:
    ways(books, "single-window").keep([books.message_id])
    with books.store.write() as transaction:
        doubt = SubmissionOutcome.IN_DOUBT
        add_submission(transaction, books.message_id, "x", "", phase=SubmissionPhase.HANDING_OVER, outcome=doubt)
    ways(books, "dxp").keep([books.message_id])
    assert state_of(books)[:2] == (MessageState.SIGNED, SignatureMode.CLIENT)
