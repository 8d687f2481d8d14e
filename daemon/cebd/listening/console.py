"""[console]: whether and where people enter, declare and look things up in a browser."""

from __future__ import annotations

from pydantic import Field, model_validator

from cebd.listening.settings import ListenSettings
from cebd.settings_table import Text, is_this_machine, mistake


class ConsoleSettings(ListenSettings):
    """The console: documents entered, declared and looked up in a browser, and given by programs (POST /api/drops). Nothing listens
    without `listen`; at 127.0.0.1 only this machine reaches it. Elsewhere TLS (listen_cert, listen_key) is needed, and host_names.
    Accounts: `cebd console user add`."""

    listen: str | None = Field(
        None,
        description="the address and port of this machine to listen at; 0.0.0.0 stands for all of its addresses",
        examples=["127.0.0.1:8621"],
    )
    listen_largest_mb: int = Field(
        64, gt=0, le=1024, description="larger requests are refused: so large a workbook may be brought in on a page"
    )
    host_names: tuple[Text, ...] = Field(
        (),
        description="the names of this machine in browsers, besides 127.0.0.1 and localhost; others are refused",
        examples=[["cebd.example.cn"]],
    )

    second_person: bool = Field(
        False,
        description="whoever entered something last does not declare it: another account has to; what programs give waits for one, too",
    )

    @model_validator(mode="after")
    def _nobody_overhears(self) -> ConsoleSettings:
        if (
            self.listen is not None
            and self.listen_cert is None
            and not is_this_machine(self.listen.rpartition(":")[0].strip("[]"))
        ):
            raise mistake(
                "passwords would cross the network in clear: name listen_cert and listen_key, or listen at 127.0.0.1",
                "密码会以明文经过网络：请写 listen_cert 和 listen_key，或只监听 127.0.0.1",
            )
        return self

    @property
    def address(self) -> str | None:
        """Where a browser on this machine finds it; None when nothing listens."""
        if self.listen is None:
            return None
        host, _, port = self.listen.rpartition(":")
        scheme = "https" if self.listen_cert is not None else "http"
        everywhere = host.strip("[]") in ("0.0.0.0", "::")  # noqa: S104  # not listened at here
        name = self.host_names[0] if self.host_names and self.listen_cert else "127.0.0.1" if everywhere else host
        return f"{scheme}://{name}:{port}/"
