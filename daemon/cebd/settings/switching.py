"""Switching off: what has a mistake, and what depends on it; everything else stays usable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cebd.enterprise import Enterprise
from cebd.settings.faults import FOLLOWS, Fault, Lines, Part, fault
from cebd.settings.file import Settings


def switch_off(settings: Settings, faults: Iterable[Fault]) -> Settings:
    """The settings without what these faults are about; they are added to those known."""
    own = [one for one in (*settings.faults, *faults) if not one.follows]
    off: dict[Part, set[str]] = {part: set() for part in Part}
    for one in own:
        if one.severity == "error":
            off[one.part].add(one.name)
    following = [one for one in settings.faults if one.follows and one.name not in off[Part.ENTERPRISE]]
    following += _following(settings, off, settings.lines)
    off[Part.ENTERPRISE] |= {one.name for one in following}
    usable = settings.model_copy(
        update={
            "enterprise": tuple(one for one in settings.enterprise if one.name not in off[Part.ENTERPRISE]),
            "signer": {name: one for name, one in settings.signer.items() if name not in off[Part.SIGNER]},
            "channel": {name: one for name, one in settings.channel.items() if name not in off[Part.CHANNEL]},
            "mapping": {name: one for name, one in settings.mapping.items() if name not in off[Part.MAPPING]},
            "rules": {name: one for name, one in settings.rules.items() if name not in off[Part.RULE]},
        }
    )
    usable._faults = (*own, *following)
    return usable


def _following(settings: Settings, off: dict[Part, set[str]], lines: Lines) -> Iterator[Fault]:
    for enterprise in settings.enterprise:
        if enterprise.name in off[Part.ENTERPRISE]:
            continue
        for part, key, name in _needs(enterprise):
            if name in off[part]:
                said = (f"[{part}.{name}] is switched off by a mistake of its own", f"[{part}.{name}] 有误，已停用")
                location = settings.location("enterprise", enterprise.name, key)
                yield fault(location, said, lines, Part.ENTERPRISE, enterprise.name, id=FOLLOWS)
                break


def _needs(enterprise: Enterprise) -> Iterator[tuple[Part, str, str]]:
    yield Part.SIGNER, "signer", enterprise.signer
    yield Part.CHANNEL, "channel", enterprise.channel
    for name in enterprise.mapping:
        yield Part.MAPPING, "mapping", name
