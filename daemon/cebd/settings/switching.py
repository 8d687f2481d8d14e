"""Switches off parts with a mistake, and parts that depend on them; everything else stays usable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cebd.enterprise import Enterprise
from cebd.settings.faults import FOLLOWS, Fault, Lines, Part, fault
from cebd.settings.file import Settings


def switch_off(settings: Settings, faults: Iterable[Fault]) -> Settings:
    """The settings without the parts of these faults; the faults are added to their `faults`."""
    own = [mistake for mistake in (*settings.faults, *faults) if not mistake.follows]
    off: dict[Part, set[str]] = {part: set() for part in Part}
    for mistake in own:
        if mistake.severity == "error":
            off[mistake.part].add(mistake.name)
    following = [mistake for mistake in settings.faults if mistake.follows and mistake.name not in off[Part.ENTERPRISE]]
    following += _following(settings, off, settings.lines)
    off[Part.ENTERPRISE] |= {mistake.name for mistake in following}
    usable = settings.model_copy(
        update={
            "enterprise": tuple(
                enterprise for enterprise in settings.enterprise if enterprise.name not in off[Part.ENTERPRISE]
            ),
            "signer": {name: entry for name, entry in settings.signer.items() if name not in off[Part.SIGNER]},
            "channel": {name: entry for name, entry in settings.channel.items() if name not in off[Part.CHANNEL]},
            "alarm": {name: entry for name, entry in settings.alarm.items() if name not in off[Part.ALARM]},
            "mapping": {name: entry for name, entry in settings.mapping.items() if name not in off[Part.MAPPING]},
            "rules": {name: entry for name, entry in settings.rules.items() if name not in off[Part.RULE]},
        }
    )
    usable._faults = (*own, *following)
    return usable


def _following(settings: Settings, off: dict[Part, set[str]], lines: Lines) -> Iterator[Fault]:
    for enterprise in settings.enterprise:
        if enterprise.name in off[Part.ENTERPRISE]:
            continue
        for part, key, name in _needs(enterprise, off[Part.SIGNER]):
            if name in off[part]:
                texts = (f"[{part}.{name}] is switched off by a mistake of its own", f"[{part}.{name}] 有误，已停用")
                location = settings.location("enterprise", enterprise.name, key)
                yield fault(location, texts, lines, Part.ENTERPRISE, enterprise.name, id=FOLLOWS)
                break


def _needs(enterprise: Enterprise, signers_off: Collection[str]) -> Iterator[tuple[Part, str, str]]:
    """`signers_off`: of several signers one that is left is enough."""
    yield (
        Part.SIGNER,
        "signer",
        next((name for name in enterprise.signer if name not in signers_off), enterprise.first_signer),
    )
    for name in enterprise.channel.names:
        yield Part.CHANNEL, "channel", name
    for name in enterprise.mapping:
        yield Part.MAPPING, "mapping", name
