"""Who signs is the channel's matter: where the official client does, messages leave bare, and no token is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.new_store import open_store
from builders.signed_message import SIGNED, SignedMessage
from builders.ways_out import settings_with, ways_of
from cebd.clock import SystemClock
from cebd.records.states import MessageState, SignatureMode, SubmissionOutcome, SubmissionPhase
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.messages import load_message
from cebd.store.submissions import add_submission
from cebd.store.tables import messages


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
    settings = settings_with(books.store.folder.parent, {"eport": preset}, signer=signer)
    out, _ = ways_of(settings, books.store, SystemClock())
    return out


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
