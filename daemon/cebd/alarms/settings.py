"""The settings of each kind of alarm; they are read without its library."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from cebd.alarms.kind import AlarmSettings
from cebd.settings_table import Secret, Text, mistake


class MailAlarm(AlarmSettings):
    """Troubles are told by mail: what, since when, whose matter it is, what to do; and once more when they are over."""

    type: Literal["mail"]
    host: Text = Field(description="the mail server that takes mail from this machine", examples=["smtp.example.org"])
    port: int = Field(465, gt=0, lt=65536, description='465 for "tls", 587 for "starttls"')
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description='"none" sends in the open: for a server on this machine'
    )
    user: str | None = Field(None, description="log in with this name", examples=["cebd@example.org"])
    password: Secret | None = Field(None, description="and this password", examples=[{"file": "secrets/mail"}])
    sender: Text = Field(description="whom it is from", examples=["cebd@example.org"])
    to: tuple[Text, ...] = Field(description="whom it goes to", examples=[["admin@example.org"]])
    authority: Path | None = Field(
        None,
        description="trust a server with a certificate of this authority (PEM) in place of those of the system",
        examples=["secrets/mail-ca.pem"],
    )

    @field_validator("to")
    @classmethod
    def _somebody(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        if not to or not all("@" in address for address in to):
            raise mistake("name at least one mail address", "至少写一个邮件地址")
        return to


class WebhookAlarm(AlarmSettings):
    """Troubles are posted to an address: to the robot of a DingTalk or WeCom group, or as JSON to anything else."""

    type: Literal["webhook"]
    format: Literal["dingtalk", "wecom", "json"] = Field(
        "json", description="as the other side wants it", examples=["wecom"]
    )
    url: Secret = Field(
        description="the address; a secret, for whoever has a robot's address can write to its group",
        examples=[{"file": "secrets/webhook"}],
    )
    secret: Secret | None = Field(
        None,
        description="of a DingTalk robot that wants its messages signed",
        examples=[{"file": "secrets/webhook-secret"}],
    )
    authority: Path | None = Field(
        None,
        description="trust a server with a certificate of this authority (PEM) in place of those of the system",
        examples=["secrets/webhook-ca.pem"],
    )
