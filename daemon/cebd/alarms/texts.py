"""A notice in words: of each trouble what it is, the evidence (its number, since when, how many messages wait), whose matter it is, and
what to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from cebd.alarms.matters import Matter
from cebd.alarms.rounds import Notice
from cebd.store.beside.alarms_told import Told
from cebd.store.conditions import PARTY_NAMES, Party

_WHOSE = {**PARTY_NAMES, Party.CEBD: ("程序自身", "cebd itself")}


def title(station: str, notice: Notice, language: str) -> str:
    """One line; it begins with `cebd`, which robots may be told to ask for."""
    zh = [f"{len(notice.new)} 件事不正常"] if notice.new else []
    en = [f"{len(notice.new)} new problems" if len(notice.new) > 1 else "1 new problem"] if notice.new else []
    if notice.over:
        zh.append(f"{len(notice.over)} 件事已恢复")
        en.append(f"{len(notice.over)} over")
    if notice.is_trial:
        zh, en = ["测试报警，无需处理"], ["a trial of the alarm; nothing is to be done"]
    return f"cebd {station}: {', '.join(en) if language == 'en' else '，'.join(zh)}"


def paragraphs(notice: Notice, language: str) -> list[str]:
    """A paragraph for each trouble, the new ones first; in that language ("zh", "en") or in both."""
    texts = [_joined(_new(matter), language) for matter in notice.new]
    texts += [_joined(_over(told), language) for told in notice.over]
    if notice.is_trial:
        texts.append(_joined([("这是测试：报警能够送达。", "This is a trial: alarms arrive.")], language))
    return texts


def _new(matter: Matter) -> Iterator[tuple[str, str]]:
    problem = matter.problem
    zh, en = _WHOSE[matter.party]
    since = matter.since[:16].replace("T", " ")
    whose = (f"，企业 {matter.enterprise}", f", enterprise {matter.enterprise}") if matter.enterprise else ("", "")
    waiting = (f"，{matter.waiting} 份报文等待", f", {matter.waiting} messages wait") if matter.waiting else ("", "")
    yield f"【{problem.id}】{problem.zh}", f"[{problem.id}] {problem.en}"
    yield (
        f"自 {since}{whose[0]}{waiting[0]}。由谁处理：{zh}",
        f"since {since}{whose[1]}{waiting[1]}. Handled by: {en}",
    )
    yield f"怎么办：{problem.fix_zh}", f"To do: {problem.fix_en}"


def _over(told: Told) -> Iterator[tuple[str, str]]:
    since = told.since[:16].replace("T", " ")
    yield (
        f"【已恢复 {told.problem.id}】{told.problem.zh}（自 {since}）",
        f"[over: {told.problem.id}] {told.problem.en} (since {since})",
    )


def _joined(lines: Iterator[tuple[str, str]] | list[tuple[str, str]], language: str) -> str:
    pairs = list(lines)
    zh, en = "\n".join(zh for zh, _ in pairs), "\n".join(en for _, en in pairs)
    return {"zh": zh, "en": en}.get(language, f"{zh}\n{en}")
