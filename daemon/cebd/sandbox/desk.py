"""The desk of the simulated customs side: takes up what arrived, enters it in the ledger, puts answers out when they are due.

For each arrival: its answers are written to `pending/`, then its lines to the ledger, then its file is moved to `taken/`.

| killed ... | found at the next start | what follows |
| --- | --- | --- |
| before the ledger's lines are all there | file in `in/`, perhaps answers in `pending/` | answers thrown away, judged anew |
| after the ledger's lines | file in `in/`, its lines in the ledger | moved to `taken/`, not judged again |
| before an answer is due | answer in `pending/`, its name begins with its time | put out when due |

Where the disk is full, or takes or gives nothing, what is half done is thrown away, and tried again a second later.

One thread does all of it: nothing is put out while an arrival is half done. An arrival is known by the file's inode and time of
change, so that the same bytes sent again under the same name are another arrival.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from cebd.clock import CST
from cebd.messages.description import message_type
from cebd.messages.relations import customs_numbers
from cebd.messages.schema import known_root
from cebd.sandbox.answering.answers import (
    compose_answer,
    compose_refusal,
    compose_returns,
    in_envelope,
    new_guid,
    stamp,
)
from cebd.sandbox.answering.bills import BILL, BILL_STATUS, Bill, compose_bill_statuses, compose_bills
from cebd.sandbox.answering.replies import once_listed
from cebd.sandbox.judging.customs import Judged, Refused, judge
from cebd.sandbox.judging.hearing import Bench, RecordAnswers
from cebd.sandbox.judging.lists import after_release, without_release
from cebd.sandbox.judging.register import Register, Waiting
from cebd.sandbox.ledger import append, append_whole, mend_ledger, read_ledger
from cebd.sandbox.scenario import Scenario

_LOOK_SECONDS = 0.03
_AGAIN_SECONDS = 1.0  # after which an arrival is tried again that the disk did not let be worked on
_NUMBER_LENGTH = 18
_UNFINISHED = (".part", ".tmp", ".filepart")
Say = Callable[[str], None]


class Desk:
    """Works through the folders of a customs side in a thread of its own.

    `being_written` says of a path in `in/` whether a client still writes it.
    """

    def __init__(
        self, folder: Path, scenario: Scenario, say: Say, being_written: Callable[[Path], bool] = lambda _path: False
    ) -> None:
        self._folder = folder
        self._scenario = scenario
        self._say = say
        self._being_written = being_written
        self._random = random.Random(scenario.seed)  # noqa: S311  play, repeatable
        self._trusted = x509.load_pem_x509_certificate(scenario.trusted.read_bytes()) if scenario.trusted else None
        self._register = Register()
        self._due: list[tuple[int, int, Path]] = []
        self._given_up: set[str] = set()
        self._again: dict[str, float] = {}  # arrivals that the disk did not let be worked on: when each is tried again
        self._cannot_put_out = False  # for the same reason
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="customs-desk", daemon=True)

    def start(self) -> None:
        """Take up the work where it was left."""
        mend_ledger(self._folder)
        self._register = Register(read_ledger(self._folder))
        half_done = {arrival for path in self._waiting() if not self._register.has_arrival(arrival := _arrival(path))}
        for path in sorted((self._folder / "pending").iterdir()):
            if path.suffix != ".xml" or path.name.split("_")[1] in half_done:
                path.unlink()
            else:
                self._plan(path)
        self._thread.start()

    def stop(self) -> None:
        """Finish the arrival in hand; what is pending stays for the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for path in self._waiting():
                if self._stopping.is_set():
                    return
                self._take(path)
                self._put_out()
            self._put_out()

    def _waiting(self) -> list[Path]:
        return [
            path
            for path in self._present()
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED)
        ]

    def _present(self) -> list[Path]:
        """None while the folder is away: a customs side's disk comes back, too."""
        try:
            return sorted((self._folder / "in").iterdir())
        except OSError:
            return []

    def _take(self, path: Path) -> None:
        try:
            arrival = _arrival(path)
            if arrival in self._given_up or time.monotonic() < self._again.get(arrival, 0.0):
                return
            if self._being_written(path):
                return
            content = path.read_bytes()
        except FileNotFoundError:
            return  # the client took it away again
        try:
            if not self._register.has_arrival(arrival):
                self._enter(path.name, arrival, content)
            path.rename(_free(self._folder / "taken" / path.name))
            self._again.pop(arrival, None)
        except OSError as error:
            if arrival not in self._again:
                self._say(f"cannot work on {path.name} yet: {error.strerror}")
            self._again[arrival] = time.monotonic() + _AGAIN_SECONDS
            if not self._register.has_arrival(arrival):
                self._throw_away(arrival)
        except Exception as error:
            # A fault of this program, to be seen and not to end the desk; the file stays where it is.
            self._given_up.add(arrival)
            self._say(f"cannot work on {path.name}: {type(error).__name__}: {error}")

    def _throw_away(self, arrival: str) -> None:
        """The answers that were written for what is not in the ledger."""
        for path in (self._folder / "pending").glob(f"*_{arrival}_*"):
            path.unlink()

    def _enter(self, name: str, arrival: str, content: bytes) -> None:
        now = datetime.now(CST)
        judged = judge(content, Bench(self._register, self._scenario, self._trusted, now))
        # Killed from here to the end of `append`: the ledger has no such arrival, and its answers are thrown away.
        planned = self._write_answers(judged, arrival, now)
        entries = [
            {"time": now.isoformat(timespec="milliseconds"), "file": name, "arrival": arrival, **entry}
            for entry in judged.entries
        ]
        if entries:
            append(self._folder, entries)
        self._register.enter(entries)
        for path in planned:
            self._plan(path)
        self._say(f"arrived {name}: {_summary(judged)}")

    def _write_answers(self, judged: Judged, arrival: str, now: datetime) -> list[Path]:
        """Every answer this arrival will get, in `pending/`, each under the time it is due."""
        first = now + timedelta(seconds=self._scenario.answer_seconds)
        receiver = judged.original.get("SenderId", "")
        written: list[Path] = []

        def write(root: str, content: bytes, due: datetime) -> None:
            written.extend(self._write(arrival, root, content, due))

        def write_message(root: str, content: bytes, due: datetime, to: str = receiver) -> None:
            wrapped = in_envelope(content, root, to, due) if self._scenario.returns_in_envelope else content
            write(root, wrapped, due)

        if judged.refused is not None and judged.refused.form == "DxpRep":
            write("DxpRep", compose_answer(judged.refused.code, judged.refused.reason, judged.original, first), first)
            return written
        if self._scenario.dxp_rep:
            write("DxpRep", compose_answer("0000", "接收成功", judged.original, now), now)
        if judged.refused is not None:
            write_message("CEB900Message", _refusal(judged, judged.refused, first), first)
            return written
        assert judged.message is not None  # noqa: S101
        receipt = message_type(str(judged.message.receipt))
        size = self._scenario.returns_per_message
        for start in range(0, len(judged.answered), size):
            answered = judged.answered[start : start + size]
            bills = [
                Bill(answers.head, answers.billed, answers.numbers["invtNo"]) for answers in answered if answers.billed
            ]
            steps = max(len(answers.life) for answers in answered)
            moments = [self._scenario.moment(now, step) for step in range(steps + (2 if bills else 0))]
            due = list(moments)
            if self._scenario.shuffle:
                self._random.shuffle(due)
            for step, moment in enumerate(moments[:steps]):
                returns = [_return(answers, step, moment) for answers in answered if step < len(answers.life)]
                write_message(receipt.root, compose_returns(receipt, returns), due[step])
            if bills:
                write_message(message_type(BILL).root, compose_bills(bills, moments[steps]), due[steps])
                write_message(message_type(BILL_STATUS).root, compose_bill_statuses(bills, moments[-1]), due[-1])
        for (code, to), waited in _by_type_and_receiver(judged.set_going).items():
            receipt, going_on = message_type(str(message_type(code).receipt)), once_listed(code)
            for start in range(0, len(waited), size):
                answered = tuple(RecordAnswers(one.head, going_on, {}) for one in waited[start : start + size])
                for step in range(len(going_on)):
                    moment = self._scenario.moment(now, step + 1)
                    returns = [_return(answers, step, moment) for answers in answered]
                    write_message(receipt.root, compose_returns(receipt, returns), moment, to)
        return written

    def _write(self, arrival: str, root: str, content: bytes, due: datetime) -> list[Path]:
        copies = [due]
        if self._random.random() < self._scenario.duplicate_receipts:
            copies.append(due + timedelta(seconds=self._scenario.step_seconds * self._random.random()))
        paths = []
        for copy in copies:
            thousandths = int(copy.timestamp() * 1000)
            path = self._folder / "pending" / f"{thousandths:014d}_{arrival}_{root}_{new_guid()}.xml"
            temporary = path.with_suffix(".part")
            temporary.write_bytes(content)
            temporary.replace(path)
            paths.append(path)
        return paths

    def _plan(self, path: Path) -> None:
        heapq.heappush(self._due, (int(path.name.split("_")[0]), len(self._due), path))

    def _put_out(self) -> None:
        now = time.time() * 1000
        while self._due and self._due[0][0] <= now:
            path = self._due[0][2]
            try:
                self._answer(path)
            except OSError as error:
                if not self._cannot_put_out:
                    self._say(f"cannot put out answers yet: {error.strerror}")
                self._cannot_put_out = True
                return
            self._cannot_put_out = False
            heapq.heappop(self._due)

    def _answer(self, path: Path) -> None:
        if self._register.cancelled and not self._strike_release(path):
            return
        name = path.name.split("_", 2)[2]
        append_whole(self._folder / "answered.txt", f"{name}\n".encode(), durable=False)
        path.replace(self._folder / "out" / name)
        self._say(f"answered {name}")

    def _strike_release(self, path: Path) -> bool:
        """Take out of an answer what a cancellation has overtaken; False when nothing is left to put out."""
        if not any(root in path.name for root in after_release()):
            return True
        content = path.read_bytes()
        rest = without_release(content, self._register.cancelled, datetime.now(CST))
        if rest is None:
            path.unlink()
            return False
        if rest != content:
            # Killed before the renaming, the answer is struck again at the next start.
            temporary = path.with_suffix(".part")
            temporary.write_bytes(rest)
            temporary.replace(path)
        return True


