"""A new kind of signer is a module of its own and one line in the list: settings, checks and hints know it by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from builders.certificates import Authority, a_signer
from builders.customs_messages import a_message, an_order
from builders.settings_files import GOOD, mistakes_of
from cebd.operations.settings.machine import machine_faults
from cebd.settings import load_settings
from cebd.settings_table import Secret, Text
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Signer
from cebd.signing.signers import kinds
from cebd.signing.signers.kind import Lack, SignerContext, SignerKind, SignerSettings
from cebd.signing.signers.kinds import open_signer
from cebd.signing.verification import verify_bytes

AUTHORITY = Authority()
LISTED = ", ".join(f"'{kind.type}'" for kind in kinds.SIGNERS)


class SealSettings(SignerSettings):
    """A kind that is made up: a seal in a drawer."""

    type: Literal["seal"]
    drawer: Text
    wax: Secret | None = None
    stand: Path | None = None
    serial: str | None = None

    def certificate_number(self) -> str | None:
        return self.serial


def open_seal(settings: SealSettings, context: SignerContext) -> Signer:
    signer = a_signer(AUTHORITY, 0x5EA1)
    if context.gate is not None:
        context.gate.before_use(settings.drawer, "seal", signer.certificate())
    return signer


def missing_drawer(settings: SealSettings, base: Path, load_libraries: bool) -> Iterator[Lack]:
    if not (base / settings.drawer).is_dir():
        yield Lack("drawer", "there is no drawer", "没有抽屉")


def listed(monkeypatch: pytest.MonkeyPatch, *, for_trials: bool = False) -> None:
    """One line in the list."""
    seal = SignerKind("seal", SealSettings, open_seal, missing_drawer, for_trials=for_trials)
    monkeypatch.setattr(kinds, "SIGNERS", (*(kind for kind in kinds.SIGNERS if kind.type != "seal"), seal))


@pytest.fixture(autouse=True)
def seals(monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch)


def with_signer(folder: Path, *keys: str, station: str = "") -> Path:
    path = folder / "cebd.toml"
    before, behind = GOOD[: GOOD.index("[signer.s]")], GOOD[GOOD.index("[channel.c]") :]
    if station:
        before = before.replace("[station]\n", f"[station]\n{station}\n")
    path.write_text(before + "\n".join(["[signer.s]", *keys, ""]) + behind, encoding="utf-8")
    return path


def test_its_settings_are_read_with_the_certificate_that_they_name(tmp_path: Path) -> None:
    settings = load_settings(with_signer(tmp_path, 'type = "seal"', 'drawer = "top"', 'serial = "5ea1"'))
    seal = settings.signer["s"]
    assert isinstance(seal, SealSettings)
    assert (seal.drawer, seal.certificate_number()) == ("top", "5ea1")
    assert not settings.faults


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (['type = "seal"', 'drawre = "top"'], "signer.s.drawre: unknown setting; did you mean drawer?"),
        (['type = "seal"'], "signer.s.drawer: this setting is required"),
        (['type = "saeel"', 'drawer = "top"'], f"only {LISTED}, 'seal'; did you mean \"seal\"?"),
        (['type = "software"', 'drawer = "t"'], 'signer.s.drawer: is a key of signers of type "seal"; this one has type = "software"'),
        (['type = "seal"', 'drawer = "t"', 'wax = "s3cret"'], "signer.s.wax: a secret is never written here"),
        (['type = ["seal"]', 'drawer = "t"'], "signer.s.type: there is no type"),
        (['drawer = "t"'], "signer.s.type: this setting is required"),
    ],
)  # fmt: skip
def test_a_mistake_in_its_settings_is_told_with_its_names(tmp_path: Path, keys: list[str], told: str) -> None:
    found = mistakes_of(with_signer(tmp_path, *keys))
    assert any(told in mistake for mistake in found), found


def test_its_type_in_the_table_of_another_kind_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(GOOD.replace('type = "sftp"', 'type = "seal"'), encoding="utf-8")
    found = mistakes_of(tmp_path / "cebd.toml")
    assert any("this table should be [signer.NAME]" in mistake for mistake in found), found


def test_config_check_asks_for_its_files_and_secrets_and_then_what_the_kind_says(tmp_path: Path) -> None:
    keys = ['type = "seal"', 'drawer = "top"', 'stand = "desk"', 'wax = { file = "wax" }']
    settings = load_settings(with_signer(tmp_path, *keys))

    def lacks() -> list[str]:
        return [f"{fault.key}: {fault.en} {fault.zh}" for fault in machine_faults(settings) if "signer.s" in fault.key]

    found = lacks()
    assert [lack.split(":")[0] for lack in found] == ["signer.s.stand", "signer.s.wax"]
    (tmp_path / "desk").mkdir()
    (tmp_path / "wax").write_text("red")
    assert lacks() == ["signer.s.drawer: there is no drawer 没有抽屉"]
    (tmp_path / "top").mkdir()
    assert lacks() == []


def test_in_production_it_signs_unless_it_is_for_trials_and_is_named_as_what_may_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = ('type = "seal"', 'drawer = "top"')
    production = 'environment = "production"'
    assert not load_settings(with_signer(tmp_path, *seal, station=production)).faults
    key = ('type = "software"', 'key = "k.pem"')
    (fault, *_) = load_settings(with_signer(tmp_path, *key, station=production)).faults
    tokens = 'type = "pkcs11" / type = "skf" / type = "sdf" / type = "control" / type = "remote" / type = "seal"'
    assert f"in production a token signs ({tokens}), never a key in a file" in str(fault)
    listed(monkeypatch, for_trials=True)
    (fault, *_) = load_settings(with_signer(tmp_path, *seal, station=production)).faults
    assert "signer.s.type: in production a token signs" in str(fault)


def test_a_message_is_signed_by_it(tmp_path: Path) -> None:
    settings = load_settings(with_signer(tmp_path, 'type = "seal"', 'drawer = "top"'))
    context = SignerContext(settings.base)
    signed = sign_document(a_message(an_order("N1")), open_signer(settings.signer["s"], context))
    assert verify_bytes(signed).certificate.number == "5ea1"
