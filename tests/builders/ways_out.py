"""What leaves a station, in tests: a way whose behaviour a test sets, and the ways out of a station's settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cebd.clock import Clock
from cebd.problems.problem import problem
from cebd.settings import Settings, load_settings
from cebd.station.failures import Failures
from cebd.station.ways_out.way import GoesOn, Tried, Unusable
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.transport.channel import Outbound
from cebd.transport.channels.kinds import open_channel

AWAY = Unusable(problem("CEBD-1501", reason="no such slot"), Party.TOKEN)
REFUSED = Unusable(problem("CEBD-1502", reason="refused today"), Party.ADMINISTRATOR)
NEVER = threading.Event()
"""A stop that nobody asks for."""

_ENTERPRISE = """\
[[enterprise]]
name = "e"
copCode = "1"
copName = "一"
dxpId = "D"
folder = "e"
{signer}
channel = {channel}

[signer.s]
type = "software"
key = "k.pem"
"""
_FOLDER = """
[channel.{name}]
type = "folder"
preset = "{preset}"
send_dir = "{name}/out"
receive_dir = "{name}/in"
"""


@dataclass
class Way:
    """A signer. `meanwhile` happens at each message that it is asked for."""

    trouble: Unusable | None = None
    bad: dict[int, Tried | Unusable] = field(default_factory=dict)
    meanwhile: Callable[[int], None] = lambda _: None
    acts: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    told: dict[int, str] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    tried_out: int = 0
    batches: list[int] = field(default_factory=list)  # how many were tried in each

    def try_out(self) -> Unusable | None:
        self.tried_out += 1
        return self.trouble

    def act(self, message_ids: Iterable[int], goes_on: GoesOn) -> list[Tried | Unusable]:
        outcomes: list[Tried | Unusable] = []
        for message_id in message_ids:
            self.acts.append(message_id)
            self.meanwhile(message_id)
            outcomes.append(self.trouble or self.bad.get(message_id, Tried.DONE))
            if not goes_on(outcomes[-1]):
                break
        self.batches.append(len(outcomes))
        return outcomes

    def follow_up(self, message_ids: Sequence[int]) -> None:
        self.done += message_ids

    def say_why(self, message_ids: Iterable[int], why: Unusable) -> None:
        self.told.update(dict.fromkeys(message_ids, why.problem.id))

    def closed(self, why: Unusable) -> None:
        self.states.append(why.problem.id)

    def opened(self) -> None:
        self.states.append("usable")


def settings_with(
    folder: Path, channels: Mapping[str, str], *, channel: str = '"eport"', signer: str = 'signer = "s"'
) -> Settings:
    """Settings with one enterprise and a key in a file. `channels`: the preset of each folder channel, by its name; `channel` and
    `signer`: how the enterprise names its own."""
    path = folder / "cebd.toml"
    folders = [_FOLDER.format(name=name, preset=preset) for name, preset in channels.items()]
    path.write_text("".join([_ENTERPRISE.format(channel=channel, signer=signer), *folders]), encoding="utf-8")
    settings = load_settings(path)
    assert not settings.faults
    return settings


def ways_of(
    settings: Settings, store: Store, clock: Clock, sides: Mapping[str, Outbound] | None = None
) -> tuple[WaysOut, Conditions]:
    """The ways out, and what is noted of them. `sides` take the place of the settings' channels."""
    if sides is None:
        sides = {name: open_channel(settings.channel[name], settings.base).outbound for name in settings.channel}
    noted = Conditions(store, clock)
    return WaysOut(settings, store, clock, noted, Failures(noted), sides), noted
