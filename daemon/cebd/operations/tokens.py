"""The token on record for each signer, and replacing it by another."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import SystemClock, iso
from cebd.operations.text import Refused
from cebd.store import tokens
from cebd.store.migrations import note
from cebd.store.store import Store
from cebd.store.tokens import Identity, TokenInUse


@dataclass(frozen=True)
class Offer:
    """Another token under a signer's name, and the token on record; None: no token was used yet."""

    signer: str
    on_record: Identity | None
    found: Identity


def tokens_of(store_dir: Path) -> list[TokenInUse]:
    """The tokens in use, and other tokens seen in their place. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return tokens.tokens_in_use(transaction)


def offer_of(store_dir: Path, signer: str) -> Offer:
    """The token that a person may accept. Raises StoreError, and Refused when no other token was seen."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        recorded, found = tokens.known(transaction, signer), tokens.offered(transaction, signer)
    on_record = recorded.identity if recorded is not None else None
    if found is None:
        known_zh = f"登记的是：{on_record}。" if on_record is not None else "首次使用的介质会被登记。"
        known_en = f"On record: {on_record}." if on_record is not None else "The first one used is recorded."
        raise Refused(
            f"没有找到 {signer} 的其他介质：请在程序运行时插上，然后再执行本命令。{known_zh}",
            f"No other token was found for {signer}: plug it in while the station runs, then come back. {known_en}",
        )
    return Offer(signer, on_record, found.identity)


def accept(store_dir: Path, offer: Offer) -> None:
    """Record the offered token for the signer. The daemon may run. Raises StoreError, and Refused when the token is gone again."""
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        if not tokens.accept(transaction, offer.signer, offer.found, iso(SystemClock().now())):
            raise Refused(
                "其间找到了另一个介质，或介质已拔出：未作任何更改，请重新查看。",
                "Meanwhile another token was found, or none: nothing was changed. Look again.",
            )
        note(transaction, "token accepted", f"{offer.signer}: {offer.found}; before: {offer.on_record}")
