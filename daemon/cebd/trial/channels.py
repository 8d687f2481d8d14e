"""The channels that a station to try cebd with may have, each with the simulated customs side at its other end.

A kind of channel that is to be tried (`cebd demo --channel`) has a line in `TRIAL_CHANNELS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cebd.sandbox.home import Home
    from cebd.sandbox.scenario import Scenario
    from cebd.sandbox.side import CustomsSide

_HEADING = """\
# The simulated customs side of `cebd sandbox`.
[channel.sandbox]
"""


@dataclass(frozen=True, slots=True)
class TrialChannel:
    """`settings`: the channel's table, for the customs side's home and port; `server`: module and class of the customs side."""

    settings: Callable[[Home, int], str]
    server: tuple[str, str]

    def customs(
        self, folder: Path, scenario: Scenario, port: int = 0, say: Callable[[str], None] = lambda _text: None
    ) -> CustomsSide:
        """A customs side in that folder, not started yet; `port` 0 takes a free one."""
        module, name = self.server
        made: CustomsSide = getattr(import_module(module), name)(folder, port=port, scenario=scenario, say=say)
        return made


def _sftp(home: Home, port: int) -> str:
    return f"""{_HEADING}type = "sftp"
host = "127.0.0.1"
port = {port}
user = "{home.user}"
key = "sandbox/client_key"
host_key = "{home.host_key_fingerprint}"
send_dir = "in"
receive_dir = "out"
"""


def _folder(_home: Home, _port: int) -> str:
    return f"""{_HEADING}type = "folder"
send_dir = "sandbox/in"
receive_dir = "sandbox/out"
"""


def _amqp(_home: Home, port: int) -> str:
    return f"""{_HEADING}type = "amqp"
host = "127.0.0.1"
port = {port}
user = "guest"
password = {{ file = "sandbox/amqp.password" }}
tls = false
send_queue = "ENT_TO_DXP"
receive_queue = "DXP_TO_ENT"
"""


def _http(_home: Home, port: int) -> str:
    return f"""{_HEADING}type = "http"
profile = "cebcmsg-json"
send_url = "http://127.0.0.1:{port}/cebcmsg"
receipts_url = "http://127.0.0.1:{port}"
values = {{ dxp_id = "DXPENT0000010001", sender_id = "TRIAL", receiver_id = "PORT" }}
poll_seconds = 0.3
"""


def _as2(home: Home, port: int) -> str:
    from cebd.sandbox.as2.keys import CUSTOMS, STATION, cert_of, door_port, key_of

    folder = Path("sandbox")
    return f"""{_HEADING}type = "as2"
url = "http://127.0.0.1:{port}/as2"
as2_from = "{STATION}"
as2_to = "{CUSTOMS}"
cert = "{cert_of(folder, STATION).as_posix()}"
key = "{key_of(folder, STATION).as_posix()}"
partner_certs = ["{cert_of(folder, CUSTOMS).as_posix()}"]
listen = "127.0.0.1:{door_port(home.folder)}"
"""


def _http_push(home: Home, port: int) -> str:
    from cebd.sandbox.http.server import push_place

    listen, _ = push_place(home.folder)
    return f"""{_HEADING}type = "http"
profile = "gateway-form"
send_url = "http://127.0.0.1:{port}/sendMessage"
values = {{ client_id = "TRIAL", client_key = "trial", sender_id = "TRIAL", receiver_id = "PLATFORM" }}
listen = "127.0.0.1:{listen}"
push_secret = {{ file = "sandbox/push.secret" }}
"""


def _single_window(_home: Home, _port: int) -> str:
    return f"""{_HEADING}type = "folder"
preset = "single-window"
send_dir = "sandbox/client/OutBox"
receive_dir = "sandbox/client/InBox"
"""


TRIAL_CHANNELS = {
    "sftp": TrialChannel(_sftp, ("cebd.sandbox.sftp.server", "SandboxServer")),
    "http": TrialChannel(_http, ("cebd.sandbox.http.server", "HttpSandbox")),
    "http-push": TrialChannel(_http_push, ("cebd.sandbox.http.server", "PushSandbox")),
    "folder": TrialChannel(_folder, ("cebd.sandbox.side", "CustomsSide")),
    "single-window": TrialChannel(_single_window, ("cebd.sandbox.single_window", "SingleWindowSide")),
    "amqp": TrialChannel(_amqp, ("cebd.sandbox.amqp.side", "BrokerSide")),
    "as2": TrialChannel(_as2, ("cebd.sandbox.as2.side", "As2Side")),
}
