"""What the libraries of some makers want and nobody can find out by asking: a file for each maker, in a folder for each interface.

`verified = false` in each: taken from public headers and programs, never tried on a device. What the settings say themselves goes before.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from cebd.settings_table import mistake

_NOT_SETTINGS = ("verified", "source")


@cache
def makers(interface: str) -> dict[str, dict[str, str | int]]:
    """By maker, its values by the names of the settings that they stand for. `interface`: "skf" or "sdf"."""
    known = {}
    for path in sorted(Path(__file__).with_name(f"{interface}_makers").glob("*.toml")):
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        known[path.stem] = {name: value for name, value in values.items() if name not in _NOT_SETTINGS}
    return known


def with_makers_values(interface: str, given: object) -> object:
    """The signer's settings, filled up by what is known of the maker they name. Raises a mistake for one that is not known here."""
    if not isinstance(given, dict) or given.get("maker") is None:
        return given
    maker, known = given["maker"], makers(interface)
    if maker not in known:
        listed = ", ".join(known)
        raise mistake(
            f"nothing is known here of the maker {maker}; known are {listed}; else leave `maker` out",
            f"不认识厂商 {maker}；已知：{listed}；否则请不写 maker",
        )
    return {**known[maker], **given}
