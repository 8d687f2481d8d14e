"""A new kind of channel is a module of its own and one line in the list: settings, checks and hints know it by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import pytest

from builders.new_store import open_store
from builders.settings_files import GOOD, mistakes_of
from builders.signed_message import ENVELOPE, SignedMessage
from cebd.operations.settings.machine import machine_faults
from cebd.settings import load_settings
from cebd.settings_table import Secret, Text
from cebd.transport.channel import Arrival, Channel, Found, Handover, Outcome, Sent
from cebd.transport.channels import kinds
from cebd.transport.channels.kind import ChannelKind, ChannelSettings
from cebd.transport.channels.kinds import open_channel

LISTED = ", ".join(f"'{kind.type}'" for kind in kinds.CHANNELS)


class PigeonSettings(ChannelSettings):
    """A kind that is made up."""

    type: Literal["pigeon"]
    loft: Text
    ring: Secret | None = None
    grain: Path | None = None


class PigeonOutbound:
    """Carries messages to the loft, one pigeon each."""

    def __init__(self, loft: Path) -> None:
        self._loft = loft

    def deliver(self, handover: Handover) -> Outcome:
        handover.before_visible()
        self._loft.mkdir(exist_ok=True)
        (self._loft / handover.name).write_bytes(handover.content)
        return Sent("the pigeon is back")

    def find(self, handover: Handover) -> Found:
        return "unknown"

    def close(self) -> None:
        """Nothing is open."""


class NoReceipts:
    """Nobody answers by pigeon."""

    def receive(self) -> Iterator[Arrival]:
        return iter(())

    def left(self) -> dict[str, list[str]]:
        return {}

    def close(self) -> None:
        """Nothing is open."""


def open_pigeon(settings: PigeonSettings, base: Path) -> Channel:
    return Channel(PigeonOutbound(base / settings.loft), NoReceipts())


@pytest.fixture(autouse=True)
def pigeons(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line in the list."""
    pigeon = ChannelKind("pigeon", PigeonSettings, open_pigeon, finds=False)
    monkeypatch.setattr(kinds, "CHANNELS", (*kinds.CHANNELS, pigeon))


@pytest.mark.parametrize("kind", kinds.CHANNELS, ids=lambda kind: kind.type)
def test_a_kind_is_listed_under_the_type_that_its_settings_have(kind: ChannelKind) -> None:
    assert get_args(kind.settings.model_fields["type"].annotation) == (kind.type,)


def with_channel(folder: Path, *keys: str) -> Path:
    path = folder / "cebd.toml"
    path.write_text(GOOD[: GOOD.index("[channel.c]")] + "\n".join(["[channel.c]", *keys, ""]), encoding="utf-8")
    return path


def test_its_settings_are_read_with_what_every_channel_has(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(GOOD, encoding="utf-8")
    settings = load_settings(with_channel(tmp_path, 'type = "pigeon"', 'loft = "roof"', "retry_seconds = 7"))
    pigeon = settings.channel["c"]
    assert isinstance(pigeon, PigeonSettings)
    assert (pigeon.loft, pigeon.retry_seconds, pigeon.in_doubt_seconds) == ("roof", 7.0, 600.0)
    assert not settings.faults


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (['type = "pigeon"', 'lofft = "roof"'], "channel.c.lofft: unknown setting; did you mean loft?"),
        (['type = "pigeon"'], "channel.c.loft: this setting is required"),
        (['type = "pigeon"', 'loft = ""'], "channel.c.loft: String should have at least 1 character"),
        (['type = "pigeno"', 'loft = "r"'], f"only {LISTED}, 'pigeon'; did you mean \"pigeon\"?"),
        (['type = "folder"', 'loft = "r"'], 'channel.c.loft: is a key of channels of type "pigeon"; this one has type = "folder"'),
        (['type = "pigeon"', 'loft = "r"', 'ring = "s3cret"'], "channel.c.ring: a secret is never written here"),
        (['type = ["pigeon"]', 'loft = "r"'], "channel.c.type: there is no type"),
        (['loft = "r"'], "channel.c.type: this setting is required"),
    ],
)  # fmt: skip
def test_a_mistake_in_its_settings_is_told_with_its_names(tmp_path: Path, keys: list[str], told: str) -> None:
    assert any(told in one for one in mistakes_of(with_channel(tmp_path, *keys))), mistakes_of(tmp_path / "cebd.toml")


def test_its_type_in_the_table_of_another_kind_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(GOOD.replace('type = "software"', 'type = "pigeon"'), encoding="utf-8")
    assert any("this table should be [channel.NAME]" in one for one in mistakes_of(tmp_path / "cebd.toml"))


def test_config_check_asks_for_its_files_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "k.pem").write_bytes(b"")
    keys = ['type = "pigeon"', 'loft = "roof"', 'grain = "sack"', 'ring = { file = "ring" }']
    found = [str(one) for one in machine_faults(load_settings(with_channel(tmp_path, *keys)))]
    assert any("channel.c.grain:" in one and "does not exist" in one for one in found)
    assert any("channel.c.ring:" in one for one in found)


def test_a_message_is_handed_over_by_it(tmp_path: Path) -> None:
    settings = load_settings(with_channel(tmp_path, 'type = "pigeon"', 'loft = "roof"'))
    store = open_store(tmp_path / "store")
    message = SignedMessage(store)
    assert message.submit(open_channel(settings.channel["c"], settings.base).outbound) is Sent
    assert [path.read_bytes() for path in (tmp_path / "roof").iterdir()] == [ENVELOPE]
    assert message.details == ["the pigeon is back"]
    store.close()
