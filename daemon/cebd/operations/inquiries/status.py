"""Whether anything is wrong, since when, who deals with it and what to do; then counts. Every text is in both languages."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from cebd.operations.inquiries.overview import Overview, WaitingGroup, grouped, overview
from cebd.operations.text import Text
from cebd.problems.problem import Problem
from cebd.records.states import MessageState
from cebd.settings import Settings
from cebd.store.conditions import Condition
from cebd.store.safety.environment import environment_of
from cebd.store.safety.holder import Holder, holder_of
from cebd.store.store import Store
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
_FILES_NAMED = 20


@dataclass(frozen=True, slots=True)
class Matter:
    """A problem or a note. `heading`: who deals with it, how many messages it concerns, since when."""

    heading: Text
    problem: Problem
    since: str


@dataclass(frozen=True, slots=True)
class StationStatus:
    """A station at a moment. `environment` None: not set yet."""

    station: str
    environment: str | None
    daemon: Holder
    overview: Overview

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        return {
            "station": self.station,
            "environment": self.environment,
            **self.overview.as_json(),
            "daemon": {"running": self.daemon.runs, "pid": self.daemon.pid},
        }

    @property
    def wrong(self) -> list[Matter]:
        """The problems: conditions, the oldest first, then groups of waiting messages."""
        conditions = [_condition(condition) for condition in self.overview.conditions if not _is_note(condition)]
        return conditions + [
            Matter(self._heading(group), group.first.problem, group.since) for group in grouped(self.overview.waiting)
        ]

    def _heading(self, group: WaitingGroup) -> Text:
        message, what = group.first.message, Text("", "")
        if message.state is MessageState.READY:
            holder = holders(self.overview.tokens).get(message.signer) or message.signer
            what = Text(f"电子口岸卡 {holder}", f" for the signing card of {holder}")
        return Text(
            f"{group.count} 份报文等待{what.zh}（最早 {group.since}）",
            f"{group.count} messages wait{what.en} (since {group.since})",
        )

    @property
    def noted(self) -> list[Matter]:
        """The notes; no work waits for them."""
        return [
            Matter(Text(f"自 {condition.since}", f"since {condition.since}"), condition.problem, condition.since)
            for condition in self.overview.conditions
            if _is_note(condition)
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
                f"{len(wrong)} problems, the oldest since {since}:",
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
            facts = overview(transaction)
        environment = settings.station.environment or environment_of(store)
    return StationStatus(settings.station.name, environment, holder_of(settings.store_dir), facts)


def _is_note(condition: Condition) -> bool:
    return condition.problem.severity == "notice"


def _condition(condition: Condition) -> Matter:
    party, since = condition.party, condition.since
    heading = Text(f"[{PARTIES.get(party, party)}] 自 {since}", f"[{party}] since {since}")
    return Matter(heading, condition.problem, since)
