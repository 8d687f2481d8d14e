"""Folders inside one another: a part would take files of another part for its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from cebd.apart import answered
from cebd.records.states import DropOutcome
from cebd.settings.faults import Fault, Part, fault
from cebd.settings.file import Settings

_OWN = ("inbox", "working", *DropOutcome, "outbox")


def folder_faults(settings: Settings) -> list[Fault]:
    """Every pair of folders that must not lie inside one another; links are followed."""
    real = {enterprise.name: _resolved(settings.folder(enterprise)) for enterprise in settings.enterprise}
    return [*_of_two_enterprises(settings, real), *_of_the_store(settings, real), *_of_channels(settings, real)]


def _of_two_enterprises(settings: Settings, real: dict[str, Path]) -> Iterator[Fault]:
    places = [(enterprise, settings.folder(enterprise), real[enterprise.name]) for enterprise in settings.enterprise]
    for first, second in combinations(places, 2):
        if first[2] == second[2]:
            texts = (f"{second[1]} is used by two enterprises", f"{second[1]} 被两家企业使用")
        elif _inside(first[2], second[2]) or _inside(second[2], first[2]):
            inner, outer = (first, second) if _inside(first[2], second[2]) else (second, first)
            texts = (
                f"{inner[1]} of {inner[0].name} lies inside {outer[1]} of {outer[0].name}",
                f"{inner[0].name} 的目录 {inner[1]} 在 {outer[0].name} 的目录 {outer[1]} 之内",
            )
        else:
            continue
        for enterprise, _, _ in (first, second):
            location = settings.location("enterprise", enterprise.name, "folder")
            yield fault(location, texts, settings.lines, Part.ENTERPRISE, enterprise.name)


def _of_the_store(settings: Settings, real: dict[str, Path]) -> Iterator[Fault]:
    store = settings.store_dir.resolve()
    for enterprise in settings.enterprise:
        folder = real[enterprise.name]
        for name in _OWN:
            if _inside(store, folder / name):
                texts = (
                    f"the store lies inside {name}/ of the enterprise {enterprise.name}; give it a folder of its own",
                    f"store 在企业 {enterprise.name} 的 {name}/ 之内；请另用一个目录",
                )
                yield fault(("store", "path"), texts, settings.lines, Part.FILE)
        if folder == store or store in folder.parents:
            texts = (f"lies inside the store {settings.store_dir}", f"在 store 目录 {settings.store_dir} 之内")
            location = settings.location("enterprise", enterprise.name, "folder")
            yield fault(location, texts, settings.lines, Part.ENTERPRISE, enterprise.name)


def _of_channels(settings: Settings, real: dict[str, Path]) -> Iterator[Fault]:
    taken = [("the store", "store", settings.store_dir.resolve())]
    for enterprise in settings.enterprise:
        folder = real[enterprise.name]
        taken += [(f"{name}/ of {enterprise.name}", f"{enterprise.name} 的 {name}/", folder / name) for name in _OWN]
    for name, channel in settings.channel.items():
        for key, own in channel.own_folders().items():
            place = _resolved(settings.base / own)
            for en, zh, other in taken:
                if _inside(place, other) or _inside(other, place):
                    texts = (f"{place} and {en} lie inside one another", f"{place} 与 {zh} 互相包含")
                    yield fault(settings.location("channel", name, key), texts, settings.lines, Part.CHANNEL, name)
                    break


def _resolved(folder: Path) -> Path:
    """The path with links resolved, if the folder answers: a share that is away is compared by its name."""
    try:
        return answered(folder.resolve, folder)
    except (OSError, RuntimeError):  # a ring of links
        return folder.absolute()


def _inside(inner: Path, outer: Path) -> bool:
    return inner == outer or outer in inner.parents
