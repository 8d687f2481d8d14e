"""What happened to a file, a message or a declaration, and when, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cebd.customs.customs_codes import for_people
from cebd.operations.text import Text
from cebd.records.states import SubmissionOutcome, SubmissionPhase
from cebd.store.across.finding.life import Answer, FileLife, MessageLife
from cebd.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `time`: ISO 8601; empty where customs gave none."""

    time: str
    what: Text

    def as_json(self) -> dict[str, object]:
        return {"time": self.time, "zh": self.what.zh, "en": self.what.en}


def events_of_message(life: MessageLife) -> list[Event]:
    """What happened to a message, in the order of time."""
    return sorted(_of_message(life), key=lambda event: event.time)


def events_of_file(file: FileLife) -> Iterator[Event]:
    """What happened to a file: it was taken, and its receipt written."""
    digest = file.sha256[:12]
    yield Event(
        file.received,
        Text(
            f"收到文件 {file.name}（{file.source}，SHA-256 {digest}…）",
            f"file {file.name} taken from {file.source} (SHA-256 {digest}…)",
        ),
    )
    if file.published_at:
        yield Event(file.published_at, Text("最近一次写出回执", "its receipt was written last"))


def _of_message(life: MessageLife) -> Iterator[Event]:
    message, size = life.message, Text(f"，{life.composed.size} 字节", f", {life.composed.size} bytes")
    if life.removed is not None:
        size = Text("", "")
        yield Event(life.removed, Text("期满，报文原文已删除", "its bytes were removed after years"))
    yield Event(
        message.created,
        Text(
            f"生成报文 {message.guid}（CopMsgId {message.cop_msg_id}{size.zh}）",
            f"message {message.guid} composed (CopMsgId {message.cop_msg_id}{size.en})",
        ),
    )
    yield from _of_attempts(life.attempts, message.channel)
    for decision in life.decisions:
        words = Text(f"人工操作（{decision.event}）", f"a person's decision ({decision.event})")
        yield Event(decision.time, Text(f"{words.zh}：{decision.detail}", f"{words.en}: {decision.detail}"))


_OUTCOMES = {
    SubmissionOutcome.SENT: Text("已送达", "handed over"),
    SubmissionOutcome.FAILED: Text("没有送出", "not handed over"),
    SubmissionOutcome.IN_DOUBT: Text("不知是否送达", "in doubt whether it arrived"),
}


def _of_attempts(attempts: Iterable[Submission], channel: str) -> Iterator[Event]:
    for number, attempt in enumerate(attempts, 1):
        by = attempt.channel or channel
        yield Event(
            attempt.intent,
            Text(f"第 {number} 次发送开始：{by}，{attempt.name}", f"attempt {number} began: {by}, {attempt.name}"),
        )
        if attempt.outcome is not None:
            words = _OUTCOMES[attempt.outcome]
            detail = f"（{attempt.detail}）" if attempt.detail else ""
            in_english = f" ({attempt.detail})" if attempt.detail else ""
            seen = attempt.phase is SubmissionPhase.HANDING_OVER
            hidden = Text("", "") if seen else Text("，对方还看不到", ", not visible to the other side")
            yield Event(
                attempt.settled or attempt.intent,
                Text(
                    f"第 {number} 次发送：{words.zh}{hidden.zh}{detail}",
                    f"attempt {number}: {words.en}{hidden.en}{in_english}",
                ),
            )


def event_of_answer(answer: Answer) -> Event:
    """What a receipt said of a record."""
    returned = answer.returned
    info = for_people(returned.info)
    proof = Text("（仅证明已收到）", " (it only proves that it arrived)") if returned.evidence else Text("", "")
    at = returned.time[11:19] or "-"
    return Event(
        answer.received,
        Text(
            f"回执 {returned.status} {info}{proof.zh}（对方时间 {at}，{answer.name}）",
            f"answer {returned.status} {info}{proof.en} (their time {at}, {answer.name})",
        ),
    )
