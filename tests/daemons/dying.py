"""`cebd run`, dying at a named moment: a process of its own that patches itself, so that cebd needs no switches for it.

    python tests/daemons/dying.py CONFIG POINT NTH
    python tests/daemons/dying.py CONFIG --mutant NAME
    python tests/daemons/dying.py CONFIG --twice
    python tests/daemons/dying.py CONFIG --failing
    python tests/daemons/dying.py CONFIG --slow convert|publish
    python tests/daemons/dying.py CONFIG --breaking STEP TIMES    (`cebd run --once`)
    python tests/daemons/dying.py CONFIG --reader POINT TIMES [beside]

A point is a place between the two halves of a durable-act-durable step. At its NTH passing the process gets SIGKILL.
With `--reader` it is the process that reads a file that gets it, so many times (`dying_reader.py`), and every file is read in one; with
`beside` it is converted beside the store.
With `--slow` that work takes five minutes; with `--breaking` that step breaks so many times, and pauses are short. A mutant is a daemon
broken on purpose; it must be found out by the tests that kill.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# name: (where, which function, killed before or after it does its work)
POINTS: dict[str, tuple[str, str, str]] = {
    "claim: row written, file still in the inbox": ("cebd.intake.claim", "finish_claim", "before"),
    "claim: file moved, row not completed": ("cebd.intake.claim", "move", "after"),
    "claim: done, workflow not started": ("cebd.pipeline", "Pipeline.start_drop", "before"),
    "convert: all written, not committed": ("cebd.station.work.stages", "convert", "after"),
    "convert: committed with its step": ("cebd.pipeline", "Pipeline.convert", "after"),
    "file away: row written, file still in working": ("cebd.station.work.stages", "file_away", "before"),
    "file away: moved and recorded, step not recorded": ("cebd.station.work.stages", "Stages.put_away", "after"),
    "hand to the token: before": ("cebd.station.work.stages", "Stages.go_on", "before"),
    "hand to the token: after": ("cebd.station.work.stages", "Stages.go_on", "after"),
    "sign: signature made, not stored": ("cebd.signing.sign_message", "signed", "after"),
    "sign: stored, not handed on": ("cebd.signing.sign_message", "SignatureBatch.store", "after"),
    "hand to the channel: before": ("cebd.station.ways_out.signer_way", "SignerWay.follow_up", "before"),
    "send: before the bytes": ("cebd.transport.channels.sftp", "SftpOutbound.deliver", "before"),
    "send: visible, outcome not stored": ("cebd.transport.channels.sftp", "SftpOutbound.deliver", "after"),
    "send: outcome stored, still kept": ("cebd.station.ways_out.channel_way", "ChannelWay.act", "after"),
    "receipt: stored, not removed there": ("cebd.transport.channels.sftp", "SftpInbound.remove", "before"),
    "receipt: removed there, not applied": ("cebd.station.polling", "apply_stored", "before"),
    "receipt: applied, not copied out": ("cebd.station.polling", "copy_out", "before"),
    "publish: files written, not recorded": ("cebd.receipts.publishing.publish", "sync_folder", "before"),
}


# The same at the second of three messages of a file: what was made of the first is not stored, or stored with the second.
SECOND: dict[str, tuple[str, str, str]] = {
    "sign: second made, none stored": ("cebd.signing.sign_message", "signed", "after"),
    "send: first visible, second not begun": ("cebd.transport.channels.sftp", "SftpOutbound.deliver", "before"),
    "send: first visible, second about to be": ("cebd.transport.submit", "advance", "before"),
    "send: first stored, second about to be visible": (
        "cebd.transport.channels.sftp",
        "SftpOutbound._hand_over",
        "before",
    ),
    "send: second visible, outcome not stored": ("cebd.transport.channels.sftp", "SftpOutbound.deliver", "after"),
}


# The same, where the file is so large that it is converted beside the store.
BESIDE: dict[str, tuple[str, str, str]] = {
    "beside: converted, not brought in": ("cebd.documents.convert", "ConvertedBeside.bring_in", "before"),
    "beside: brought in, not committed": ("cebd.documents.convert", "ConvertedBeside.bring_in", "after"),
}


# The same, where what was converted beside the store is overtaken, so that its file is opened once more: at the second try.
OVERTAKEN: dict[str, tuple[str, str, str]] = {
    "overtaken: noted, not opened again": ("cebd.station.work.stages", "Stages.claimed_file", "before"),
    "overtaken: opened again, store not held": ("cebd.pipeline", "Pipeline._convert", "before"),
    "overtaken: converted, not committed": ("cebd.pipeline", "Pipeline._convert", "after"),
}


# The same, for messages that waited for their token.
WATCHED: dict[str, tuple[str, str, str]] = {
    "watch: signed, not handed to the channel": ("cebd.station.ways_out.signer_way", "SignerWay.follow_up", "before"),
    "watch: handed to the channel, still kept": ("cebd.station.ways_out.signer_way", "SignerWay.follow_up", "after"),
}


# On the way of a file that is kept back and previewed, one after the other.
PREVIEW: dict[str, tuple[str, str, str]] = {
    "preview: to be kept back, still in the inbox": ("cebd.intake.look", "keep_back", "before"),
    "preview: kept back, not looked at": ("cebd.intake.look", "keep_back", "after"),
    "preview: converted, no receipt": ("cebd.station.previews.making", "convert_on_trial", "after"),
    "preview: JSON there, workbook not": ("cebd.receipts.publishing.publish", "Publishing._marks", "before"),
    "preview: both there": ("cebd.station.previews.making", "PreviewMaker.make", "after"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(where: str, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    owner: Any = importlib.import_module(where)
    *classes, attribute = name.split(".")
    for class_ in classes:
        owner = getattr(owner, class_)
    setattr(owner, attribute, around(getattr(owner, attribute)))


def dying(moment: str, nth: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    passed = 0

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def killed(*values: Any, **named: Any) -> Any:
            nonlocal passed
            passed += 1
            if moment == "before" and passed >= nth:
                die()
            result = original(*values, **named)
            if moment == "after" and passed >= nth:
                die()
            return result

        return killed

    return around


def send_without_intent() -> None:
    """Mutant: the wire first, the intent afterwards."""
    from cebd.transport.submit import SubmissionBatch

    original = SubmissionBatch._attempt

    def attempt(batch: Any, message: Any, number: int, **named: Any) -> Any:
        # A name that nobody can ask about later: the intent was never written down.
        import uuid

        from cebd.transport.channel import Handover

        batch._channel.deliver(Handover(f"{message.type}Message_{uuid.uuid4()}.xml", message.in_envelope()))
        die_now_and_then()
        return original(batch, message, number, **named)

    SubmissionBatch._attempt = attempt  # type: ignore[method-assign]


def publish_without_store() -> None:
    """Mutant: a receipt is removed at the other side and copied out before it is stored."""
    import cebd.station.polling as polling

    original = polling.fetch_receipts

    def fetch(store: Any, name: str, channel: Any, clock: Any) -> int:
        for arrival in channel.receive():
            arrival.content()
            arrival.accept()
            die_now_and_then()
        return original(store, name, channel, clock)

    polling.fetch_receipts = fetch


MUTANTS: dict[str, Callable[[], None]] = {
    "intent not committed before sending": send_without_intent,
    "receipt removed before it is stored": publish_without_store,
}

_chances = 0


def run_every_step_twice() -> None:
    """Each stage and each look is done again as soon as it is done: what a kill right after it would lead to."""

    def twice(original: Callable[..., Any]) -> Callable[..., Any]:
        def again(*values: Any, **named: Any) -> Any:
            values = tuple(
                list(value) if isinstance(value, Iterator) else value for value in values
            )  # a batch, for both
            original(*values, **named)
            return original(*values, **named)

        return again

    for name in ("put_away", "go_on"):
        wrap("cebd.station.work.stages", f"Stages.{name}", twice)
    for name in ("act", "follow_up"):
        wrap("cebd.station.ways_out.signer_way", f"SignerWay.{name}", twice)
    wrap("cebd.station.ways_out.channel_way", "ChannelWay.act", twice)
    for name in ("look_for_receipts", "publish_changes"):
        wrap("cebd.station.polling", f"Polling.{name}", twice)
    wrap("cebd.pipeline", "Pipeline.start_drop", twice)
    wrap("cebd.intake.claim", "finish_claim", twice)


def failing(original: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """Breaks so many times in a way that nobody foresaw."""
    passed = 0

    def broken(*values: Any, **named: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed <= times:
            raise OSError(28, "No space left on device")
        return original(*values, **named)

    return broken


def fail_each_step_once() -> None:
    """Each stage breaks at its first passing: the engine gives that work up for good."""
    for name in ("convert", "put_away"):
        wrap("cebd.station.work.stages", f"Stages.{name}", failing)
    for where, name in (
        ("cebd.station.ways_out.ways_out", "WaysOut.keep"),
        ("cebd.signing.sign_message", "SignatureBatch.sign"),
        ("cebd.signing.sign_message", "SignatureBatch.store"),
        ("cebd.transport.submit", "SubmissionBatch.submit"),
        ("cebd.transport.submit", "SubmissionBatch.store"),
    ):
        wrap(where, name, failing)
    for name in ("look_for_receipts", "publish_changes"):
        wrap("cebd.station.polling", f"Polling.{name}", failing)


def break_a_step(name: str, times: int) -> None:
    from cebd.station.work import interrupted

    interrupted._PAUSES = (0.1, 0.1)
    wrap("cebd.station.work.stages", f"Stages.{name}", lambda original: failing(original, times))


def read_every_file_apart() -> None:
    from cebd.documents.worker import choice

    choice.LARGE_BYTES = 0
    choice.cores = lambda: 2


def take_every_file_for_large() -> None:
    from cebd.station.work import stages

    read_every_file_apart()
    stages._BESIDE_BYTES = 0


def overtake_the_first() -> None:
    """What is converted beside the store first is overtaken."""
    from cebd.documents.convert import ConvertedBeside, Overtaken

    original = ConvertedBeside.bring_in
    brought: list[ConvertedBeside] = []

    def bring_in(beside: Any, transaction: Any) -> Any:
        brought.append(beside)
        if len(brought) == 1:
            raise Overtaken
        return original(beside, transaction)

    ConvertedBeside.bring_in = bring_in  # type: ignore[method-assign]


def kill_readers(point: str, times: int, *, beside: bool) -> None:
    from cebd.child import process
    from cebd.station.work import interrupted

    interrupted._PAUSES = (0.1, 0.1)
    (take_every_file_for_large if beside else read_every_file_apart)()
    started = 0

    def dying_first(original: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
        def command(module: str) -> list[str]:
            nonlocal started
            started += 1
            script = str(Path(__file__).with_name("dying_reader.py"))
            return [sys.executable, script, point, str(os.getpid())] if started <= times else original(module)

        return command

    process.command = dying_first(process.command)


def take_long(what: str) -> None:
    """One file is so large that its conversion, or its receipt, takes five minutes."""

    def slowed(original: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*values: Any, **named: Any) -> Any:
            print(f"slow {what}", file=sys.stderr, flush=True)
            time.sleep(300)
            return original(*values, **named)

        return slow

    wrap({"convert": "cebd.station.work.stages", "publish": "cebd.receipts.publishing.outgoing"}[what], what, slowed)


def die_now_and_then() -> None:
    """What the campaign's own kills would hit sooner or later, made certain: the first passing of a process dies."""
    global _chances  # noqa: PLW0603
    _chances += 1
    if _chances == 1:
        die()


def main() -> None:
    config, what, *rest = sys.argv[1:]
    once: list[str] = []
    if what == "--twice":
        run_every_step_twice()
    elif what == "--failing":
        fail_each_step_once()
    elif what == "--breaking":
        break_a_step(rest[0], int(rest[1]))
        once = ["--once"]
    elif what == "--reader":
        kill_readers(rest[0], int(rest[1]), beside=rest[2:] == ["beside"])
    elif what == "--slow":
        take_long(rest[0])
    elif what == "--mutant":
        MUTANTS[rest[0]]()
    else:
        where, name, moment = {**POINTS, **SECOND, **BESIDE, **OVERTAKEN, **WATCHED, **PREVIEW}[what]
        if what in BESIDE or what in OVERTAKEN:
            take_every_file_for_large()
        if what in OVERTAKEN:
            overtake_the_first()
        wrap(where, name, dying(moment, int(rest[0])))
    sys.argv = ["cebd", "run", *once, "-c", config]
    from cebd.cli.main import main as cebd

    cebd()


if __name__ == "__main__":
    main()
