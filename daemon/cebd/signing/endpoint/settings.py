"""[signing_endpoint]: whether and where others may have a text signed."""

from __future__ import annotations

from pydantic import Field, model_validator

from cebd.listening.settings import ListenSettings
from cebd.settings_table import Name, is_this_machine, mistake


class EndpointSettings(ListenSettings):
    """To sign for other stations (`type = "remote"`) and for programs that hide the buyer's data: a SignedInfo or a text of announcement
    2018/179, nothing else. Nothing listens without `listen`. At 127.0.0.1 every user of this machine may ask; elsewhere listen_client_ca
    is needed. Each signature is noted with its caller."""

    signers: tuple[Name, ...] = Field((), description="the signers that may be asked", examples=[["pkcs11-1"]])
    per_minute: int = Field(600, gt=0, le=100_000, description="signatures a minute, of all who ask")

    @model_validator(mode="after")
    def _callers_are_known(self) -> EndpointSettings:
        if self.listen is None:
            return self
        if self.listen_client_ca is None and not is_this_machine(self.listen.rpartition(":")[0].strip("[]")):
            raise mistake(
                "whoever reaches this address could have anything signed: name listen_client_ca, or listen at 127.0.0.1",
                "任何能访问该地址的人都可签名：请写 listen_client_ca，或只监听 127.0.0.1",
            )
        if not self.signers:
            raise mistake("name the signers that may be asked: signers", "请在 signers 中写明可以使用哪些签名")
        return self
