"""The settings file: every mistake with its key and line, all at once, and secrets never repeated."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from builders.papers import ROOT
from builders.settings_files import GOOD, mistakes_of
from cebd.settings import Secret, SecretError, Settings, load_settings
from cebd.settings.example import NoExample, example
from cebd.settings.lines import key_lines
from cebd.transport.channels.kind import ChannelKind, ChannelSettings


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "cebd.toml"
    path.write_text(text, encoding="utf-8")
    return mistakes_of(path)


def test_the_example_is_made_of_the_classes_that_read_it() -> None:
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == example(), (
        "make it anew: ./dev cebd config example > config.example.toml"
    )


def test_a_setting_that_says_too_little_of_itself_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(ChannelSettings):
        type: Literal["silent"]
        place: str

    class Unshown(ChannelSettings):
        type: Literal["unshown"]
        place: str = Field(description="where it is")

    for settings, needed in (
        (Silent, "Silent.place needs Field(description=...)"),
        (Unshown, "Unshown.place needs Field(examples="),
    ):
        kind = ChannelKind("silent", settings, lambda _settings, _base: pytest.fail("not opened"), finds=False)
        monkeypatch.setattr("cebd.settings.example.CHANNELS", (kind,))
        with pytest.raises(NoExample) as caught:
            example()
        assert needed in str(caught.value)


def test_the_example_has_every_setting_and_is_valid() -> None:
    settings = load_settings(ROOT / "config.example.toml")
    assert not settings.faults
    shown = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    assert settings.enterprise[0].name == "example"
    assert set(shown) == {name for name in Settings.model_fields if name != "base"}
    assert set(shown["station"]) == set(type(settings.station).model_fields)
    assert set(shown["enterprise"][0]) == set(type(settings.enterprise[0]).model_fields)
    assert set(shown["codes"]) == set(type(settings.codes).model_fields)
    assert set(shown["mapping"]["orders-flat"]) == set(type(settings.mapping["orders-flat"]).model_fields)
    for table in ("signer", "channel"):
        for name, entry in getattr(settings, table).items():
            assert set(shown[table][name]) == set(type(entry).model_fields), f"{table}.{name}"


def test_relative_paths_start_at_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(GOOD, encoding="utf-8")
    settings = load_settings(tmp_path / "cebd.toml")
    assert settings.folder(settings.enterprise[0]) == tmp_path / "one"
    assert settings.store_dir == tmp_path / "store"
    assert settings.codes_dir is None
    (tmp_path / "cebd.toml").write_text(GOOD + '[codes]\nfolder = "codes"\n', encoding="utf-8")
    assert load_settings(tmp_path / "cebd.toml").codes_dir == tmp_path / "codes"


def test_all_mistakes_are_told_at_once_with_key_and_line(tmp_path: Path) -> None:
    text = GOOD.replace('user = "u"\n', "").replace('name = "s1"', 'nmae = "s1"').replace('dxpId = "D"', 'dxpId = ""')
    assert mistakes(tmp_path, text) == [
        "line 2: station.nmae: unknown setting; did you mean name?",
        "line 8: enterprise.0.dxpId: String should have at least 1 character",
        "line 17: channel.c.user: this setting is required",
    ]


def test_a_signer_that_is_not_there_is_named_with_the_nearest_that_is(tmp_path: Path) -> None:
    text = GOOD.replace('signer = "s"', 'signer = "ss"')
    assert mistakes(tmp_path, text) == ["line 10: enterprise.0.signer: there is no [signer.ss]; did you mean s?"]


def test_a_key_of_the_code_tables_that_there_is_not_is_named_with_the_nearest(tmp_path: Path) -> None:
    text = f'{GOOD}[codes]\nfolders = "codes"\n'
    assert mistakes(tmp_path, text) == ["line 23: codes.folders: unknown setting; did you mean folder?"]


def test_two_enterprises_never_share_a_folder(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("[[enterprise]]") : GOOD.index("[signer.s]")].replace('name = "one"', 'name = "two"')
    assert mistakes(tmp_path, GOOD + second)[0].endswith(f"{tmp_path / 'one'} is used by two enterprises")


def test_a_secret_is_never_written_inline_nor_repeated(tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, GOOD.replace('user = "u"', 'user = "u"\npassword = "hunter2-secret"'))
    assert error.startswith("line 21: channel.c.password: a secret is never written here")
    assert "hunter2" not in error


def test_a_file_that_is_no_toml_is_said_to_be_none(tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, "[station\n")
    assert error.startswith("is not valid TOML")


def test_secrets_come_from_a_file_the_environment_or_a_systemd_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pin").write_text("1234\n", encoding="utf-8")
    monkeypatch.setenv("A_PIN", "2345")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(file=Path("pin")).read(tmp_path) == "1234"
    assert Secret(env="A_PIN").read(tmp_path) == "2345"
    assert Secret(credential="pin").read(tmp_path) == "1234"


def test_a_secret_that_is_not_there_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_PIN", raising=False)
    with pytest.raises(SecretError, match="environment variable NO_SUCH_PIN is not set"):
        Secret(env="NO_SUCH_PIN").read(tmp_path)
    with pytest.raises(SecretError, match="no-such-file"):
        Secret(file=Path("no-such-file")).read(tmp_path)


def test_every_key_of_a_file_has_its_line() -> None:
    text = 'a = 1\n[t]\n"b c" = """\nx = 2\n"""\nd.e = 3\n[[l]]\nf = 1\n[l.g]\nh = 1\n[[l]]\nf = 2\n'
    assert key_lines(text) == {
        ("a",): 1,
        ("t",): 2,
        ("t", "b c"): 3,
        ("t", "d", "e"): 6,
        ("l", 0): 7,
        ("l", 0, "f"): 8,
        ("l", 0, "g"): 9,
        ("l", 0, "g", "h"): 10,
        ("l", 1): 11,
        ("l", 1, "f"): 12,
    }


TWO_SIGNERS = GOOD.replace('signer = "s"', 'signer = ["s", "t"]') + '[signer.t]\ntype = "software"\nkey = "t.pem"\n'


def test_several_signers_of_an_enterprise_may_each_sign_what_was_given_to_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(TWO_SIGNERS, encoding="utf-8")
    settings = load_settings(tmp_path / "cebd.toml")
    assert settings.enterprise[0].signer == ("s", "t")
    assert settings.signers_for("one", "t") == ("s", "t")
    assert settings.signers_for("one", "before") == ()


def test_an_enterprise_is_switched_off_only_with_the_last_of_its_signers(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(TWO_SIGNERS.replace('"t.pem"', "1"), encoding="utf-8")
    settings = load_settings(tmp_path / "cebd.toml")
    assert [one.key for one in settings.faults] == ["signer.t.key"]
    assert settings.signers_for("one", "t") == settings.signers_for("one", "s") == ("s",)
    text = TWO_SIGNERS.replace('"t.pem"', "1").replace('"k.pem"', "1")
    (tmp_path / "cebd.toml").write_text(text, encoding="utf-8")
    assert not load_settings(tmp_path / "cebd.toml").enterprise


def test_each_signer_of_several_must_be_there_and_is_named_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, TWO_SIGNERS.replace('["s", "t"]', '["s", "tt"]')) == [
        "line 10: enterprise.0.signer: there is no [signer.tt]; did you mean t?"
    ]
    for given in ('["s", "s"]', "[]"):
        assert mistakes(tmp_path, TWO_SIGNERS.replace('["s", "t"]', given)) == [
            "line 10: enterprise.0.signer: name at least one, and each once"
        ]


CLIENT = '[channel.client]\ntype = "folder"\npreset = "single-window"\nsend_dir = "OutBox"\nreceive_dir = "InBox"\n'
BY_TYPE = GOOD.replace('channel = "c"', 'channel = { default = "c", inventory = "client", fallback = "d" }') + CLIENT
BY_TYPE += CLIENT.replace("client", "d").replace("Box", "Box2")


def test_an_enterprise_may_send_by_type_and_have_another_channel_take_over(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(BY_TYPE, encoding="utf-8")
    settings = load_settings(tmp_path / "cebd.toml")
    assert not settings.faults
    channel = settings.enterprise[0].channel
    assert [channel.of(*names) for names in (("CEB311", "order"), ("CEB621", "inventory"))] == ["c", "client"]
    assert (channel.fallback, channel.names) == ("d", ("c", "client", "d"))


def test_a_settings_file_of_before_sends_everything_by_its_one_channel_and_exports_to_their_own_receiver(
    tmp_path: Path,
) -> None:
    text = GOOD.replace('signer = "s"', 'signer = "s"\nreceiver = "DXPEDCCEB0000009"')
    (tmp_path / "cebd.toml").write_text(text, encoding="utf-8")
    enterprise = load_settings(tmp_path / "cebd.toml").enterprise[0]
    assert (enterprise.channel.of("CEB621", "inventory"), enterprise.channel.fallback) == ("c", None)
    assert enterprise.receiver_of(export=False) == "DXPEDCCEB0000009"
    assert enterprise.receiver_of(export=True) == "DXPEDCCEB0000003"


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        ('{ inventory = "c" }', "channel: needs a default: the channel of all other messages"),
        ('{ default = "c", inventory = "cc" }', "channel: there is no [channel.cc]; did you mean c?"),
        ('["c"]', 'channel: must be a text in quotes, or { default = "a", inventory = "b", fallback = "c" }'),
    ],
)
def test_a_mistake_in_the_channels_of_an_enterprise_is_named(tmp_path: Path, given: str, mistake: str) -> None:
    assert mistakes(tmp_path, GOOD.replace('channel = "c"', f"channel = {given}")) == [
        f"line 11: enterprise.0.{mistake}"
    ]


def test_an_enterprise_needs_a_signer_unless_clients_sign_all_it_sends(tmp_path: Path) -> None:
    without = GOOD.replace('signer = "s"\n', "")
    assert mistakes(tmp_path, without) == [
        "line 4: enterprise.0.signer: this setting is required: what goes by [channel.c] is signed here, "
        'unless it says signed_by = "client"'
    ]
    assert mistakes(tmp_path, without.replace('channel = "c"', 'channel = "client"') + CLIENT) == []