def _arrival(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}"


def _refusal(judged: Judged, refused: Refused, moment: datetime) -> bytes:
    original = judged.original
    message = original["MsgType"] if known_root(original["MsgType"]) else "Unknown"
    return compose_refusal(original["CopMsgId"], message, judged.content, refused.reason, moment)


def _return(answers: RecordAnswers, step: int, moment: datetime) -> dict[str, str]:
    status, text = answers.life[step]
    named = customs_numbers() & answers.head.keys()
    # What customs number is numbered with its entry; a processing error never has such a number.
    numbers = {name: "" if step == 0 and name != "preNo" else number for name, number in answers.numbers.items()}
    return {
        **answers.head,
        # What an application named, if it was a number of customs.
        **{name: number if len(number := answers.head[name]) == _NUMBER_LENGTH else "" for name in named},
        **numbers,
        "guid": new_guid(),
        "returnStatus": status,
        "returnTime": stamp(moment),
        "returnInfo": f"{text}[{answers.head.get('guid', '')}]",
    }


def _by_type_and_receiver(waiting: Iterable[Waiting]) -> dict[tuple[str, str], list[Waiting]]:
    by_both: dict[tuple[str, str], list[Waiting]] = {}
    for one in waiting:
        by_both.setdefault((one.type, one.receiver), []).append(one)
    return by_both


def _summary(judged: Judged) -> str:
    if judged.refused is not None:
        return f"refused, {judged.refused.form} {judged.refused.code} {judged.refused.reason[:100]}"
    counts = Counter(f"{entry['verdict']} ({entry['status']})" for entry in judged.entries)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{verdicts}, signature {judged.entries[0]['signature']}"


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
