"""What is known of makers' libraries: read from files of their own, used where the settings name the maker, and never said to be tried."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from cebd.signing.signers import makers as module
from cebd.signing.signers.makers import makers
from cebd.signing.signers.sdf_settings import SdfSettings
from cebd.signing.signers.skf_settings import SkfSettings

SKF = {"type": "skf", "library": "libskf.so", "device": "EPORT", "pin": {"file": "pin"}}
SDF = {"type": "sdf", "library": "libsdf.so", "key": 1, "cert": "cert.pem"}


@pytest.mark.parametrize(("interface", "settings"), [("skf", SkfSettings), ("sdf", SdfSettings)])
def test_every_file_has_values_of_settings_and_says_where_they_are_from_and_that_nobody_has_tried_them(
    interface: str, settings: type[SkfSettings] | type[SdfSettings]
) -> None:
    files = sorted(Path(module.__file__).with_name(f"{interface}_makers").glob("*.toml"))
    assert {path.stem for path in files} == set(makers(interface))
    assert files
    for path in files:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        assert told.pop("verified") is False
        assert told.pop("source")
        assert told
        assert set(told) <= set(settings.model_fields)


def test_the_values_of_the_maker_stand_for_those_that_are_left_out() -> None:
    assert SkfSettings.model_validate({**SKF, "maker": "bjca"}).application == "BJCA-Application"
    assert SkfSettings.model_validate({**SKF, "maker": "bjca", "application": "MINE"}).application == "MINE"
    assert SdfSettings.model_validate({**SDF, "maker": "secgear"}).algorithm == 0x00020100
    assert (SkfSettings.model_validate(SKF).application, SdfSettings.model_validate(SDF).algorithm) == (None, None)


@pytest.mark.parametrize(("settings", "given"), [(SkfSettings, SKF), (SdfSettings, SDF)])
def test_a_maker_that_is_not_known_is_named_with_those_that_are(
    settings: type[SkfSettings] | type[SdfSettings], given: dict[str, object]
) -> None:
    with pytest.raises(ValidationError, match="nothing is known here of the maker acme; known are"):
        settings.model_validate({**given, "maker": "acme"})
