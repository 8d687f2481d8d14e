"""`status`: whether anything is wrong, since when, whose matter it is and what to do; then what there is, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cebd.cli.exits import print_json
from cebd.cli.options import AsJson, SettingsFile, settings_from
from cebd.plain import plain

if TYPE_CHECKING:
    from cebd.store.safety.holder import Holder

PARTIES = {
    "operator": "操作员",
    "administrator": "管理员",
    "cebd": "cebd（程序自身）",
    "token": "UKey",
    "network": "网络",
    "e-port": "电子口岸",
    "customs": "海关",
}
_ENVIRONMENTS = {"trial": "试运行 trial", "test": "联调 joint test"}
_NAMED = 20


def status(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """Whether the daemon runs and anything is wrong, since when, whose matter it is and what to do."""
    from cebd.operations.inquiries import behind, standing
    from cebd.store.safety.environment import environment_of
    from cebd.store.safety.holder import holder_of
    from cebd.store.store import Store

    settings = settings_from(config)
    store_dir = Path(settings.store_dir)
    store = Store.open(store_dir, create=False)
    with store.read() as connection:
        facts = {**standing(connection), "behind": behind(connection)}
    environment = settings.station.environment or environment_of(store)
    holder = holder_of(store_dir)
    facts["daemon"] = {"running": holder.runs, "pid": holder.pid}
    if as_json:
        print_json({"station": settings.station.name, "environment": environment, **facts})
        return
    for line in lines_of(plain(facts), settings.station.name, environment, settings.station.language, holder):
        print(line)


def lines_of(
    facts: dict[str, Any], station: str, environment: str | None, language: str, holder: Holder
) -> Iterator[str]:
    """The lines of `status`; `facts` as in its JSON."""
    say = _Language(language)
    note = _ENVIRONMENTS.get(environment or "", "")
    yield f"Station {station}" + (f"  [{note}]" if note else "")
    noted = [one for one in facts["conditions"] if one.get("severity") == "notice"]
    wrong = [one for one in facts["conditions"] if one not in noted]
    groups = list(_grouped(facts["waiting"]))
    yield from say(*_daemon(holder))
    if not wrong and not groups and holder.runs:
        yield from say("一切正常，没有要处理的事。", "All is well; nothing is to be done.")
    elif wrong or groups:
        since = min([one["since"] for one in (*wrong, *groups) if one["since"]], default="")
        count = len(wrong) + len(groups)
        yield from say(
            f"有 {count} 件事不正常，最早自 {since}：", f"{count} things are not as they should be, since {since}:"
        )
    for one in wrong:
        whose = PARTIES.get(one["party"], one["party"])
        yield from say.problem(one, f"[{whose}] 自 {one['since']}", f"[{one['party']}] since {one['since']}")
    for one in groups:
        begin = (
            f"{one['count']} 份报文等待（最早 {one['since']}）",
            f"{one['count']} messages wait (since {one['since']})",
        )
        yield from say.problem(one, *begin)
    if noted:
        yield from say("留意（不影响申报）：", "To note (nothing is held up by it):")
    for one in noted:
        yield from say.problem(one, f"自 {one['since']}", f"since {one['since']}")
    yield from _figures(facts, say)


def _daemon(holder: Holder) -> tuple[str, str]:
    if holder.runs is None:
        return "看不出 cebd 是否在运行。", "Whether cebd runs cannot be told here."
    if not holder.runs:
        return (
            "cebd 没有运行：文件不会被处理，报文不会发出。请启动服务（cebd run）。",
            "cebd does not run: no file is taken, nothing is sent. Start the service (cebd run).",
        )
    pid = f"（进程 {holder.pid}）" if holder.pid else ""
    return f"cebd 正在运行{pid}。", "cebd runs" + (f" (pid {holder.pid})." if holder.pid else ".")


def _figures(facts: dict[str, Any], say: _Language) -> Iterator[str]:
    for title, counts in (("files", facts["drops"]), ("records", facts["records"]), ("messages", facts["messages"])):
        yield f"  {title + ':':<10}" + (", ".join(f"{count} {state}" for state, count in counts.items()) or "none")
    for one in facts.get("tokens", ()):
        if one["state"] == "known":
            yield f"  signer {one['signer']}: {one['text']}"
    late = facts["behind"]
    if late:
        names = ", ".join(one["file"] for one in late[:_NAMED]) + (" …" if len(late) > _NAMED else "")
        yield from say(
            f"  回执尚未更新的文件 {len(late)} 个：{names}", f"  receipts not up to date, {len(late)} files: {names}"
        )


def _grouped(waiting: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Messages that wait for one reason are one thing, said once: of one signer, one channel or one kind of delay."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for one in waiting:
        whose = one["signer"] if one["state"] == "ready" else one["channel"]
        group = groups.setdefault((one["id"], whose), {**one, "count": 0, "since": one["since"]})
        group["count"] += 1
        group["since"] = min(group["since"], one["since"])
    yield from groups.values()


class _Language:
    """Texts in the station's language, or in both, Chinese first."""

    def __init__(self, language: str) -> None:
        self._zh, self._en = language in ("zh", "both"), language in ("en", "both")

    def __call__(self, zh: str, en: str) -> Iterator[str]:
        if self._zh:
            yield zh
        if self._en:
            yield en

    def problem(self, found: dict[str, Any], zh: str, en: str) -> Iterator[str]:
        """A problem in two lines of each language: what it is, and what to do."""
        if self._zh:
            yield f"  {zh}：{found['id']} {found['zh']}"
            yield f"      → {found['fix_zh']}"
        if self._en:
            yield f"  {en}: {found['id']} {found['en']}"
            yield f"      -> {found['fix_en']}"
