"""A person has messages sent once more, byte for byte, because the other side has lost them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cebd.operations.queue import person
from cebd.operations.text import Refused
from cebd.store.across.sending.again import SentMessage, send_again, sent_messages
from cebd.store.store import Store


def messages_to_resend(store_dir: Path, ref: str) -> list[SentMessage]:
    """The sent messages of a file (number or name), order number, copNo or guid that nobody has answered. Raises StoreError, and Refused
    where there is none.
    """
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        sent = sent_messages(transaction, ref)
    if not sent:
        raise Refused(
            f"{ref}：没有该文件、编号或 guid 的已发送报文。",
            f"{ref}: no message of that file, number or guid was sent",
        )
    lost = [message for message in sent if not message.answered]
    if not lost:
        raise Refused(
            f"{ref}：这些报文已经得到答复，对方没有丢失，不能重发；要改正请重新放入文件。",
            f"{ref}: these messages were answered: the other side has them, and they are not sent again; to mend something, drop a file",
        )
    return lost


def resend(store_dir: Path, ref: str, reason: str) -> int:
    """Have them sent once more with the same bytes; returns how many messages. The daemon may run. Who did it, and why, is kept."""
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        return send_again(transaction, sent_messages(transaction, ref), f"{person()}: {reason}")
