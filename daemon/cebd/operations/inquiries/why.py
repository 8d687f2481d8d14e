"""Why a file was taken, ignored or refused, or why nothing has happened to it: the rule that decided, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from cebd.file_names import DECLARED, PREVIEWED, QUESTIONS
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.wishes import is_question
from cebd.operations.inquiries.lookup import reading
from cebd.operations.text import Text
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.settings import Settings
from cebd.store.across.finding.references import drops_named
from cebd.store.conditions import read_conditions
from cebd.store.drops import Drop, load_drop
from cebd.store.transaction import Transaction

_MOST_TAKEN = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file. `verdict`: taken, refused, held, repeated, withdrawn, ignored, waiting, previewed, asks, answered, unknown.

    `rule`: which rule decided. `to_do`: what to do next, None where nothing need be done. `problems`: those of the file as a whole.
    """

    file: str
    enterprise: str | None
    verdict: str
    since: str | None
    rule: Text
    to_do: Text | None = None
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `why --json`."""
        return {
            "file": self.file,
            "enterprise": self.enterprise,
            "verdict": self.verdict,
            "since": self.since,
            "rule": self.rule._asdict(),
            "to_do": self.to_do and self.to_do._asdict(),
            "problems": [problem.as_json() for problem in self.problems],
        }


def why(settings: Settings, file: str) -> list[Verdict]:
    """What is to be said of a file of that name or path: what the store knows, the latest first, then what lies in the inboxes now.

    Never empty: a file that nobody knows has a verdict, too. Raises StoreError.
    """
    name = PurePath(file).name
    with reading(settings.store_dir) as transaction:
        taken = [_taken(transaction, load_drop(transaction, number)) for number in _drops(transaction, file, name)]
        there = [*_in_inboxes(settings, transaction, file, name)]
    return [*there, *taken] or [_unknown(settings, file)]


def _drops(transaction: Transaction, file: str, name: str) -> list[DropId]:
    return (drops_named(transaction, file) or drops_named(transaction, name))[:_MOST_TAKEN]


def _taken(transaction: Transaction, drop: Drop) -> Verdict:
    verdict, rule, to_do = _of_drop(transaction, drop)
    return Verdict(drop.name, drop.enterprise, verdict, drop.received, rule, to_do, drop.problems)


def _of_drop(transaction: Transaction, drop: Drop) -> tuple[str, Text, Text | None]:
    if drop.state is DropState.WITHDRAWN:
        return "withdrawn", Text("在接收之前被取走了", "it was taken away before it was claimed"), None
    if drop.repeat_of is not None:
        first = load_drop(transaction, drop.repeat_of)
        rule = Text(
            f"内容与 {first.received[:16]} 的文件 {first.name}（编号 {first.id}）完全相同：不再申报，只再给一次回执",
            f"it has the same content as {first.name} (number {first.id}) of {first.received[:16]}: it is not declared again, "
            "its receipts are copied out once more",
        )
        return "repeated", rule, None
    if drop.outcome is DropOutcome.ERROR:
        return _refused(drop)
    if drop.outcome is DropOutcome.HOLD:
        rule = Text(
            f"整份未申报（{drop.place}）：文件中有错误，而设置要求有错误时整份不申报，或文件在接收后又被改动",
            f"kept back as a whole ({drop.place}): it has mistakes and the settings keep such a file back, or it was changed "
            "after it was taken",
        )
        return "held", rule, Text("请看回执，改正后重新放入。", "Look at its receipt, correct it and drop it again.")
    return "taken", _accepted(drop), None


def _refused(drop: Drop) -> tuple[str, Text, Text | None]:
    if not drop.problems:
        rule = Text("没有一行可以申报", "no row of it can be declared")
        to_do = Text(
            "请看回执中标红的单元格，改正后重新放入。", "Correct the red cells of its receipt and drop it again."
        )
        return "refused", rule, to_do
    problem = drop.problems[0]
    rule = Text(f"{problem.id} {problem.zh}", f"{problem.id} {problem.en}")
    return "refused", rule, Text(problem.fix_zh, problem.fix_en)


def _accepted(drop: Drop) -> Text:
    number, read = drop.id, drop.records or 0
    if drop.outcome is None:
        return Text(f"已接收（编号 {number}），正在读取", f"taken (number {number}); it is being read")
    return Text(
        f"已接收（编号 {number}，{drop.type}）：文件完整，类型由内容识别，读出 {read} 条；原文件在 {drop.place}",
        f"taken (number {number}, {drop.type}): it was complete, its kind was seen from its content, {read} records were read; "
        f"the file is in {drop.place}",
    )


# What lies in the inboxes


def _in_inboxes(settings: Settings, transaction: Transaction, file: str, name: str) -> Iterator[Verdict]:
    conditions = read_conditions(transaction)
    asked = Path(file)
    for enterprise in settings.enterprise:
        folder = settings.folder(enterprise)
        inbox = folder / "inbox"
        for path in _places(inbox, asked, name):
            place = path.relative_to(inbox)
            key = f"file:{enterprise.name}:{path.relative_to(folder).as_posix()}"
            stands = next((one for one in conditions if one.key == key), None)
            if stands is None:
                yield Verdict(str(place), enterprise.name, *_of_name(settings, place))
                continue
            problem = stands.problem
            rule = Text(f"{problem.id} {problem.zh}", f"{problem.id} {problem.en}")
            to_do = Text(problem.fix_zh, problem.fix_en)
            yield Verdict(str(place), enterprise.name, "waiting", stands.since, rule, to_do)


def _places(inbox: Path, asked: Path, name: str) -> Iterator[Path]:
    """Where the file may be: the path itself where it is one below the inbox, else its name in every folder of the inbox."""
    absolute = Path(os.path.abspath(asked))  # noqa: PTH100  links are not followed: the inbox is what the settings name
    if absolute.is_relative_to(inbox) and os.path.lexists(absolute):
        yield absolute
        return
    for folder, _, names in os.walk(inbox):
        if name in names:
            yield Path(folder) / name


def _of_name(settings: Settings, place: PurePath) -> tuple[str, None, Text, Text]:
    ignored = Ignored(settings.station.ignore)
    away = next((part for part in place.parts[:-1] if ignored.folder(part)), None)
    if away is not None:
        rule = Text(
            f"文件夹 {away} 被忽略（以 . 或 ~$ 开头，或属于设置 [station] ignore）：其中的文件不会申报",
            f"the folder {away} is ignored (its name begins with . or ~$, or is in [station] ignore): nothing in it is declared",
        )
        return "ignored", None, rule, Text("请把文件移到 inbox。", "Move the file into inbox/.")
    if ignored.file(place.name):
        rule = Text(
            f"文件名 {place.name} 被忽略：以 . 或 ~$ 开头、以 .part .tmp .filepart .crdownload 结尾、Office 的临时文件名，"
            "或属于设置 [station] ignore",
            f"the name {place.name} is ignored: it begins with . or ~$, ends in .part, .tmp, .filepart or .crdownload, is Office's "
            "own, or is in [station] ignore",
        )
        return "ignored", None, rule, Text("要申报请改名。", "To have it declared, rename it.")
    if place.parts[0] == PREVIEWED and len(place.parts) > 1:
        rule = Text("在预检文件夹里：只检查，不申报", f"it lies in {PREVIEWED}/: it is checked and not declared")
        return (
            "previewed",
            None,
            rule,
            Text(f"要申报请移到 inbox/{DECLARED}。", f"To have it declared, move it to inbox/{DECLARED}."),
        )
    if is_question(place):
        rule = Text(
            "在查询文件夹里：只答复其中的编号，不申报",
            f"it lies in {QUESTIONS}/: the numbers in it are answered, and nothing is declared",
        )
        return "asks", None, rule, Text("要申报请移到 inbox。", "To have it declared, move it into inbox/.")
    rule = Text(
        "在 inbox 里，还没有接收：文件要在一段时间内不再变化才接收，或 cebd 没有运行",
        "it lies in the inbox and is not taken yet: a file is taken once it has not changed for a while, and only while cebd runs",
    )
    return (
        "waiting",
        None,
        rule,
        Text("请稍候；一直如此请看 cebd status。", "Wait a moment; if it stays, see cebd status."),
    )


def _unknown(settings: Settings, file: str) -> Verdict:
    inboxes = ", ".join(str(settings.folder(enterprise) / "inbox") for enterprise in settings.enterprise) or "-"
    rule = Text(
        f"没有接收过这个名字的文件，以下文件夹里现在也没有：{inboxes}",
        f"no file of that name was ever taken, and none lies in {inboxes} now",
    )
    return Verdict(
        file, None, "unknown", None, rule, Text("请核对文件名和文件夹。", "Check the file's name and folder.")
    )
