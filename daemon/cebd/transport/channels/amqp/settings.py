"""The settings of the channel kind "amqp"."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cebd.secret_file import SecretError
from cebd.settings_table import Seconds, Secret, Text, mistake
from cebd.transport.channel import Channel, ChannelError
from cebd.transport.channels.kind import ChannelKind, ChannelSettings


class AmqpSettings(ChannelSettings):
    """AMQP 0-9-1 (RabbitMQ), as the central exchange has it. It needs pika: pip install cebd[amqp]."""

    type: Literal["amqp"]
    host: Text = Field(description="a name or an address alone", examples=["amqp.example.org"])
    port: int = Field(5671, gt=0, lt=65536, description="usually 5671 with TLS and 5672 without")
    virtual_host: Text = Field("/", description="as the other side has named it")
    user: Text = Field(description="as the other side has named you", examples=["ent-4407961999"])
    password: Secret = Field(description="of that user", examples=[{"file": "secrets/amqp.password"}])
    tls: bool = Field(True, description="false: the connection is not encrypted, for a line that is")
    ca: Path | None = Field(
        None,
        description="the authority (PEM) of the server's certificate; left out, those that this computer trusts",
        examples=["secrets/amqp-ca.pem"],
    )
    tls_strict: bool = Field(
        True, description="authorities must follow RFC 5280; false for one that does not and cannot be had anew"
    )
    client_cert: Path | None = Field(
        None, description="a client certificate (PEM), where one is asked for", examples=["secrets/amqp-client.pem"]
    )
    client_key: Path | None = Field(None, description="its key (PEM)", examples=["secrets/amqp-client.key"])
    client_key_password: Secret | None = Field(
        None, description="of that key, where it has one", examples=[{"env": "AMQP_KEY_PASSWORD"}]
    )
    exchange: str = Field("", description="declarations are published to it; left out, straight to the queue")
    send_queue: Text = Field(description="declarations go to this queue (the routing key)", examples=["ENT_TO_DXP"])
    receive_queue: Text = Field(
        description="receipts are taken from this queue, which must be this station's alone", examples=["DXP_TO_ENT"]
    )
    heartbeat_seconds: int = Field(30, gt=0, le=600, description="a dead connection is noticed after about twice that")
    timeout_seconds: Seconds = Field(
        30.0, description="connecting, and waiting for a confirmation, take at most so long"
    )

    @field_validator("host")
    @classmethod
    def _a_name_alone(cls, host: str) -> str:
        if "/" in host or " " in host or "@" in host:
            raise mistake(
                "must be a name or an address alone: no amqp://, no user@, no virtual host; these are keys of their own",
                "只写主机名或地址，不带 amqp://、用户名@ 或虚拟主机；它们另有各自的设置项",
            )
        return host

    @model_validator(mode="after")
    def _whole(self) -> AmqpSettings:
        if self.send_queue == self.receive_queue:
            raise mistake(
                "send_queue and receive_queue must differ, or declarations would be taken for receipts",
                "send_queue 与 receive_queue 不能相同，否则申报报文会被当作回执",
            )
        if (self.client_cert is None) != (self.client_key is None):
            raise mistake(
                "client_cert and client_key belong together: name both or neither",
                "client_cert 与 client_key 须同时填写或同时省略",
            )
        if not self.tls and (self.ca or self.client_cert):
            raise mistake(
                "ca, client_cert and client_key are of no use with tls = false",
                "tls = false 时不能使用 ca、client_cert、client_key",
            )
        return self


def open_amqp(wanted: AmqpSettings, base: Path) -> Channel:
    """The channel; nothing is connected yet. Raises ChannelError where pika is not installed."""
    try:
        from cebd.transport.channels.amqp.connection import Login
        from cebd.transport.channels.amqp.inbound import AmqpInbound
        from cebd.transport.channels.amqp.outbound import AmqpOutbound
        from cebd.transport.channels.http.trust import Trust
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pika":
            raise
        raise ChannelError(
            "CEBD-1637", "pika is not installed: pip install cebd[amqp]", "没有安装 pika：pip install cebd[amqp]"
        ) from None

    def read(secret: Secret | None) -> str | None:
        try:
            return secret.read(base) if secret else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    def beside(path: Path | None) -> Path | None:
        return base / path if path else None

    certificate, key = beside(wanted.client_cert), beside(wanted.client_key)
    trust = Trust(
        beside(wanted.ca), certificate, key, lambda: read(wanted.client_key_password), strict=wanted.tls_strict
    )
    login = Login(
        host=wanted.host,
        port=wanted.port,
        virtual_host=wanted.virtual_host,
        user=wanted.user,
        read_password=lambda: read(wanted.password) or "",
        trust=trust if wanted.tls else None,
        heartbeat=wanted.heartbeat_seconds,
        timeout=wanted.timeout_seconds,
    )
    return Channel(AmqpOutbound(login, wanted.exchange, wanted.send_queue), AmqpInbound(login, wanted.receive_queue))


AMQP = ChannelKind("amqp", AmqpSettings, open_amqp, finds=False)
