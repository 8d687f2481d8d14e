"""The desk of the simulated customs side: takes up what arrived, enters it in the ledger, puts answers out when they are due.

| killed ... | found at the next start | what follows |
| --- | --- | --- |
| before the ledger's lines | file in `in/`, perhaps answers in `pending/` | judged as if for the first time, answers written over |
| after the ledger's lines | file in `in/`, its lines in the ledger | moved to `taken/`, not judged again |
| before an answer is due | answer in `pending/`, its name begins with its time | put out when due |
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509

from cebd.clock import CST
from cebd.messages.description import message_type
from cebd.sandbox.answers import compose_answer, compose_refusal, compose_returns, in_envelope, new_guid, stamp
from cebd.sandbox.customs import Judged, Key, judge
from cebd.sandbox.ledger import append, read_ledger
from cebd.sandbox.scenario import Scenario

_LOOK_SECONDS = 0.03
_UNFINISHED = (".part", ".tmp", ".filepart")
Say = Callable[[str], None]


class Desk:
    """Works through the folders of a customs side in a thread of its own."""

    def __init__(self, folder: Path, scenario: Scenario, say: Say = lambda _text: None) -> None:
        self.folder = folder
        self.scenario = scenario
        self._say = say
        self._random = random.Random(scenario.seed)  # noqa: S311  play, repeatable
        self._trusted = x509.load_pem_x509_certificate(scenario.trusted.read_bytes()) if scenario.trusted else None
        ledger = read_ledger(folder)
        self._known: set[tuple[str, Key]] = {
            (entry["type"], tuple(entry["key"].values())) for entry in ledger if entry["verdict"] == "accepted"
        }
        self._entered = {(entry["file"], entry["sha256"]) for entry in ledger}
        self._numbers = len(ledger)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="customs-desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        due: deque[Path] = deque()
        while not self._stopping.wait(_LOOK_SECONDS):
            for path in sorted((self.folder / "in").iterdir()):
                if path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED):
                    self._take(path)
            now = time.time()
            due.extend(path for path in sorted((self.folder / "pending").glob("*.xml")) if _due(path) <= now)
            while due:
                path = due.popleft()
                name = path.name.partition("_")[2]
                with (self.folder / "answered.txt").open("a", encoding="utf-8") as answered:
                    answered.write(f"{name}\n")
                path.rename(self.folder / "out" / name)
                self._say(f"answered {name}")

    def _take(self, path: Path) -> None:
        content = path.read_bytes()
        mark = (path.name, sha256(content).hexdigest())
        if mark not in self._entered or (self.folder / "taken" / path.name).exists():
            judged = judge(content, self._known, self.scenario, self._trusted)
            self._plan(judged)
            now = datetime.now(CST).isoformat(timespec="milliseconds")
            entries: list[dict[str, Any]] = [
                {"time": now, "file": mark[0], "sha256": mark[1], **entry} for entry in judged.entries
            ]
            append(self.folder, entries)
            self._known |= judged.accepted
            self._entered.add(mark)
            self._say(f"arrived {path.name}: {_summary(judged)}")
        path.rename(_free(self.folder / "taken" / path.name))

    def _plan(self, judged: Judged) -> None:
        """Write every answer this arrival will get into `pending/`, each under the time it is due."""
        now = datetime.now(CST)
        first = now + timedelta(seconds=self.scenario.answer_seconds)
        receiver = judged.original.get("SenderId", "")
        if judged.refused is not None:
            form, code, reason = judged.refused
            if form == "CEB900":
                content = judged.content.decode("utf-8", errors="replace")
                answer = compose_refusal(
                    judged.original["CopMsgId"], judged.original["MsgType"], content, reason, first
                )
                self._put("CEB900Message", answer, first, receiver)
            else:
                self._put("DxpRep", compose_answer(code, reason, judged.original, first), first, receiver, bare=True)
            return
        if self.scenario.dxp_rep:
            self._put("DxpRep", compose_answer("0000", "接收成功", judged.original, now), now, receiver, bare=True)
        assert judged.message is not None  # noqa: S101
        receipt = message_type(str(judged.message.receipt))
        size = self.scenario.returns_per_message
        for start in range(0, len(judged.told), size):
            told = judged.told[start : start + size]
            steps = max(len(one.life) for one in told)
            moments = [first + timedelta(seconds=self.scenario.step_seconds * step) for step in range(steps)]
            times = list(moments)
            if self.scenario.shuffle:
                self._random.shuffle(times)
            numbers = [self._next_number() for _ in told]
            for step in range(steps):
                returns = [
                    self._return(one.head, one.life[step], number, moments[step], step)
                    for one, number in zip(told, numbers, strict=True)
                    if step < len(one.life)
                ]
                self._put(receipt.root, compose_returns(receipt, returns), times[step], receiver)

    def _return(self, head: Any, said: tuple[str, str], number: int, moment: datetime, step: int) -> dict[str, str]:
        status, text = said
        moment += timedelta(milliseconds=step)
        numbers = {"preNo": f"B{moment:%Y%m%d}{number:09d}"}
        if step > 0:
            numbers["invtNo"] = f"{head.get('customsCode', '0000')}{moment:%Y}1{number:09d}"
        info = f"{text}[{head.get('guid', '')}]"
        return {
            **head,
            **numbers,
            "guid": new_guid(),
            "returnStatus": status,
            "returnTime": stamp(moment),
            "returnInfo": info,
        }

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _put(self, root: str, content: bytes, moment: datetime, receiver: str, *, bare: bool = False) -> None:
        if self.scenario.returns_in_envelope and not bare:
            content = in_envelope(content, root, receiver, moment)
        copies = 2 if self._random.random() < self.scenario.duplicate_receipts else 1
        for copy in range(copies):
            due = int(moment.timestamp() * 1000) + copy
            path = self.folder / "pending" / f"{due}_{root}_{new_guid()}.xml"
            temporary = path.with_suffix(".part")
            temporary.write_bytes(content)
            temporary.replace(path)


def _due(path: Path) -> float:
    return int(path.name.partition("_")[0]) / 1000


def _summary(judged: Judged) -> str:
    if judged.refused is not None:
        return f"refused, {judged.refused[0]} {judged.refused[1]}"
    counts: dict[str, int] = {}
    for entry in judged.entries:
        counts[entry["verdict"]] = counts.get(entry["verdict"], 0) + 1
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
