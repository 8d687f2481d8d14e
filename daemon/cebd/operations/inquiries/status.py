"""Whether anything is wrong, since when, who deals with it and what to do; then counts. Every text is in both languages."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cebd.alarms.whose import party_waited_for
from cebd.clock import SystemClock, iso
from cebd.operations.inquiries.awaited import Awaited, answers_awaited
from cebd.operations.inquiries.overview import Overview, WaitingGroup, grouped, overview
from cebd.operations.room import KEY, too_little_room
from cebd.operations.text import Text
from cebd.problems.problem import Problem, problem
from cebd.records.states import MessageState
from cebd.settings import Settings, SettingsError
from cebd.store.across.counts import StateCounts
from cebd.store.conditions import Condition, Party
from cebd.store.safety.environment import environment_of
from cebd.store.safety.holder import Holder, holder_of
from cebd.store.safety.last_ending import LastEnding, last_ending
from cebd.store.store import Store, StoreError
from cebd.store.tokens import holders

PARTIES = {
    "operator": "操作员",
    "administrator": "管理员",
    "cebd": "cebd（程序自身）",
    "token": "UKey",
    "network": "网络",
    "e-port": "电子口岸",
    "customs": "海关",
}
ENVIRONMENTS = {"trial": Text("试运行", "trial"), "test": Text("联调", "joint test")}
_FILES_NAMED = 20
_CONSEQUENCES = ("CEBD-2007", "CEBD-2014", "CEBD-1703", "CEBD-1718")
"""Switched off, or waiting, because of a mistake that is named itself; no answer, for which a channel that is down may be the reason."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A problem or a note. `heading`: who deals with it, how many messages it concerns, since when; `party`: who deals with it;
    `waiting`: so many messages wait for its end."""

    heading: Text
    problem: Problem
    since: str
    party: str = "cebd"
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class StationStatus:
    """A station at a moment. `environment` None: not set yet. `signed_by_client`: the channels in use whose other side signs.
    `ending`: why the daemon ended by itself, where it does not run and that is known."""

    station: str
    environment: str | None
    daemon: Holder
    overview: Overview
    signed_by_client: tuple[str, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    ending: LastEnding | None = None

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        return {
            "station": self.station,
            "environment": self.environment,
            **self.overview.as_json(),
            "signed_by_client": list(self.signed_by_client),
            "awaited": [answers.as_json() for answers in self.awaited],
            "first_lines": [line._asdict() for line in self.first_lines],
            "daemon": {"running": self.daemon.runs, "pid": self.daemon.pid},
        }

    @property
    def wrong(self) -> list[Matter]:
        """The problems, each once: conditions, the oldest first, each with the messages that wait for its end; then what else waits."""
        conditions = [condition for condition in self.overview.conditions if not _is_note(condition)]
        groups = {
            (group.way, group.first.problem.id): group
            for group in grouped(self.overview.waiting)
            if group.first.problem.severity != "notice"
        }
        of_conditions = [
            _condition(condition, groups.pop((condition.key, condition.problem.id), None)) for condition in conditions
        ]
        return of_conditions + [self._waiting(group) for group in groups.values()]

    @property
    def pressing(self) -> Matter | None:
        """The problem that the first lines are about: an error before a warning, a cause before what follows from it, then the oldest.
        None: nothing is wrong.
        """
        return min(self.wrong, key=_how_pressing, default=None)

    @property
    def further(self) -> list[Matter]:
        """The problems that the first lines do not name."""
        named = None if self.daemon.runs is False else self.pressing
        return [matter for matter in self.wrong if matter != named]

    def _waiting(self, group: WaitingGroup) -> Matter:
        message, what, party = group.first.message, Text("", ""), self._party(group)
        if message.state is MessageState.READY:
            holder = holders(self.overview.tokens).get(message.signer) or message.signer
            what = Text(f"电子口岸卡 {holder}", f" for the signing card of {holder}")
        heading = Text(
            f"[{PARTIES.get(party, party)}] {group.count} 份报文等待{what.zh}（最早 {group.since}）",
            f"[{party}] {_messages(group.count)}{what.en} (since {group.since})",
        )
        return Matter(heading, group.first.problem, group.since, party, group.count)

    def _party(self, group: WaitingGroup) -> str:
        """That of the condition which says the same of another way, else by what they wait for."""
        found, state = group.first.problem, group.first.message.state
        said = next((one.party for one in self.overview.conditions if one.problem.id == found.id), None)
        return said or party_waited_for(state, found.id)

    @property
    def first_lines(self) -> list[Text]:
        """At most three: what is wrong and since when; whose matter it is and what to do; which station, and whether it runs."""
        wrong, summary = self.wrong, self.summary
        station = Text(f"站点 {self.station}", f"Station {self.station}")
        note = ENVIRONMENTS.get(self.environment or "")
        if note is not None:
            station = Text(f"{station.zh} [{note.zh}]", f"{station.en} [{note.en}]")
        last = Text(f"{station.zh}；{self.running.zh}", f"{station.en}; {self.running.en}")
        if self.daemon.runs is False:
            more = Text("", "")
            if wrong:
                more = Text(f"另有 {len(wrong)} 件事不正常。", f" {_problems(len(wrong))} beside that.")
            if self.ending is not None:
                what, to_do = self._why_it_ended(self.ending)
                return [Text(f"{what.zh}{more.zh}", f"{what.en}{more.en}"), to_do, station]
            to_do = Text(
                "由谁处理：管理员　怎么办：启动服务（cebd service start）。",
                "Handled by: administrator  To do: start the service (cebd service start).",
            )
            return [Text(f"{self.running.zh}{more.zh}", f"{self.running.en}{more.en}"), to_do, station]
        first = self.pressing
        if first is None or summary is None:
            return [self.running if summary is None else summary, last]
        found, waiting = first.problem, Text("", "")
        if first.waiting:
            waiting = Text(f"（{first.waiting} 份报文等待）", f" ({_messages(first.waiting)})")
        return [
            Text(
                f"{summary.zh}{found.id} {found.zh}{waiting.zh}",
                f"{summary.en} {found.id} {found.en}{waiting.en}",
            ),
            _to_do(first.party, found),
            last,
        ]

    def _why_it_ended(self, ending: LastEnding) -> tuple[Text, Text]:
        why = ending.problem
        what = Text(
            f"cebd 没有运行，自 {ending.at} 停止：{why.id} {why.zh}。",
            f"cebd does not run, it ended at {ending.at}: {why.id} {why.en}.",
        )
        return what, _to_do(ending.party, why)

    @property
    def noted(self) -> list[Matter]:
        """The notes; nobody has to do anything: what waits, waits its turn."""
        return [
            Matter(Text(f"自 {condition.since}", f"since {condition.since}"), condition.problem, condition.since)
            for condition in self.overview.conditions
            if _is_note(condition)
        ] + [
            self._waiting(group) for group in grouped(self.overview.waiting) if group.first.problem.severity == "notice"
        ]

    @property
    def running(self) -> Text:
        """Whether the daemon runs."""
        holder = self.daemon
        if holder.runs is None:
            return Text("看不出 cebd 是否在运行。", "It cannot be seen from here whether cebd runs.")
        if not holder.runs:
            return Text(
                "cebd 没有运行：文件不会被处理，报文不会发出。请启动服务（cebd run）。",
                "cebd does not run: no file is taken, nothing is sent. Start the service (cebd run).",
            )
        zh, en = (f"（进程 {holder.pid}）", f" (pid {holder.pid})") if holder.pid else ("", "")
        return Text(f"cebd 正在运行{zh}。", f"cebd runs{en}.")

    @property
    def summary(self) -> Text | None:
        """All well, or the number of problems and the oldest time; None when the only problem is that the daemon does not run."""
        wrong = self.wrong
        if wrong:
            since = min((matter.since for matter in wrong if matter.since), default="")
            return Text(
                f"有 {len(wrong)} 件事不正常，最早自 {since}：",
                f"{_problems(len(wrong))}, the oldest since {since}:",
            )
        return (
            Text("一切正常，没有要处理的事。", "All is well; nothing needs to be done.") if self.daemon.runs else None
        )

    @property
    def late_receipts(self) -> Text | None:
        """The files whose receipts are behind the store; None when all receipts are up to date."""
        behind = self.overview.behind
        if not behind:
            return None
        names = ", ".join(file.file for file in behind[:_FILES_NAMED]) + (" …" if len(behind) > _FILES_NAMED else "")
        return Text(
            f"回执尚未更新的文件 {len(behind)} 个：{names}", f"receipts not up to date, {len(behind)} files: {names}"
        )


def station_status(settings: Settings) -> StationStatus:
    """The status of the station of these settings, whether its daemon runs or not. Raises StoreError."""
    with closing(Store.open(settings.store_dir, create=False)) as store:
        with store.read() as transaction:
            facts = _with_room(overview(transaction), settings.store_dir)
            awaited = tuple(answers_awaited(transaction, 60 * settings.station.overdue_minutes))
        environment = settings.station.environment or environment_of(store)
    in_use = {name for enterprise in settings.enterprise for name in enterprise.channel.names}
    by_client = tuple(
        name for name in settings.channel if name in in_use and settings.channel[name].is_signed_by_client
    )
    holder = holder_of(settings.store_dir)
    ending = last_ending(settings.store_dir) if holder.runs is False else None
    return StationStatus(settings.station.name, environment, holder, facts, by_client, awaited, ending)


def _with_room(facts: Overview, folder: Path) -> Overview:
    """With the word that the disk of the store is full: on such a disk the daemon cannot write it into the store."""
    said = too_little_room(folder)
    if said is None or any(condition.key == KEY for condition in facts.conditions):
        return facts
    full = Condition(KEY, Party.ADMINISTRATOR, None, iso(SystemClock().now()), said)
    return replace(facts, conditions=[*facts.conditions, full])


@dataclass(frozen=True, slots=True)
class NoStatus:
    """Settings or store cannot be read, so that nobody can say how things stand; `problem` says why, `ending` why the daemon ended, where
    it did. `daemon` None: without settings it is not known either.
    """

    station: str
    problem: Problem
    daemon: Holder | None = None
    ending: LastEnding | None = None

    @property
    def first_lines(self) -> list[Text]:
        """What is wrong; whose matter it is and what to do; which station, and whether it runs."""
        found, holder = self.problem, self.daemon or Holder(None)
        bare = StationStatus(self.station, None, holder, Overview(StateCounts({}, {}, {}), [], [], [], []))
        if holder.runs is False and self.ending is not None:
            return replace(bare, ending=self.ending).first_lines
        station = Text(f"站点 {self.station}；{bare.running.zh}", f"Station {self.station}; {bare.running.en}")
        return [Text(f"{found.id} {found.zh}", f"{found.id} {found.en}"), _to_do("administrator", found), station]

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        holder = self.daemon or Holder(None)
        return {
            "station": self.station,
            "first_lines": [line._asdict() for line in self.first_lines],
            "daemon": {"running": holder.runs, "pid": holder.pid},
        }


def store_unusable(settings: Settings, error: StoreError) -> NoStatus:
    """What is told of a station whose store cannot be asked."""
    found = error.problem or problem("CEBD-2115", reason=str(error), reason_zh=error.zh or str(error))
    folder = settings.store_dir
    return NoStatus(settings.station.name, found, holder_of(folder), last_ending(folder))


def settings_unusable(error: SettingsError) -> NoStatus:
    """What is told of a station whose settings cannot be read at all."""
    first = problem("CEBD-2022", value=str(error.path), reason=error.errors[0], reason_zh=error.zh[0])
    return NoStatus(str(error.path), first)


def _to_do(party: str, found: Problem) -> Text:
    return Text(
        f"由谁处理：{PARTIES.get(party, party)}　怎么办：{found.fix_zh}",
        f"Handled by: {party}  To do: {found.fix_en}",
    )


def _how_pressing(matter: Matter) -> tuple[bool, bool, str]:
    return matter.problem.severity != "error", matter.problem.id in _CONSEQUENCES, matter.since


def _is_note(condition: Condition) -> bool:
    return condition.problem.severity == "notice"


def _condition(condition: Condition, group: WaitingGroup | None) -> Matter:
    party, since, waiting = condition.party, condition.since, Text("", "")
    if group is not None:
        waiting = Text(f"，{group.count} 份报文等待", f", {_messages(group.count)}")
    heading = Text(f"[{PARTIES.get(party, party)}] 自 {since}{waiting.zh}", f"[{party}] since {since}{waiting.en}")
    return Matter(heading, condition.problem, since, party, 0 if group is None else group.count)


def _problems(number: int) -> str:
    return "1 problem" if number == 1 else f"{number} problems"


def _messages(number: int) -> str:
    return "1 message waits" if number == 1 else f"{number} messages wait"
