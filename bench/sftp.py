"""`./dev bench sftp [--whole]`: files put by an SFTP channel, beside `sftp -b` of OpenSSH at the same server, with and without delay.

Both log in and then put the files one after the other; cebd gives each a temporary name first, looks at its size and renames it, as it
always does, and `sftp` puts it under its name at once. Of the station nothing is in it.

| line | files of 60 kB | with --whole |
| --- | --- | --- |
| without delay | 2,000 | 2,000 |
| 20 ms there and back | 200 | 2,000 |
| 100 ms | 40 | 2,000 (a quarter of an hour) |
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmark import Figure, Options, Result
from slow_line import slow_line

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.openssh import OpenSsh
from cebd.transport.channel import Handover, Sent
from cebd.transport.channels.sftp import SftpOutbound
from cebd.transport.channels.sftp_connection import Login

LIMIT = 0.9  # of sftp -b
SMALL, LARGE = 60_000, 200_000_000  # bytes
FILES = {0: 2000, 20: 200, 100: 40}  # by milliseconds


def measure(options: Options) -> Result:
    figures = []
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder, ExitStack() as lines:
        server = lines.enter_context(OpenSsh(Path(folder) / "sshd", Path(folder)))
        place = _Place(Path(folder), server)
        large = os.urandom(options.size(LARGE, SMALL))
        for delay, few in FILES.items():
            port = lines.enter_context(slow_line(server.port, delay / 1000)) if delay else server.port
            count = options.size(2000 if "--whole" in options.rest else few, 2)
            many = [os.urandom(SMALL)] * count
            name = f"at {delay} ms"
            for what, contents in (("files", many), ("large", [large])):
                turns = [(place.ours(port, contents), place.theirs(port, contents)) for _ in range(options.runs)]
                ratio = median(theirs / ours for ours, theirs in turns)
                per = len(contents) if what == "files" else sum(map(len, contents)) / 1e6
                unit = "files/s" if what == "files" else "MB/s"
                figures += [
                    Figure(f"{what} {name}", per / median(ours for ours, _ in turns), unit, aside=True),
                    Figure(f"{what} {name}, sftp -b", per / median(theirs for _, theirs in turns), unit, aside=True),
                    Figure(f"{what} {name}, ratio", ratio, "", LIMIT, at_least=True),
                ]
    work = f"files of {SMALL} bytes and one of {len(large)} by SFTP, beside sftp -b"
    return Result("sftp", work, tuple(figures))


class _Place:
    """The two clients of a server, and its folder."""

    def __init__(self, folder: Path, server: OpenSsh) -> None:
        self._folder = folder
        self._server = server
        self._into = folder / "in"
        self._into.mkdir()

    def ours(self, port: int, contents: Sequence[bytes]) -> float:
        """Seconds."""
        server = self._server
        login = Login("127.0.0.1", port, server.user, server.fingerprint, 60.0, server.user_key, lambda: None)
        handovers = [Handover(f"CEB311Message_{number}.xml", content) for number, content in enumerate(contents)]
        began = time.perf_counter()
        outbound = SftpOutbound(login, str(self._into))
        for handover, following in pairwise([*handovers, None]):
            assert handover is not None
            assert outbound.deliver(_with_following(outbound, handover, following)) == Sent()
        outbound.close()
        return self._over(began, contents)

    def theirs(self, port: int, contents: Sequence[bytes]) -> float:
        """Seconds."""
        source, batch = self._folder / "source", self._folder / "batch"
        source.write_bytes(contents[0])
        lines = [f"put {source} {self._into}/CEB311Message_{number}.xml" for number in range(len(contents))]
        batch.write_text("\n".join(lines) + "\n", encoding="utf-8")
        no_files = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes")
        whom = f"{self._server.user}@127.0.0.1"
        key = str(self._server.user_key)
        command = ["sftp", "-F", "none", *no_files, "-b", str(batch), "-P", str(port), "-i", key, whom]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self._over(began, contents)

    def _over(self, began: float, contents: Sequence[bytes]) -> float:
        took = time.perf_counter() - began
        arrived = list(self._into.iterdir())
        assert sorted(path.stat().st_size for path in arrived) == sorted(map(len, contents))
        assert arrived[0].read_bytes() == contents[0]
        for path in arrived:
            path.unlink()
        return took


def _with_following(outbound: SftpOutbound, handover: Handover, following: Handover | None) -> Handover:
    """As a batch of the station hands over: the next one is named when this one is on record."""

    def before_visible() -> None:
        if following is not None:
            outbound.begin(lambda: following)

    return Handover(handover.name, handover.content, before_visible=before_visible)
