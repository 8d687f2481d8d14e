"""[[enterprise]]: who declares; and where a station keeps its things and theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cebd.settings_table import Name, Table


class Enterprise(Table):
    """An enterprise that declares: who it is, where its folders are, who signs, which channel sends."""

    name: Name
    copCode: Annotated[str, StringConstraints(min_length=1, max_length=18)]  # noqa: N815
    copName: Annotated[str, StringConstraints(min_length=1, max_length=100)]  # noqa: N815
    dxpId: Annotated[str, StringConstraints(min_length=1, max_length=16)]  # noqa: N815
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=16)] = "DXPEDCCEB0000002"
    folder: Path
    signer: Name
    channel: Name
    mapping: tuple[Name, ...] = ()
    on_bad_rows: Literal["skip", "hold-file"] = "skip"
    sign_all: bool = True
    defaults: dict[str, dict[str, str]] = Field(default_factory=dict)


@dataclass(frozen=True)
class StationFolders:
    """Where a station keeps things: its settings, its store, and by name the folder of each enterprise that is served."""

    settings: Path
    store: Path
    enterprises: Mapping[str, Path]
