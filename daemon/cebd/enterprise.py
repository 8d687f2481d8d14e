"""[[enterprise]]: who declares; and where a station keeps its things and theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cebd.settings_table import Name, Table


class Enterprise(Table):
    """One [[enterprise]] for each enterprise that declares. Its folder gets inbox/, outbox/, done/, error/, hold/, working/."""

    name: Name = Field(description="as commands, the log and `cebd status` call it", examples=["example"])
    copCode: Annotated[str, StringConstraints(min_length=1, max_length=18)] = Field(  # noqa: N815
        description="customs registration code, at most 18 characters", examples=["4407961999"]
    )
    copName: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(  # noqa: N815
        description="registered name", examples=["示例跨境电子商务有限公司"]
    )
    dxpId: Annotated[str, StringConstraints(min_length=1, max_length=16)] = Field(  # noqa: N815
        description="the DXP id that sends", examples=["DXPENT0000010001"]
    )
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=16)] = Field(
        "DXPEDCCEB0000002", description="whom messages are addressed to (this is the default)"
    )
    folder: Path = Field(description="that folder", examples=["example"])
    signer: Name = Field(description="a [signer.NAME] below", examples=["pkcs11-1"])
    channel: Name = Field(description="a [channel.NAME] below", examples=["sftp-1"])
    mapping: tuple[Name, ...] = Field(
        (), description="[mapping.NAME]s that its files may use", examples=[["orders-flat"]]
    )
    declares: tuple[str, ...] = Field(
        (),
        description="what it may declare, by name or code (GACC 2018 No. 56); left out, everything",
        examples=[["order", "inventory", "cancel", "return"]],
    )
    on_bad_rows: Literal["skip", "hold-file"] = Field(
        "skip", description='"skip": good rows go on. "hold-file": one bad row keeps the whole file'
    )
    preview: bool = Field(
        False,
        description="true: a file is first kept back in inbox/预检/ with what would become of it; in inbox/申报/ it is declared",
    )
    sign_all: bool = Field(
        True,
        description="sign every message, as customs want; false, an exception: lists, applications and warehouse entries alone",
    )
    defaults: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="What files leave out. A column always wins over a default. {name} copies another field, {today} is the day;\n"
        '"line." gives a default for the goods lines.',
        examples=[
            {
                "order": {
                    "ebpCode": "4407961999",
                    "ebpName": "示例电商平台",
                    "ebcCode": "4407961999",
                    "ebcName": "示例跨境电子商务有限公司",
                    "buyerRegNo": "{buyerTelephone}",
                },
                "inventory": {
                    "agentCode": "4407961999",
                    "agentName": "示例跨境电子商务有限公司",
                    "assureCode": "4407961999",
                    "declTime": "{today}",
                    "line.currency": "142",
                },
            }
        ],
    )


@dataclass(frozen=True)
class StationFolders:
    """Where a station keeps things: its settings, its store, and by name the folder of each enterprise that is served."""

    settings: Path
    store: Path
    enterprises: Mapping[str, Path]
