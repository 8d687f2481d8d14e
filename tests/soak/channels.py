"""A thousand messages by each kind of channel whose line can be cut, with a cut at another step for each: nothing lost, nothing in doubt.

./dev soak channels [--messages N] [--only SIDE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from builders.channel_sides import ClientFolders, DxpFolders, Folders, OtherSide, Partner, Queues, SftpFolders
from builders.deliveries import Deliveries
from builders.http_deliveries import campaign
from builders.http_platform import SHAPES
from builders.openssh import OpenSsh
from builders.rabbitmq import RabbitMq
from cebd.store.store import Store


def sides(folder: Path, servers: ExitStack) -> dict[str, Callable[[], OtherSide]]:
    """What makes each of them."""

    def sftp() -> OtherSide:
        return SftpFolders(folder, servers.enter_context(OpenSsh(folder / "sshd", folder)))

    def amqp(*, tls: bool) -> OtherSide:
        return Queues(servers.enter_context(RabbitMq(folder / f"rabbitmq-{tls}")), tls=tls)

    def presets() -> dict[str, Callable[[], OtherSide]]:
        kinds = {"folder": Folders, "folder dxp": DxpFolders, "folder single-window": ClientFolders}
        return {name: lambda name=name, kind=kind: made(kind, name) for name, kind in kinds.items()}  # type: ignore[misc]

    def made(kind: type[Folders], name: str) -> OtherSide:
        own = folder / name
        own.mkdir()
        return kind(own).break_on_demand()

    return {
        **presets(),
        "sftp": sftp,
        "amqp": lambda: amqp(tls=False),
        "amqp over TLS": lambda: amqp(tls=True),
        "as2": lambda: Partner(folder / "as2"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Cut the line of each kind of channel; nothing may be lost.")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument(
        "--only",
        help="one of: folder, folder dxp, folder single-window, sftp, amqp, amqp over TLS, as2, or the name of an HTTP profile",
    )
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cebd-channels-") as name, ExitStack() as servers:
        for kind, make in sides(Path(name), servers).items():
            if wanted.only not in (None, kind):
                continue
            began, side = time.monotonic(), make()
            store = Store.open(Path(name) / f"store {kind}")
            books = Deliveries(side, store, wanted.messages).deliver_all()
            books.assert_as_promised(wanted.messages)
            store.close()
            side.close()
            again = sum(count - 1 for count in books.arrived.values())
            seconds = time.monotonic() - began
            print(
                f"{kind}: {wanted.messages} messages, {books.cuts} cuts, {again} came again: ok ({seconds:.0f} s)",
                flush=True,
            )
        for shape in SHAPES:
            if wanted.only not in (None, shape):
                continue
            began = time.monotonic()
            went = campaign(Path(name) / shape, shape, wanted.messages)
            print(f"http {shape}: {went}: ok ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
